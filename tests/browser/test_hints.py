"""What a run shows is told with its evidence, and answered by a press."""

import pytest
from playwright.sync_api import expect

from dashboard import formats
from tests.browser.server import wait_for
from tests.browser.train_page import button, press_train, status


def test_a_hint_is_followed(server, database, open_page):
    page = open_page(f"{server.url}/?hidden=300&epochs=3&lr=0.5&init=normal&subset=6000")
    first = press_train(page)
    expect(page.get_by_text("Saturated units.")).to_be_visible()
    expect(status(page, "Finished")).to_be_visible()
    page.get_by_role("button", name="Why", exact=True).first.click()
    expect(page.get_by_text("Xavier keeps them small")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Train with initialisation Xavier").click()
    page.wait_for_url("**init=xavier**")  # the controls follow
    wait_for(lambda: database.latest(1)[0].config.init == "xavier", "the run with the remedy")
    wait_for(lambda: database.latest(1)[0].status == "finished", "its end")
    expect(status(page, "Finished")).to_be_visible()
    assert database.latest(1)[0].accuracy > database.get(first).accuracy
    expect(page.locator("[data-testid=stVegaLiteChart] svg path[opacity='0.45']").first).to_be_attached()


SHOWN = {  # the link of a run, the evidence by its last epoch, words of the Why, the button, the setting it changes
    "It hardly learns": (
        "hidden=16&epochs=3&lr=0.0001&subset=2000",
        lambda last: (
            f"{formats.percent(last.test_accuracy)} of the test images are right after 3 epochs; always naming "
            "one class gets 11.35 %."
        ),
        "So few and so small steps",
        "Train with learning rate 0.0003",
        "lr",
    ),
    "Dead units": (
        "hidden=100&epochs=3&lr=3&activation=relu&cost=cross_entropy&init=he&subset=6000",
        lambda last: (
            f"In hidden layer 1, {100 * last.diagnostics['layers']['fc1']['dead']:.0f} % of the units give the "
            "same flat answer to every image."
        ),
        "no gradient ever reaches its weights again",
        "Train with learning rate 0.1",
        "lr",
    ),
    "Underfitting": (
        "hidden=2&epochs=10&lr=0.5&cost=cross_entropy",
        lambda last: (
            f"{formats.percent(last.train_accuracy)} of the training images are right, and "
            f"{formats.percent(last.test_accuracy)} of the test images."
        ),
        "the network is too narrow to tell them apart",
        "Train with hidden layers 30",
        "hidden",
    ),
    "Still improving": (
        "hidden=30&epochs=3&lr=0.3",
        lambda last: "of the epochs gained",
        "The training ended while it was still paying off",
        "Train with 6 epochs",
        "epochs",
    ),
}


@pytest.mark.parametrize("title", SHOWN)
def test_a_hint_tells_its_evidence_its_why_and_trains_with_its_remedy(server, database, open_page, title):
    link, evidence, why, remedy, setting = SHOWN[title]
    page = open_page(f"{server.url}/?{link}")
    first = press_train(page)
    expect(status(page, "Finished")).to_be_visible(timeout=60_000)
    said = page.get_by_test_id("stMarkdown").filter(has_text=evidence(database.epochs(first)[-1]))
    expect(said.locator("strong", has_text=f"{title}.")).to_be_visible()
    expect(page.get_by_role("button", name="Why", exact=True)).to_have_count(1)
    page.get_by_role("button", name="Why", exact=True).click()
    expect(page.get_by_text(why)).to_be_visible()
    page.keyboard.press("Escape")
    before = database.get(first).config
    page.get_by_role("button", name=remedy, exact=True).click()
    wait_for(lambda: database.latest(1)[0].id != first, "the run with the remedy")
    after = database.latest(1)[0].config
    (changed,) = [name for name, value in vars(after).items() if value != getattr(before, name)]
    assert changed == setting


def test_a_diverged_run_is_told_and_trained_again_more_slowly(server, database, open_page):
    page = open_page(f"{server.url}/?hidden=30&epochs=2&lr=1e30&activation=relu&cost=cross_entropy&init=he")
    press_train(page)
    expect(status(page, "Failed")).to_be_visible()
    expect(page.get_by_text("It diverged.")).to_be_visible()
    expect(page.get_by_text("Training diverged in epoch 1, batch").last).to_be_visible()
    page.get_by_role("button", name="Why", exact=True).click()
    expect(page.get_by_text("the cost grew instead of falling")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Train with learning rate 0.1").click()
    expect(status(page, "Finished")).to_be_visible()
    assert database.latest(1)[0].config.lr == 0.1
    assert database.latest(1)[0].accuracy > 0.9


def test_overfitting_is_told_with_its_figures_and_answered_by_more_images(server, database, open_page):
    settings = "hidden=100&lr=0.1&batch=10&activation=relu&cost=cross_entropy&init=he&subset=1000&epochs=16"
    page = open_page(f"{server.url}/?{settings}")
    run = press_train(page)
    expect(status(page, "Finished")).to_be_visible()
    expect(page.get_by_text("Overfitting.")).to_be_visible()
    last = database.epochs(run)[-1]
    evidence = f"{last.train_accuracy:.2%} of the training images are right, and {last.test_accuracy:.2%}"
    expect(page.get_by_text(evidence.replace("%", " %"))).to_be_visible()
    page.get_by_role("button", name="Why", exact=True).first.click()
    expect(page.get_by_text("learns its training images by heart")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Train with all training images").click()
    wait_for(lambda: database.latest(1)[0].config.subset == 0, "the run with all of them")
    wait_for(lambda: database.latest(1)[0].epochs_done, "its first epoch")
    assert database.latest(1)[0].best_accuracy > last.test_accuracy
    button(page, "Stop").click()
    expect(status(page, "Stopped")).to_be_visible()

"""Mistakes and Weights as a person uses them; and a run that goes on while its page is left."""

import io
import re

import numpy as np
import pytest
from playwright.sync_api import expect

from dashboard import datasets, exports
from dashboard.analysis import answers, evaluation
from mlpcore import MLP
from tests.browser.server import go_to, wait_drawn, wait_for
from tests.browser.train_page import button, press_train, status, wait_for_epoch


def test_a_click_on_a_cell_filters_and_a_click_on_an_image_opens_it(server, database, open_page):
    page = open_page(f"{server.url}/?hidden=16&epochs=1")
    run = press_train(page)
    expect(status(page, "Finished")).to_be_visible()
    go_to(page, "Mistakes")
    page.wait_for_url("**/mistakes?run=*")
    expect(page.get_by_text("are misread")).to_be_visible()
    labels = datasets.load("mnist").test[1]
    guesses = answers.outputs(database, database.get(run)).argmax(axis=1)
    nines_as_four = int(np.count_nonzero((labels == 9) & (guesses == 4)))
    page.locator("[data-testid=stVegaLiteChart] svg .mark-rect path").nth(94).click()
    expect(page.get_by_text(f"{nines_as_four} images", exact=True)).to_be_visible()
    tiles = page.locator(".gallery button")
    expect(tiles).to_have_count(nines_as_four)
    tiles.first.click()
    expect(page.get_by_text("A 9, read as 4")).to_be_visible()
    expect(tiles.first).to_have_attribute("aria-pressed", "true")


def test_every_list_of_mistakes_and_its_filters(server, database, open_page):
    page = open_page(f"{server.url}/?hidden=16&epochs=1")
    worse = press_train(page)
    expect(status(page, "Finished")).to_be_visible()
    page.goto(f"{server.url}/?hidden=40&epochs=2")
    better = press_train(page)
    expect(status(page, "Finished")).to_be_visible()
    labels = datasets.load("mnist").test[1]
    judged = [evaluation.judged(answers.outputs(database, database.get(run)), labels, "quadratic")
              for run in (better, worse)]  # fmt: skip
    right, before = (table["correct"] for table in judged)
    go_to(page, "Mistakes")
    tiles = page.locator(".gallery button")
    expect(page.get_by_text(f"Misread: {sum(~right):,}")).to_be_visible()
    expect(tiles).to_have_count(min(1000, sum(~right)))
    most = judged[0][~right].sort_values("confidence", ascending=False, kind="stable").iloc[0]
    expect(tiles.first).to_have_attribute(
        "title", f"Image {most['index']}: {most['label']}, read as {most['predicted']}"
    )
    pick(page, "Sort by", "Highest loss")
    worst = judged[0][~right].sort_values("loss", ascending=False, kind="stable").iloc[0]
    expect(tiles.first).to_have_attribute("aria-label", re.compile(f"Image {worst['index']}:"))
    pick(page, "Read as", "3")
    count = sum(~right & (judged[0]["predicted"] == 3))
    expect(page.get_by_text(f"{count} images", exact=True)).to_be_visible()
    pick(page, "Read as", "All")

    pick(page, "Compare with", database.get(worse).name, exact=False)
    expect(page.get_by_text("McNemar p")).to_be_visible()
    for name, rows in (("Fixed", right & ~before), ("Broken", ~right & before), ("Wrong in both", ~right & ~before)):
        page.get_by_role("radio", name=f"{name}: {sum(rows):,}").click()
        expect(page.get_by_text(f"{sum(rows):,} images", exact=True)).to_be_visible()
    page.get_by_role("radio", name="Missed by every run").click()
    expect(page.get_by_text(f"None of 2 runs reads these {sum(~right & ~before):,} as labelled")).to_be_visible()
    page.get_by_role("radio", name="Right, least sure").click()
    expect(page.get_by_text(f"{sum(right):,} images", exact=True)).to_be_visible()
    expect(tiles).to_have_count(1000)
    least = judged[0][right].sort_values("confidence", kind="stable").iloc[0]
    expect(tiles.first).to_have_attribute("aria-label", re.compile(f"Image {least['index']}:"))

    page.get_by_text("Precision, recall and F1 for each digit").click()
    expect(page.get_by_test_id("stExpander").get_by_test_id("stDataFrame")).to_be_visible()
    page.get_by_text("Per cent of the row").click()
    share = judged[0][judged[0]["label"] == 1]["correct"].mean()
    expect(page.locator("[data-testid=stVegaLiteChart] svg").first).to_contain_text(f"{100 * share:.1f}%")
    page.get_by_text("Training set", exact=True).click()
    expect(page.get_by_text("of 60,000 images are misread")).to_be_visible()


def pick(page, label, option, exact=True):
    """Choose an option of a select box."""
    page.get_by_test_id("stSelectbox").filter(has_text=label).get_by_role("combobox").click()
    page.get_by_role("option").get_by_text(option, exact=exact).click()


def test_a_unit_is_picked_and_everything_follows_the_epoch(server, database, open_page):
    page = open_page(f"{server.url}/?hidden=12,9&epochs=3")
    run = press_train(page)
    expect(status(page, "Finished")).to_be_visible()
    go_to(page, "Weights")
    main = page.get_by_test_id("stMain")
    expect(page.get_by_text("what each of its 12 hidden units looks for")).to_be_visible()
    net = answers.network(database, database.get(run), 3)
    norms = np.linalg.norm(net.layers[0].W, axis=1)
    fields, exciting = page.locator(".gallery").nth(0).locator("button"), page.locator(".gallery").nth(1)
    expect(fields).to_have_count(12)
    expect(fields.first).to_have_attribute("aria-pressed", "true")
    expect(fields.first).to_contain_text(str(norms.argmax()))
    page.get_by_text("In order", exact=True).click()
    expect(fields.first).to_have_attribute("aria-label", re.compile("Unit 0,"))
    fields.nth(5).click()
    expect(main.get_by_text("Unit 5", exact=True)).to_be_visible()
    expect(main.get_by_text(f"Norm {norms[5]:.2f}, bias")).to_be_visible()
    expect(page.locator("[data-testid=stVegaLiteChart] svg").first.locator(".mark-rect path")).to_have_count(9)

    test, labels = datasets.load("mnist").test
    best = int((test.astype(np.float32) @ net.layers[0].W[5]).argmax())
    expect(exciting.locator("button").first).to_have_attribute("data-index", str(best))
    exciting.locator("button").first.click()
    expect(page.get_by_role("spinbutton", name="Test image")).to_have_value(str(best))
    guesses = {e: answers.one_output(answers.network(database, database.get(run), e), test[best]) for e in (1, 2, 3)}
    expect(main.get_by_text(said(labels[best], guesses[3], 3))).to_be_visible()

    heat = page.locator(".heat")
    expect(heat).to_have_count(2)
    weight, bias = heat.first.locator("canvas").all()
    point(weight, 2.5 / 12, 4.5 / 9)
    assert hovered(heat.first, "unit 2 to unit 4: ") == pytest.approx(net.layers[1].W[4, 2], abs=1e-3)
    point(bias, 0.5, 0.5 / 9)
    assert hovered(heat.first, "bias of unit 0: ") == pytest.approx(net.layers[1].b[0], abs=1e-3)

    page.get_by_role("slider", name="Epoch").press("ArrowLeft")
    page.wait_for_url("**epoch=2")
    expect(main.get_by_text(said(labels[best], guesses[2], 2))).to_be_visible()
    before = answers.network(database, database.get(run), 2)
    expect(main.get_by_text(f"Norm {np.linalg.norm(before.layers[0].W[5]):.2f}, bias")).to_be_visible()
    wait_drawn(page)  # the matrices come last
    point(weight, 2.5 / 12, 4.4 / 9)
    assert hovered(heat.first, "unit 2 to unit 4: ") == pytest.approx(before.layers[1].W[4, 2], abs=1e-3)
    expect(main.get_by_text(f"Norm {np.linalg.norm(before.layers[0].W[5]):.2f}, bias")).to_be_visible()
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    expect(page.get_by_text("The line is the median")).to_be_visible()


def said(label, outputs, epoch):
    return f"A {label}, read as {outputs.argmax()} with {100 * outputs.max():.2f} % after epoch {epoch}."


def point(canvas, x, y):
    """Put the pointer on it, at these shares of its width and height."""
    box = canvas.bounding_box()
    canvas.hover(position={"x": box["width"] * x, "y": box["height"] * y})


def hovered(heat, place):
    """The figure that the heat map says of the place under the pointer."""
    expect(heat).to_contain_text(place)
    return float(heat.inner_text().split(place)[1].split()[0].replace("−", "-"))


@pytest.mark.parametrize(("kind", "title"), [(kind, exports.FORMATS[kind].title) for kind in exports.READERS])
def test_weights_go_home_and_come_back_as_a_run(server, database, open_page, kind, title, tmp_path):
    page = open_page(f"{server.url}/?hidden=10&epochs=1")
    run = press_train(page)
    expect(status(page, "Finished")).to_be_visible()
    go_to(page, "Weights")
    page.get_by_role("button", name="Download", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name=title).click()
    file = tmp_path / f"mine.{kind}"
    download.value.save_as(file)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Upload", exact=True).click()
    page.locator("input[type=file]").set_input_files(file)
    figure = f"{100 * database.get(run).last_accuracy:.2f} %"
    claim = "; the file claims nothing." if kind == "npz" else f", the file claims {figure}."
    expect(page.get_by_text(f"Imported: measured {figure}{claim}")).to_be_visible()
    imported = database.latest(1)[0]
    assert imported.origin == "imported"
    assert imported.id in page.url
    assert database.state(imported.id, 0).digest == database.state(run, 1).digest


def test_a_file_that_is_not_what_its_name_says_is_refused_in_a_sentence(server, database, open_page, tmp_path):
    page = open_page(server.url)
    go_to(page, "Weights")
    expect(page.get_by_text("There is no trained run yet")).to_be_visible()
    file = tmp_path / "**loud**.npz"
    file.write_bytes(b"MZ this is a program")
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_text("**loud**.npz must be a zip file")).to_be_visible()
    assert database.latest(1) == []


def test_the_weights_that_are_downloaded_are_those_that_were_trained(server, database, open_page):
    page = open_page(f"{server.url}/?hidden=16&epochs=2")
    run = press_train(page)
    expect(status(page, "Finished")).to_be_visible()
    go_to(page, "Weights")
    expect(page.get_by_text("what each of its 16 hidden units looks for")).to_be_visible()
    page.get_by_test_id("stMain").get_by_role("button", name="Download", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="NumPy: the weights, exactly").click()
    net = MLP.load(io.BytesIO(download.value.path().read_bytes()))
    trained = database.state(run, 2).weights
    assert all((value == trained[name]).all() for name, value, _ in net.parameters())


def test_a_run_goes_on_while_its_page_is_left_and_is_there_again(server, database, open_page):
    page = open_page(f"{server.url}/?hidden=30&epochs=100")
    run = press_train(page)
    wait_for_epoch(page, 2)
    go_to(page, "Compare")
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    before = database.get(run).epochs_done
    wait_for(lambda: database.get(run).epochs_done > before, "a further epoch")
    go_to(page, "Train")
    expect(status(page, "Running")).to_be_visible()
    assert run in page.url
    button(page, "Stop").click()
    expect(status(page, "Stopped")).to_be_visible()

"""Learn as a person uses it: every step forward and back, a gradient check, both experiments."""

import re

from playwright.sync_api import expect

from dashboard import datasets
from dashboard.analysis import answers, steps
from dashboard.view.learn import walk
from tests.browser.server import go_to
from tests.browser.test_train import press_train, status


def test_a_person_follows_an_image_forward_and_back_and_sees_the_faults(server, database, open_page):
    page = open_page(f"{server.url}/?hidden=6,5&epochs=1")
    press_train(page)
    expect(status(page, "Finished")).to_be_visible()
    go_to(page, "Learn")
    run = database.latest(1)[0]
    test, labels = datasets.load("mnist").test
    found = steps.trace(answers.network(database, run), test[3], int(labels[3]))

    field = page.get_by_role("spinbutton", name="Test image")
    expect(field).to_be_visible()
    field.fill("3")
    field.press("Enter")
    expect(page.get_by_text(f"A {labels[3]}, read as", exact=False)).to_be_visible()
    titles = [step.title for step in walk.steps(3)]
    slider = page.get_by_test_id("stSlider")
    for title in titles[1:]:
        page.get_by_role("button", name="Next").click()
        expect(slider.get_by_text(title, exact=True)).to_be_visible()
        if title == "The cost C":
            expect(page.locator(".katex-mathml").last).to_contain_text(f"{found.cost:.6f}")
        if title.endswith("gradient"):
            expect(page.get_by_text("backpropagation is right")).to_be_visible()
    after = steps.cost_after(found, run.config.lr)
    expect(page.get_by_text(f"from {found.cost:.6f} to {after:.6f}")).to_be_visible()
    page.get_by_role("button", name="Back").click()
    expect(slider.get_by_text(titles[-2], exact=True)).to_be_visible()

    page.get_by_text("Carry them out").click()
    expect(page.get_by_text(re.compile(r"judged by raw pixels, lose \d+\.\d points"))).to_be_visible()
    expect(page.get_by_text(re.compile(r"with 6 hidden units is \d+\.\d points worse"))).to_be_visible()
    page.get_by_role("radio", name="30").click()
    expect(page.get_by_text("with 30 hidden units is")).to_be_visible()

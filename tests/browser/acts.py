"""What a person does on a page, as far as what opens: for tests that look at the page then."""

import re

from playwright.sync_api import expect

from tests.browser import test_compare as compare
from tests.browser.test_draw import SEVEN, stroke
from tests.browser.test_learn import walk_to

TSNE_SECONDS = 120  # for its 1,000 steps on a busy machine


def add_a_set(page):
    page.get_by_role("button", name="Add", exact=True).click()
    dialog = page.get_by_role("dialog")
    files = [{"name": "broken.npz", "mimeType": "application/octet-stream", "buffer": b"PK but not a zip file"}]
    dialog.locator("input[type=file]").set_input_files(files)
    expect(dialog.get_by_text("broken.npz must be a zip file")).to_be_visible()


def a_digit_and_an_image(page):
    page.get_by_role("radio", name="7", exact=True).click()
    expect(page.get_by_text("6,265 images", exact=True)).to_be_visible()
    page.get_by_role("button", name="Image 38: a 7", exact=True).click()
    expect(page.get_by_text("Image 38, a 7")).to_be_visible()


def own_set(page):
    page.get_by_role("combobox", name="Data set").click()
    page.get_by_role("option", name="Three shapes").click()
    expect(page.get_by_text("images of 3 classes, 9 x 6 pixels each.")).to_be_visible()
    expect(page.get_by_role("radio", name="a rather long name of a class")).to_be_visible()


def tsne(page):
    own_set(page)  # of few images, so that its map is soon there
    page.get_by_role("radio", name="t-SNE").click()
    expect(page.get_by_text("of the variance")).to_have_count(0)
    expect(page.get_by_text("249 images drawn at random")).to_be_visible(timeout=1000 * TSNE_SECONDS)


def draw(page):
    stroke(page, SEVEN)
    expect(page.get_by_text("For and against a")).to_be_visible()


def spoil(page):
    page.get_by_role("radio", name="Spoil a test image").click()
    expect(page.get_by_role("slider").first).to_be_visible()


def upload_weights(page):
    page.get_by_role("button", name="Upload", exact=True).first.click()
    expect(page.locator("input[type=file]")).to_be_attached()


def pick_a_unit(page):
    page.get_by_role("button", name="Unit 3, norm").click()
    expect(page.get_by_text("Unit 3", exact=True)).to_be_visible()
    expect(page.get_by_role("img", name="Weights of Unit 3")).to_be_visible()


def advanced(page):
    page.get_by_text("Advanced", exact=True).first.click()
    expect(page.get_by_role("combobox", name="Optimizer")).to_be_visible()


def hint_and_code(page, run):
    """The run of the given id, its hint's reason and its script."""
    page.goto(f"{page.url.split('?')[0]}?run={run}")
    expect(page.get_by_text("It hardly learns.")).to_be_visible()
    page.get_by_text("The code of this run").click()
    expect(page.get_by_text("The numbers of this run, bit for bit")).to_be_visible()
    page.get_by_role("button", name="Why").first.click()
    expect(page.get_by_test_id("stPopoverBody")).to_be_visible()
    page.mouse.move(0, 0)  # on to what was opened


def both_faults(page):
    page.get_by_text("Carry them out").click()
    expect(page.get_by_text("judged by raw pixels")).to_be_visible()
    expect(page.get_by_text("hidden units is")).to_be_visible()


def step(title):
    """As far as a step of Learn."""
    return lambda page: walk_to(page, title)


def another_unit(page):
    walk_to(page, "Layer 1: activation a")
    field = page.get_by_role("spinbutton", name="Unit of layer 1")
    field.fill("5")
    field.press("Enter")
    expect(page.locator(".katex-mathml annotation").filter(has_text="a_{5} = f")).to_be_attached()


def open_an_image(page):
    page.locator(".gallery button").first.click()
    expect(page.get_by_role("img", name=re.compile("^Image [0-9]"))).to_be_visible()


POPOVERS = {
    "Name and note": "Note",
    "Repeat": "Further seeds",
    "Match parameters": "parameters",
    "Fork": "epoch",
    "Reproduce": "Train again",
}


def popovers(page):
    """Choose a run, and open one popover after the other; a generator that pauses at each."""
    compare.choose(page, 1)
    for name, holds in POPOVERS.items():
        page.get_by_test_id("stMain").get_by_role("button", name=name, exact=True).click()
        body = page.get_by_test_id("stPopoverBody")
        expect(body).to_be_visible()
        expect(body).to_contain_text(holds, ignore_case=True)
        yield name
        page.keyboard.press("Escape")
        expect(body).to_be_hidden()

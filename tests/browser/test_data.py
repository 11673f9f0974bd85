"""Data as a person uses it: a digit, an image, its neighbours, pixels before scaling, both maps."""

import numpy as np
from playwright.sync_api import expect

from dashboard import datasets
from dashboard.analysis import pixels
from tests.browser.server import go_to
from tests.browser.test_train import press_train, status


def test_a_person_looks_at_a_digit_an_image_and_its_neighbours(server, open_page):
    page = open_page(server.url)
    go_to(page, "Data")
    expect(page.get_by_text("60,000 images", exact=True)).to_be_visible()
    page.get_by_role("radio", name="Test set").click()
    page.get_by_role("radio", name="7", exact=True).click()
    data = datasets.load("mnist")
    sevens = np.flatnonzero(data.test[1] == 7)
    expect(page.get_by_text(f"{len(sevens):,} images", exact=True)).to_be_visible()
    page.get_by_role("button", name=f"Image {sevens[3]}: a 7", exact=True).click()
    expect(page.get_by_text(f"Image {sevens[3]}, a 7")).to_be_visible()
    near, distances = pixels.nearest(data.train[0], data.test[0][sevens[3]], 12)
    same = int((data.train[1][near] == 7).sum())
    expect(page.get_by_text(f"{same} of 12 are a 7 too")).to_be_visible()
    name = f"Training image {near[0]}: a {data.train[1][near[0]]}, distance {distances[0]:.2f}"
    expect(page.get_by_role("button", name=name)).to_be_visible()
    assert page.locator("td", has_text="1").count() == 1  # one-hot

    expect(page.get_by_text("Mean of every 7")).to_be_visible()
    mean, _ = pixels.measure(data.test[0][sevens]).overall
    expect(page.get_by_text(f"Mean {mean / 255:.3g}")).to_be_visible()
    page.get_by_text("Divided by 255").click()
    expect(page.get_by_text(f"Mean {mean:.3g}")).to_be_visible()


def test_both_maps_of_the_pixels_and_of_a_hidden_layer_show_an_image_on_hover(server, open_page):
    page = open_page(f"{server.url}/?hidden=16&epochs=1")
    press_train(page)
    expect(status(page, "Finished")).to_be_visible()
    go_to(page, "Data")
    plane = page.get_by_test_id("stVegaLiteChart").last
    expect(plane.get_by_text("of the variance").first).to_be_visible()
    assert plane.locator("svg .mark-symbol.role-mark path").count() == 2000
    pixels_first = plane.get_by_text("Component 1").text_content()
    plane.locator("svg .mark-symbol.role-mark path").nth(1000).hover(force=True)
    expect(page.locator("#vg-tooltip-element img")).to_be_visible()

    page.get_by_role("combobox", name="Of the pixels").click()
    page.get_by_role("option").first.click()
    expect(plane.get_by_text("Component 1")).not_to_have_text(pixels_first)

    page.get_by_role("radio", name="t-SNE").click()
    expect(page.get_by_text("of its steps")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("of its steps")).to_be_hidden(timeout=60_000)
    expect(page.get_by_text("2,000 images drawn at random")).to_be_visible()
    assert plane.locator("svg .mark-symbol.role-mark path").count() == 2000

"""Data as a person uses it: a digit, an image, its neighbours, pixels before scaling, both maps."""

import numpy as np
from playwright.sync_api import expect

from dashboard import datasets
from dashboard.analysis import maps, pixels
from dashboard.view import images
from tests.browser.server import go_to, resting_box
from tests.browser.test_draw import pixels_of
from tests.browser.train_page import press_train, status

UNCOVERED = """(chart, first) => {
    const points = [...chart.querySelectorAll("svg .mark-symbol.role-mark path")];
    for (let n = first; n < points.length; n++) {
        const box = points[n].getBoundingClientRect(), x = box.x + box.width / 2, y = box.y + box.height / 2;
        if (document.elementFromPoint(x, y) === points[n]) return [n, x, y];
    }
}"""


def assert_points_show_their_image(page, plane):
    """Two points of a map, each with the tooltip's picture."""
    X, y = datasets.load("mnist").train
    sample = maps.sample(y, 2000)
    resting_box(page, plane)
    for first in (1000, 1500):
        number, left, top = plane.evaluate(UNCOVERED, first)
        page.mouse.move(left, top)
        picture = page.locator("#vg-tooltip-element img")
        image = X[sample[number]].reshape(28, 28)
        expect(picture).to_have_attribute("src", images.data_url(255 - image))
        expect(page.locator("#vg-tooltip-element")).to_contain_text(f"{y[sample[number]]}")


INK = """async tile => {  // how strong the ink is in each pixel of the gallery's picture that the tile shows
    const style = getComputedStyle(tile.querySelector("i")), picture = new Image();
    picture.src = style.backgroundImage.slice(5, -2);
    await picture.decode();
    const zoom = parseFloat(style.backgroundSize) / picture.naturalWidth, side = 56 / zoom;
    const [x, y] = style.backgroundPosition.split(" ").map(place => -parseFloat(place) / zoom);
    const context = Object.assign(document.createElement("canvas"), { width: side, height: side }).getContext("2d");
    context.drawImage(picture, x, y, side, side, 0, 0, side, side);
    return Array.from(context.getImageData(0, 0, side, side).data).filter((_, n) => n % 4 === 3);
}"""


def heights_of(chart):
    """The heights of a chart's bars, in pixels, from left to right."""
    expect(chart.locator("svg .mark-rect.role-mark path").first).to_be_attached()
    return chart.evaluate("""chart => [...chart.querySelectorAll("svg .mark-rect.role-mark path")]
        .map(bar => bar.getBBox()).sort((a, b) => a.x - b.x).map(box => box.height)""")


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
    for index in sevens[[0, 3, 50]]:
        tile = page.get_by_role("button", name=f"Image {index}: a 7", exact=True)
        assert tile.evaluate(INK) == data.test[0][index].tolist()
    near, distances = pixels.nearest(data.train[0], data.test[0][sevens[3]], 12)
    same = int((data.train[1][near] == 7).sum())
    expect(page.get_by_text(f"{same} of 12 are a 7 too")).to_be_visible()
    name = f"Training image {near[0]}: a {data.train[1][near[0]]}, distance {distances[0]:.2f}"
    expect(page.get_by_role("button", name=name)).to_be_visible()
    expect(page.locator("th")).to_have_text(list("0123456789"))
    expect(page.locator("td")).to_have_text(list("0000000100"))  # one-hot

    found = pixels.measure(data.test[0][sevens])
    mean, variance = (getattr(data.test[0][sevens].astype(float), name)(axis=0) for name in ("mean", "var"))
    most = f"Variance, at most {variance.max() / 255**2:.2g}"
    for name, values in (("Mean of every 7", mean), (most, variance * 255 / variance.max())):
        expect(page.get_by_text(name)).to_be_visible()
        shown = pixels_of(page, name)[2::5, 2::5, 3]
        np.testing.assert_allclose(shown, values.reshape(28, 28), atol=1.01)  # whole numbers, rounded down
    expect(page.get_by_text("From 892 to 1,135 images a digit")).to_be_visible()
    balance, values = (page.get_by_test_id("stVegaLiteChart").nth(number) for number in (0, 1))
    heights = np.array(heights_of(balance))
    np.testing.assert_allclose(heights / heights.max(), np.bincount(data.test[1]) / 1135, atol=0.01)
    shares = found.histogram.reshape(32, 8).sum(axis=1) / found.histogram.sum()
    heights = np.array(heights_of(values))
    np.testing.assert_allclose(heights / heights[0], np.sqrt(shares / shares[0]), atol=0.02)  # the axis is of roots

    expect(page.get_by_text(f"Mean {mean.mean() / 255:.3g}")).to_be_visible()
    page.get_by_text("Divided by 255").click()
    expect(page.get_by_text(f"Mean {mean.mean():.3g}")).to_be_visible()


def test_both_maps_of_the_pixels_and_of_a_hidden_layer_show_the_image_that_is_pointed_at(server, open_page):
    page = open_page(f"{server.url}/?hidden=16&epochs=1")
    press_train(page)
    expect(status(page, "Finished")).to_be_visible()
    go_to(page, "Data")
    plane = page.get_by_test_id("stVegaLiteChart").last
    expect(plane.get_by_text("of the variance").first).to_be_visible()
    expect(plane.locator("svg .mark-symbol.role-mark path")).to_have_count(2000)
    pixels_first = plane.get_by_text("Component 1").text_content()
    assert_points_show_their_image(page, plane)

    page.get_by_role("combobox", name="Of the pixels").click()
    page.get_by_role("option").first.click()
    expect(plane.get_by_text("Component 1")).not_to_have_text(pixels_first)
    assert_points_show_their_image(page, plane)

    page.get_by_role("radio", name="t-SNE").click()
    expect(page.get_by_text("of its steps")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("of its steps")).to_be_hidden(timeout=180_000)
    expect(page.get_by_text("2,000 images drawn at random")).to_be_visible()
    expect(plane.locator("svg .mark-symbol.role-mark path")).to_have_count(2000)
    assert_points_show_their_image(page, plane)

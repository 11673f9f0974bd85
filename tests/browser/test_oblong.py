"""Pages beside Train, Mistakes and Weights with runs on a small set of one's own whose images are no squares."""

import re

import pytest
from playwright.sync_api import expect

from dashboard import datasets
from dashboard.analysis import answers, evaluation
from dashboard.datasets import Parts
from dashboard.runs.config import RunConfig
from dashboard.runs.trainer import train_run
from tests.browser import test_compare as compare
from tests.browser.server import go_to
from tests.browser.test_draw import stroke
from tests.browser.test_own_sets import HEIGHT, NAMES, WIDTH, choose_set, size_of, three_shapes


@pytest.fixture
def oblong(server, database, rng):
    """Two runs on the set of three shapes."""
    images, labels = three_shapes(rng)
    name = database.add_set(Parts(images.reshape(300, -1), labels, (HEIGHT, WIDTH), 249, tuple(NAMES)), "Three shapes")
    runs = [database.create(RunConfig(dataset=name, hidden=hidden, epochs=4)) for hidden in ((6,), (8,))]
    for run in runs:
        train_run(run.id, run.submission, database.url)
    return [database.get(run.id) for run in runs]


def test_runs_on_oblong_images_are_compared_drawn_for_and_followed_step_by_step(server, database, open_page, oblong):
    page = open_page(server.url)
    go_to(page, "Compare")
    expect(page.get_by_text("The latest 2 runs.")).to_be_visible()
    for row in (1, 2):
        compare.choose(page, row)
    expect(compare.legend(page)).to_have_text(["Run 1", "Run 2"])
    truth = datasets.load(oblong[0].config.dataset).test[1]
    read = [answers.outputs(database, run).argmax(axis=1) for run in oblong]
    expect(page.get_by_text(evaluation.compare(*read, truth, ("Run 1", "Run 2")).sentence)).to_be_visible()

    go_to(page, "Learn")
    expect(page.get_by_text(re.compile(r"^A (ring|bar|<b>dot</b>), read as"))).to_be_visible()
    assert size_of(page.get_by_role("img", name="The image")) == (4 * WIDTH, 4 * HEIGHT)
    expect(page.get_by_text("Input a⁰, 54 pixels")).to_be_visible()
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_test_id("stSlider").get_by_text("Layer 1: activation a")).to_be_visible()

    go_to(page, "Data")
    choose_set(page, "Three shapes")
    plane = page.get_by_test_id("stVegaLiteChart").last
    expect(plane.get_by_text("of the variance").first).to_be_visible()
    expect(plane.locator("svg .mark-symbol.role-mark path")).to_have_count(249)
    expect(plane.get_by_text("<b>dot</b>")).to_be_visible()

    go_to(page, "Draw")
    expect(page.get_by_text("Nothing is drawn yet")).to_be_visible()
    stroke(page, [(140, 40), (140, 240)])
    expect(page.get_by_text(re.compile(r"Run 2 reads a (ring|bar|<b>dot</b>), with"))).to_be_visible()
    expect(page.get_by_role("group", name="Keep it as a")).to_have_count(0)  # its classes are no digits
    assert size_of(page.get_by_role("img", name="The prepared drawing")) == (6 * WIDTH, 6 * HEIGHT)
    assert size_of(page.get_by_role("img", name="Pixels for and against")) == (6 * (WIDTH + 2), 6 * (HEIGHT + 2))
    page.get_by_role("radio", name="Spoil a test image").click()
    expect(page.get_by_text("All 51 test images spoiled like this")).to_be_visible()
    scale = 168 // HEIGHT
    assert size_of(page.get_by_role("img", name="The spoiled image")) == (scale * WIDTH, scale * HEIGHT)


def test_a_set_of_300_images_is_swept(server, database, open_page, oblong):
    page = open_page(server.url)
    choose_set(page, "Three shapes")
    expect(page.get_by_role("heading", name="54-100-3")).to_be_visible()
    go_to(page, "Sweep")
    page.get_by_role("combobox", name="Everything else as in").click()
    page.get_by_role("option", name="The Train page").click()
    for label, values in (("Hidden layers", "4, 8"), ("Learning rate", "3")):
        page.get_by_role("textbox", name=label).fill(values)
        page.get_by_role("textbox", name=label).press("Enter")
    expect(page.get_by_text("2 runs, 8 epochs")).to_be_visible()
    page.get_by_test_id("stMain").get_by_role("button", name="Start sweep").click()
    expect(page.get_by_text("2 of 2 runs")).to_be_visible()
    expect(page.get_by_test_id("stMetricValue").first).to_contain_text("%")
    (sweep,) = database.latest_sweeps(2)
    assert sweep.plan.base.validation == 50
    assert {run.status for run in database.runs_of(sweep.id)} == {"finished"}

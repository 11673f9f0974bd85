"""Draw as a person does: with the mouse, with the keyboard; undo, clear, and a second run asked."""

import re

import pytest
from playwright.sync_api import expect
from threadpoolctl import threadpool_limits

from dashboard import datasets
from dashboard.analysis import answers, spoiling
from dashboard.runs.config import RunConfig
from dashboard.runs.trainer import train_run
from tests.browser.server import go_to, resting_box, wait_for

SEVEN = [(70, 60), (200, 60), (130, 230)]


@pytest.fixture
def runs(server, database):
    """A shallow and a deeper run, trained."""
    made = [database.create(RunConfig(hidden=hidden, epochs=4, lr=3.0)) for hidden in ((16,), (100, 100))]
    with threadpool_limits(1, "blas"):  # as the workers have it: the same networks each time
        for run in made:
            train_run(run.id, run.submission, database.url)
    return made


@pytest.fixture
def page(server, runs, open_page):
    page = open_page(server.url)
    go_to(page, "Draw")
    expect(page.get_by_text("Nothing is drawn yet")).to_be_visible()
    return page


def stroke(page, points):
    """With the mouse, in the pad's units."""
    box = resting_box(page, page.locator(".pad canvas"))
    places = [(box["x"] + x * box["width"] / 280, box["y"] + y * box["height"] / 280) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=8)
    page.mouse.up()


def answer(page, run):
    return page.get_by_text(re.compile(rf"Run {run} reads a \d, with"))


def settled(page, locator):
    """Its text once the last bit of the stroke is answered: the same over a few messages' time."""
    texts = []

    def same():
        texts.append(locator.text_content())
        page.wait_for_timeout(150)
        return texts[-1] if len(texts) > 4 and len(set(texts[-5:])) == 1 else None

    return wait_for(same, "an answer that stays")


def test_a_seven_is_read_by_two_runs_and_explained(page):
    stroke(page, SEVEN)
    expect(answer(page, 2)).to_contain_text("reads a 7")
    expect(page.get_by_text("For and against a 7")).to_be_visible()
    expect(page.get_by_text("Hidden layer 2")).to_be_visible()
    expect(page.get_by_text("What the network gets")).to_be_visible()
    page.get_by_role("combobox", name="Ask as well").click()
    page.get_by_role("option").first.click()
    expect(answer(page, 1)).to_contain_text("reads a 7")
    assert page.get_by_test_id("stVegaLiteChart").count() == 2


def test_undo_takes_a_stroke_back_and_clear_all_of_them(page):
    stroke(page, SEVEN)
    expect(answer(page, 2)).to_contain_text("reads a 7")
    before = settled(page, answer(page, 2))
    stroke(page, [(60, 150), (220, 150)])
    expect(answer(page, 2)).not_to_have_text(before)
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(answer(page, 2)).to_have_text(before)
    page.get_by_role("button", name="Clear", exact=True).click()
    expect(page.get_by_text("Nothing is drawn yet")).to_be_visible()


def test_the_keyboard_draws(page):
    page.locator(".pad canvas").focus()
    for key, times in (("ArrowUp", 10), ("Space", 1), ("ArrowDown", 20), ("Space", 1), ("ArrowLeft", 5)):
        for _ in range(times):
            page.keyboard.press(key)
    expect(answer(page, 2)).to_contain_text("reads a 1")
    page.keyboard.press("Control+z")
    expect(page.get_by_text("Nothing is drawn yet")).to_be_visible()


def test_a_drawing_is_still_there_after_a_look_at_another_page(page):
    stroke(page, SEVEN)
    expect(answer(page, 2)).to_contain_text("reads a 7")
    go_to(page, "Mistakes")
    expect(page.get_by_text("are misread")).to_be_visible()
    go_to(page, "Draw")
    expect(answer(page, 2)).to_contain_text("reads a 7")


def test_it_is_usable_with_a_finger_at_400_pixels(server, runs, chrome):
    context = chrome.new_context(viewport={"width": 400, "height": 800}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(f"{server.url}/draw")
    page.locator(".pad canvas").tap(position={"x": 150, "y": 100})
    expect(answer(page, 2)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    context.close()


def test_digits_of_ones_own_are_kept_measured_removed_and_made_a_data_set(page, database):
    stroke(page, SEVEN)
    expect(answer(page, 2)).to_contain_text("reads a 7")
    page.get_by_role("button", name="7", exact=True).click()
    expect(page.get_by_text("Nothing is drawn yet")).to_be_visible()
    expect(page.get_by_text("Your digits: 1")).to_be_visible()
    expect(page.get_by_text("Run 2 reads 1 of 1, 100.00 %")).to_be_visible()
    stroke(page, [(140, 40), (140, 240)])
    expect(answer(page, 2)).to_contain_text("reads a 1")
    page.get_by_role("button", name="4", exact=True).click()
    expect(page.get_by_text("Run 2 reads 1 of 2, 50.00 %")).to_be_visible()
    assert [kept.label for kept in database.drawings()] == [7, 4]

    page.get_by_role("button", name="Your 4, read as 1").click()
    page.get_by_role("button", name="Remove the picked one").click()
    expect(page.get_by_text("Your digits: 1")).to_be_visible()
    expect(page.get_by_role("button", name="Save as a data set")).to_be_disabled()
    for i in range(19):
        database.keep_drawing(1, [[20, 100 + i, 40, 140, 240]])
    go_to(page, "Learn")
    expect(page.get_by_text("Two faults of naive code")).to_be_visible()
    go_to(page, "Draw")
    expect(page.get_by_text("Your digits: 20")).to_be_visible()
    page.get_by_role("button", name="Save as a data set").click()
    expect(page.get_by_text("Saved as My 20 digits")).to_be_visible()
    (about,) = database.own_sets().values()
    assert (about.title, about.names, about.shape) == ("My 20 digits", ["1", "7"], (28, 28))


def test_a_test_image_is_spoiled_in_every_way_and_accuracy_is_drawn_against_strength(page, runs, database):
    page.get_by_role("radio", name="Spoil a test image").click()
    expect(page.get_by_text("A 7, as it is")).to_be_visible()
    page.get_by_role("combobox", name="Ask as well").click()
    page.get_by_role("option").first.click()
    page.keyboard.press("Escape")
    data = datasets.load("mnist")
    nets = [answers.network(database, database.get(run.id)) for run in reversed(runs)]
    for way, about in spoiling.WAYS.items():
        page.get_by_role("radio", name=about.title, exact=True).click()
        found = spoiling.accuracies(nets, *data.test, data.about.shape, way)
        slider = page.get_by_role("slider", name=about.title)
        slider.focus()
        slider.press("End")
        last, whole = found[:, -1], found[:, about.strengths.index(about.none)]
        for run, row, start in zip((2, 1), last, whole, strict=True):
            said = (
                f"Run {run}: {100 * start:.2f} % as they are, {100 * row:.2f} % at {about.strengths[-1]} {about.unit}."
            )
            expect(page.get_by_text(said)).to_be_visible()
        points = page.get_by_test_id("stVegaLiteChart").last.locator("svg .mark-symbol.role-mark path")
        expect(points).to_have_count(2 * len(about.strengths))
    expect(answer(page, 2)).to_be_visible()

"""Compare as a person uses it, on runs trained there."""

import csv
import io
from contextlib import suppress
from itertools import count

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from playwright.sync_api import expect
from threadpoolctl import threadpool_limits

from dashboard.runs.config import RunConfig
from dashboard.runs.trainer import train_run
from tests.browser.server import go_to, resting_box, wait_drawn, wait_for
from tests.support import holding

ROW, BOX = 35, 16  # pixels of the table, which is a canvas: height of a row, middle of the box that selects it


@pytest.fixture
def runs(database):
    """A shallow, a wider and a deeper run, trained on MNIST."""
    made = []
    for settings in ({"hidden": (8,)}, {"hidden": (30,)}, {"hidden": (20, 20), "lr": 1.0}):
        run = database.create(RunConfig(epochs=2, batch_size=100, **settings))
        with threadpool_limits(1, "blas"):  # as the workers have it: other threads, other last bits
            train_run(run.id, run.submission, database.url)
        made.append(database.get(run.id))
    return made


@pytest.fixture
def open_compare(server, open_page, runs):
    """Compare, reached from the navigation: a page opened by its own link makes Streamlit ask for two missing files."""

    def open_compare(*chosen, **size):
        page = open_page(server.url, **size)
        go_to(page, "Compare")
        expect(page.get_by_text("The latest 3 runs.")).to_be_visible()
        for number in chosen:
            choose(page, len(runs) - number + 1)
        return page

    return open_compare


def choose(page, row):
    """Click the box of a row, counted from 1."""
    was = page.url

    def chosen():
        wait_drawn(page)  # until then, what is above the table may grow
        expect(page.locator("[data-testid=stVegaLiteChart] svg").first).to_be_visible()
        box = resting_box(page, page.get_by_test_id("stDataFrame"))
        page.mouse.click(box["x"] + BOX, box["y"] + ROW * row + ROW / 2)
        with suppress(PlaywrightTimeout):  # a table that is drawn anew just then has no rows yet to click at
            page.wait_for_url(lambda url: url != was, timeout=10_000)
        return page.url != was

    wait_for(chosen, "the choice", patience=60)


def button(page, name):
    return page.get_by_role("button", name=name, exact=True)


def legend(page):
    return page.locator("[data-testid=stVegaLiteChart] svg .role-legend-label text")


def lines(page):
    """The lines of the chart that can be seen."""
    return page.evaluate(
        """() => [...document.querySelectorAll('[data-testid=stVegaLiteChart] svg .mark-line path')]
        .filter(line => line.getAttribute('opacity') !== '0').length"""
    )


def axis_titles(page):
    return page.locator("[data-testid=stVegaLiteChart] svg .role-axis-title text").all_text_contents()


def test_two_runs_are_chosen_in_the_table_and_the_verdict_is_said(open_compare, runs):
    page = open_compare(1, 2)
    expect(page.get_by_text("Run 2 fixes")).to_be_visible()
    expect(page.get_by_text("What changed: hidden layers 8 → 30.")).to_be_visible()
    expect(legend(page)).to_have_text(["Run 1", "Run 2"])
    assert f"runs={runs[0].id}%2C{runs[1].id}" in page.url
    page.get_by_role("link", name="See the images of both groups").click()
    page.wait_for_url(f"**/mistakes?run={runs[1].id}&vs={runs[0].id}")
    expect(page.get_by_text("Run 2 fixes")).to_be_visible()


def test_metric_axis_smoothing_and_baseline_stand_in_the_link(open_compare, runs):
    page = open_compare(1, 2)
    page.get_by_role("radio", name="Error").click()
    page.get_by_role("radio", name="Seconds").click()
    page.wait_for_url("**over=Seconds**")
    wait_for(lambda: axis_titles(page) == ["Seconds", "Test error"], "the axes of error over seconds")
    slider = page.get_by_role("slider", name="Smoothing")
    slider.focus()
    slider.press("ArrowRight")
    page.wait_for_url("**smoothing=0.05**")
    wait_for(lambda: lines(page) == 4, "two smoothed lines over two pale ones")
    page.get_by_role("combobox", name="Baseline").click()
    page.get_by_role("option", name="Run 1").click()
    page.wait_for_url(f"**baseline={runs[0].id}**")
    wait_for(lambda: axis_titles(page)[1] == "Test error less the baseline's", "the axis of differences")


def test_a_name_in_the_legend_hides_its_line_and_shows_it_again(open_compare):
    page = open_compare()
    wait_for(lambda: lines(page) == 3, "three lines")
    for left in (2, 3):
        legend(page).first.click()
        wait_for(lambda left=left: lines(page) == left, f"{left} lines")


def test_hover_gives_the_values_of_every_run(open_compare, runs):
    page = open_compare()
    wait_for(lambda: lines(page) == 3, "three lines")
    box = resting_box(page, page.locator("[data-testid=stVegaLiteChart] svg .mark-line").first)
    tip = page.locator("#vg-tooltip-element.visible")
    at = count()

    def hovers():
        """A hand that rests on a chart still moves a little; the page may have drawn it anew just before."""
        page.mouse.move(box["x"] + box["width"] - 2 - next(at) % 2, box["y"] + 10)
        return tip.is_visible()

    wait_for(hovers, "the values")
    assert all(f"{100 * run.last_accuracy:.2f}%" in tip.inner_text() for run in runs)


def test_the_filter_narrows_the_table_and_the_table_leaves_as_csv(open_compare):
    page = open_compare()
    page.get_by_role("textbox", name="Runs").fill("784-20")
    page.get_by_role("textbox", name="Runs").press("Enter")
    expect(page.get_by_text("1 of 3 runs")).to_be_visible()
    with page.expect_download() as download:
        button(page, "CSV").click()
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text())))
    assert [(row["Run"], row["Network"]) for row in rows] == [("Run 3", "784-20-20-10")]


def test_the_chart_leaves_as_png_and_svg(open_compare):
    page = open_compare(1, 2)
    with page.expect_download() as download:
        button(page, "PNG").click()
    assert np.asarray(Image.open(download.value.path())).std() > 5
    with page.expect_download() as download:
        button(page, "SVG").click()
    svg = download.value.path().read_text()
    assert all(text in svg for text in ("Run 1", "Run 2", "Epochs", "Test accuracy"))


def test_repeats_are_queued_watched_and_become_a_band(open_compare, database):
    page = open_compare(1)
    button(page, "Repeat").click()
    page.get_by_role("spinbutton", name="Further seeds").fill("2")
    page.get_by_role("spinbutton", name="Further seeds").press("Enter")
    button(page, "Queue 2 runs").click()
    wait_for(lambda: [run.status for run in database.latest(9)] == ["finished"] * 5, "the end of the repeats")
    page.keyboard.press("Escape")
    page.get_by_role("radio", name="Mean").click()
    expect(legend(page)).to_have_text(["Run 1 × 3"])
    expect(page.locator("[data-testid=stVegaLiteChart] svg .mark-area path")).to_have_count(1)


def test_a_press_that_another_one_overtakes_is_not_forgotten(server, chrome, database, runs):
    """Whoever presses on while the first press waits for the database still gets to see what it made."""
    context, sockets = chrome.new_context(viewport={"width": 1400, "height": 900}), []
    page = context.new_page()
    page.on("websocket", lambda socket: sockets.append(socket))
    page.goto(server.url)
    go_to(page, "Compare")
    choose(page, len(runs))
    expect(legend(page)).to_have_text(["Run 1"])
    button(page, "Repeat").click()
    queue = button(page, "Queue 4 runs")
    expect(queue).to_be_visible()
    wait_drawn(page)
    with holding(database.url.removeprefix("sqlite:///"), "BEGIN IMMEDIATE"):
        with sockets[-1].expect_event("framesent"):
            queue.click()
        page.keyboard.press("Escape")
        with sockets[-1].expect_event("framesent"):
            page.get_by_role("radio", name="Loss", exact=True).click()
    expect(page.get_by_text("7 runs, 5 chosen")).to_be_visible()
    context.close()


def test_one_change_runs_matching_widths_forks_and_reproductions_are_queued(open_compare, database, runs):
    page = open_compare(1, 3)
    expect(page.get_by_text("the cause can't be told apart")).to_be_visible()
    button(page, "Queue 2 missing one-change runs").click()
    wait_for(lambda: len(database.latest(9)) == 5, "two further runs")
    expect(legend(page)).to_have_count(4)
    assert {run.config.hidden for run in database.latest(2)} == {(8,), (20, 20)}


def test_a_deeper_net_is_matched_forked_and_reproduced(open_compare, database, runs):
    page = open_compare(3)
    button(page, "Match parameters").click()
    expect(page.get_by_text("784-20-20-10 has 16,330.")).to_be_visible()
    button(page, "Queue 784-21-10").click()
    wait_for(lambda: database.latest(1)[0].config.hidden == (21,), "the matching run")
    expect(legend(page)).to_have_text(["Run 3", "Run 4"])
    page.keyboard.press("Escape")

    choose(page, 1)  # the matching run, off again
    expect(legend(page)).to_have_text(["Run 3"])
    button(page, "Fork").click()
    button(page, "Queue the fork").click()
    wait_for(lambda: database.latest(1)[0].origin == "fork", "the fork")
    expect(legend(page)).to_have_text(["Run 3", "Run 5"])
    page.keyboard.press("Escape")

    choose(page, 1)  # the fork, off again
    expect(legend(page)).to_have_text(["Run 3"])
    button(page, "Reproduce").click()
    button(page, "Train again").click()
    expect(
        page.get_by_text("Run 6 is identical to Run 3: all 2 epochs, and every weight to the last bit.")
    ).to_be_visible()


def test_a_run_gets_a_name_and_a_note_and_is_deleted_and_taken_back(open_compare, database, runs):
    page = open_compare(1)
    button(page, "Name and note").click()
    page.get_by_role("textbox", name="Name").fill("narrow **one** <b>x</b>")
    page.get_by_role("textbox", name="Note").fill("for the lecture")
    button(page, "Save").click()
    expect(legend(page)).to_have_text(["narrow **one** <b>x</b>"])
    assert database.get(runs[0].id).note == "for the lecture"
    expect(page.get_by_text("narrow **one** <b>x</b> leads")).to_be_visible()
    page.keyboard.press("Escape")
    button(page, "Delete").click()
    expect(page.get_by_text("2 runs, 0 chosen")).to_be_visible()
    button(page, "Undo").click()
    expect(page.get_by_text("3 runs, 1 chosen")).to_be_visible()


def test_a_run_that_trains_grows_while_it_is_compared(open_compare, server, database, runs):
    page = open_compare(1)
    button(page, "Fork").click()
    page.get_by_role("spinbutton", name="Further epochs").fill("600")
    page.get_by_role("spinbutton", name="Further epochs").press("Enter")
    button(page, "Queue the fork").click()
    paths = page.locator("[data-testid=stVegaLiteChart] svg .mark-line path")

    def drawn():
        """The epochs of the longer line; a long one has no marks."""
        return max(path.count("L") for path in paths.evaluate_all("all => all.map(one => one.getAttribute('d') ?? '')"))

    expect(legend(page)).to_have_text(["Run 1", "Run 4"])
    wait_for(lambda: drawn() >= 4, "four epochs of the fork on the chart")
    before = drawn()
    wait_for(lambda: drawn() > before, "one more")
    database.wish(database.latest(1)[0].id, "stop")
    wait_for(lambda: database.latest(1)[0].status == "stopped", "its end")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_usable_at_400_pixels(server, open_page, runs, scheme):
    page = open_page(server.url, width=400, scheme=scheme)
    go_to(page, "Compare")
    expect(page.get_by_text("The latest 3 runs.")).to_be_visible()
    wait_for(lambda: lines(page) == 3, "three lines")
    body = page.get_by_test_id("stMain")
    assert body.evaluate("element => element.scrollWidth <= element.clientWidth")

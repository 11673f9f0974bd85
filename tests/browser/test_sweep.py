"""A sweep as a person sees it: it lives, it can be paused, its lines are brushed, and a killed server costs nothing."""

import signal

import pytest
from playwright.sync_api import expect

from dashboard.runs.config import RunConfig
from dashboard.runs.points import points
from dashboard.runs.sweep_cost import first_configs
from dashboard.runs.sweeps import SweepPlan
from tests.browser.server import go_to, resting_box, wait_for
from tests.browser.train_page import button

QUICK = RunConfig(epochs=2, subset=2000, validation=1000)
WIDTHS = tuple((width,) for width in (4, 8, 12, 16, 20, 24, 28, 32))
RATES = (0.3, 1.0, 2.0, 3.0, 5.0)


@pytest.fixture
def begin(database):
    """Make a sweep as the command line does: in the database, for the server to find."""

    def begin(base=QUICK, widths=WIDTHS, rates=RATES):
        plan = SweepPlan(base, {"hidden": widths, "lr": rates})
        return database.create_sweep(plan, first_configs(plan, points(plan)))

    return begin


def open_sweep(page, url):
    """From the navigation: a page opened by its own link makes Streamlit ask for two missing files."""
    page.goto(url)
    go_to(page, "Sweep")
    return page


def statuses(database, sweep):
    return {run.status for run in database.runs_of(sweep.id)}


INK = """(canvas) => {
    const {width, height} = canvas, copy = Object.assign(document.createElement('canvas'), {width, height});
    const context = copy.getContext('2d', {willReadFrequently: true});
    context.drawImage(canvas, 0, 0);
    const data = context.getImageData(0, 0, width, height).data;
    const ink = (x, y) => { const i = 4 * (y * width + x); return data[i + 3] / 255 * (255 - data[i]) > 25; };
    return Array.from({length: width}, (_, x) => Array.from({length: height}, (_, y) => y).filter(y => ink(x, y)));
}"""  # by column, the rows where something is drawn that is not pale


NAMES = 20  # the height of the axes' names, at the top


def coordinates(page):
    return page.locator("[data-testid=stVegaLiteChart] canvas").first


def first_axis(page):
    """(x, top, bottom) of the first axis, in the canvas: the first column that is drawn from top to bottom."""
    columns = coordinates(page).evaluate(INK)
    longest = max(map(len, columns))
    x = next(i for i, rows in enumerate(columns) if len(rows) > 0.8 * longest)
    return x, columns[x][0], columns[x][-1]


def lit(page):
    """At which thirds of the height, 0 at the top to 3, something that is not pale is drawn beside the first axis."""
    x, top, bottom = first_axis(page)
    beside = coordinates(page).evaluate(INK)[x + 24]
    return {round(3 * (y - top) / (bottom - top)) for y in beside if y > NAMES}


def test_a_person_starts_a_sweep_pauses_it_and_sees_its_end(server, database, open_page):
    page = open_sweep(open_page(server.url), server.url)
    page.get_by_role("textbox", name="Hidden layers").fill("256, 512")
    page.get_by_role("textbox", name="Hidden layers").press("Enter")
    expect(page.get_by_text("6 runs, 24 epochs")).to_be_visible()
    button(page, "Start sweep").click()
    expect(page.get_by_text("of 6 runs")).to_be_visible()
    expect(page.get_by_test_id("stMetricValue").first).to_contain_text("%")
    (sweep,) = database.latest_sweeps(2)
    assert page.url.endswith(f"id={sweep.id}")
    button(page, "Pause").click()
    expect(button(page, "Resume")).to_be_visible()
    wait_for(lambda: "running" not in statuses(database, sweep), "the pause of every run")
    done = sum(run.epochs_done for run in database.runs_of(sweep.id))
    button(page, "Resume").click()
    wait_for(lambda: sum(run.epochs_done for run in database.runs_of(sweep.id)) > done, "a further epoch")
    expect(page.get_by_text("6 of 6 runs")).to_be_visible(timeout=120_000)
    expect(page.get_by_text("Finished").first).to_be_visible()
    assert statuses(database, sweep) == {"finished"}
    page.get_by_role("link", name="Open the best 6 runs in Compare").click()
    expect(page.get_by_text("leads with")).to_be_visible()


def test_a_box_over_an_axis_lights_the_lines_that_pass_through_it(server, database, begin, open_page):
    sweep = begin(widths=((4,), (8,), (16,), (32,)), rates=(0.3, 1.0, 3.0))
    page = open_sweep(open_page(server.url, height=1400), server.url)
    expect(page.get_by_text("12 of 12 runs")).to_be_visible()
    assert statuses(database, sweep) == {"finished"}
    expect(button(page, "Start sweep")).to_be_visible()  # the sweep is over for the page, too
    expect(page.get_by_text("By how much a random forest")).to_be_visible()  # it was computed last
    expect(coordinates(page)).to_be_visible()
    wait_for(lambda: lit(page) == {0, 1, 2, 3}, "lines of all four widths")
    box = resting_box(page, coordinates(page))
    x, _, bottom = first_axis(page)
    x, bottom = x + box["x"], bottom + box["y"]
    page.mouse.move(x - 8, bottom - 30)  # around the lowest value of the first axis
    page.mouse.down()
    page.mouse.move(x + 8, bottom - 1, steps=5)
    page.mouse.up()
    wait_for(lambda: lit(page) == {3}, "the lines of four hidden units alone")
    box = resting_box(page, coordinates(page))
    page.mouse.dblclick(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    wait_for(lambda: lit(page) == {0, 1, 2, 3}, "all lines again")


MIXED = """() => {
    window.mixed = window.before = 0;
    new MutationObserver(() => {
        const metric = document.querySelector('[data-testid=stMetric]');
        if (!metric && document.querySelector('[data-testid=stProgress]')) window.before += 1;
        const row = metric && metric.closest('[data-testid=stHorizontalBlock]');
        if (row && row.querySelector('[data-testid=stVegaLiteChart], [data-testid=stDataFrame]')) window.mixed += 1;
    }).observe(document.body, {childList: true, subtree: true});
}"""  # counts how often a sweep was seen without figures, and a chart or a table in the row of the figures


def test_the_first_figures_do_not_come_between_what_was_there(server, database, begin, open_page):
    sweep = begin(widths=((4,), (8,), (16,), (32,)), rates=(0.3, 1.0, 3.0))
    database.wish_sweep(sweep.id, "paused")  # until the page shows it
    page = open_page(server.url, height=1400)
    expect(page.get_by_text("60,000 handwritten digits")).to_be_visible()
    page.evaluate(MIXED)
    go_to(page, "Sweep")
    expect(button(page, "Resume")).to_be_visible()
    wait_for(lambda: page.evaluate("window.before") > 0, "the sweep without figures")
    button(page, "Resume").click()
    expect(page.get_by_text("12 of 12 runs")).to_be_visible()
    expect(page.get_by_text("By how much a random forest")).to_be_visible()
    assert page.evaluate("window.mixed") == 0


def test_a_killed_server_repeats_nothing_when_it_is_back(server, database, begin, open_page):
    sweep = begin()
    page = open_sweep(open_page(server.url), server.url)
    expect(page.get_by_text("of 40 runs")).to_be_visible()
    wait_for(lambda: sum(r.status == "finished" for r in database.runs_of(sweep.id)) >= 6, "the first runs' end")
    before = {run.id: run.ended for run in database.runs_of(sweep.id) if run.status == "finished"}
    page.context.close()
    server.end(signal.SIGKILL)
    assert sum(run.status == "finished" for run in database.runs_of(sweep.id)) < 40
    server.start()
    page = open_sweep(open_page(server.url), server.url)
    wait_for(lambda: database.sweep(sweep.id).status == "finished", "the end of the sweep", patience=60)
    runs = database.runs_of(sweep.id)
    assert [run.status for run in runs] == ["finished"] * 40
    assert all(len(database.epochs(run.id)) == 2 for run in runs)
    assert {run: database.get(run).ended for run in before} == before
    expect(page.get_by_text("40 of 40 runs")).to_be_visible()

"""What only a browser and real processes show: the page lives, and what happens when parts of it die."""

import contextlib
import re
import signal
import sqlite3

import pytest
from playwright.sync_api import expect

from dashboard.runs.presets import PRESETS
from dashboard.runs.store import STALE_SECONDS
from dashboard.view.help import HELP
from tests.browser.server import PATIENCE, go_to, resting_box, wait_drawn, wait_for
from tests.browser.train_page import button, choose, epoch, press_train, status, wait_for_epoch
from tests.dashboard.exports.test_script import carried_out, lines


def test_a_person_moves_a_slider_presses_train_and_watches_accuracy_grow(server, database, open_page):
    page = open_page(f"{server.url}/?epochs=100")  # it is there to be stopped, however slow the page
    expect(page.get_by_text("60,000 handwritten digits")).to_be_visible()
    thumb = page.get_by_role("slider", name="Hidden layers")
    thumb.focus()
    thumb.press("ArrowRight")
    expect(page.get_by_role("heading", name="784-100-100-10")).to_be_visible()
    run_id = press_train(page)
    wait_for_epoch(page, 3)
    expect(page.get_by_test_id("stVegaLiteChart")).to_have_count(2)
    assert database.get(run_id).config.hidden == (100, 100)
    wait_for(lambda: page.get_by_test_id("stMetricValue").first.inner_text().startswith("9"), "an accuracy above 90 %")
    button(page, "Stop").click()
    expect(status(page, "Stopped")).to_be_visible()


def test_the_chart_keeps_its_place_and_the_page_its_scroll_while_it_grows(server, open_page):
    page = open_page(f"{server.url}/?hidden=16&epochs=100", height=500)
    press_train(page)
    wait_for_epoch(page, 4)
    chart = page.locator("[data-testid=stVegaLiteChart] svg").first
    chart.scroll_into_view_if_needed()
    scroller = page.get_by_test_id("stMain")
    scroller.evaluate("element => element.scrollTo(0, 300)")
    chart.evaluate("element => { element.dataset.seen = 'yes' }")
    before = chart.bounding_box(), scroller.evaluate("element => element.scrollTop")
    wait_for_epoch(page, epoch(page) + 5)
    assert chart.get_attribute("data-seen") == "yes"  # the same element, not drawn anew
    assert (chart.bounding_box(), scroller.evaluate("element => element.scrollTop")) == before
    button(page, "Stop").click()
    expect(status(page, "Stopped")).to_be_visible()


def test_a_reload_a_second_tab_and_two_runs_at_once(server, database, open_page):
    first = open_page(f"{server.url}/?hidden=100,100&epochs=100")
    run_id = press_train(first)
    wait_for_epoch(first, 2)
    first.reload()
    expect(status(first, "Running")).to_be_visible()
    second = open_page(first.url)
    expect(status(second, "Running")).to_be_visible()
    third = open_page(f"{server.url}/?hidden=30&epochs=100")
    other_id = press_train(third)
    wait_for(lambda: database.get(other_id).epochs_done, "an epoch of the second run")
    assert database.get(run_id).status == database.get(other_id).status == "running"
    button(second, "Stop").click()
    expect(status(first, "Stopped")).to_be_visible()
    expect(status(second, "Stopped")).to_be_visible()
    button(third, "Stop").click()
    expect(status(third, "Stopped")).to_be_visible()


@pytest.mark.parametrize("wish", ["Pause", "Stop"])
def test_pause_and_stop_act_inside_a_long_epoch(server, database, open_page, wish):
    page = open_page(f"{server.url}/?hidden=1024,1024&batch=8")
    run_id = press_train(page)
    wait_for(lambda: database.get(run_id).progress > 0, "progress within the epoch")
    button(page, wish).click()
    expect(status(page, {"Pause": "Paused", "Stop": "Stopped"}[wish])).to_be_visible()
    assert database.get(run_id).epochs_done == 0


def test_a_killed_worker_is_no_more_than_a_pause(server, database, open_page):
    page = open_page(f"{server.url}/?hidden=60&epochs=30")
    run_id = press_train(page)
    worker = wait_for(lambda: (database.get(run_id).environment or {}).get("pid"), "its start")
    process = next(process for process in server.family() if process.pid == worker)
    wait_for(lambda: database.get(run_id).epochs_done >= 2, "two epochs")
    process.kill()
    expect(status(page, "Finished")).to_be_visible(timeout=90_000)
    assert (database.get(run_id).attempt, database.get(run_id).epochs_done) == (2, 30)


@pytest.mark.parametrize("sig", [signal.SIGKILL, signal.SIGTERM])
def test_the_server_dies_nothing_is_left_and_resume_ends_as_if_nothing_had_happened(server, database, open_page, sig):
    settings = "hidden=60&epochs=40&seed=4"
    page = open_page(f"{server.url}/?{settings}")
    whole = press_train(page)
    expect(status(page, "Finished")).to_be_visible(timeout=90_000)
    family = server.family()
    button(page, "Train").click()
    page.wait_for_url(lambda url: whole not in url)
    broken = page.url.split("run=")[1]
    page.context.close()
    wait_for(lambda: database.get(broken).epochs_done >= 2, "two epochs")
    server.end(sig)
    wait_for(lambda: not any(process.is_running() for process in family), "the end of every process")

    server.start()
    page = open_page(f"{server.url}/?run={broken}")  # the first request that this server gets
    expect(page.get_by_role("heading", name="784-60-10")).to_be_visible()
    expect(status(page, "Interrupted")).to_be_visible(timeout=(STALE_SECONDS + PATIENCE) * 1000)
    button(page, "Resume").click()
    expect(status(page, "Finished")).to_be_visible(timeout=90_000)
    assert database.state(broken, 40).digest == database.state(whole, 40).digest
    ends = [[(e.epoch, e.train_loss, e.test_accuracy) for e in database.epochs(run)] for run in (whole, broken)]
    assert ends[0] == ends[1]


def test_settings_chosen_from_advanced_are_those_of_the_stored_run(server, database, open_page):
    page = open_page(f"{server.url}/?hidden=16&epochs=2&lr=0.05")
    expect(button(page, "Train")).to_be_visible()
    page.get_by_text("Advanced", exact=True).click()
    choose(page, "Activation", "ReLU")
    choose(page, "Output and cost", "Softmax, cross-entropy")
    choose(page, "Optimizer", "Nesterov momentum")
    expect(page.get_by_role("slider", name="Momentum")).to_be_visible()
    held_out = page.get_by_role("slider", name="Validation images")
    held_out.focus()
    held_out.press("ArrowRight")
    page.wait_for_url("**validation=1000*")
    run_id = press_train(page)
    expect(status(page, "Finished")).to_be_visible()
    config = database.get(run_id).config
    assert (config.activation, config.cost, config.optimizer) == ("relu", "cross_entropy", "nesterov")
    assert (config.momentum, config.validation, config.hidden) == (0.9, 1000, (16,))
    expect(page.get_by_text("Validation chose epoch")).to_be_visible()
    expect(page.get_by_text("of 1,000 held-out images")).to_be_visible()
    expect(page.get_by_test_id("stVegaLiteChart")).to_have_count(2)
    page.get_by_text("Inside the network").click()
    expect(page.get_by_test_id("stVegaLiteChart")).to_have_count(7)


def test_the_advanced_settings_stay_open_while_one_changes_what_is_above_them(server, open_page):
    page = open_page(server.url)
    sidebar = page.get_by_test_id("stSidebar")
    teaches = sidebar.get_by_text(PRESETS["Shallow, as in the notebook"].teaches.split(" Next, ")[0], exact=True)
    choose(page, "Preset", "Shallow, as in the notebook")
    expect(teaches).to_be_visible()
    page.get_by_text("Advanced", exact=True).click()
    choose(page, "Activation", "ReLU")
    expect(teaches).to_have_count(0)  # these are settings of one's own
    expect(page.get_by_role("combobox", name="Activation")).to_be_visible()
    layers = sidebar.get_by_role("slider", name="Hidden layers")
    layers.focus()
    layers.press("ArrowRight")
    expect(sidebar.get_by_role("slider", name="Units in layer 2")).to_be_visible()
    expect(page.get_by_role("combobox", name="Activation")).to_be_visible()


def test_an_earlier_run_is_listed_and_opens_by_a_click(server, database, open_page):
    page = open_page(f"{server.url}/?hidden=12&epochs=1&lr=0.25")
    run_id = press_train(page)
    expect(status(page, "Finished")).to_be_visible()
    page.context.close()
    server.end()
    server.start()
    page = open_page(server.url)
    table = page.get_by_test_id("stDataFrame")
    expect(table.locator("table[role=grid]")).to_have_attribute("aria-rowcount", "2")
    wait_drawn(page)
    expect(page.locator("[data-testid=stVegaLiteChart] svg")).to_have_count(2)  # of the greeting, above it
    box = resting_box(page, table)
    page.mouse.click(box["x"] + 16, box["y"] + 52)  # the box of the first row; the table is a canvas
    page.wait_for_url(f"**run={run_id}")
    expect(page.get_by_role("heading", name="784-12-10")).to_be_visible()
    assert "lr=0.25" in page.url


def test_the_page_is_usable_at_400_pixels(server, open_page):
    page = open_page(f"{server.url}/?hidden=16&epochs=2", width=400, scheme="dark")
    expect(button(page, "Train")).to_be_in_viewport()
    press_train(page)
    expect(status(page, "Finished")).to_be_visible()
    body = page.get_by_test_id("stMain")
    assert body.evaluate("element => element.scrollWidth <= element.clientWidth")


def test_a_moved_slider_trains_anew_over_the_ghost_of_the_run_before(server, database, open_page):
    page = open_page(f"{server.url}/?hidden=16&epochs=100&lr=0.5")
    page.get_by_text("Train on change").first.click()
    wait_for_epoch(page, 3)
    slider = page.get_by_role("slider", name="Learning rate")
    slider.focus()
    slider.press("ArrowRight")
    expect(page.get_by_text("Run 2: epoch")).to_be_visible()
    expect(page.locator("[data-testid=stVegaLiteChart] svg [opacity='0.45']").first).to_be_attached()
    wait_for(lambda: [run.status for run in database.latest(2)] == ["running", "stopped"], "the end of the first run")
    assert database.latest(1)[0].config.lr == 1.0
    button(page, "Stop").click()
    expect(status(page, "Stopped")).to_be_visible()


def test_the_ghost_of_a_run_that_was_far_worse_is_inside_the_plot(server, database, open_page):
    page = open_page(f"{server.url}/?hidden=16&epochs=3&lr=0.005")
    page.get_by_text("Train on change").first.click()
    expect(status(page, "Finished")).to_be_visible()
    assert database.latest(1)[0].best_accuracy < 0.8
    choose(page, "Preset", "98 % in seconds")
    expect(page.get_by_text("Run 2: 5 of 5 epochs")).to_be_visible()
    wait_drawn(page)
    assert database.latest(1)[0].best_accuracy > 0.9
    chart = page.get_by_test_id("stVegaLiteChart").first
    ghost = chart.locator("svg .mark-line path[opacity='0.45']")
    expect(ghost).to_have_count(1)
    line, plot = chart.evaluate(PLACES)
    assert line["width"] > 20
    assert plot["y"] - 2 <= line["y"]
    assert line["y"] + line["height"] <= plot["y"] + plot["height"] + 2


PLACES = """chart => [".mark-line path[opacity='0.45']", ".role-frame > g > path.background"].map(
    where => chart.querySelector("svg " + where).getBoundingClientRect().toJSON())"""  # of the ghost and of the plot


def test_runs_superseded_in_their_first_epoch_leave_nothing(server, database, open_page):
    page = open_page(f"{server.url}/?hidden=1024,1024&batch=8")
    page.get_by_text("Train on change").first.click()
    wait_for(lambda: database.latest(1) and database.latest(1)[0].progress > 0, "the first run's first batches")
    slider = page.get_by_role("slider", name="Learning rate")
    slider.focus()
    for _ in range(3):
        slider.press("ArrowLeft")
        page.wait_for_timeout(100)  # a quick hand's pace: the page has not answered yet
    at = float(worth(slider))
    page.wait_for_url(lambda url: f"lr={at}&" in url)
    newest = wait_for(lambda: (run := database.latest(1)[0]).config.lr == at and run, "the run of the last move")
    wait_for(lambda: database.get(newest.id).status == "running", "its start")
    wait_for(lambda: active(database) == [newest.id], "the end of all but the newest")
    assert [run.id for run in database.latest(None)] == [newest.id]
    table = page.get_by_test_id("stDataFrame")
    expect(table.locator("table[role=grid]")).to_have_attribute("aria-rowcount", "2")  # one below the head
    button(page, "Stop").click()
    expect(status(page, "Stopped")).to_be_visible()
    assert active(database) == []


def worth(slider):
    """The value that stands over the thumb."""
    return (
        slider.locator("xpath=ancestor::*[@data-testid='stSlider']").get_by_test_id("stSliderThumbValue").inner_text()
    )


def active(database):
    """The ids of all runs that wait or train, deleted ones among them, as the file itself has them."""
    with contextlib.closing(sqlite3.connect(database.url.removeprefix("sqlite:///"))) as db:
        return [row[0] for row in db.execute("SELECT id FROM runs WHERE status IN ('queued', 'running')")]


def test_the_code_shown_of_a_run_prints_its_numbers(server, database, open_page, tmp_path):
    page = open_page(f"{server.url}/?hidden=16&epochs=2&dropout=0.1")
    run = press_train(page)
    expect(status(page, "Finished")).to_be_visible()
    page.get_by_text("The code of this run").click()
    block = page.get_by_test_id("stCode")
    expect(block).to_contain_text("dropout=0.1")
    shown = block.locator("code").text_content()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    block.hover()
    block.get_by_role("button", name="Copy").click()
    wait_for(lambda: page.evaluate("navigator.clipboard.readText()").strip() == shown.strip(), "the script's copy")
    assert carried_out(shown, tmp_path) == lines(database.epochs(run))


def test_a_newcomer_is_led_to_a_trained_network_and_its_mistakes_in_three_clicks(server, open_page):
    page = open_page(server.url)
    button(page, "Train").click()
    expect(page.get_by_text(re.compile(r"Reached 9\d\.\d\d %"))).to_be_visible(timeout=60_000)
    page.get_by_role("link", name="See the images that it misreads").click()
    mistake = page.get_by_role("button", name=re.compile(r"^Image \d+: \d, read as \d$"))
    mistake.first.click()
    expect(page.get_by_text(re.compile(r"A \d, read as \d with"))).to_be_visible()


def test_every_preset_says_what_to_watch(server, open_page):
    page = open_page(server.url)
    expect(button(page, "Train")).to_be_visible()
    sidebar = page.get_by_test_id("stSidebar")
    for name, preset in reversed(PRESETS.items()):
        choose(page, "Preset", name)
        told, following = preset.teaches.split(" Next, ")
        expect(sidebar.get_by_text(told, exact=True)).to_be_visible()
        expect(sidebar.get_by_text(f"Next, {following}", exact=True)).to_be_visible()
        expect(page.get_by_role("heading", name=preset.config.architecture, exact=True)).to_be_visible()


def test_every_control_explains_itself(server, open_page):
    page = open_page(f"{server.url}/?hidden=16&optimizer=nesterov&validation=1000")
    expect(button(page, "Train")).to_be_visible()
    page.get_by_text("Advanced", exact=True).click()
    icons = page.get_by_test_id("stSidebar").get_by_test_id("stTooltipIcon").locator("visible=true")
    expect(icons).to_have_count(len(HELP))
    beginnings = {name: text.split("$")[0][:20] for name, text in HELP.items()}
    explained = set()
    for icon in icons.all():
        icon.scroll_into_view_if_needed()
        icon.hover()
        tooltip = page.get_by_test_id("stTooltipContent")
        expect(tooltip).to_have_count(1)
        expect(tooltip).to_contain_text("scikit-learn: ")
        said = tooltip.inner_text()
        assert "PyTorch: " in said
        assert tooltip.locator(".katex-error").count() == 0, said
        (name,) = [name for name, beginning in beginnings.items() if said.startswith(beginning)]
        assert (tooltip.locator(".katex").count() > 0) is ("$" in HELP[name]), name
        explained.add(name)
        page.mouse.move(1000, 10)
        expect(tooltip).to_have_count(0)
    assert explained == set(HELP)


def test_digits_of_scikit_learn_train_and_are_shown(server, database, open_page):
    page = open_page(f"{server.url}/?dataset=digits&hidden=32&epochs=30&batch_size=16&lr=3")
    expect(page.get_by_role("heading", name="64-32-10")).to_be_visible()
    run = press_train(page)
    expect(status(page, "Finished")).to_be_visible()
    assert database.get(run).last_accuracy > 0.85
    go_to(page, "Mistakes")
    expect(page.get_by_text("images are misread")).to_be_visible()

"""Every page, light and dark: axe-core finds no serious fault, and at 400 pixels nothing lies beyond the edge."""

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from threadpoolctl import threadpool_limits

from dashboard.datasets import Parts
from dashboard.runs.config import RunConfig
from dashboard.runs.points import points
from dashboard.runs.store import RunStore
from dashboard.runs.sweep_cost import first_configs
from dashboard.runs.sweep_worker import train_waiting
from dashboard.runs.sweeps import SweepPlan
from dashboard.runs.trainer import train_run
from tests.browser import acts
from tests.browser.server import Server, go_to, wait_drawn
from tests.browser.test_learn import walk_to
from tests.browser.test_own_sets import three_shapes
from tests.browser.test_people import SignedServer
from tests.browser.train_page import wait_for_epoch

SHOWS = {  # what is there when a page has been drawn
    "Train": "An earlier run",
    "Compare": "The latest 10 runs.",
    "Mistakes": "images are misread",
    "Weights": "Every layer",
    "Learn": "Two faults of naive code",
    "Sweep": "12 of 12 runs",
    "Data": "of the variance",
    "Draw": "Your digits: 2",
}
GRID = {"hidden": ((4,), (8,), (16,), (24,)), "lr": (0.5, 2.0, 5.0)}
RUNS = ({"hidden": (8,), "lr": 1e-4}, {"hidden": (8,)}, {"hidden": (12, 8)})
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """A server with a sweep, three runs, an own set and kept digits, which these tests only look at."""
    folder = tmp_path_factory.mktemp("accessible")
    store = RunStore(f"sqlite:///{folder / 'runs.db'}")
    with threadpool_limits(1, "blas"):
        plan = SweepPlan(RunConfig(epochs=1, batch_size=100, subset=1000, validation=1000), GRID)
        store.create_sweep(plan, first_configs(plan, points(plan)))
        train_waiting(store.url)
        runs = [store.create(RunConfig(epochs=3, subset=5000, **settings)) for settings in RUNS]
        for run in runs:
            train_run(run.id, run.submission, store.url)
    images, labels = three_shapes(np.random.default_rng(7))
    names = ("ring", "bar", "a rather long name of a class")
    store.add_set(Parts(images.reshape(300, -1), labels, images.shape[1:], 249, names), "Three shapes")
    for label, strokes in ((7, [[20, 70, 60, 200, 60, 130, 230]]), (1, [[20, 140, 40, 140, 240]])):
        store.keep_drawing(label, strokes)
    store.close()
    with Server(store.url, folder / "server.log") as server:
        server.slow = runs[0].id
        yield server


def close_sidebar(page):
    """Where the page is narrow, the navigation lies over it until it is closed."""
    if page.viewport_size["width"] < 768:
        page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").click()
        expect(page.get_by_test_id("stExpandSidebarButton")).to_be_visible()


@pytest.fixture
def open_at(shown, open_page):
    def open_at(title, **look):
        page = open_page(shown.url, **look)
        expect(page.get_by_test_id("stMain").get_by_role("button", name="Train", exact=True)).to_be_visible()
        if title != "Train":
            go_to(page, title)
            expect(page.get_by_text(SHOWS[title]).locator("visible=true").first).to_be_visible()
            close_sidebar(page)
        page.wait_for_load_state("networkidle")
        return page

    return open_at


TURNED = """scheme => getComputedStyle(document.querySelector('[data-testid=stApp]')).colorScheme == scheme
    && [...document.querySelectorAll('style')].some(style => style.textContent.includes('a9c4ff')) == (scheme == 'dark')
"""  # and the page has run again since
STILL = "() => document.getAnimations().every(each => each.playState != 'running')"  # colours in passing are no faults


def serious_faults(page, schemes=("light", "dark")):
    """Those of the page as it is while the system turns from light to dark."""
    opened = page.locator("[data-testid=stPopoverBody], [role=dialog]")
    found, count = [], opened.count()
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(TURNED, arg=scheme)
        wait_drawn(page)  # what is about to be replaced is paler
        page.wait_for_load_state("networkidle")
        page.wait_for_function(STILL)
        expect(opened).to_have_count(count)
        faults = Axe().run(page).response["violations"]
        found += [(scheme, fault["help"], places(fault)) for fault in faults if fault["impact"] in SERIOUS]
    return found


def places(fault):
    return [(node["html"][:200], [why["message"] for why in node["any"]]) for node in fault["nodes"]]


@pytest.mark.parametrize("title", SHOWS)
def test_axe_finds_no_serious_fault(open_at, title):
    assert not serious_faults(open_at(title))


STATES = {
    "set with names": ("Data", acts.own_set),
    "t-SNE": ("Data", acts.tsne),
    "drawing": ("Draw", acts.draw),
    "spoiled": ("Draw", acts.spoil),
    "faults": ("Learn", acts.both_faults),
    "large view": ("Mistakes", acts.open_an_image),
    "upload": ("Weights", acts.upload_weights),
    "advanced": ("Train", acts.advanced),
}


@pytest.mark.parametrize("state", STATES)
def test_axe_finds_no_serious_fault_in_what_opens(open_at, state):
    title, act = STATES[state]
    page = open_at(title)
    act(page)
    assert not serious_faults(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault_in_a_dialog_with_an_error(open_at, scheme):
    page = open_at("Data", scheme=scheme)
    acts.add_a_set(page)
    assert not serious_faults(page, [scheme])


def test_axe_finds_no_serious_fault_in_the_steps_of_the_mathematics(open_at):
    page, found = open_at("Learn"), {}
    for title in ("The cost C", "Layer 2: delta δ", "Layer 2: gradient", "The update"):
        walk_to(page, title)
        found[title] = serious_faults(page)
    assert not any(found.values()), found


def test_axe_finds_no_serious_fault_while_a_run_trains(server, open_page):
    page = open_page(f"{server.url}/?hidden=300,300&epochs=50")
    body = page.get_by_test_id("stMain")
    body.get_by_role("button", name="Train", exact=True).click()
    wait_for_epoch(page, 2)
    found = serious_faults(page)
    body.get_by_role("button", name="Stop", exact=True).click()
    expect(body.get_by_text("Stopped").locator("visible=true").first).to_be_visible()
    assert not found


def test_axe_finds_no_serious_fault_where_a_link_is_wrong(shown, open_page):
    page = open_page(f"{shown.url}/?run=gone&lr=-3")
    expect(page.get_by_text("There is no run 'gone' here")).to_be_visible()
    assert not serious_faults(page)


def test_axe_finds_no_serious_fault_in_a_hint_its_reason_and_the_code(shown, open_at):
    page = open_at("Train")
    acts.hint_and_code(page, shown.slow)
    assert not serious_faults(page)


def test_axe_finds_no_serious_fault_in_what_compare_opens(open_at):
    page, found = open_at("Compare"), {}
    for name in acts.popovers(page):
        found[name] = serious_faults(page)
    assert not any(found.values()), found


def test_axe_finds_no_serious_fault_before_anything_was_trained(server, open_page):
    page = open_page(server.url)
    expect(page.get_by_text("A network that learns to read")).to_be_visible()
    found = {"Train": serious_faults(page)}
    for title, says in (("Sweep", "Try many settings at once"), ("Draw", "There is no trained run yet")):
        go_to(page, title)
        expect(page.get_by_text(says)).to_be_visible()
        found[title] = serious_faults(page)
    assert not any(found.values()), found


def test_axe_finds_no_serious_fault_where_people_sign_in(database_url, tmp_path, open_page):
    with SignedServer(database_url, tmp_path, "http://127.0.0.1:9") as server:
        page = open_page(server.url)
        expect(page.get_by_role("button", name="Sign in")).to_be_visible()
        assert not serious_faults(page)
        page.close()


BEYOND = """() => [...document.querySelectorAll(
    '[data-testid=stMain] *, [role=dialog] *, [data-testid=stPopoverBody] *')].filter(element => {
    const box = element.getBoundingClientRect();
    if (!box.width || !box.height || box.right <= 401) return false;
    for (let above = element.parentElement; above; above = above.parentElement)
        if (['auto', 'scroll', 'hidden', 'clip'].includes(getComputedStyle(above).overflowX)
            && above.getBoundingClientRect().right <= 401) return false;
    return true;
}).map(element => element.outerHTML.slice(0, 150))"""
NARROW = {"width": 400, "height": 800}


@pytest.mark.parametrize("title", SHOWS)
def test_nothing_lies_beyond_the_edge_at_400_pixels(open_at, title):
    assert not open_at(title, **NARROW).evaluate(BEYOND)


ACTS = {
    "digit and image": ("Data", acts.a_digit_and_an_image),
    "add": ("Data", acts.add_a_set),
    "draw": ("Draw", acts.draw),
    "another unit": ("Learn", acts.another_unit),
    "update": ("Learn", acts.step("The update")),
    "large view": ("Mistakes", acts.open_an_image),
    "unit": ("Weights", acts.pick_a_unit),
}


@pytest.mark.parametrize("act", ACTS)
def test_it_is_used_at_400_pixels_and_nothing_lies_beyond_the_edge(open_at, act):
    title, do = ACTS[act]
    page = open_at(title, **NARROW)
    do(page)
    page.wait_for_load_state("networkidle")
    assert not page.evaluate(BEYOND)


def test_a_sweep_is_started_and_ended_at_400_pixels(server, open_page):
    page = open_page(server.url, **NARROW)
    body = page.get_by_test_id("stMain")
    go_to(page, "Sweep")
    expect(body.get_by_role("button", name="Start sweep")).to_be_attached()
    page.get_by_role("slider", name="Epochs").press("End")  # it is there to be ended, however slow the page
    expect(page.get_by_text("12 runs, 600 epochs").first).to_be_visible()
    close_sidebar(page)
    body.get_by_role("button", name="Start sweep").click()
    expect(page.get_by_text("of 12 runs")).to_be_visible()
    expect(page.get_by_test_id("stMetricValue").first).to_contain_text("%")
    assert not page.evaluate(BEYOND)
    body.get_by_role("button", name="Stop all").click()
    expect(body.get_by_text("Stopped").first).to_be_visible()

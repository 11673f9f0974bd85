"""Every page, light and dark: axe-core finds no serious fault, and at 400 pixels nothing lies beyond the edge."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from threadpoolctl import threadpool_limits

from dashboard.runs.config import RunConfig
from dashboard.runs.store import RunStore
from dashboard.runs.trainer import train_run
from tests.browser.server import Server, go_to

SHOWS = {  # what is there when a page has been drawn
    "Train": "An earlier run",
    "Compare": "The latest 2 runs.",
    "Mistakes": "images are misread",
    "Weights": "Every layer",
    "Learn": "Two faults of naive code",
    "Sweep": "Sweep",
    "Data": "of the variance",
    "Draw": "Nothing is drawn yet",
}
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """A server with two trained runs, which these tests only look at."""
    folder = tmp_path_factory.mktemp("accessible")
    store = RunStore(f"sqlite:///{folder / 'runs.db'}")
    for hidden in ((8,), (12, 8)):
        run = store.create(RunConfig(hidden=hidden, epochs=3, subset=5000))
        with threadpool_limits(1, "blas"):
            train_run(run.id, run.submission, store.url)
    store.close()
    with Server(store.url, folder / "server.log") as server:
        yield server


@pytest.fixture
def open_at(shown, open_page):
    def open_at(title, **look):
        page = open_page(shown.url, **look)
        expect(page.get_by_test_id("stMain").get_by_role("button", name="Train", exact=True)).to_be_visible()
        if title != "Train":
            go_to(page, title)
            expect(page.get_by_text(SHOWS[title]).locator("visible=true").first).to_be_visible()
        page.wait_for_load_state("networkidle")
        return page

    return open_at


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("title", SHOWS)
def test_axe_finds_no_serious_fault(open_at, title, scheme):
    page = open_at(title, scheme=scheme)
    found = Axe().run(page).response["violations"]
    assert not [
        (fault["id"], fault["help"], [node["html"][:200] for node in fault["nodes"]])
        for fault in found
        if fault["impact"] in SERIOUS
    ]


@pytest.mark.parametrize("title", SHOWS)
def test_nothing_lies_beyond_the_edge_at_400_pixels(open_at, title):
    page = open_at(title, width=400, height=800)
    beyond = page.evaluate(
        """() => [...document.querySelectorAll('[data-testid=stMain] *')].filter(element => {
            const box = element.getBoundingClientRect();
            if (!box.width || !box.height || box.right <= 401) return false;
            for (let above = element.parentElement; above; above = above.parentElement)
                if (['auto', 'scroll', 'hidden', 'clip'].includes(getComputedStyle(above).overflowX)
                    && above.getBoundingClientRect().right <= 401) return false;
            return true;
        }).map(element => element.outerHTML.slice(0, 150))"""
    )
    assert not beyond

"""A press in the moment in which a live page looks again: the browser tells of it twice."""

import pytest
from playwright.sync_api import expect

from tests.browser.server import Server, wait_drawn
from tests.browser.train_page import button, status
from tests.support import free_port

PAGES = 3  # at two of them, about, the press is told twice
BUSY = """() => setTimeout(() => {  // as while it draws: meanwhile its timer is due, and the button let go
    const until = performance.now() + 2500;
    while (performance.now() < until);
})"""


@pytest.fixture
def server(database_url, tmp_path):
    """A server that knows of no cost yet, as on its first day, and looks for it again and again: nobody measures."""
    nobody = f"tcp://127.0.0.1:{free_port()}"
    with Server(
        database_url, tmp_path / "server.log", MLP_SCHEDULER=nobody, MLP_CACHE_DIR=str(tmp_path / "cache")
    ) as server:
        yield server


def test_a_press_trains_one_run(server, database, open_page):
    for pages in range(1, PAGES + 1):
        page = open_page(server.url)
        expect(button(page, "Train")).to_be_visible()
        wait_drawn(page)
        box = button(page, "Train").bounding_box()
        page.evaluate(BUSY)
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        button(page, "Stop").click()  # which the server hears of after all that
        expect(status(page, "Stopped")).to_be_visible()
        assert len(database.latest(9)) == pages

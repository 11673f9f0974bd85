"""Makes the pictures of README and docs from the running app: `python -m docs.screenshots`."""

import tempfile
from pathlib import Path

from tests.browser.server import Server, browser

HERE = Path(__file__).parent


def train(page, url, query):
    """Train a run from a link to its end; returns its id."""
    page.goto(f"{url}/?{query}")
    page.get_by_test_id("stMain").get_by_role("button", name="Train", exact=True).click()
    page.wait_for_url("**run=*")
    page.get_by_text("Reached").wait_for()
    return page.url.split("run=")[1]


def main():
    """One picture a page."""
    with tempfile.TemporaryDirectory() as name, browser() as chrome:
        folder = Path(name)
        with Server(f"sqlite:///{folder / 'runs.db'}", folder / "log") as server:
            page = chrome.new_page(viewport={"width": 1400, "height": 860})
            train(page, server.url, "hidden=16&init=normal&lr=0.5")
            train(page, server.url, "hidden=100&lr=3")
            page.goto(f"{server.url}/?hidden=100,100&lr=3&epochs=24")
            page.get_by_test_id("stMain").get_by_role("button", name="Train", exact=True).click()
            page.get_by_text("epoch 1").first.wait_for()
            page.wait_for_function("/epoch 1[2-9] of/.test(document.body.innerText)")
            page.screenshot(path=HERE / "train.png")


if __name__ == "__main__":
    main()

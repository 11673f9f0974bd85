"""Makes the pictures of README and docs from the running app: `python -m docs.screenshots [NAME ...]`."""

import sys
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


def open_drawn(page, address, what):
    """Open a page, and wait for its words `what` and for every chart."""
    page.goto(address)
    page.get_by_text(what).first.wait_for()
    page.locator("[data-testid=stVegaLiteChart] svg").first.wait_for()
    page.wait_for_load_state("networkidle")


def train_page(page, url, runs):
    """A run in the middle of its training."""
    page.goto(f"{url}/?hidden=100,100&lr=3&epochs=24")
    page.get_by_test_id("stMain").get_by_role("button", name="Train", exact=True).click()
    page.get_by_text("epoch 1").first.wait_for()
    page.wait_for_function("/epoch 1[2-9] of/.test(document.body.innerText)")


def compare_page(page, url, runs):
    """The notebook's run, the wider one, and a deeper one that shares all but its layers with the wider one."""
    page.set_viewport_size({"width": 1400, "height": 1000})
    deeper = train(page, url, "hidden=100,100&lr=3")
    open_drawn(page, f"{url}/compare?runs={runs[1]},{deeper}&metric=Error", "What changed")


def mistakes_page(page, url, runs):
    """What the wider run gets wrong, beside the notebook's."""
    open_drawn(page, f"{url}/mistakes?run={runs[1]}&vs={runs[0]}", "are misread")
    page.locator(".gallery button").first.click()
    page.get_by_text("read as").nth(1).wait_for()
    page.wait_for_function("document.querySelectorAll('[data-testid=stVegaLiteChart] svg').length >= 2")
    page.wait_for_load_state("networkidle")


def weights_page(page, url, runs):
    """What the wider run learned."""
    page.set_viewport_size({"width": 1400, "height": 1500})
    open_drawn(page, f"{url}/weights?run={runs[1]}", "what each of its")
    page.locator(".gallery button").nth(5).click()
    page.locator(".gallery button[aria-pressed=true]").nth(0).wait_for()
    page.wait_for_timeout(1000)  # pictures have no element to wait for


PAGES = {  # the busy one last
    "compare": compare_page,
    "mistakes": mistakes_page,
    "weights": weights_page,
    "train": train_page,
}


def main(names):
    """A picture of each page in `names`, or of all."""
    with tempfile.TemporaryDirectory() as name, browser() as chrome:
        folder = Path(name)
        with Server(f"sqlite:///{folder / 'runs.db'}", folder / "log") as server:
            page = chrome.new_page(viewport={"width": 1400, "height": 860})
            runs = [train(page, server.url, query) for query in ("hidden=16&init=normal&lr=0.5", "hidden=100&lr=3")]
            for picture in names or PAGES:
                page.set_viewport_size({"width": 1400, "height": 860})
                PAGES[picture](page, server.url, runs)
                page.mouse.move(0, 0)
                page.screenshot(path=HERE / f"{picture}.png")


if __name__ == "__main__":
    main(sys.argv[1:])

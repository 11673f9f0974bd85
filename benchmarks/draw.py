"""`python -m benchmarks.draw [RUNS]`: from the pen's rest to the last change of the page, in Chromium, 40 strokes.

Strokes take from next to no time to half a second; the answers of RUNS runs (2) are on the page. The change is seen by
an observer inside the page, so nothing of the measuring tool's own round trips is counted.
"""

import statistics
import sys
import tempfile
from pathlib import Path

from dashboard.runs.config import RunConfig
from dashboard.runs.store import RunStore
from dashboard.runs.trainer import train_run
from tests.browser.server import Server, browser

STROKES = 40
QUIET = 600  # milliseconds without a stroke, after which all is drawn
WATCH = """() => {
  window.changed = null;
  window.watching?.disconnect();
  window.watching = new MutationObserver(() => { window.changed = performance.now(); });
  const options = { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ["src"] };
  window.watching.observe(document.querySelector("[data-testid=stMain]"), options);
}"""


def answers(page):
    """Milliseconds of each stroke's answer."""
    box, found = page.locator(".pad canvas").bounding_box(), []
    for number in range(STROKES):
        if number % 20 == 0:
            page.get_by_role("button", name="Clear", exact=True).click()
            page.wait_for_timeout(QUIET)
        x, y = box["x"] + 40 + 10 * (number % 20), box["y"] + 60 + 8 * (number % 5)
        page.mouse.move(x, y)
        page.evaluate(WATCH)
        page.mouse.down()
        for step in range(1, 9):
            page.mouse.move(x + 2 * step, y + 15 * step)
            page.wait_for_timeout(10 * (number % 7))
        began = page.evaluate("performance.now()")
        page.mouse.up()
        page.wait_for_timeout(QUIET)
        found.append(page.evaluate("window.changed") - began)
    return found


def main(count):
    with tempfile.TemporaryDirectory() as folder, browser() as chrome:
        url = f"sqlite:///{Path(folder) / 'runs.db'}"
        store = RunStore(url)
        for number in range(count):
            run = store.create(RunConfig(hidden=(100, 100), epochs=1, seed=number, subset=10_000))
            train_run(run.id, run.submission, url)
        server = Server(url, Path(folder) / "log").start()
        page = chrome.new_page(viewport={"width": 1400, "height": 900})
        page.goto(f"{server.url}/draw")
        page.locator(".pad canvas").wait_for()
        for _ in range(count - 1):
            page.get_by_role("combobox", name="Ask as well").click()
            page.get_by_role("option").first.click()
            page.keyboard.press("Escape")
        taken = answers(page)
        server.end()
        store.close()
    middle, late = statistics.median(taken), statistics.quantiles(taken, n=20)[-1]
    print(f"{count} runs, {STROKES} strokes: median {middle:.0f} ms, 95th {late:.0f} ms, worst {max(taken):.0f} ms")


if __name__ == "__main__":
    main(int((sys.argv[1:] or ["2"])[0]))

"""The Compare page with 1,000 runs of 50 epochs, in Chromium: `python -m benchmarks.compare`. Prints one table.

opens      from the address to a drawn chart and a table, in a new tab (the app's files are in the browser's cache)
20 runs    from the click that chooses twenty runs to twenty lines
one run    from the click on its name in the legend to a line more or less
a row      the same from the click on its row in the table, of which Streamlit's table keeps 0.15 s to itself
live       from the commit of an epoch, by another process, to its point on the chart
memory     of the server's process, at the end
"""

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
from sqlalchemy import insert

from dashboard.runs.config import RunConfig
from dashboard.runs.schema import connect, epochs, runs
from dashboard.runs.store import RunStore
from mlpcore import MLP, SGD, EpochResult, TrainingState
from tests.browser.server import Server, browser

RUNS, EPOCHS, REPEATS = 1000, 50, 10
ROW, BOX = 35, 16  # pixels of the table: height of a row, middle of the box that selects it


def fill(url):
    """A thousand finished runs with made-up curves."""
    RunStore(url).close()
    rng = np.random.default_rng(0)
    engine = connect(url)
    settings = [(width, lr) for width in (8, 16, 30, 50, 100, 128, 200, 256, 300, 400) for lr in (0.1, 0.3, 1.0, 3.0)]
    with engine.begin() as db:
        for number in range(1, RUNS + 1):
            width, lr = settings[number % len(settings)]
            config = RunConfig(hidden=(width,), lr=lr, epochs=EPOCHS, seed=number)
            accuracy = 1 - 0.1 / np.arange(1, EPOCHS + 1) ** 0.5 - 0.02 * rng.random() + 0.002 * rng.random(EPOCHS)
            run = {"id": f"{number:08x}", "number": number, "name": f"Run {number}", "config": config.to_json(),
                   "status": "finished", "created": time.time(), "epochs_done": EPOCHS, "seconds": 20.0,
                   "last_accuracy": accuracy[-1], "best_accuracy": accuracy.max(),
                   "best_epoch": int(accuracy.argmax()) + 1, "note": "twenty" if number % 50 == 0 else "",
                   "submission": 1, "attempt": 1, "progress": 0.0}  # fmt: skip
            db.execute(insert(runs), run)
            rows = [{"run": run["id"], "epoch": i + 1, "train_loss": 0.1, "train_accuracy": a, "test_loss": 1 - a,
                     "test_accuracy": a, "seconds": 0.4} for i, a in enumerate(accuracy.tolist())]  # fmt: skip
            db.execute(insert(epochs), rows)
    engine.dispose()


LINES = "document.querySelectorAll('[data-testid=stVegaLiteChart] svg .mark-line path').length"
DRAWN = f"document.querySelector('[data-testid=stDataFrame] canvas') && {LINES} > 0"


def opens(context, url):
    """Seconds until the page is drawn."""
    page = context.new_page()
    began = time.perf_counter()
    page.goto(f"{url}/compare")
    page.wait_for_function(DRAWN)
    seconds = time.perf_counter() - began
    page.close()
    return seconds


def until(page, condition, act):
    """Seconds from `act` to the condition, as the page's own clock has it."""
    page.evaluate(
        f"""() => {{ window.met = null; window.began = null;
        addEventListener('pointerdown', () => {{ window.began ??= performance.now() }}, {{capture: true, once: true}});
        const look = () => {{ if (window.began !== null && ({condition})) window.met = performance.now();
                              else requestAnimationFrame(look) }};
        look() }}"""
    )
    act()
    page.wait_for_function("window.met !== null")
    return page.evaluate("(window.met - window.began) / 1000")


def click_row(page, row):
    box = page.get_by_test_id("stDataFrame").bounding_box()
    page.mouse.click(box["x"] + BOX, box["y"] + ROW * row + ROW / 2)


VISIBLE = (
    "[...document.querySelectorAll('[data-testid=stVegaLiteChart] svg .mark-line path')]"
    ".filter(line => line.getAttribute('opacity') !== '0').length"
)


def twenty_and_one(context, url):
    """Seconds to draw twenty runs, to hide one and to show it again by legend, and by table."""
    page = context.new_page()
    page.goto(f"{url}/compare?filter=twenty")
    page.wait_for_function(DRAWN)
    page.get_by_text("20 of 1,000 runs").wait_for()
    page.wait_for_timeout(500)
    page.get_by_test_id("stDataFrame").scroll_into_view_if_needed()
    twenty = until(page, f"{LINES} === 20", lambda: click_row(page, 0))
    page.wait_for_timeout(500)
    name = page.locator("[data-testid=stVegaLiteChart] svg .role-legend-label text").nth(3)
    by_legend = [until(page, f"{VISIBLE} === {count}", name.click) for count in (19, 20)]
    hide = until(page, f"{LINES} === 19", lambda: click_row(page, 3))
    page.wait_for_timeout(500)
    show = until(page, f"{LINES} === 20", lambda: click_row(page, 3))
    page.close()
    return [twenty], by_legend, [hide, show]


POINTS = "document.querySelectorAll('[data-testid=stVegaLiteChart] svg .mark-symbol path').length"


def live(context, server):
    """Seconds from the commit of an epoch to its point on the chart, for several epochs."""
    store = RunStore(server.database_url)
    run = store.create(RunConfig(hidden=(16,), epochs=EPOCHS))
    run = store.take_up(run.id, run.submission, {})
    rng = np.random.default_rng(0)
    net = MLP(run.config.sizes, rng=rng)

    def commit(epoch):
        state = TrainingState.take(net, SGD(0.1), rng, epoch).to_bytes()
        store.commit_epoch(run.id, run.attempt, EpochResult(epoch, 0.1, 0.9, 0.1, 0.9 + epoch / 1000, 0.5), state)

    commit(1)
    page = context.new_page()
    page.goto(f"{server.url}/compare?runs={run.id},00000001,00000002")
    page.wait_for_function(DRAWN)
    page.wait_for_timeout(1500)
    times = []
    for epoch in range(2, 2 + REPEATS):
        page.evaluate(
            f"""() => {{ window.seen = null; const before = {POINTS};
            const look = () => {{ if ({POINTS} > before) window.seen = performance.timeOrigin + performance.now();
                                  else requestAnimationFrame(look) }};
            look() }}"""
        )
        commit(epoch)
        committed = time.time()
        page.wait_for_function("window.seen !== null")
        times.append(page.evaluate("window.seen") / 1000 - committed)
        store.ping(run.id, run.attempt, 0.0)
        page.wait_for_timeout(130 * (epoch % 5))  # anywhere between two looks of the page
    page.close()
    store.settle(run.id, run.attempt, "stopped")
    store.close()
    return times


def main():
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'runs.db'}"
        fill(url)
        with Server(url, Path(folder) / "log") as server, browser() as chrome:
            context = chrome.new_context(viewport={"width": 1400, "height": 1600})
            first = opens(context, server.url)
            table = {"opens": [opens(context, server.url) for _ in range(REPEATS)]}
            parts = zip(*(twenty_and_one(context, server.url) for _ in range(REPEATS)), strict=True)
            for name, seconds in zip(("20 runs", "one run", "a row"), parts, strict=True):
                table[name] = [second for tab in seconds for second in tab]
            table["live"] = live(context, server)
            memory = psutil.Process(server.process.pid).memory_info().rss / 1e6
    print(f"{'':10}{'median':>8}{'worst':>8}")
    for name, seconds in table.items():
        print(f"{name:10}{statistics.median(seconds):8.2f}{max(seconds):8.2f} s")
    print(f"the very first opening, on a cold server and browser: {first:.2f} s\nmemory {memory:.0f} MB")
    if "--json" in sys.argv:
        print(json.dumps({name: list(seconds) for name, seconds in table.items()}))


if __name__ == "__main__":
    main()

"""Train on change in Chromium: `python -m benchmarks.instant`. Twenty moves of a slider, each while a run trains.

From the key that moves the learning rate to the first point of the new run on the chart; and what is left behind.
"""

import statistics
import tempfile
from pathlib import Path

from dashboard.runs.store import RunStore
from tests.browser.server import Server, browser, wait_for

MOVES = 20


def move(page, key, run):
    """Seconds from the key to the first point of that run."""
    page.evaluate(
        """name => { window.met = null; window.began = null;
        addEventListener('keydown', () => { window.began = performance.now() }, {capture: true, once: true});
        const look = () => {
            const line = document.querySelector('[data-testid=stMain] [data-testid=stProgress]');
            const value = document.querySelector('[data-testid=stMetricValue]');
            const points = document.querySelectorAll('[data-testid=stVegaLiteChart] svg .mark-symbol path').length;
            if (window.began && line?.innerText.includes(name) && /\\d/.test(value?.innerText) && points)
                window.met = performance.now();
            else requestAnimationFrame(look) };
        look() }""",
        run,
    )
    page.get_by_role("slider", name="Learning rate").press(key)
    page.wait_for_function("window.met !== null")
    return page.evaluate("(window.met - window.began) / 1000")


def main():
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'runs.db'}"
        with Server(url, Path(folder) / "log") as server, browser() as chrome:
            page = chrome.new_page(viewport={"width": 1400, "height": 900})
            page.goto(f"{server.url}/?hidden=16&epochs=100&lr=0.5")
            page.get_by_text("Train on change").first.click()
            store = RunStore(url)
            wait_for(lambda: store.latest(1) and store.latest(1)[0].epochs_done > 1, "the first run")
            page.get_by_role("slider", name="Learning rate").focus()
            times, number = [], 1
            for i in range(MOVES):
                number = store.latest(1)[0].number + 1
                times.append(move(page, "ArrowRight" if i % 2 else "ArrowLeft", f"Run {number}:"))
                page.wait_for_timeout(300 * (i % 4))
            newest = store.latest(1)[0].id
            wait_for(lambda: sum(run.active for run in store.latest(100)) == 1, "the end of all but the newest")
            left = [run for run in store.latest(100) if run.id != newest]
            store.wish(newest, "stop")
            wait_for(lambda: not store.latest(1)[0].active, "the end of the newest")
            store.close()
    print(f"{MOVES} moves: median {statistics.median(times):.2f} s, worst {max(times):.2f} s to the first new point")
    print(
        f"runs left behind: {len(left)}, without an epoch: {sum(not run.epochs_done for run in left)}, still active: 0"
    )


if __name__ == "__main__":
    main()

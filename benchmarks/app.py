"""The app measured in Chromium: `python -m benchmarks.app`. Prints one table; nothing here is asserted.

cold page    from `streamlit run` to a Train button that can be pressed
cold click   from the click on Train, at once on a cold server, to the first epoch on the page (784-16-10, batch 32)
warm click   the same with the engine up, ten times
pause, stop  from the click to the run's rest, inside a long epoch (784-1024-1024-10, batch 8)
overhead     784-100-100-10, batch 32, 10 epochs: through the app with a browser watching, over the same
             mlpcore.train loop in a bare process; interleaved pairs, one BLAS thread each
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from dashboard.runs.store import RunStore
from tests.browser.server import ROOT, Server, browser, wait_for

PAIRS = 5
BARE = """
import time, numpy as np
from dashboard import datasets
from dashboard.runs.config import RunConfig
from mlpcore import SGD, train
config, data = RunConfig(hidden=(100, 100), epochs=10), datasets.load("mnist")
rng = np.random.default_rng(config.seed)
net = config.network(rng)
began = time.perf_counter()
for _ in train(net, SGD(config.lr), data.train, data.test, epochs=10, batch_size=32, rng=rng): pass
print(time.perf_counter() - began)
"""


def button(page, name):
    return page.get_by_test_id("stMain").get_by_role("button", name=name, exact=True)


def first_epoch(page):
    """Seconds from the click on Train to the first point on the chart."""
    page.evaluate(
        """() => { window.seen = null; const look = () => {
            const value = document.querySelector('[data-testid=stMetricValue]');
            const points = document.querySelectorAll('[data-testid=stVegaLiteChart] svg .mark-symbol path');
            if (value && /\\d/.test(value.innerText) && points.length) window.seen = performance.now();
            else requestAnimationFrame(look) };
        const train = [...document.querySelectorAll('[data-testid=stMain] button')]
            .find(button => button.innerText.includes('Train'));
        window.clicked = performance.now(); train.click(); requestAnimationFrame(look) }"""
    )
    page.wait_for_function("window.seen !== null")
    return page.evaluate("(window.seen - window.clicked) / 1000")


def cold(chrome, folder):
    """(seconds to a usable page, seconds from the click to the first epoch) of a server that has just started."""
    server = Server(f"sqlite:///{folder / 'cold.db'}", folder / "log")
    began = time.perf_counter()
    server.start()
    page = chrome.new_page()
    page.goto(f"{server.url}/?hidden=16&epochs=16")
    button(page, "Train").wait_for()
    usable = time.perf_counter() - began
    click = first_epoch(page)
    page.close()
    server.end()
    (folder / "cold.db").unlink()
    return usable, click


def warm(chrome, server):
    """Seconds from the click to the first epoch with the engine up, in a session of its own."""
    page = chrome.new_page()
    page.goto(f"{server.url}/?hidden=16&epochs=3")
    button(page, "Train").wait_for()
    page.wait_for_load_state("networkidle")
    seconds = first_epoch(page)
    button(page, "Train").wait_for()
    page.close()
    return seconds


def rest(chrome, server, store, name):
    """Seconds from the click on Pause or Stop to the run's rest, inside a long epoch."""
    page = chrome.new_page()
    page.goto(f"{server.url}/?hidden=1024,1024&batch=8")
    button(page, "Train").click()
    run = wait_for(lambda: (latest := store.latest(1)) and latest[0].progress > 0 and latest[0], "progress")
    button(page, name).wait_for()
    began = time.perf_counter()
    button(page, name).click()
    wait_for(lambda: not store.get(run.id).active, "the rest")
    seconds = time.perf_counter() - began
    page.close()
    return seconds


def through_app(chrome, server, store):
    """Seconds of ten epochs from the trainer's start to its end, with a browser watching."""
    page = chrome.new_page()
    page.goto(f"{server.url}/?hidden=100,100&epochs=10")
    button(page, "Train").click()
    page.wait_for_url("**run=*")
    run = page.url.split("run=")[1]
    wait_for(lambda: store.get(run).status == "finished", "the end", pause=0.3)
    page.close()
    got = store.get(run)
    return got.ended - got.started


def bare():
    """Seconds of the same ten epochs in a bare process."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    command = [sys.executable, "-c", BARE]
    return float(subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True).stdout)


def row(name, values, unit="s"):
    print(f"{name:<12}{statistics.median(values):>9.3f}{max(values):>9.3f}{len(values):>6}  {unit}", flush=True)


def main():
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name, browser() as chrome:
        folder = Path(name)
        print(f"{'':<12}{'median':>9}{'worst':>9}{'runs':>6}")
        colds = [cold(chrome, folder) for _ in range(3)]
        row("cold page", [page for page, _ in colds])
        row("cold click", [click for _, click in colds])
        with Server(f"sqlite:///{folder / 'runs.db'}", folder / "log") as server:
            store = RunStore(server.database_url)
            warm(chrome, server)
            row("warm click", [warm(chrome, server) for _ in range(10)])
            row("pause", [rest(chrome, server, store, "Pause") for _ in range(5)])
            row("stop", [rest(chrome, server, store, "Stop") for _ in range(5)])
            pairs = [(through_app(chrome, server, store), bare()) for _ in range(PAIRS)]
            row("in the app", [app for app, _ in pairs])
            row("bare", [alone for _, alone in pairs])
            row("overhead", [app / alone for app, alone in pairs], "x, pair by pair")
            store.close()


if __name__ == "__main__":
    main()

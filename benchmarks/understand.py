"""Mistakes and Weights measured in Chromium: `python -m benchmarks.understand`. Prints a table; nothing is asserted.

mistakes opens   from a link, in a new tab (the app's files are in the browser's cache), to the last of a run's
                 1,000 mistakes and a drawn matrix
cell click       from a click on a cell of the matrix to its images in the gallery
image click      from a click on an image to its large picture
scroll           of a gallery of 1,000 images from end to end: the time between frames
weights opens    the same run's receptive fields, matrix and histograms drawn
"""

import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from dashboard import datasets
from dashboard.analysis.evaluation import predictions
from dashboard.runs.config import RunConfig
from dashboard.runs.store import RunStore
from mlpcore import MLP, SGD, TrainingState, train
from tests.browser.server import Server, browser

TIMES = 9
DEEP = """window.deep = selector => [...document.querySelectorAll('[class*=st-key-] *')]
    .filter(element => element.shadowRoot).flatMap(host => [...host.shadowRoot.querySelectorAll(selector)])"""
DRAWN = """count => deep('.gallery button').length >= count
    && document.querySelectorAll('[data-testid=stVegaLiteChart] svg .mark-rect path').length >= 100"""
WATCH = """async () => {
    const box = deep('.gallery').find(e => e.scrollHeight > 2000), gaps = [];
    let last = await new Promise(requestAnimationFrame);
    for (let y = 0; y < box.scrollHeight - box.clientHeight; y += 40) {
        box.scrollTop = y;
        const now = await new Promise(requestAnimationFrame);
        gaps.push((now - last) / 1000); last = now;
    }
    return gaps;
}"""


def run_with_mistakes(store):
    """(id, mistakes) of a run that misreads about a thousand test images."""
    config, data = RunConfig(hidden=(100,), lr=0.1), datasets.load("mnist")
    rng = np.random.default_rng(0)
    net: MLP = config.network(rng)
    for epoch in train(net, SGD(0.1), data.train, data.test, epochs=8, batch_size=32, rng=rng):
        if epoch.test_accuracy > 0.88:
            break
    outputs = predictions(net, data.test[0])
    wrong = int((outputs.argmax(axis=1) != data.test[1]).sum())
    state = TrainingState.take(net, SGD(0.1), rng, 1)
    return store.adopt(config, state, 1 - wrong / 10_000, None, name="Benchmark").id, wrong


def mistakes(context, url, wrong, figures):
    """One session on the Mistakes page."""
    page = context.new_page()
    page.add_init_script(DEEP)
    began = time.perf_counter()
    page.goto(url)
    page.wait_for_function(DRAWN, arg=min(wrong, 1000))
    figures["mistakes opens"].append(time.perf_counter() - began)
    page.wait_for_load_state("networkidle")
    figures["scroll"] += page.evaluate(WATCH)
    for kind, target in (("cell click", ".mark-rect path >> nth=94"), ("image click", ".gallery button >> nth=3")):
        page.evaluate(
            """kind => { window.seen = null; const look = () => {
                const tiles = deep('.gallery span');
                const cell = tiles.length < 500 && tiles.every(e => e.innerText === '9 → 4');
                const large = !!document.querySelector('[data-testid=stMain] [data-testid=stImage] img');
                if (window.pressed && (kind === 'cell click' ? cell : large)) window.seen = performance.now();
                else requestAnimationFrame(look); };
                window.pressed = null;
                addEventListener('pointerdown', () => { window.pressed = performance.now() },
                    {capture: true, once: true});
                requestAnimationFrame(look) }""",
            kind,
        )
        page.locator(target).click()
        page.wait_for_function("window.seen !== null")
        figures[kind].append(page.evaluate("(window.seen - window.pressed) / 1000"))
    page.close()


def weights(context, url, figures):
    """One session on the Weights page."""
    page = context.new_page()
    page.add_init_script(DEEP)
    began = time.perf_counter()
    page.goto(url)
    page.wait_for_function(
        """deep('.gallery button').length >= 100
        && document.querySelectorAll('[data-testid=stVegaLiteChart] svg').length >= 4"""
    )
    figures["weights opens"].append(time.perf_counter() - began)
    page.close()


def main():
    """Measure and print."""
    figures = {name: [] for name in ("mistakes opens", "cell click", "image click", "scroll", "weights opens")}
    with tempfile.TemporaryDirectory() as name, browser() as chrome:
        folder = Path(name)
        with Server(f"sqlite:///{folder / 'runs.db'}", folder / "log") as server:
            store = RunStore(server.database_url)
            context = chrome.new_context(viewport={"width": 1400, "height": 900})
            run, wrong = run_with_mistakes(store)
            print(f"a run with {wrong:,} mistakes\n{'':<16}{'median':>9}{'worst':>9}{'times':>7}")
            for again in range(TIMES + 1):
                mistakes(context, f"{server.url}/mistakes?run={run}", wrong, figures)
                weights(context, f"{server.url}/weights?run={run}", figures)
                if not again:
                    first = {kind: values[0] for kind, values in figures.items() if "opens" in kind}
                    for values in figures.values():
                        values.clear()  # of a server that has just started: told apart below
            store.close()
    for kind, values in figures.items():
        print(f"{kind:<16}{statistics.median(values):>9.3f}{max(values):>9.3f}{len(values):>7}  s")
    for kind, value in first.items():
        print(f"{kind}, the first page of a server: {value:.2f} s")
    slow = sum(value > 0.034 for value in figures["scroll"])
    print(f"frames of the scroll later than 34 ms: {slow} of {len(figures['scroll'])}")


if __name__ == "__main__":
    main()

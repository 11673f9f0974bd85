"""Train on change in Chromium: `python -m benchmarks.instant`. Twenty moves of the learning rate in each of four cases.

Keyed and dragged, each while a run trains: from the key or the button's release to the first point of the new run on
the chart. And in quick succession within the first epoch of a slow run, waiting for nothing. Then what is left behind.
"""

import sqlite3
import statistics
import tempfile
from contextlib import closing
from pathlib import Path

from dashboard.runs.store import RunStore
from tests.browser.server import Server, browser, wait_for

MOVES = 20
STOP = 24  # pixels of a drag: to the next stop of the slider or the one after
SMALL, DEFAULT, SLOW = "hidden=16&epochs=100&lr=0.5", "hidden=100&epochs=100&lr=0.5", "hidden=1024,1024&batch=8&lr=0.5"
WATCH = """([name, event]) => { window.met = null; window.began = null;
addEventListener(event, () => { window.began = performance.now() }, {capture: true, once: true});
const look = () => {
    const line = document.querySelector('[data-testid=stMain] [data-testid=stProgress]');
    const value = document.querySelector('[data-testid=stMetricValue]');
    const points = document.querySelectorAll(
        '[data-testid=stVegaLiteChart] svg .mark-symbol path:not([opacity="0.45"])').length;
    if (window.began && line?.innerText.includes(name) && /\\d/.test(value?.innerText) && points)
        window.met = performance.now();
    else requestAnimationFrame(look) };
look() }"""


def thumb(page):
    return page.get_by_role("slider", name="Learning rate")


def key(page, i):
    """Move the slider by a key; there and back, so that it never comes to an end."""
    thumb(page).press("ArrowRight" if i % 2 else "ArrowLeft")


def drag(page, i):
    """Move it by the mouse. What can be seen of the thumb is around the input that hears keys."""
    box = thumb(page).locator("xpath=../..").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + (STOP if i % 2 else -STOP), y, steps=4)
    page.mouse.up()


def answered(page, store, move, event):
    """Seconds of each move, from its event to the first point of its run."""
    times = []
    for i in range(MOVES):
        page.evaluate(WATCH, [f"Run {store.latest(1)[0].number + 1}:", event])
        move(page, i)
        page.wait_for_function("window.met !== null")
        times.append(page.evaluate("(window.met - window.began) / 1000"))
        page.wait_for_timeout(300 * (i % 4))
    return times


def left_behind(url, store, page):
    """What is in the database once all but the newest run are over, as the file itself has it."""
    settled = page.url
    while page.wait_for_timeout(1500) or page.url != settled:  # the last move has its run
        settled = page.url
    newest = store.latest(1)[0].id
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as db:
        active = "SELECT count(*) FROM runs WHERE status IN ('queued', 'running')"
        wait_for(lambda: db.execute(active).fetchone()[0] == 1, "the end of all but the newest")
        rows = db.execute("SELECT id, epochs_done, deleted FROM runs").fetchall()
    store.wish(newest, "stop")
    wait_for(lambda: not store.latest(1)[0].active, "the end of the newest")
    others = [row for row in rows if row[0] != newest]
    empty = sum(not epochs for _, epochs, deleted in others if deleted is None)
    deleted = sum(row[2] is not None for row in others)
    return f"runs left: {len(others)}, of which without an epoch {empty}, deleted {deleted}"


def case(chrome, title, query, work):
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'runs.db'}"
        with Server(url, Path(folder) / "log") as server, closing(RunStore(url)) as store:
            page = chrome.new_page(viewport={"width": 1400, "height": 900})
            page.goto(f"{server.url}/?{query}")
            page.get_by_text("Train on change").first.click()
            wait_for(lambda: store.latest(1) and store.latest(1)[0].progress + store.latest(1)[0].epochs_done, "a run")
            thumb(page).focus()
            times = work(page, store)
            said = f"median {statistics.median(times):.2f} s, worst {max(times):.2f} s; " if times else ""
            print(f"{title}: {said}{left_behind(url, store, page)}", flush=True)
            page.close()


def hurry(page, store):
    for i in range(MOVES):
        key(page, i)
        page.wait_for_timeout(100)


def main():
    print(f"{MOVES} moves each, from the release to the first new point")
    with browser() as chrome:
        case(chrome, "784-1024-1024-10, ten keys a second", SLOW, hurry)
        for title, query in (("784-100-10", DEFAULT), ("784-16-10", SMALL)):
            case(chrome, f"{title}, keys", query, lambda *at: answered(*at, key, "keydown"))
            case(chrome, f"{title}, mouse", query, lambda *at: answered(*at, drag, "pointerup"))


if __name__ == "__main__":
    main()

"""A day at a server, in minutes: `python -m benchmarks.day [--runs N]`. Prints figures; nothing is asserted.

A real server begins with 100 finished runs of 50 epochs and ends with 10,000, which is 500,000 epochs and as many
weights: a busy day of a course. They are committed in blocks, and beside them a trainer commits epoch by epoch.
All the while sessions come, look at one page after another, and go. Before it and after it, each of the eight pages is
opened ten times: how long that takes, what the server's own process spends on it, and what memory it holds.
"""

import argparse
import asyncio
import contextlib
import os
import secrets
import statistics
import tempfile
import threading
import time
from pathlib import Path

import psutil
from sqlalchemy import func, insert, select

from benchmarks.sessions import print_complaints
from benchmarks.store import state
from benchmarks.visitor import visit
from dashboard.runs import schema
from dashboard.runs.config import RunConfig
from dashboard.runs.store import Lost, RunStore
from mlpcore import EpochResult
from tests.browser.server import Server
from tests.support import wait_for

PAGES = {"Train": "", "Compare": "compare", "Mistakes": "mistakes", "Weights": "weights", "Learn": "learn",
         "Sweep": "sweep", "Data": "data", "Draw": "draw"}  # fmt: skip
FEW, EPOCHS, BLOCK = 100, 50, 100
TIMES = 10  # that each page is opened for its time
AT_ONCE = 3  # sessions that come and go
KEPT = 20  # sessions after which the memory is noted
PATIENCE = 120


def add_runs(store, like, count):
    """So many finished runs like the trained one, with their epochs, in one transaction."""
    row = dict(store._rows(schema.runs.select().where(schema.runs.c.id == like.id))[0])
    told = [vars(epoch) | {"diagnostics": None} for epoch in store.epochs(like.id)]
    held = dict(store._rows(schema.checkpoints.select().where(schema.checkpoints.c.run == like.id))[-1])

    def work(db):
        first = db.scalar(select(func.max(schema.runs.c.number))) + 1
        runs, epochs, weights = [], [], []
        for number in range(first, first + count):
            config = RunConfig(hidden=(16,), epochs=EPOCHS, seed=number % 7, lr=round(0.1 + number % 50 / 10, 1))
            fresh = {"id": secrets.token_hex(4), "number": number, "name": f"Run {number}", "epochs_done": EPOCHS}
            runs.append(row | fresh | {"config": config.to_json()})
            mine = {"run": fresh["id"]}
            weights.append(held | mine | {"epoch": EPOCHS})
            epochs.extend(mine | told[epoch % len(told)] | {"epoch": epoch + 1} for epoch in range(EPOCHS))
        for table, rows in ((schema.runs, runs), (schema.epochs, epochs), (schema.checkpoints, weights)):
            db.execute(insert(table), rows)

    store._write(work)


def keep_committing(store, stop):
    """A trainer's part beside the blocks: a run after another, epoch by epoch, each with its checkpoint."""
    checkpoint = state()
    while not stop.is_set():
        run = store.create(RunConfig(epochs=EPOCHS), status="running", attempt=1)
        for epoch in range(1, EPOCHS + 1):
            store.commit_epoch(run.id, 1, EpochResult(epoch, 0.1, 0.9, 0.1, 0.9, 0.4), checkpoint, EPOCHS)
            if stop.wait(0.1):
                break
        with contextlib.suppress(Lost):  # a busy page may have called it interrupted
            store.settle(run.id, 1, "finished")


async def time_pages(server, run, process):
    """Of each opening of each page, by its name, each time in a session of its own: (seconds, of a core)."""
    found = {title: [] for title in PAGES}
    for _ in range(TIMES):
        async with visit(server.url) as visitor:
            for title, page in PAGES.items():
                spent = sum(process.cpu_times()[:2])
                look = await visitor.open(page, f"run={run.id}" if title in ("Train", "Mistakes", "Weights") else "")
                found[title].append((look.seconds, sum(process.cpu_times()[:2]) - spent))
            assert not visitor.texts, visitor.texts
    return found


async def come_and_go(server, runs, note, stop):
    """Sessions that open every page and leave, a few at once, until `stop`; how many there were."""
    visits = 0

    async def one():
        nonlocal visits
        while not stop.is_set():
            async with visit(server.url) as visitor:
                for page in PAGES.values():
                    await visitor.open(page, f"run={runs[visits % len(runs)].id}")
                    if stop.is_set():
                        break
            visits += 1
            if visits % KEPT == 0:
                note(visits)

    await asyncio.gather(*(one() for _ in range(AT_ONCE)))
    return visits


async def train_some(server, store, count):
    """Real runs with weights to look at, started as a person does."""
    for seed in range(count):
        async with visit(server.url) as visitor:
            await visitor.open(query=f"hidden=16&epochs=8&seed={seed}")
            await visitor.press("Train")
            run = (await asyncio.to_thread(store.latest, 1))[0]
            await asyncio.to_thread(wait_for, lambda run=run: store.get(run.id).status == "finished", "a run", PATIENCE)
    return store.latest(count)


def live_the_day(server, store, runs, total, process):
    """From few runs to `total`, while sessions come and go; how many sessions came."""
    stop, visited = threading.Event(), []

    def note(visits):
        print(f"    {visits:>5} sessions, {count(store):>7,} runs, {megabytes(process):.0f} MB", flush=True)

    visiting = threading.Thread(target=lambda: visited.append(asyncio.run(come_and_go(server, runs, note, stop))))
    training = threading.Thread(target=keep_committing, args=(RunStore(store.url), stop))
    visiting.start()
    training.start()
    while (missing := total - count(store)) > 0 and visiting.is_alive():
        add_runs(store, runs[0], min(BLOCK, missing))
        time.sleep(0.2)
    stop.set()
    visiting.join()
    training.join()
    return visited[0]


def shown(looks):
    seconds, cores = zip(*looks, strict=True)
    return f"{1000 * statistics.median(seconds):>10.0f}{1000 * max(seconds):>8.0f}{1000 * statistics.mean(cores):>8.0f}"


def count(store):
    return store.latest(1)[0].number


def megabytes(process):
    return process.memory_info().rss / 2**20


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--runs", type=int, default=10_000)
    total = asked.parse_args().runs
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start")
    with tempfile.TemporaryDirectory() as name, Server(f"sqlite:///{name}/runs.db", Path(name) / "log") as server:
        store, process = RunStore(server.database_url), psutil.Process(server.process.pid)
        print(f"empty, no page opened yet: {megabytes(process):.0f} MB")
        runs = asyncio.run(train_some(server, store, 3))
        add_runs(store, runs[0], FEW - count(store))
        before, held = asyncio.run(time_pages(server, runs[0], process)), megabytes(process)
        print(f"{FEW} runs, after {TIMES} sessions that opened each page: {held:.0f} MB", flush=True)
        came = live_the_day(server, store, runs, total, process)
        after, end = asyncio.run(time_pages(server, runs[0], process)), megabytes(process)
        print(f"{count(store):,} runs, after {came} more sessions: {end:.0f} MB")
        print(f"{'page':<10}{f'{FEW} runs':>26}{f'{total:,} runs':>26}   ms: median, slowest, of a core")
        for title in PAGES:
            cells = "".join(shown(of[title]) for of in (before, after))
            print(f"{title:<10}{cells}")
        store.close()
        print_complaints(Path(name) / "log")
    print(f"load {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()

"""The store under load: `python -m benchmarks.store [--runs N] [--seconds S]`. Prints one table; nothing is asserted.

written   epochs committed a second by 8 processes together, each training nothing and committing epochs of
          784-100-10 with their checkpoints (319 kB each) as fast as the store takes them, the run's row, the epoch
          and the checkpoint in one durable transaction
read      milliseconds of what a Train page asks at each tick (the run, its epochs) and for its list of recent runs
          (the newest 50), by a ninth process: alone, and while the 8 write
many      the same list, and numbering a new run, with N runs (--runs) in the tables; 0 leaves this out
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from sqlalchemy import insert

from dashboard.runs import schema
from dashboard.runs.config import RunConfig
from dashboard.runs.store import RunStore
from mlpcore import SGD, EpochResult, TrainingState
from tests.postgres import Postgres, programs

WRITERS = 8
RECENT = 50
BLOCK = 5000
WRITE = """
import sys
from benchmarks.store import write
write(sys.argv[1], float(sys.argv[2]))
"""


def state():
    """A checkpoint of 784-100-10."""
    rng = np.random.default_rng(0)
    net = RunConfig().network(rng)
    return TrainingState.take(net, SGD(1.0), rng, 1).to_bytes()


def write(url, seconds):
    """In a writer's process: wait for the word, commit epochs for so long, and print how many a second."""
    store, checkpoint = RunStore(url), state()
    run = store.create(RunConfig(epochs=1000))
    run = store.take_up(run.id, run.submission, {})
    print("ready", flush=True)
    sys.stdin.readline()
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        count += 1
        store.commit_epoch(run.id, run.attempt, EpochResult(count, 0.1, 0.9, 0.1, 0.9, 0.4), checkpoint, 1000)
    print(count / (time.perf_counter() - began), flush=True)


def reads(store, run, going_on):
    """Milliseconds of each look a page takes, while `going_on()`: (at a tick, for the list)."""
    ticks, lists = [], []
    while going_on():
        began = time.perf_counter()
        store.get(run.id)
        store.epochs(run.id)
        ticks.append(1000 * (time.perf_counter() - began))
        began = time.perf_counter()
        store.latest(RECENT)
        lists.append(1000 * (time.perf_counter() - began))
        time.sleep(0.02)
    return ticks, lists


def for_seconds(seconds):
    until = time.perf_counter() + seconds
    return lambda: time.perf_counter() < until


def shown(milliseconds):
    """Median and the 95th percentile."""
    return f"{statistics.median(milliseconds):6.1f} {np.percentile(milliseconds, 95):6.1f}"


def measure(name, url, seconds):
    """Print a row for the database at `url`."""
    store = RunStore(url)
    run = store.create(RunConfig())
    run = store.take_up(run.id, run.submission, {})
    checkpoint = state()
    for number in range(1, 17):
        store.commit_epoch(run.id, run.attempt, EpochResult(number, 0.1, 0.9, 0.1, 0.9, 0.4), checkpoint, 16)
    store.settle(run.id, run.attempt, "finished")
    alone = reads(store, run, for_seconds(2))
    command, pipe = [sys.executable, "-c", WRITE, url, str(seconds)], subprocess.PIPE
    writers = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(WRITERS)]
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    busy = reads(store, run, for_seconds(seconds - 0.5))
    rates = [float(writer.communicate()[0]) for writer in writers]
    print(f"{name:<12}{sum(rates):9.0f} {min(rates):7.1f}   {shown(alone[0])}   {shown(busy[0])}   "
          f"{shown(alone[1])}   {shown(busy[1])}", flush=True)  # fmt: skip
    store.close()


def many(name, url, count):
    """Print what a table of `count` runs costs."""
    store = RunStore(url)
    first = store.create(RunConfig())
    row = store._rows(schema.runs.select().where(schema.runs.c.id == first.id))[0]
    row = dict(row) | {"status": "finished", "epochs_done": 16, "last_accuracy": 0.97}
    for block in range(0, count, BLOCK):
        values = [row | {"id": f"{n:08x}", "number": n} for n in range(block + 2, min(block + BLOCK, count) + 2)]
        store._write(lambda db, values=values: db.execute(insert(schema.runs), values))
    _, lists = reads(store, first, for_seconds(3))
    creating = []
    for _ in range(50):
        began = time.perf_counter()
        store.create(RunConfig())
        creating.append(1000 * (time.perf_counter() - began))
    print(
        f"{name:<12}{count:>10,} runs: the newest {RECENT} {shown(lists)} ms, a new one {shown(creating)} ms",
        flush=True,
    )
    store.close()


def databases():
    """(name, a function that makes a new database and returns its URL, what ends it) of each kind there is."""
    folder = tempfile.TemporaryDirectory(prefix="mlp-store-")
    names = iter(range(1000))
    yield "SQLite", lambda: f"sqlite:///{Path(folder.name) / f'{next(names)}.db'}", folder.cleanup
    if programs() is not None:
        server = Postgres(durable=True).start()
        yield "PostgreSQL", server.new_database, server.remove


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--runs", type=int, default=0)
    asked.add_argument("--seconds", type=float, default=10)
    asked = asked.parse_args()
    print("            epochs/s            milliseconds, median and 95th percentile")
    print("            together slowest   tick, alone     tick, busy      list, alone     list, busy")
    for name, new, end in databases():
        measure(name, new(), asked.seconds)
        if asked.runs:
            many(name, new(), asked.runs)
        end()


if __name__ == "__main__":
    main()

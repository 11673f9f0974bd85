"""Faults that are real: processes, signals, limits of the system; `python -m benchmarks.reliability` has more."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dashboard.runs.store import RunStore

ROOT = Path(__file__).parents[2]
TRAIN = """
import sys
from dashboard.runs.trainer import train_run
train_run(sys.argv[2], int(sys.argv[3]), sys.argv[1])
"""


@pytest.fixture
def both(either_url):
    """A store on each kind of database."""
    store = RunStore(either_url)
    yield store
    store.close()


@pytest.fixture
def process():
    """Start Python on a script and leave it running; it ends with the test.

    `before` goes before its command, `settings` into its environment.
    """
    started = []

    def process(script, *arguments, before=(), **settings):
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), **settings}
        command = [*before, sys.executable, "-c", script, *map(str, arguments)]
        started.append(subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True))
        return started[-1]

    yield process
    for each in started:
        if each.poll() is None:
            each.kill()
        each.communicate()


@pytest.fixture
def trainer(process):
    """Start a process that trains the run, as a worker does."""
    return lambda store, run, **how: process(TRAIN, store.url, run.id, run.submission, **how)

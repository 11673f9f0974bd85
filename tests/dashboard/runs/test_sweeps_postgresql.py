"""Four processes train one sweep over PostgreSQL, without a cluster between them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dashboard.runs.config import RunConfig
from dashboard.runs.points import points
from dashboard.runs.sweep_cost import first_configs
from dashboard.runs.sweeps import SweepPlan

ROOT = Path(__file__).parents[3]
TRAIN = "import sys; from dashboard.runs.sweep_worker import train_waiting; train_waiting(*sys.argv[1:])"
BASE = RunConfig(epochs=4, subset=500, validation=500)


@pytest.fixture
def database_url(postgres):
    return postgres.new_database()


def work_off(store, sweep):
    """Four processes at once; again until none finds anything, as the engine would."""
    one_thread = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}  # as workers have
    command = [sys.executable, "-c", TRAIN, str(store.url)]
    while store.sweep(sweep.id).active:
        workers = [subprocess.Popen(command, cwd=ROOT, env=one_thread) for _ in range(4)]
        assert [worker.wait(60) for worker in workers] == [0] * 4


@pytest.mark.parametrize("halving", [False, True])
def test_every_run_is_trained_once_whoever_takes_it(store, halving):
    plan = SweepPlan(BASE, {"hidden": ((4,), (8,), (12,), (16,)), "lr": (0.3, 1.0, 2.0, 3.0)}, halving=halving)
    sweep = store.create_sweep(plan, first_configs(plan, points(plan)))
    work_off(store, sweep)
    runs = store.runs_of(sweep.id)
    assert sorted(run.epochs_done for run in runs) == ([2] * 8 + [4] * 8 if halving else [4] * 16)
    assert {run.attempt for run in runs} == ({1, 2} if halving else {1})
    assert all([e.epoch for e in store.epochs(run.id)] == list(range(1, run.epochs_done + 1)) for run in runs)
    assert len({run.environment["pid"] for run in runs}) > 1

"""Workers that are killed again and again, at any moment: nothing of it can be seen in what they trained."""

import os
import random
import signal
import time
from functools import partial

import psutil
import pytest

from dashboard.runs.config import RunConfig
from dashboard.runs.engine import Engine
from dashboard.runs.store import RunStore
from dashboard.runs.trainer import MAX_TRIES
from tests import support
from tests.reliability.training import assert_undisturbed, bare

KILLS = int(os.environ.get("MLP_KILLS", "10"))
SETTINGS = (
    {"optimizer": "momentum", "lr": 0.05},
    {"optimizer": "adam", "lr": 0.003, "dropout": 0.3, "activation": "relu", "cost": "cross_entropy", "init": "he"},
    {"optimizer": "nesterov", "lr": 0.05, "shift": 1, "rotation": 10.0, "noise": 0.1, "schedule": "one_cycle"},
    {"validation": 500, "patience": 2, "lr": 3.0, "l2": 1e-4},
)
wait_for = partial(support.wait_for, patience=120)


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    store = RunStore(f"sqlite:///{tmp_path_factory.mktemp('kills') / 'runs.db'}")
    engine = Engine(store)
    engine.start().join()
    yield engine
    engine.close()
    store.close()


def alive(pid):
    """Neither gone nor killed already."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def training(store, runs):
    """Those of the runs that are trained just now."""
    got = store.several([run.id for run in runs]).values()
    return [run for run in got if run.status == "running" and alive(run.environment["pid"])]


def over(store, runs):
    return not any(run.active for run in store.several([run.id for run in runs]).values())


def kill(store, run):
    """Kill whoever trains the run; 1 when another took it up for that, 0 when it had just ended."""
    os.kill(run.environment["pid"], signal.SIGKILL)
    wait_for(lambda: (got := store.get(run.id)).attempt > run.attempt or not got.active, "another attempt, or the end")
    return int(store.get(run.id).attempt > run.attempt)


def test_runs_whose_workers_are_killed_at_random_end_as_if_nothing_had_happened(engine):
    configs = [RunConfig(hidden=(32, 16), epochs=8, subset=12_000, **settings) for settings in SETTINGS]
    expected = [bare(config) for config in configs]
    assert len(expected[-1][0]) < configs[-1].epochs  # which stops early
    chance, killed, store, rounds = random.Random(1), 0, engine.store, 0
    attempts = 0
    while killed < KILLS:
        runs = [store.create(config) for config in configs]
        for run in runs:
            engine.submit(run)
        while killed < KILLS and not over(store, runs):
            wait_for(lambda runs=runs: training(store, runs) or over(store, runs), "training")
            time.sleep(chance.uniform(0, 2))  # a moment of chance, not a condition to wait for
            if victims := [run for run in training(store, runs) if run.tries < MAX_TRIES]:  # none is to be given up
                killed += kill(store, chance.choice(victims))
        wait_for(lambda runs=runs: over(store, runs), "the end of every run")
        for run, what in zip(runs, expected, strict=True):
            assert_undisturbed(store, run, what)
        rounds += 1
        attempts += sum(store.get(run.id).attempt for run in runs)
    again = attempts - rounds * len(configs)
    print(f"{killed} kills, {again} times taken up again, in {rounds} rounds of {len(configs)} runs")
    assert again >= killed


def test_a_run_that_kills_its_worker_every_time_ends_as_failed_with_the_reason(engine):
    store = engine.store
    run = store.create(RunConfig(hidden=(256, 256), batch_size=1, epochs=2))  # an epoch of minutes
    engine.submit(run)
    killed = set()

    def kills():
        got = store.get(run.id)
        if got.attempt not in killed and got.progress > 0 and training(store, [run]):
            os.kill(got.environment["pid"], signal.SIGKILL)
            killed.add(got.attempt)
        return not got.active

    wait_for(kills, "the end of the run")
    got = store.get(run.id)
    assert (got.status, got.attempt, got.epochs_done) == ("failed", MAX_TRIES + 1, 0)  # the last one says so
    assert killed
    assert got.error.startswith(f"The process that trained it died {MAX_TRIES} times in epoch 1.")
    after = store.create(RunConfig(hidden=(8,), epochs=1, subset=1000))  # the workers live
    engine.submit(after)
    wait_for(lambda: store.get(after.id).status == "finished", "the end of another run")

"""A sweep on the real cluster: processes are killed in the middle of it, and it ends as if nothing had happened."""

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import psutil
import pytest
from threadpoolctl import threadpool_limits

from dashboard.runs import store as store_module
from dashboard.runs.config import RunConfig
from dashboard.runs.engine import Engine
from dashboard.runs.points import points
from dashboard.runs.store import RunStore
from dashboard.runs.sweep_cost import first_configs
from dashboard.runs.sweeps import SweepPlan
from dashboard.runs.trainer import results
from tests import support

ROOT = Path(__file__).parents[3]
PLAN = SweepPlan(
    RunConfig(epochs=3, subset=1000, validation=1000),
    {"hidden": tuple((width,) for width in (4, 8, 12, 16, 20, 24, 28, 32)), "lr": (0.3, 1.0, 2.0, 3.0, 5.0)},
)
wait_for = partial(support.wait_for, patience=120)


@pytest.fixture(scope="module")
def undisturbed():
    """{config: (validation, test) accuracies of the last epoch} of the same trainings in this process."""
    found = {}
    with threadpool_limits(1):
        for config in points(PLAN):
            *_, (last, _) = results(config, None, iter)
            found[config] = (last.validation_accuracy, last.test_accuracy)
    return found


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(store_module, "STALE_SECONDS", 2)


@pytest.fixture
def engine(store, impatient):
    engine = Engine(store)
    engine.start().join()
    yield engine
    engine.close()


def begin(store):
    return store.create_sweep(PLAN, first_configs(PLAN, points(PLAN)))


def finished(store, sweep):
    return sum(run.status == "finished" for run in store.runs_of(sweep.id))


def in_the_middle(store, sweep):
    """Wait for some finished runs and one under way; returns that."""
    wait_for(lambda: finished(store, sweep) >= 8, "the first runs' end")
    return wait_for(lambda: [run for run in store.runs_of(sweep.id) if run.status == "running"], "a run under way")[0]


def check_the_end(store, sweep, undisturbed):
    wait_for(lambda: store.sweep(sweep.id).status == "finished", "the end of the sweep")
    runs = store.runs_of(sweep.id)
    assert [run.status for run in runs] == ["finished"] * 40
    reached = {}
    for run in runs:
        epochs = store.epochs(run.id)
        assert [epoch.epoch for epoch in epochs] == [1, 2, 3]
        reached[run.config] = (epochs[-1].validation_accuracy, epochs[-1].test_accuracy)
    assert reached == undisturbed


def test_a_killed_worker_costs_nothing_that_was_finished(store, engine, undisturbed):
    sweep = begin(store)
    engine.sweep()
    victim = in_the_middle(store, sweep)
    before = {run.id: run.ended for run in store.runs_of(sweep.id) if run.status == "finished"}
    os.kill(victim.environment["pid"], signal.SIGKILL)
    check_the_end(store, sweep, undisturbed)
    assert {run: store.get(run).ended for run in before} == before


def test_a_killed_scheduler_is_started_again(store, engine, undisturbed):
    sweep = begin(store)
    engine.sweep()
    in_the_middle(store, sweep)
    child = psutil.Process(engine._child.pid)
    family = [child, *child.children(recursive=True)]
    child.kill()
    check_the_end(store, sweep, undisturbed)
    assert engine._child.pid != child.pid
    wait_for(lambda: not any(one.is_running() and one.status() != "zombie" for one in family), "the old workers' end")


def test_another_server_goes_on_where_a_killed_one_was(store, impatient, undisturbed):
    sweep = begin(store)
    code = (
        "import sys, threading; from dashboard.runs.engine import Engine; from dashboard.runs.store import RunStore\n"
    )
    code += "engine = Engine(RunStore(sys.argv[1])); engine.sweep(); threading.Event().wait()"
    server = subprocess.Popen([sys.executable, "-c", code, str(store.url)], cwd=ROOT)
    in_the_middle(store, sweep)
    server.kill()
    server.wait()
    assert finished(store, sweep) < 40
    second = RunStore(str(store.url))
    engine = Engine(second)
    engine.start().join()
    check_the_end(store, sweep, undisturbed)
    engine.close()
    second.close()


def test_a_run_that_a_person_starts_does_not_wait_for_the_sweep(store, engine):
    slow = SweepPlan(RunConfig(epochs=30, validation=1000), {"lr": (0.3, 1.0, 2.0, 3.0), "hidden": ((60,),)})
    sweep = store.create_sweep(slow, first_configs(slow, points(slow)))
    engine.sweep()
    wait_for(lambda: sum(run.status == "running" for run in store.runs_of(sweep.id)) == os.cpu_count(), "busy workers")
    hand = store.create(RunConfig(hidden=(8,), epochs=1))
    engine.submit(hand)
    got = wait_for(lambda: (run := store.get(hand.id)).status == "finished" and run, "the end of the run by hand")
    assert not any(run.status == "finished" for run in store.runs_of(sweep.id))
    assert got.attempt == 1
    wait_for(
        lambda: sum(run.status == "running" for run in store.runs_of(sweep.id)) == os.cpu_count(), "the sweep again"
    )
    store.wish_sweep(sweep.id, "stopped")
    wait_for(lambda: {run.status for run in store.runs_of(sweep.id)} == {"stopped"}, "the stop of all")

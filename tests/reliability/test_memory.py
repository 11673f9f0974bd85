"""A worker without memory: said as such, once; a worker that its nanny ends: tried a few times, then said."""

import os
import resource
from functools import partial

import psutil
import pytest
from distributed.system import MEMORY_LIMIT

from dashboard.runs.config import RunConfig
from dashboard.runs.engine import Engine
from dashboard.runs.trainer import MAX_TRIES
from tests import support

HUGE = RunConfig(hidden=(12_000, 4_000), epochs=1)  # 230 MB of weights, and as much again for what is done with them
SMALL = RunConfig(hidden=(8,), epochs=1, subset=1000)
MEMORY = 300_000_000  # beyond what a worker has at first
ENOUGH = 550_000_000  # for a worker and a small run
wait_for = partial(support.wait_for, patience=120)


def workers(engine):
    """The process ids of the cluster's workers."""
    return set(engine._client.run(os.getpid).values())


@pytest.fixture
def engine(store):
    engine = Engine(store)
    engine.start().join()
    yield engine
    engine.close()


def over(engine, run):
    return wait_for(lambda: not (got := engine.store.get(run.id)).active and got, "the end of the run")


def submit(engine, config):
    run = engine.store.create(config)
    engine.submit(run)
    return run


def test_memory_that_is_not_there_is_said_with_the_remedy_and_no_second_try(engine):
    """The kernel refuses it to the workers of the cluster, which live on."""
    pids = workers(engine)
    for pid in pids:
        resource.prlimit(pid, resource.RLIMIT_AS, (psutil.Process(pid).memory_info().vms + MEMORY, -1))
    got = over(engine, submit(engine, HUGE))
    assert (got.status, got.attempt) == ("failed", 1)
    assert got.error == "The machine ran out of memory. Try smaller hidden layers."
    assert got.environment["pid"] in pids
    assert over(engine, submit(engine, SMALL)).status == "finished"
    assert workers(engine) == pids


def test_a_run_whose_worker_is_ended_for_its_memory_is_tried_a_few_times_and_then_said(store, monkeypatch):
    """Dask's nanny looks at what a worker has, and kills the one that has too much."""
    share = ENOUGH / (MEMORY_LIMIT / os.cpu_count())  # of what Dask lets each worker have
    monkeypatch.setenv("DASK_DISTRIBUTED__WORKER__MEMORY__TERMINATE", str(share))
    monkeypatch.setenv("DASK_DISTRIBUTED__WORKER__MEMORY__MONITOR_INTERVAL", "50ms")
    engine = Engine(store)
    engine.start().join()
    got = over(engine, submit(engine, HUGE))
    assert (got.status, got.attempt, got.tries) == ("failed", MAX_TRIES + 1, 0)
    assert got.error.startswith(
        f"The process that trained it died {MAX_TRIES} times in epoch 1. It may need more memory"
    )
    assert over(engine, submit(engine, SMALL)).status == "finished"
    engine.close()

"""A run that kills every worker it comes to ends as failed, whoever counts first: Dask's scheduler, or the trainer."""

import os
import signal

import psutil
import pytest

from dashboard.runs.config import RunConfig
from dashboard.runs.engine import Engine
from dashboard.runs.trainer import MAX_TRIES
from tests.cluster.machines import Cluster, wait_for
from tests.cluster.test_cluster import finished, start

PATIENT = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1000"}  # as docs/scaling.md has it
DASKS_OWN = 4  # deaths, with Dask's own setting


@pytest.mark.parametrize(("settings", "deaths"), [({}, DASKS_OWN), (PATIENT, MAX_TRIES)], ids=["dask's own", "ours"])
def test_a_run_that_kills_its_worker_every_time_is_failed_with_the_reason(postgres, store, tmp_path, settings, deaths):
    cluster = Cluster(tmp_path / "cluster", 2, **settings)
    engine = Engine(store, cluster.wait().address)
    engine.start().join()
    run = store.create(RunConfig(hidden=(256, 256), batch_size=1, epochs=2))  # an epoch of minutes
    engine.submit(run)
    killed = set()

    def kills():
        got = store.get(run.id)
        if got.attempt not in killed and got.progress > 0 and psutil.pid_exists(got.environment["pid"]):
            os.kill(got.environment["pid"], signal.SIGKILL)
            killed.add(got.attempt)
        return not got.active

    wait_for(kills, "the end of the run")
    got = store.get(run.id)
    assert (got.status, got.tries) == ("failed", 0)
    assert len(killed) == deaths
    assert got.error.startswith(f"The process that trained it died {deaths} times in epoch 1. It may need more memory")
    finished(engine, start(engine, hidden=(8,), epochs=1, subset=1000))
    engine.close()
    cluster.end()


@pytest.fixture
def database_url(postgres):
    return postgres.new_database()

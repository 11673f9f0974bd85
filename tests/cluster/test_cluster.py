"""Runs trained by a scheduler and workers without a shared folder, over PostgreSQL."""

import contextlib
import os
import signal
import time

import pytest
from threadpoolctl import threadpool_limits

from dashboard.runs.config import RunConfig
from dashboard.runs.engine import Engine
from dashboard.runs.store import RunStore
from dashboard.runs.trainer import results
from tests.cluster.machines import Cluster, wait_for
from tests.postgres import PASSWORD
from tests.support import Clock, gcc


def start(engine, **settings):
    run = engine.store.create(RunConfig(**settings))
    engine.submit(run)
    return run


def finished(engine, run):
    return wait_for(lambda: (got := engine.store.get(run.id)).status == "finished" and got, "the end of the run")


def bare(config):
    """The same training in this process: (figures, digest of the last state)."""
    with threadpool_limits(1):
        epochs, states = zip(*results(config, None, iter), strict=True)
    return [(e.train_loss, e.train_accuracy, e.test_loss, e.test_accuracy) for e in epochs], states[-1].digest


def assert_as_bare(store, run):
    expected, digest = bare(run.config)
    got = store.epochs(run.id)
    assert [(e.train_loss, e.train_accuracy, e.test_loss, e.test_accuracy) for e in got] == expected
    assert store.state(run.id, run.config.epochs).digest == digest


def test_runs_are_spread_over_workers_that_share_nothing_and_end_as_a_bare_training_does(engine, cluster):
    runs = [start(engine, hidden=(30,), epochs=3, seed=seed) for seed in range(6)]
    done = [finished(engine, run) for run in runs]
    assert len({run.environment["pid"] for run in done}) == 3
    assert_as_bare(engine.store, done[0])
    for worker in cluster.workers:
        assert sorted(worker.folder.glob("cache/datasets/mnist-*.npy")), "the data set came with the package"
        assert not list(worker.folder.glob("**/*.db"))


def test_validation_dropout_and_augmentation_are_the_same_there(engine):
    settings = {"hidden": (20,), "activation": "relu", "cost": "cross_entropy", "lr": 0.1, "optimizer": "adam"}
    run = start(engine, **settings, epochs=2, subset=2000, validation=500, dropout=0.2, shift=1, noise=0.1)
    assert_as_bare(engine.store, finished(engine, run))


def test_a_worker_that_is_killed_leaves_its_run_to_another_and_the_end_is_the_same(engine):
    run = start(engine, hidden=(60,), epochs=8, seed=5)
    wait_for(lambda: engine.store.get(run.id).epochs_done >= 2, "two epochs")
    first = engine.store.get(run.id).environment["pid"]
    os.kill(first, signal.SIGKILL)
    done = finished(engine, run)
    assert (done.attempt, done.environment["pid"] != first) == (2, True)
    assert_as_bare(engine.store, done)


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGQUIT], ids=["fast", "immediate"])
def test_a_database_server_that_restarts_is_waited_for_by_the_workers(engine, postgres, sig):
    run = start(engine, hidden=(60,), epochs=8, seed=6)
    wait_for(lambda: engine.store.get(run.id).epochs_done >= 2, "two epochs")
    postgres.stop(sig)
    postgres.start()
    done = finished(engine, run)
    assert done.attempt == 1
    assert_as_bare(engine.store, done)


def test_no_log_of_the_cluster_tells_the_password_of_the_database(engine, cluster, postgres):
    """Dask logs the arguments of a task that fails: this one finds no database."""
    run = engine.store.create(RunConfig())
    postgres.stop()
    try:
        engine._submit(run)
        logs = [machine.log for machine in (cluster.scheduler, *cluster.workers)]
        wait_for(lambda: any(run.id in log.read_text() for log in logs), "a task that failed")
    finally:
        postgres.start()
    for log in logs:
        assert PASSWORD not in log.read_text()
        assert "not%20" not in log.read_text()
        assert "secret@" not in log.read_text()


@pytest.mark.parametrize("wish", ["pause", "stop"])
def test_pause_and_stop_reach_a_worker(engine, wish):
    run = start(engine, hidden=(1024, 1024), batch_size=8)
    wait_for(lambda: engine.store.get(run.id).progress > 0, "progress")
    engine.store.wish(run.id, wish)
    wait_for(lambda: engine.store.get(run.id).status == {"pause": "paused", "stop": "stopped"}[wish], f"the {wish}")


@pytest.mark.parametrize("off", [-3600, 3600])
def test_a_worker_whose_clock_is_an_hour_off_trains_on(database_url, tmp_path, off):
    """Heartbeats go by the database's clock: by the worker's own, a page would take the run for interrupted, or wait an
    hour before it did."""
    if gcc() is None:
        pytest.skip("gcc is not installed")
    clock = Clock(tmp_path)
    clock.set(off)
    with contextlib.ExitStack() as stack:
        cluster = Cluster(tmp_path / "machines", workers=1, **clock.settings)
        stack.callback(cluster.end)
        store = RunStore(database_url)
        stack.callback(store.close)
        engine = Engine(store, cluster.wait().address)
        stack.callback(engine.close)
        engine.start().join()
        assert engine.problem is None
        run, ends = start(engine, hidden=(60,), epochs=5), ("finished", "interrupted", "failed")
        got = wait_for(
            lambda: store.notice_stale() or ((now := store.get(run.id)).status in ends and now), "the run's end"
        )
        assert (got.status, got.attempt) == ("finished", 1)
        assert abs(got.heartbeat - time.time()) < 60 < abs(got.started - time.time())

"""The engine with its real cluster of processes: two runs at once, a killed worker, restarts."""

import os
import resource
import signal
import subprocess
import threading
import time
from functools import partial

import numpy as np
import psutil
import pytest
from sqlalchemy import select, update
from threadpoolctl import threadpool_limits

from dashboard import datasets
from dashboard.runs import estimates, schema
from dashboard.runs.config import RunConfig
from dashboard.runs.engine import Engine
from dashboard.runs.presets import PRESETS
from dashboard.runs.store import RunStore
from mlpcore import SGD, TrainingState, train
from tests import support

PATIENCE = 60  # seconds, before a condition that never comes true fails the test


wait_for = partial(support.wait_for, patience=PATIENCE)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """One engine for the module: (store, engine)."""
    store = RunStore(f"sqlite:///{tmp_path_factory.mktemp('engine') / 'runs.db'}")
    engine = Engine(store)
    engine.start().join()
    yield store, engine
    engine.close()
    store.close()


def start(place, **settings):
    store, engine = place
    run = store.create(RunConfig(**settings))
    engine.submit(run)
    return run


def done(place, run):
    store, _ = place
    return wait_for(lambda: (got := store.get(run.id)).status == "finished" and got, "the end of the run")


def direct(config):
    """The same training in this process, with one BLAS thread as the workers have; (figures, digest)."""
    data = datasets.load(config.dataset)
    rng = np.random.default_rng(config.seed)
    net, optimizer = config.network(rng), SGD(config.lr)
    with threadpool_limits(1):
        results = list(
            train(net, optimizer, data.train, data.test, epochs=config.epochs, batch_size=config.batch_size, rng=rng)
        )
    return figures(results), TrainingState.take(net, optimizer, rng, config.epochs).digest


def figures(epochs):
    return [(e.train_loss, e.train_accuracy, e.test_loss, e.test_accuracy) for e in epochs]


@pytest.mark.parametrize("wanted", ["0", "-1", "two", "1.5", "257", "²"])
def test_a_number_of_workers_that_there_can_t_be_is_said(store, monkeypatch, wanted):
    monkeypatch.setenv("MLP_WORKERS", wanted)
    engine = Engine(store)
    engine.start().join()
    assert engine.problem == f"MLP_WORKERS must be a whole number from 1 to 256, got {wanted!r}."
    assert not engine.up
    engine.close()


def test_as_many_runs_as_wanted_are_trained_at_once(store, monkeypatch):
    monkeypatch.setenv("MLP_WORKERS", "3")
    engine = Engine(store)
    engine.start().join()
    runs = [start((store, engine), hidden=(100,), epochs=100, seed=seed) for seed in range(3)]
    wait_for(lambda: all(store.get(run.id).epochs_done for run in runs), "an epoch of each")
    assert {store.get(run.id).status for run in runs} == {"running"}
    assert len({store.get(run.id).environment["pid"] for run in runs}) == engine.workers == 3
    engine.close()


def test_the_shallow_notebook_preset_gives_what_mlpcore_gives_to_the_last_bit(place):
    config = PRESETS["Shallow, as in the notebook"].config
    assert (config.architecture, config.epochs) == ("784-16-10", 16)
    run = done(place, start(place, **vars(config)))
    expected, digest = direct(config)
    assert figures(place[0].epochs(run.id)) == expected
    assert place[0].state(run.id, 16).digest == digest


@pytest.mark.skipif(os.cpu_count() < 2, reason="needs two cores")
def test_two_runs_train_at_once(place):
    store, _ = place
    runs = [start(place, hidden=(100, 100), epochs=50, seed=seed) for seed in (1, 2)]
    wait_for(lambda: all(store.get(run.id).epochs_done for run in runs), "an epoch of both runs")
    got = [store.get(run.id) for run in runs]
    assert [run.status for run in got] == ["running", "running"]
    assert got[0].environment["pid"] != got[1].environment["pid"]
    for run in runs:
        store.wish(run.id, "stop")
    wait_for(lambda: all(store.get(run.id).status == "stopped" for run in runs), "both runs' stop")


def test_a_run_whose_worker_is_killed_goes_on_by_itself_and_ends_the_same(place):
    store, _ = place
    config = {"hidden": (60,), "epochs": 6, "seed": 5}
    run = start(place, **config)
    wait_for(lambda: store.get(run.id).epochs_done >= 2, "two epochs")
    os.kill(store.get(run.id).environment["pid"], signal.SIGKILL)
    got = done(place, run)
    assert got.attempt == 2
    expected, digest = direct(RunConfig(**config))
    assert figures(store.epochs(run.id)) == expected
    assert store.state(run.id, 6).digest == digest


@pytest.mark.parametrize("wish", ["pause", "stop"])
def test_pause_and_stop_act_inside_a_long_epoch(place, wish):
    store, _ = place
    run = start(place, hidden=(1024, 1024), batch_size=8)
    wait_for(lambda: store.get(run.id).progress > 0, "progress within the epoch")
    store.wish(run.id, wish)
    got = wait_for(lambda: (got := store.get(run.id)).status != "running" and got, f"the {wish}")
    assert (got.status, got.epochs_done) == ({"pause": "paused", "stop": "stopped"}[wish], 0)


def test_runs_left_queued_by_an_earlier_server_are_picked_up(place, tmp_path):
    store = RunStore(f"sqlite:///{tmp_path / 'runs.db'}")
    run = store.create(RunConfig(hidden=(8,), epochs=1))
    scheduler = place[1]._client.scheduler.address
    engine = Engine(store, scheduler)
    engine.start().join()
    assert done((store, engine), run).epochs_done == 1
    engine.close()
    store.close()


def test_a_scheduler_that_does_not_answer_is_said(store, monkeypatch):
    monkeypatch.setattr("dashboard.runs.engine.CONNECT_SECONDS", 0.5)
    engine = Engine(store, "tcp://127.0.0.1:9")
    engine.start().join()
    assert engine.problem == (
        "The Dask scheduler at tcp://127.0.0.1:9 does not answer. Start it, or unset MLP_SCHEDULER."
    )
    engine.close()


def test_closing_the_engine_leaves_no_process_behind(store):
    engine = Engine(store)
    engine.start().join()
    run = store.create(RunConfig(hidden=(1024, 1024), batch_size=8))
    engine.submit(run)
    wait_for(lambda: store.get(run.id).progress > 0, "progress")
    child = psutil.Process(engine._child.pid)
    family = [child, *child.children(recursive=True)]
    assert len(family) >= 1 + os.cpu_count()
    engine.close()
    wait_for(lambda: not any(process.is_running() for process in family), "the end of every process")


def rows(store):
    return store._rows(select(schema.runs.c.id))


class Late:
    """What a process says, heard only once the gate is open."""

    def __init__(self, file, gate):
        self.file, self.gate = file, gate

    def readline(self):
        assert self.gate.wait(PATIENCE)
        return self.file.readline()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def __getattr__(self, name):
        return getattr(self.file, name)


def test_closing_the_engine_while_it_starts_is_quiet_and_leaves_no_process_behind(store, monkeypatch):
    raised, gate = [], threading.Event()

    class Slow(subprocess.Popen):
        def __init__(self, *args, **settings):
            super().__init__(*args, **settings)
            self.stdout = Late(self.stdout, gate)

    monkeypatch.setattr(threading, "excepthook", raised.append)
    monkeypatch.setattr(subprocess, "Popen", Slow)
    engine = Engine(store)
    starting = engine.start()
    child = wait_for(lambda: engine._child, "the child")
    closing = threading.Thread(target=engine.close)
    closing.start()
    wait_for(lambda: child.poll() is not None, "the child's end")
    gate.set()
    for thread in (closing, starting):
        thread.join(PATIENCE)
        assert not thread.is_alive()
    assert raised == []
    assert engine._client is None


def test_what_was_deleted_long_ago_is_removed_while_the_engine_drives(tmp_path, place, monkeypatch):
    monkeypatch.setattr("dashboard.runs.store.TIDY_SECONDS", 0.1)
    monkeypatch.setattr("dashboard.runs.engine.DRIVE_SECONDS", 0.1)
    store = RunStore(f"sqlite:///{tmp_path / 'runs.db'}")
    old, young, kept = (store.create(RunConfig()) for _ in range(3))
    for run in (old, young, kept):
        store.wish(run.id, "stop")
    engine = Engine(store, place[1]._client.scheduler.address)
    engine.start().join()
    store.delete([old.id, young.id])
    with store._engine.begin() as db:
        week = update(schema.runs).where(schema.runs.c.id == old.id).values(deleted=time.time() - 8 * 24 * 3600)
        db.execute(week)
    wait_for(lambda: len(rows(store)) == 2, "the removal")
    store.restore([young.id])
    assert {run.id for run in store.latest(None)} == {young.id, kept.id}
    engine.close()
    store.close()


def test_a_run_that_could_not_be_trained_fails_before_anything_is_allocated_and_its_worker_lives(place):
    """Queued past the page, as TPE or another program may do."""
    store, engine = place

    def workers():
        """{process: (pid, most memory that it ever had, in KB)} of every worker."""
        return engine._client.run(lambda: (os.getpid(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))

    before = workers()
    for hidden in ((200_000, 200_000), (10**9, 10**9)):
        run = start(place, hidden=hidden, epochs=1)
        got = wait_for(lambda run=run: (got := store.get(run.id)).status == "failed" and got, "its failure")
        assert (got.attempt, got.tries) == (1, 0)
        assert got.error.startswith("This network needs ")
        assert got.error.endswith("Make the hidden layers smaller.")
    after = workers()
    assert {pid for pid, _ in after.values()} == {pid for pid, _ in before.values()}
    for worker, (_, most) in after.items():
        assert most < before[worker][1] + 300_000  # 160 GB would be allocated


def test_this_machine_is_measured_once_and_estimates_are_of_the_right_size(place):
    costs = estimates.load_costs()
    assert costs is not None
    few = estimates.cost(RunConfig(hidden=(16,)), costs).seconds_per_epoch
    many = estimates.cost(RunConfig(hidden=(512, 256)), costs).seconds_per_epoch
    assert 0.01 < few < many < 60

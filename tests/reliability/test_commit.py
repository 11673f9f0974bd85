"""A trainer that dies while it commits an epoch: epoch and checkpoint are there, both or neither."""

import signal
import sqlite3
from contextlib import closing
from itertools import count

import numpy as np
import pytest

from dashboard.runs import schema
from dashboard.runs.config import RunConfig
from dashboard.runs.store import RunStore
from mlpcore import MLP, SGD, EpochResult, TrainingState
from tests.reliability.training import assert_undisturbed, bare
from tests.support import bound_by_rights, wait_for, wait_interrupted

COMMIT = """
import os, signal, sys
from sqlalchemy import event
from dashboard.runs.store import RunStore
from mlpcore import EpochResult
url, run, attempt, epoch, statement, pages = sys.argv[1:]
store = RunStore(url)
left = int(statement)
state = store.state(run, int(epoch) - 1).to_bytes()

def passes(*_):
    global left
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1

if int(pages):
    event.listen(store._engine, "connect", lambda db, _: db.execute(f"PRAGMA cache_size = {pages}"))
    store._engine.dispose()
event.listen(store._engine, "before_cursor_execute", passes)
event.listen(store._engine, "after_cursor_execute", passes)
event.listen(store._engine, "commit", passes)
store.commit_epoch(run, int(attempt), EpochResult(int(epoch), 0.1, 0.2, 0.3, 0.5, 0.5), state)
"""

OPEN = "import sys; from dashboard.runs.store import RunStore; RunStore(sys.argv[1]).latest(10)"


def begun(store, epochs=3, width=64):
    """A run under way with that many epochs."""
    run = store.create(RunConfig(hidden=(8,), epochs=50))
    run = store.take_up(run.id, run.submission, {})
    for epoch in range(1, epochs + 1):
        store.commit_epoch(run.id, run.attempt, result(epoch), state(epoch, width), 50)
    return store.get(run.id)


def result(epoch):
    return EpochResult(epoch, 0.1, 0.2, 0.3, 0.5, 0.5)


def state(epoch, width=64):
    rng = np.random.default_rng(epoch)
    return TrainingState.take(MLP([784, width, 10], rng=rng), SGD(0.1), rng, epoch).to_bytes()


def assert_whole(store, run, done):
    """`done` epochs, each with its row; the newest with a sound checkpoint; the run's own columns agree."""
    got = store.get(run.id)
    assert [each.epoch for each in store.epochs(run.id)] == list(range(1, done + 1))
    assert (got.epochs_done, store.snapshots(run.id)[-1]) == (done, done)
    assert store.state(run.id, done) is not None
    assert got.best_accuracy == 0.5


def test_killed_between_any_two_statements_both_are_there_or_neither(both, process):
    run = begun(both)
    for statement in count():
        done = process(COMMIT, both.url, run.id, run.attempt, 4, statement, 0).wait(60)
        if done == 0:
            break
        assert done == -signal.SIGKILL
        assert_whole(both, run, 3)
    assert statement >= 10
    assert_whole(both, run, 4)


def sound(path):
    with closing(sqlite3.connect(path)) as db:
        return db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


LOGS = {"delete": "journal", "wal": "wal"}  # by SQLite's mode, how its second file is called
MODES = ["wal"] if schema.wal_is_safe(sqlite3.sqlite_version_info) else ["delete", "wal"]


@pytest.fixture(params=MODES)
def mode(request):
    """How SQLite keeps a transaction apart: a database remembers it, whatever the app would choose here."""
    return request.param


@pytest.fixture
def dying(tmp_path, process, mode):
    """A database whose writer is killed right before its commit: (run, database before and after, its second file)."""

    def dying(pages):
        path, log = tmp_path / "runs.db", tmp_path / f"runs.db-{LOGS[mode]}"
        store = RunStore(f"sqlite:///{path}")
        run = begun(store, 12, 128)
        store.close()
        with closing(sqlite3.connect(path)) as db:
            assert db.execute(f"PRAGMA journal_mode = {mode}").fetchall() == [(mode,)]
        before = path.read_bytes()
        for statement in count():  # the last place where it dies is its commit
            if process(COMMIT, store.url, run.id, run.attempt, 13, statement, pages).wait(60) == 0:
                break
            last = (path.read_bytes(), log.read_bytes() if log.exists() else b"")
            path.write_bytes(before)
            for rest in (log, tmp_path / "runs.db-shm"):
                rest.unlink(missing_ok=True)
        return run, before, *last

    return dying


def assert_as_before(tmp_path, mode, run, database, log):
    path = tmp_path / "cut.db"
    path.write_bytes(database)
    (tmp_path / "cut.db-shm").unlink(missing_ok=True)
    (tmp_path / f"cut.db-{LOGS[mode]}").write_bytes(log)
    store = RunStore(f"sqlite:///{path}")
    assert_whole(store, run, 12)
    store.close()
    assert sound(path)


def test_a_journal_cut_anywhere_before_the_commit_leaves_the_database_as_it_was(dying, tmp_path, mode):
    run, before, database, log = dying(pages=0 if mode == "delete" else 4)
    assert database[: len(before)] == before
    assert len(log) > 3 * 4096
    for size in range(0, len(log) + 1, 512):
        assert_as_before(tmp_path, mode, run, database, log[:size])


def test_a_database_half_written_comes_back_by_its_journal_whatever_follows_it(dying, tmp_path, mode):
    """A small cache makes SQLite write pages of the transaction before its end."""
    run, before, database, log = dying(pages=4)
    assert (database[: len(before)] != before) is (mode == "delete")
    for tail in (b"", bytes(512), b"\xff" * 5000):
        assert_as_before(tmp_path, mode, run, database, log + tail)


SAID = {"delete": "is read-only. Nothing was changed;", "wal": "can't be opened."}


def test_a_transaction_cut_off_where_nobody_may_write_any_more_is_undone_when_they_may(dying, tmp_path, mode, process):
    run, _, database, log = dying(pages=4)
    path = tmp_path / "cut.db"
    path.write_bytes(database)
    (tmp_path / f"cut.db-{LOGS[mode]}").write_bytes(log)
    path.chmod(0o444)
    tmp_path.chmod(0o555)
    try:
        opening = process(OPEN, f"sqlite:///{path}", before=bound_by_rights())
        assert SAID[mode] in opening.communicate(timeout=60)[1]
    finally:
        tmp_path.chmod(0o755)
        path.chmod(0o644)
    assert_as_before(tmp_path, mode, run, path.read_bytes(), (tmp_path / f"cut.db-{LOGS[mode]}").read_bytes())


def spoil(store, epoch, data):
    """Put these bytes in the place of that epoch's checkpoint."""
    with store._engine.begin() as db:
        mark = "?" if "sqlite" in store.url else "%s"
        db.exec_driver_sql(f"UPDATE checkpoints SET state = {mark} WHERE epoch = {epoch}", (bytes(data),))


@pytest.mark.parametrize("seed", range(8))
def test_a_checkpoint_with_one_flipped_bit_is_never_used(both, seed):
    run = begun(both)
    chance = np.random.default_rng(seed)
    data = bytearray(state(3))
    data[chance.integers(len(data))] ^= 1 << int(chance.integers(8))
    spoil(both, 3, data)
    assert both.state(run.id, 3) is None
    assert both.newest_state(run.id, run.attempt).epoch == 2
    assert both.get(run.id).epochs_done == 2


def test_a_trainer_that_finds_its_newest_checkpoint_damaged_goes_on_from_the_one_before(both, trainer):
    config = RunConfig(hidden=(16,), epochs=30, optimizer="adam", lr=0.01)
    run = both.create(config)
    process = trainer(both, run)
    wait_for(lambda: both.get(run.id).epochs_done >= 3, "three epochs", patience=60)
    process.kill()
    process.wait()
    done = both.get(run.id).epochs_done
    assert done < config.epochs
    data = bytearray(both.state(run.id, done).to_bytes())
    data[len(data) // 2] ^= 1
    spoil(both, done, data)
    both._update([], heartbeat=0.0)  # time goes by
    wait_interrupted(both, run.id)
    trainer(both, both.requeue(run.id, run.submission))
    wait_for(lambda: both.get(run.id).status == "finished", "the end of the run", patience=60)
    assert_undisturbed(both, run, bare(config))

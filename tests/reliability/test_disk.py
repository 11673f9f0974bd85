"""A disk without room, a disk that fails, a reader that does not end: the run waits, says so, and goes on."""

import os
import resource
import sqlite3
import time
from contextlib import closing
from functools import partial

import pytest
from threadpoolctl import threadpool_limits

from dashboard.runs import schema
from dashboard.runs.config import RunConfig
from dashboard.runs.store import RunStore, StoreError, close_stores
from dashboard.runs.trainer import train_run
from tests import support
from tests.postgres import Postgres, programs
from tests.reliability.training import assert_undisturbed, bare

CONFIG = RunConfig(hidden=(64,), epochs=12, subset=3000)
LONG = RunConfig(hidden=(8,), epochs=40)  # seconds, in which a disk can begin to fail, and small enough for it
Disk, fill = support.Disk, support.fill
wait_for = partial(support.wait_for, patience=60)


def still(store, run):
    """The epochs that are done, once there was one and nothing was added for a while."""
    seen = []

    def same():
        seen.append(store.get(run.id).epochs_done)
        return seen[-1] and len(seen) > 30 and len(set(seen[-30:])) == 1

    wait_for(same, "standstill", pause=0.1)
    return seen[-1]


def test_a_full_disk_is_waited_for_and_the_run_goes_on_when_there_is_room(small_disk, trainer):
    store = RunStore(f"sqlite:///{small_disk / 'runs.db'}")
    ballast = fill(small_disk, left=1_500_000)
    run = store.create(CONFIG)
    process = trainer(store, run)
    done = still(store, run)
    assert 0 < done < CONFIG.epochs
    assert process.poll() is None
    assert store.obstacle() == "room on the disk"
    with pytest.raises(StoreError, match=r"its disk is full\. Nothing was changed; make room"):
        store.create(CONFIG, name="x" * 200, note="y" * 1_000_000)
    ballast.unlink()
    wait_for(lambda: store.get(run.id).status == "finished", "the end of the run")
    assert store.get(run.id).attempt == 1
    assert_undisturbed(store, run, bare(CONFIG))
    store.close()


def test_a_disk_that_refuses_to_write_is_waited_for(store, trainer):
    """Files may not grow beyond a limit, which the kernel enforces on the trainer alone: SQLite sees an I/O error."""
    run = store.create(LONG)
    process = trainer(store, run)
    wait_for(lambda: store.get(run.id).epochs_done >= 1, "an epoch")
    path = store.url.removeprefix("sqlite:///")
    soft, hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (os.path.getsize(path) // 2, hard))
    assert still(store, run) < LONG.epochs
    assert process.poll() is None
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (soft, hard))
    wait_for(lambda: store.get(run.id).status == "finished", "the end of the run")
    assert_undisturbed(store, run, bare(LONG))


@pytest.mark.parametrize("how", Disk.HOW)
def test_a_disk_that_fails_is_waited_for(failing_disk, small_disk, trainer, how):
    """Whatever the trainer writes is EIO, or whatever it flushes."""
    store = RunStore(f"sqlite:///{small_disk / 'runs.db'}")
    run = store.create(LONG)
    process = trainer(store, run, **failing_disk.settings)
    wait_for(lambda: store.get(run.id).epochs_done >= 1, "an epoch")
    with failing_disk.failing(how):
        assert still(store, run) < LONG.epochs
        assert process.poll() is None
    wait_for(lambda: store.get(run.id).status == "finished", "the end of the run")
    assert store.get(run.id).attempt == 1
    assert_undisturbed(store, run, bare(LONG))
    store.close()


def test_a_trainer_does_not_wait_for_ever_and_its_run_can_be_resumed(small_disk, monkeypatch):
    monkeypatch.setattr("dashboard.runs.trainer.ROOM_SECONDS", 1)
    store = RunStore(f"sqlite:///{small_disk / 'runs.db'}")
    ballast = fill(small_disk, left=1_000_000)
    run = store.create(CONFIG)
    with threadpool_limits(1, "blas"):
        train_run(run.id, run.submission, store.url)
        got = store.get(run.id)
        assert got.status == "interrupted"
        assert 0 < got.epochs_done < CONFIG.epochs
        assert "its disk is full. Nothing was changed; make room and try again." in got.error
        ballast.unlink()
        again = store.requeue(run.id, run.submission)
        train_run(again.id, again.submission, store.url)
    assert_undisturbed(store, run, bare(CONFIG))
    store.close()
    close_stores()


@pytest.fixture
def server_on_a_small_disk():
    """A PostgreSQL whose tables have room for little, while its log of transactions lies elsewhere."""
    if programs() is None:
        pytest.skip("PostgreSQL is not installed")
    with Postgres(disk=64) as server:
        yield server.start()


def test_tables_of_postgresql_that_cant_grow_are_waited_for(server_on_a_small_disk, trainer):
    store = RunStore(server_on_a_small_disk.new_database())
    run = store.create(CONFIG)
    ballast = fill(server_on_a_small_disk.disk, left=1_000_000)
    process = trainer(store, run)
    done = still(store, run)
    assert 0 < done < CONFIG.epochs
    assert process.poll() is None
    assert store.get(run.id).status == "running"
    with pytest.raises(StoreError, match=r"its disk is full\. Nothing was changed; make room"):
        store.create(CONFIG, note="".join(map(chr, range(32, 4000))) * 500)
    ballast.unlink()
    wait_for(lambda: store.get(run.id).status == "finished", "the end of the run")
    assert store.get(run.id).attempt == 1
    assert_undisturbed(store, run, bare(CONFIG))
    store.close()


def test_a_run_that_waits_for_room_is_not_called_interrupted(store, monkeypatch):
    monkeypatch.setattr("dashboard.runs.store.STALE_SECONDS", 0.2)
    monkeypatch.setattr("dashboard.runs.store.GRACE_SECONDS", 1000)
    run = store.create(CONFIG)
    run = store.take_up(run.id, run.submission, {})
    with store._engine.connect() as db:
        pages = db.exec_driver_sql("PRAGMA page_count").scalar()
        db.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError, match="its disk is full"):  # the store is given out anew for each call, as to pages
        store.of(None).create(CONFIG, note="y" * 1_000_000)
    wait_for(lambda: store.get(run.id).heartbeat + 0.3 < time.time(), "silence")
    store.of(None).notice_stale()
    assert store.get(run.id).status == "running"
    monkeypatch.setattr("dashboard.runs.store.GRACE_SECONDS", 0)
    support.wait_interrupted(store.of(None), run.id)


def test_what_one_page_finds_in_the_way_holds_for_the_pages_of_everybody(store, monkeypatch):
    """Each page has a copy of the store, for who is looking: the grace begins for all of them."""
    monkeypatch.setattr("dashboard.runs.store.STALE_SECONDS", 0.1)
    run = store.create(CONFIG)
    run = store.take_up(run.id, run.submission, {})
    wait_for(lambda: store.get(run.id).heartbeat + 0.2 < time.time(), "silence")
    with support.holding(store.url.removeprefix("sqlite:///"), "BEGIN IMMEDIATE"):
        store.of("ada").notice_stale()
    store.of("bob").notice_stale()
    assert store.get(run.id).status == "running"


@pytest.mark.skipif(schema.wal_is_safe(sqlite3.sqlite_version_info), reason="with a write-ahead log, everybody reads")
def test_whoever_could_not_read_waits_for_those_who_could_not_write(store, monkeypatch):
    monkeypatch.setattr("dashboard.runs.store.STALE_SECONDS", 0.1)
    monkeypatch.setattr("dashboard.runs.schema.BUSY_SECONDS", 0.5)
    run = store.create(CONFIG)
    run = store.take_up(run.id, run.submission, {})
    wait_for(lambda: store.get(run.id).heartbeat + 0.2 < time.time(), "silence")
    with closing(RunStore(store.url)) as page:
        with (
            support.holding(store.url.removeprefix("sqlite:///"), "BEGIN EXCLUSIVE"),
            pytest.raises(StoreError, match="is locked by another program"),
        ):
            page.notice_stale()
        page.notice_stale()
        assert page.get(run.id).status == "running"


def test_a_reader_that_does_not_end_delays_a_run_and_no_more(store, trainer, monkeypatch):
    run = store.create(CONFIG)
    process = trainer(store, run)
    wait_for(lambda: store.get(run.id).epochs_done >= 1, "an epoch")
    with support.holding(store.url.removeprefix("sqlite:///"), "BEGIN", "SELECT count(*) FROM runs"):
        if schema.wal_is_safe(sqlite3.sqlite_version_info):
            wait_for(lambda: store.get(run.id).status == "finished", "the end of the run beside a reader")
        else:
            assert still(store, run) < CONFIG.epochs
            assert process.poll() is None
    wait_for(lambda: store.get(run.id).status == "finished", "the end of the run")
    assert store.get(run.id).attempt == 1
    assert_undisturbed(store, run, bare(CONFIG))

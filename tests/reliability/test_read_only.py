"""A database that may not be written any more: a sentence, nothing changed, and on it goes when it may be written."""

import sqlite3
import subprocess
from contextlib import ExitStack, contextmanager
from functools import partial

import pytest
from sqlalchemy import create_engine, select

from dashboard.runs import schema
from dashboard.runs.config import RunConfig
from dashboard.runs.store import RunStore, StoreError
from tests import support
from tests.reliability.test_disk import still
from tests.reliability.training import assert_undisturbed, bare

CONFIG = RunConfig(hidden=(32,), epochs=12, subset=10_000)
WAL = schema.wal_is_safe(sqlite3.sqlite_version_info)
PROBE = "import sys; from dashboard.runs.store import RunStore; RunStore(sys.argv[1]).probe()"
wait_for = partial(support.wait_for, patience=60)


def test_a_mount_that_is_read_only_is_said_and_nothing_is_changed(small_disk):
    path = small_disk / "runs.db"
    store = RunStore(f"sqlite:///{path}")
    store.create(CONFIG)
    store.close()
    before = path.read_bytes()
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    store = RunStore(store.url)
    assert store.latest(10)[0].number == 1
    assert store.obstacle() == "the right to write the database"
    with pytest.raises(StoreError, match=r"is read-only\. Nothing was changed; give this user the right"):
        store.create(CONFIG)
    store.close()
    assert path.read_bytes() == before
    subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)
    store = RunStore(store.url)
    assert store.create(CONFIG).number == 2
    store.close()


def test_a_file_that_becomes_read_only_under_a_trainer_is_waited_for(store, process, trainer, tmp_path):
    run = store.create(CONFIG)
    training = trainer(store, run, before=support.bound_by_rights())
    wait_for(lambda: store.get(run.id).epochs_done >= 1, "an epoch")
    (tmp_path / "runs.db").chmod(0o444)
    tmp_path.chmod(0o555)
    if not WAL:  # whoever has a write-ahead log open goes on writing it
        assert still(store, run) < CONFIG.epochs
        assert training.poll() is None
    before = (tmp_path / "runs.db").read_bytes()
    probe = process(PROBE, store.url, before=support.bound_by_rights())
    assert "is read-only. Nothing was changed;" in probe.communicate(timeout=60)[1]
    assert (tmp_path / "runs.db").read_bytes() == before or WAL
    tmp_path.chmod(0o755)
    (tmp_path / "runs.db").chmod(0o644)
    wait_for(lambda: store.get(run.id).status == "finished", "the end of the run")
    assert store.get(run.id).attempt == 1
    assert_undisturbed(store, run, bare(CONFIG))


@contextmanager
def refusing(postgres):
    """PostgreSQL takes no write: of new connections and of those that there are."""
    admin = create_engine(postgres.url("postgres"), isolation_level="AUTOCOMMIT")

    def say(statement):
        with admin.connect() as db:
            db.exec_driver_sql(statement)
            db.exec_driver_sql("SELECT pg_reload_conf()")

    say("ALTER SYSTEM SET default_transaction_read_only = on")
    try:
        yield
    finally:
        say("ALTER SYSTEM RESET default_transaction_read_only")
        admin.dispose()


@contextmanager
def row_of(run, store):
    """Nobody else writes the run's row, to the end."""
    engine = create_engine(store.url)
    with engine.begin() as db:
        db.execute(select(schema.runs.c.id).where(schema.runs.c.id == run.id).with_for_update())
        yield
    engine.dispose()


def test_a_postgresql_that_refuses_to_write_is_waited_for(postgres, trainer):
    store = RunStore(postgres.new_database())
    run = store.create(CONFIG)
    training = trainer(store, run)
    wait_for(lambda: store.get(run.id).epochs_done >= 1, "an epoch")
    with ExitStack() as refusal:
        with row_of(run, store):  # the run can't end before the server refuses
            refusal.enter_context(refusing(postgres))
        assert still(store, run) < CONFIG.epochs
        assert training.poll() is None
        assert store.obstacle() == "the right to write the database"
        with pytest.raises(StoreError, match=r"is read-only\. Nothing was changed;"):
            store.create(CONFIG)
        assert len(store.latest(10)) == 1
    wait_for(lambda: store.get(run.id).status == "finished", "the end of the run")
    assert store.get(run.id).attempt == 1
    assert_undisturbed(store, run, bare(CONFIG))
    store.close()

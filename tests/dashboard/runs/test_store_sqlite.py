"""What a bad SQLite file gets."""

import sqlite3

import pytest

from dashboard.runs import schema
from dashboard.runs.config import RunConfig
from dashboard.runs.store import RunStore, StoreError
from mlpcore import EpochResult
from tests.support import holding


def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path):
    path = tmp_path / "runs.db"
    path.write_bytes(b"my diary, line one\n" * 100)
    with pytest.raises(StoreError, match=r"runs\.db is not a database"):
        RunStore(f"sqlite:///{path}")
    assert path.read_bytes().startswith(b"my diary")


def test_a_database_of_another_program_is_left_as_it_is(tmp_path):
    path = tmp_path / "runs.db"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE recipes (name)")
    db.close()
    with pytest.raises(StoreError, match=r"holds other tables \(recipes\)"):
        RunStore(f"sqlite:///{path}")


def test_a_locked_database_is_said_and_nothing_is_lost(store, monkeypatch):
    monkeypatch.setattr(schema, "BUSY_SECONDS", 0.05)
    impatient = RunStore(store.url)
    with (
        holding(store.url.removeprefix("sqlite:///"), "BEGIN IMMEDIATE"),
        pytest.raises(StoreError, match="is locked by another program"),
    ):
        impatient.create(RunConfig())
    assert impatient.create(RunConfig()).number == 1
    impatient.close()


def test_a_reader_in_the_way_of_a_commit_is_an_obstacle_until_it_is_done(tmp_path, monkeypatch):
    """Without a WAL, one who reads keeps others from committing, but not from all that comes before."""
    monkeypatch.setattr(schema, "BUSY_SECONDS", 0.05)
    monkeypatch.setattr(schema, "wal_is_safe", lambda _version: False)
    store = RunStore(f"sqlite:///{tmp_path / 'runs.db'}")
    with holding(tmp_path / "runs.db", "BEGIN", "SELECT * FROM about"):
        assert store.obstacle() == "the database, which is locked"
        with pytest.raises(StoreError, match="is locked by another program"):
            store.create(RunConfig())
    assert store.obstacle() is None
    assert store.create(RunConfig()).number == 1
    store.close()


def test_a_full_disk_is_said_and_nothing_is_lost(store):
    """SQLite reports the same error for a page limit as for a full disk."""
    first = store.create(RunConfig())
    first = store.take_up(first.id, first.submission, {})
    with store._engine.connect() as db:
        pages = db.exec_driver_sql("PRAGMA page_count").scalar()
        db.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError, match="its disk is full"):
        store.commit_epoch(first.id, first.attempt, EpochResult(1, 0.1, 0.2, 0.3, 0.5, 0.5), b"x" * 1_000_000)
    assert store.get(first.id).epochs_done == 0


def test_a_read_only_database_is_said(store, tmp_path):
    store.create(RunConfig())
    reading = RunStore(f"sqlite:///file:{tmp_path / 'runs.db'}?mode=ro&uri=true")
    assert len(reading.latest(10)) == 1
    with pytest.raises(StoreError, match="is read-only"):
        reading.create(RunConfig())
    reading.close()


def test_a_folder_that_does_not_exist_is_said(tmp_path):
    with pytest.raises(StoreError, match=r"can't be opened\. Its folder must exist"):
        RunStore(f"sqlite:///{tmp_path / 'nowhere' / 'runs.db'}")


def test_a_url_that_sqlalchemy_does_not_know_is_said():
    with pytest.raises(StoreError, match="must be one that SQLAlchemy knows"):
        RunStore("oracle of delphi")


@pytest.mark.parametrize(
    ("version", "safe"),
    [((3, 40, 1), False), ((3, 44, 6), True), ((3, 45, 0), False), ((3, 50, 6), False), ((3, 50, 7), True),
     ((3, 51, 2), False), ((3, 51, 3), True), ((3, 52, 0), True)],
)  # fmt: skip
def test_wal_is_used_only_where_sqlite_is_safe_with_it(version, safe):
    assert schema.wal_is_safe(version) is safe

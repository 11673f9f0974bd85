"""Databases that earlier versions wrote are led to the present tables; nothing in them is lost."""

import signal
import subprocess
import sys
from itertools import count

import numpy as np
import pytest
from sqlalchemy import create_engine, inspect

from dashboard.runs import migrations, schema
from dashboard.runs.config import RunConfig
from dashboard.runs.store import RunStore
from mlpcore import MLP, SGD, EpochResult, TrainingState

VERSION_1 = """
CREATE TABLE about ("key" VARCHAR(40) NOT NULL, value TEXT NOT NULL, PRIMARY KEY ("key"));
INSERT INTO about VALUES('schema','1');
CREATE TABLE runs (id VARCHAR(16) NOT NULL, number INTEGER NOT NULL, name VARCHAR(200) NOT NULL, config TEXT NOT NULL,
  status VARCHAR(16) NOT NULL, wish VARCHAR(16), submission INTEGER NOT NULL, attempt INTEGER NOT NULL,
  parent VARCHAR(16), note TEXT NOT NULL, created FLOAT NOT NULL, started FLOAT, ended FLOAT, heartbeat FLOAT,
  progress FLOAT NOT NULL, error TEXT, environment TEXT, epochs_done INTEGER NOT NULL, last_accuracy FLOAT,
  best_accuracy FLOAT, best_epoch INTEGER, seconds FLOAT NOT NULL, PRIMARY KEY (id), UNIQUE (number));
CREATE TABLE checkpoints (run VARCHAR(16) NOT NULL, epoch INTEGER NOT NULL, sha256 VARCHAR(64) NOT NULL,
  state BLOB NOT NULL, PRIMARY KEY (run, epoch), FOREIGN KEY(run) REFERENCES runs (id) ON DELETE CASCADE);
CREATE TABLE epochs (run VARCHAR(16) NOT NULL, epoch INTEGER NOT NULL, train_loss FLOAT NOT NULL,
  train_accuracy FLOAT NOT NULL, test_loss FLOAT NOT NULL, test_accuracy FLOAT NOT NULL, seconds FLOAT NOT NULL,
  PRIMARY KEY (run, epoch), FOREIGN KEY(run) REFERENCES runs (id) ON DELETE CASCADE);
CREATE INDEX runs_by_status ON runs (status);
INSERT INTO runs VALUES('aef24cf3',1,'Run 1','{"dataset": "mnist", "hidden": [5], "activation": "sigmoid",
  "cost": "quadratic", "init": "xavier", "lr": 3.0, "batch_size": 32, "epochs": 16, "seed": 0}','paused',NULL,1,1,NULL,
  'mine',1795488989.0,NULL,NULL,NULL,0.0,NULL,NULL,1,0.5,0.5,1,0.25);
INSERT INTO epochs VALUES('aef24cf3',1,0.1,0.2,0.3,0.5,0.25);
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def new_database(request):
    """Makes empty databases; returns the URL."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgres").new_database
    numbers = count()
    return lambda: f"sqlite:///{request.getfixturevalue('tmp_path') / f'{next(numbers)}.db'}"


@pytest.fixture
def old(new_database):
    url = new_database()
    engine = create_engine(url)
    with engine.begin() as db:
        bytes_type = "BYTEA" if engine.dialect.name == "postgresql" else "BLOB"
        for statement in VERSION_1.replace("BLOB", bytes_type).split(";\n"):
            db.exec_driver_sql(statement)
    engine.dispose()
    return url


def shape(url):
    """{table: {column: (type, not null)}} and the names of the indexes."""
    engine = create_engine(url)
    about = inspect(engine)
    names = about.get_table_names()
    columns = {name: {c["name"]: (str(c["type"]), c["nullable"]) for c in about.get_columns(name)} for name in names}
    indexes = {index["name"] for name in names for index in about.get_indexes(name)}
    engine.dispose()
    return columns, indexes


def test_an_old_database_gets_the_tables_of_a_new_one_and_keeps_its_runs(old, new_database):
    store = RunStore(old)
    new = RunStore(new_database())
    assert shape(store.url) == shape(new.url)
    run = store.get("aef24cf3")
    assert (run.name, run.note, run.config, run.origin) == ("Run 1", "mine", RunConfig(hidden=(5,)), "trained")
    assert store.epochs(run.id) == [EpochResult(1, 0.1, 0.2, 0.3, 0.5, 0.25)]
    store.close()
    new.close()


def test_a_migrated_run_goes_on(old):
    store = RunStore(old)
    run = store.get("aef24cf3")
    run = store.requeue(run.id, run.submission)
    run = store.take_up(run.id, run.submission, {})
    rng = np.random.default_rng(0)
    net = MLP([4, 2], rng=rng)
    state = TrainingState.take(net, SGD(0.1), rng, 2).to_bytes()
    store.commit_epoch(run.id, run.attempt, EpochResult(2, 0.1, 0.2, 0.3, 0.7, 0.5), state)
    assert store.get(run.id).best_accuracy == 0.7
    store.close()


def test_a_migration_that_breaks_off_has_not_happened(old, monkeypatch):
    before = shape(old)

    def breaks(op):
        migrations._origins_validation_diagnostics(op)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setitem(migrations.STEPS, 1, breaks)
        with pytest.raises(KeyboardInterrupt):
            RunStore(old)
    assert shape(old) == before
    store = RunStore(old)
    assert store.get("aef24cf3").note == "mine"
    store.close()


KILLED = """
import os, signal, sys
from sqlalchemy import event
from sqlalchemy.engine import Engine
from dashboard.runs.store import RunStore
left = int(sys.argv[2])

def count(*_):
    global left
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1

event.listen(Engine, "before_cursor_execute", count)
event.listen(Engine, "commit", count)
RunStore(sys.argv[1]).close()
"""


def test_a_migration_that_is_killed_at_any_statement_has_happened_or_not(old, new_database):
    """The same database is killed at its first statement, then at its second, and so on until it is through."""
    new = RunStore(new_database())
    before, after = shape(old), shape(new.url)
    new.close()
    for statement in count():
        done = subprocess.run([sys.executable, "-c", KILLED, old, str(statement)], timeout=60)
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL
        assert shape(old) in (before, after)
    assert statement > 20
    assert shape(old) == after
    store = RunStore(old)
    assert store.get("aef24cf3").note == "mine"
    store.close()


def test_there_is_a_step_from_every_earlier_version():
    assert sorted(migrations.STEPS) == list(range(1, schema.VERSION))

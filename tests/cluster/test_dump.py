"""PostgreSQL's own back-up, by the commands that docs/reliability.md gives."""

import os
import re
import subprocess

import pytest
from sqlalchemy import make_url
from threadpoolctl import threadpool_limits

from dashboard.runs.config import RunConfig
from dashboard.runs.store import RunStore, open_store
from dashboard.runs.trainer import train_run
from mlpcore import EpochResult
from tests.cluster.machines import ROOT
from tests.postgres import PASSWORD, programs
from tests.reliability.training import assert_undisturbed, bare
from tests.support import wait_interrupted

DUMP, RESTORE = re.findall(r"`(pg_(?:dump|restore) [^`]+)`", (ROOT / "docs" / "reliability.md").read_text())
CONFIG = RunConfig(hidden=(8,), epochs=3, subset=2000)


@pytest.fixture
def database_url(postgres):
    return postgres.new_database()


@pytest.fixture
def shell(postgres, tmp_path):
    """Have a command of the docs run on the database of a URL instead of `lab`."""

    def shell(command, url):
        url = make_url(url)
        where = {"PGHOST": url.host, "PGPORT": str(url.port), "PGUSER": url.username, "PGPASSWORD": PASSWORD}
        path = f"{programs()}:{os.environ['PATH']}"
        command = re.sub(r"\blab\b(?!\.)", url.database, command)
        subprocess.run(command, shell=True, cwd=tmp_path, env={**os.environ, **where, "PATH": path}, check=True)

    return shell


def train(store, run):
    with threadpool_limits(1, "blas"):
        train_run(run.id, run.submission, store.url)
    open_store(store.url).close()


def test_what_was_dumped_comes_back_over_what_was_written_since(store, shell):
    done, begun = (store.create(CONFIG) for _ in range(2))
    train(store, done)
    taken = store.take_up(begun.id, begun.submission, {})
    shell(DUMP, store.url)
    store.commit_epoch(begun.id, taken.attempt, EpochResult(1, 0.1, 0.2, 0.3, 0.5, 0.5), b"written since")
    store.create(CONFIG, name="written since")
    store.delete([done.id])
    store._engine.dispose()
    shell(RESTORE, store.url)
    assert [run.id for run in store.latest(None)] == [begun.id, done.id]
    assert_undisturbed(store, done, bare(CONFIG))
    assert store.get(begun.id).epochs_done == 0
    store._update([], heartbeat=0.0)  # time goes by
    wait_interrupted(store, begun.id)
    again = store.requeue(begun.id, begun.submission)
    train(store, again)
    assert_undisturbed(store, again, bare(CONFIG))


def test_a_dump_is_read_into_an_empty_database_of_another_name(store, shell, postgres):
    run = store.create(CONFIG)
    train(store, run)
    shell(DUMP, store.url)
    url = postgres.new_database()
    shell(RESTORE.replace("--clean ", ""), url)
    other = RunStore(url)
    assert_undisturbed(other, run, bare(CONFIG))
    assert other.create(CONFIG).number == 2
    other.close()

"""Back-up and restore as a person does them, of a database that processes are writing."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from dashboard.runs.config import RunConfig
from dashboard.runs.store import RunStore
from dashboard.runs.trainer import train_run
from mlpcore import EpochResult
from tests.support import wait_for

WRITER = """
import itertools, sys
from dashboard.runs.config import RunConfig
from dashboard.runs.store import RunStore
from mlpcore import EpochResult
store = RunStore(sys.argv[1])
run = store.create(RunConfig(hidden=(8,), epochs=100))
run = store.take_up(run.id, 1, {})
for epoch in itertools.count(1):
    store.commit_epoch(run.id, run.attempt, EpochResult(epoch, 0.1, 0.2, 0.3, 0.5, 0.5), bytes(200_000))
"""


def figures(store, run):
    return [(e.train_loss, e.test_loss, e.test_accuracy) for e in store.epochs(run)]


@pytest.fixture
def writer(store, environment):
    """A process that commits epochs with their checkpoints without pause."""
    process = subprocess.Popen([sys.executable, "-c", WRITER, store.url], env=environment)
    wait_for(lambda: store.latest(1) and store.latest(1)[0].epochs_done >= 3, "three epochs", 30)
    yield process
    process.kill()
    process.wait()


def test_a_database_that_is_written_all_the_time_is_copied_as_of_one_moment(lab, store, writer, tmp_path):
    run = store.latest(1)[0].id
    for number in range(5):
        before = store.get(run).epochs_done
        path = tmp_path / f"copy-{number}.db"
        said = lab("backup", path)
        assert (said.returncode, said.stderr) == (0, "")
        assert "holds everything that is kept" in said.stdout
        copy = RunStore(f"sqlite:///{path}")
        got = copy.get(run)
        assert got.epochs_done >= before
        assert [each.epoch for each in copy.epochs(run)] == list(range(1, got.epochs_done + 1))
        assert copy.snapshots(run)[-1] == got.epochs_done  # an epoch and its checkpoint: both or neither
        copy.close()
    assert writer.poll() is None, "the copying cost the writer no more than time"
    last = store.get(run).epochs_done
    wait_for(lambda: store.get(run).epochs_done > last, "the next epoch", 30)


def test_what_a_writer_left_half_done_when_it_was_killed_is_not_in_the_copy(lab, store, tmp_path, environment):
    run = store.create(RunConfig(hidden=(8,), epochs=1))
    code = """
import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA cache_size = 1")  # so that pages are written before the end
db.execute("BEGIN")
db.execute("CREATE TABLE half (data)")
db.execute("UPDATE runs SET name = 'half done'")
db.execute("INSERT INTO half VALUES (zeroblob(4000000))")
print("ready", flush=True)
time.sleep(600)
"""
    path = str(store.url).removeprefix("sqlite:///")
    process = subprocess.Popen([sys.executable, "-c", code, path], env=environment, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"ready\n"
    process.kill()
    process.wait()
    process.stdout.close()
    said = lab("backup", tmp_path / "copy.db")
    assert (said.returncode, said.stderr) == (0, "")
    copy = RunStore(f"sqlite:///{tmp_path / 'copy.db'}")
    assert copy.get(run.id).name == run.name == store.get(run.id).name
    copy.close()


def test_a_run_that_trained_goes_on_from_the_back_up_and_ends_the_same(lab, store, tmp_path, small_mnist, monkeypatch):
    config = RunConfig(hidden=(8,), epochs=4, batch_size=20, optimizer="adam", lr=0.01, dropout=0.2)
    whole = store.create(config)
    train_run(whole.id, whole.submission, store.url)
    run = store.create(config)
    path = tmp_path / "copy.db"
    original = RunStore.commit_epoch

    def copied_after_two(self, run_id, attempt, result, state, planned):
        original(self, run_id, attempt, result, state, planned)
        if result.epoch == 2:
            assert lab("backup", path).returncode == 0

    with monkeypatch.context() as patch:
        patch.setattr(RunStore, "commit_epoch", copied_after_two)
        train_run(run.id, run.submission, store.url)
    assert store.get(run.id).epochs_done == 4
    said = lab("restore", path, "--replace")
    assert (said.returncode, said.stderr) == (0, "")
    got = store.get(run.id)  # by a connection that was open before
    assert (got.status, got.epochs_done) == ("interrupted", 2)
    again = store.requeue(run.id, got.submission)
    train_run(again.id, again.submission, store.url)
    assert figures(store, run.id) == figures(store, whole.id)
    assert store.state(run.id, 4).digest == store.state(whole.id, 4).digest


def test_whoever_trains_on_while_the_database_is_restored_writes_nothing(lab, store, writer, tmp_path):
    run = store.latest(1)[0].id
    assert lab("backup", tmp_path / "copy.db").returncode == 0
    kept = RunStore(f"sqlite:///{tmp_path / 'copy.db'}").get(run).epochs_done
    said = lab("restore", tmp_path / "copy.db", "--replace")
    assert said.returncode == 0, said.stderr
    assert writer.wait(60) != 0  # Lost
    got = store.get(run)
    assert (got.status, got.epochs_done) == ("interrupted", kept)
    assert [each.epoch for each in store.epochs(run)] == list(range(1, kept + 1))
    aside = said.stdout.split(" is in ")[1].strip().removesuffix(".")
    assert RunStore(f"sqlite:///{aside}").get(run).epochs_done >= kept


def test_it_comes_back_where_there_is_nothing(lab, store, tmp_path, environment):
    run = store.create(RunConfig(hidden=(8,)), name="mine")
    assert lab("backup", tmp_path / "copy.db").returncode == 0
    environment["MLP_DATABASE_URL"] = f"sqlite:///{tmp_path / 'new.db'}"
    assert lab("restore", tmp_path / "copy.db").returncode == 0
    assert RunStore(environment["MLP_DATABASE_URL"]).get(run.id).name == "mine"
    assert not list(tmp_path.glob(".restore-*"))


def refused(done, *words):
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    for word in words:
        assert word in done.stderr


def test_nothing_is_replaced_unasked(lab, store, tmp_path):
    store.create(RunConfig(), name="mine")
    path = tmp_path / "copy.db"
    path.write_text("my diary")
    refused(lab("backup", path), "exists already", "--force")
    assert path.read_text() == "my diary"
    assert lab("backup", path, "--force").returncode == 0
    refused(lab("restore", path), "exists already", "--replace")
    refused(lab("backup", tmp_path / "runs.db", "--force"), "is the database itself")
    assert store.latest(1)[0].name == "mine"


def test_a_damaged_back_up_changes_nothing(lab, store, tmp_path):
    for number in range(40):
        store.create(RunConfig(), name=f"run {number}")
    path = tmp_path / "copy.db"
    assert lab("backup", path).returncode == 0
    data = bytearray(path.read_bytes())
    data[8192:11000] = b"\xff" * 2808
    path.write_bytes(data)
    refused(lab("restore", path, "--replace"), "damaged")
    assert len(store.latest(None)) == 40


def test_a_damaged_database_is_said_and_an_older_copy_stays(lab, store, tmp_path):
    for number in range(40):
        store.create(RunConfig(), name=f"run {number}")
    path = tmp_path / "copy.db"
    path.write_text("an older copy")
    store.close()
    with open(tmp_path / "runs.db", "r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * 2808)
    refused(lab("backup", path, "--force"), "damaged")
    assert path.read_text() == "an older copy"
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"my diary, line one\n" * 100, "is not a database"), (None, "does not exist"), (b"", "holds no runs")],
)
def test_what_is_no_back_up_is_refused(lab, store, tmp_path, content, words):
    if content is not None:
        (tmp_path / "copy.db").write_bytes(content)
    refused(lab("restore", tmp_path / "copy.db", "--replace"), words)


def test_a_database_of_another_program_and_a_newer_one_are_refused(lab, store, tmp_path):
    path = tmp_path / "recipes.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE recipes (name)")
    refused(lab("restore", path, "--replace"), "holds no runs")
    store.create(RunConfig())
    newer = tmp_path / "newer.db"
    assert lab("backup", newer).returncode == 0
    with closing(sqlite3.connect(newer)) as db:
        db.execute("UPDATE about SET value = '99' WHERE key = 'schema'")
        db.commit()
    refused(lab("restore", newer, "--replace"), "newer version of this app")


def test_nothing_to_copy_and_nowhere_to_put_it(lab, environment, tmp_path):
    refused(lab("backup", tmp_path / "copy.db"), "There is no database at")
    refused(lab("backup", tmp_path / "nowhere" / "copy.db"), "its folder must exist")


def test_of_postgresql_its_own_commands_are_named(lab, environment, tmp_path):
    environment["MLP_DATABASE_URL"] = "postgresql+psycopg://lab:hidden@127.0.0.1/lab"
    done = lab("backup", tmp_path / "copy.db")
    refused(done, "pg_dump")
    assert "hidden" not in done.stderr


def test_a_back_up_that_is_killed_leaves_the_database_alone_and_no_half_file(store, environment, tmp_path):
    run = store.create(RunConfig(hidden=(8,)))
    run = store.take_up(run.id, 1, {})
    for epoch in range(1, 4):  # enough pages for the copy to take a while
        store.commit_epoch(run.id, run.attempt, EpochResult(epoch, 0.1, 0.2, 0.3, 0.5, 0.5), os.urandom(30_000_000))
    path = tmp_path / "copy.db"
    process = subprocess.Popen([sys.executable, "-m", "dashboard", "backup", str(path)], env=environment, cwd=tmp_path)
    wait_for(lambda: list(tmp_path.glob("copy.db.*.part")), "the copying", 30)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not path.exists()
    assert store.get(run.id).epochs_done == 3
    store.rename(run.id, "still writable")

"""The store on real databases, SQLite and PostgreSQL: its rules."""

import subprocess
import sys
import time

import numpy as np
import pytest
from sqlalchemy import create_engine, text

from dashboard.datasets import Parts
from dashboard.runs.config import ConfigError, RunConfig
from dashboard.runs.points import points
from dashboard.runs.store import STALE_SECONDS, Lost, NoRunError, RunStore, StoreError
from dashboard.runs.sweep_cost import first_configs
from dashboard.runs.sweeps import SweepPlan
from mlpcore import MLP, SGD, EpochResult, TrainingState
from tests.support import wait_interrupted


def state_of(epoch):
    rng = np.random.default_rng(epoch)
    net = MLP([4, 3, 2], rng=rng)
    return TrainingState.take(net, SGD(0.1), rng, epoch)


def epoch(number, accuracy=0.5):
    return EpochResult(number, 0.1, 0.2, 0.3, accuracy, 0.5)


@pytest.fixture
def run(store):
    run = store.create(RunConfig())
    return store.take_up(run.id, run.submission, {"machine": "here"})


@pytest.fixture
def database_url(either_url):
    return either_url


def sql(store, statement, **values):
    """Beside the store, as another program."""
    engine = create_engine(store.url)
    with engine.begin() as db:
        result = db.execute(text(statement), values)
        rows = result.fetchall() if result.returns_rows else []
    engine.dispose()
    return rows


def test_a_new_run_is_queued_numbered_and_named(store):
    first, second = store.create(RunConfig()), store.create(RunConfig(hidden=(5,)))
    assert (first.number, first.name, first.status) == (1, "Run 1", "queued")
    assert second.name == "Run 2"
    assert [run.id for run in store.latest(10)] == [second.id, first.id]
    assert store.get(second.id).config == RunConfig(hidden=(5,))


def test_what_was_stored_is_there_after_opening_again(store, run):
    store.commit_epoch(run.id, run.attempt, epoch(1, 0.7), state_of(1).to_bytes())
    again = RunStore(store.url)
    assert again.epochs(run.id) == [epoch(1, 0.7)]
    assert again.newest_state(run.id, run.attempt).digest == state_of(1).digest
    again.close()


def test_epochs_carry_best_last_and_time_into_the_run(store, run):
    for number, accuracy in enumerate((0.6, 0.9, 0.8), start=1):
        store.commit_epoch(run.id, run.attempt, epoch(number, accuracy), state_of(number).to_bytes())
    got = store.get(run.id)
    assert (got.epochs_done, got.best_epoch, got.best_accuracy, got.last_accuracy) == (3, 2, 0.9, 0.8)
    assert got.seconds == pytest.approx(1.5)


def test_the_newest_two_checkpoints_the_best_and_some_between_are_kept_within_a_budget(store, run, monkeypatch):
    state = state_of(1).to_bytes()
    monkeypatch.setattr("dashboard.runs.keeping.SNAPSHOT_BYTES", 3 * len(state))
    for number in range(1, 13):
        store.commit_epoch(run.id, run.attempt, epoch(number, 0.9 if number == 3 else 0.5), state, 12)
    assert store.snapshots(run.id) == [1, 3, 5, 9, 11, 12]


def test_every_epoch_of_a_small_network_is_kept(store, run):
    for number in range(1, 6):
        store.commit_epoch(run.id, run.attempt, epoch(number), state_of(number).to_bytes(), 5)
    assert store.snapshots(run.id) == [1, 2, 3, 4, 5]


def test_a_damaged_checkpoint_is_noticed_and_the_one_before_it_used(store, run):
    for number in (1, 2, 3):
        store.commit_epoch(run.id, run.attempt, epoch(number, 0.5 + number / 10), state_of(number).to_bytes())
    state = bytearray(sql(store, "SELECT state FROM checkpoints WHERE epoch = 3")[0][0])
    state[len(state) // 2] ^= 1
    sql(store, "UPDATE checkpoints SET state = :state WHERE epoch = 3", state=bytes(state))
    assert store.newest_state(run.id, run.attempt).digest == state_of(2).digest
    got = store.get(run.id)
    assert (got.epochs_done, got.best_epoch, got.last_accuracy) == (2, 2, 0.7)
    assert [e.epoch for e in store.epochs(run.id)] == [1, 2]


def test_epoch_and_checkpoint_are_written_together_or_not_at_all(store, run):
    store.commit_epoch(run.id, run.attempt, epoch(1), state_of(1).to_bytes())
    with pytest.raises(StoreError):  # the epoch is there already: the whole transaction is taken back
        store.commit_epoch(run.id, run.attempt, epoch(1, 0.99), state_of(7).to_bytes())
    assert store.get(run.id).best_accuracy == 0.5
    assert store.newest_state(run.id, run.attempt).digest == state_of(1).digest


def test_whoever_lost_the_run_to_a_later_attempt_writes_nothing(store, run):
    later = store.take_up(run.id, run.submission, {})
    assert later.attempt == run.attempt + 1
    with pytest.raises(Lost):
        store.ping(run.id, run.attempt, 0.5)
    with pytest.raises(Lost):
        store.commit_epoch(run.id, run.attempt, epoch(1), state_of(1).to_bytes())
    with pytest.raises(Lost):
        store.settle(run.id, run.attempt, "finished")
    assert store.epochs(run.id) == []
    assert store.get(run.id).status == "running"


def test_a_run_is_requeued_by_one_of_two(store, run):
    store.settle(run.id, run.attempt, "paused")
    seen = store.get(run.id).submission
    assert store.requeue(run.id, seen).status == "queued"
    assert store.requeue(run.id, seen) is None
    assert store.take_up(run.id, seen, {}) is None  # what was submitted before is void
    assert store.take_up(run.id, seen + 1, {}).status == "running"


def test_a_silent_run_becomes_interrupted_and_its_trainer_is_shut_out(store, run):
    store.notice_stale()
    assert store.get(run.id).status == "running"
    sql(store, "UPDATE runs SET heartbeat = heartbeat - :silent", silent=STALE_SECONDS + 1)
    wait_interrupted(store, run.id)
    assert store.get(run.id).status == "interrupted"
    with pytest.raises(Lost):
        store.ping(run.id, run.attempt, 0.1)


def test_a_run_whose_worker_died_goes_on_when_another_is_free_however_late_and_unless_somebody_stopped_it(store, run):
    sql(store, "UPDATE runs SET heartbeat = heartbeat - :silent", silent=STALE_SECONDS + 1)
    wait_interrupted(store, run.id)
    again = store.take_up(run.id, run.submission, {})
    assert (again.status, again.attempt) == ("running", run.attempt + 1)
    sql(store, "UPDATE runs SET heartbeat = heartbeat - :silent", silent=STALE_SECONDS + 1)
    wait_interrupted(store, run.id)
    store.wish(run.id, "stop")
    assert store.take_up(run.id, run.submission, {}) is None
    assert store.get(run.id).status == "stopped"


def test_wishes_reach_the_trainer_or_rest_a_waiting_run_at_once(store, run):
    store.wish(run.id, "pause")
    assert store.get(run.id).wish == "pause"
    assert store.ping(run.id, run.attempt, 0.3) == "pause"
    waiting = store.create(RunConfig())
    store.wish(waiting.id, "pause")
    assert store.get(waiting.id).status == "paused"
    store.wish(waiting.id, "stop")
    assert store.get(waiting.id).status == "stopped"
    assert not store.get(waiting.id).resumable


def test_two_processes_number_runs_without_collision(store):
    script = (
        "import sys; from dashboard.runs.store import RunStore; from dashboard.runs.config import RunConfig\n"
        "store = RunStore(sys.argv[1])\n"
        "for _ in range(25): store.create(RunConfig())"
    )
    processes = [subprocess.Popen([sys.executable, "-c", script, store.url]) for _ in range(2)]
    assert [process.wait() for process in processes] == [0, 0]
    assert sorted(run.number for run in store.latest(100)) == list(range(1, 51))


def test_an_unknown_run_is_said(store):
    with pytest.raises(NoRunError, match="There is no run 'nope' here"):
        store.get("nope")


def test_a_database_from_a_newer_version_is_refused(store):
    sql(store, "UPDATE about SET value = '99' WHERE key = 'schema'")
    with pytest.raises(StoreError, match=r"newer version of this app \(schema 99; this one knows up to 7"):
        RunStore(store.url)


def test_a_run_is_renamed_and_annotated(store):
    run = store.create(RunConfig())
    store.rename(run.id, "  wide \n net ")
    store.annotate(run.id, "as in class\n")
    assert (store.get(run.id).name, store.get(run.id).note) == ("wide net", "as in class")
    with pytest.raises(ConfigError, match="1 to 80 characters, got 0"):
        store.rename(run.id, "  ")
    with pytest.raises(ConfigError, match="1 to 80 characters, got 81"):
        store.rename(run.id, "x" * 81)
    with pytest.raises(ConfigError, match="at most 4,000 characters, got 5,000"):
        store.annotate(run.id, "x" * 5000)


def test_marks_that_turn_the_writing_are_kept_nowhere(store, rng):
    turned = "\u202egnp\u2066.exe\u200f"
    run = store.create(RunConfig(), name=turned)
    assert (run.name, store.create(RunConfig(), name="\u202e").name) == ("gnp.exe", "Run 2")
    store.rename(run.id, turned + "\x1b[1m\ud800")
    store.annotate(run.id, f"one {turned}\r\ntwo\u2028\u2069 ")
    assert (store.get(run.id).name, store.get(run.id).note) == ("gnp.exe[1m", "one gnp.exe\ntwo")
    with pytest.raises(ConfigError, match="1 to 80 characters, got 0"):
        store.rename(run.id, "\u202e")
    images, labels = rng.integers(0, 256, (30, 4), dtype=np.uint8), np.arange(30, dtype=np.uint8) % 2
    parts = Parts(images, labels, (2, 2), 24, ("a", "b"))
    name = store.add_set(parts, turned)
    assert store.own_sets()[name].title == "gnp.exe"
    plan = SweepPlan(RunConfig(epochs=1, validation=5000), {"lr": (0.1, 0.2)})
    assert store.create_sweep(plan, first_configs(plan, points(plan)), turned).name == "gnp.exe"


def test_names_that_an_older_version_kept_are_shown_clean(store):
    run = store.create(RunConfig())
    sql(store, "UPDATE runs SET name = :name, note = :note", name="\u202egnp.exe", note="a\n\u2066b")
    assert (store.get(run.id).name, store.latest(1)[0].note) == ("gnp.exe", "a\nb")


def test_a_deleted_run_is_gone_until_it_is_restored_and_for_good_when_purged(store, run):
    store.commit_epoch(run.id, run.attempt, epoch(1), state_of(1).to_bytes())
    waiting = store.create(RunConfig())
    store.delete([run.id, waiting.id])
    assert store.latest(10) == store.queued() == []
    with pytest.raises(NoRunError):
        store.get(run.id)
    assert store.ping(run.id, run.attempt, 0.5) == "stop"  # its trainer is told
    store.restore([run.id])
    assert [found.id for found in store.latest(10)] == [run.id]
    store.delete([run.id])
    store.purge(before=0)
    store.restore([run.id])
    assert store.get(run.id).epochs_done == 1
    store.delete([run.id])
    store.purge(before=time.time() + 1)
    store.restore([run.id])
    assert sql(store, "SELECT COUNT(*) FROM runs")[0] == (0,)
    assert sql(store, "SELECT COUNT(*) FROM checkpoints")[0] == (0,)


def test_a_run_that_is_superseded_before_its_first_epoch_leaves_nothing_behind(store, run):
    waits, stopped = store.create(RunConfig(), start=state_of(3)), store.create(RunConfig())
    store.wish(stopped.id, "stop")
    for each in (waits, stopped, run):
        store.discard(each.id)
    assert sql(store, "SELECT id FROM runs") == [(run.id,)]  # until the next purge
    assert sql(store, "SELECT COUNT(*) FROM checkpoints")[0] == (0,)
    assert store.latest(10) == []
    assert store.ping(run.id, run.attempt, 0.5) == "stop"
    store.purge(before=1)
    assert sql(store, "SELECT COUNT(*) FROM runs")[0] == (0,)
    with pytest.raises(Lost):
        store.commit_epoch(run.id, run.attempt, epoch(1), state_of(1).to_bytes())


def test_a_run_with_weights_is_not_discarded(store, run):
    store.commit_epoch(run.id, run.attempt, epoch(1), state_of(1).to_bytes())
    imported = store.adopt(RunConfig(), state_of(0), 0.91, None, name="from a file")
    for each in (run, imported):
        store.discard(each.id)
        assert store.get(each.id).wish is None


def test_what_was_deleted_long_ago_is_removed_once_an_hour(store, monkeypatch):
    monkeypatch.setattr("dashboard.runs.store.UNDO_SECONDS", 0)
    ids = [store.create(RunConfig()).id for _ in range(2)]
    store.delete(ids[:1])
    store.tidy()
    store.delete(ids[1:])
    store.of("ada").tidy()  # too soon, whoever asks
    assert sql(store, "SELECT id FROM runs") == [(ids[1],)]
    monkeypatch.setattr("dashboard.runs.store.TIDY_SECONDS", 0)
    store.tidy()
    assert sql(store, "SELECT COUNT(*) FROM runs")[0] == (0,)


def test_with_validation_the_best_epoch_is_chosen_by_it(store, run):
    for number, (test, validation) in enumerate(((0.6, 0.7), (0.5, 0.9), (0.9, 0.8)), start=1):
        result = EpochResult(number, 0.1, 0.2, 0.3, test, 0.5, 0.4, validation, {"gradient_norm": 1.5})
        store.commit_epoch(run.id, run.attempt, result, state_of(number).to_bytes())
        assert store.epochs(run.id)[-1] == result
    got = store.get(run.id)
    assert (got.best_epoch, got.best_accuracy, got.best_validation, got.last_accuracy) == (2, 0.5, 0.9, 0.9)


def test_a_fork_begins_with_the_weights_it_is_given(store):
    parent = store.create(RunConfig())
    start = TrainingState(0, state_of(3).weights, {}, {})
    fork = store.create(RunConfig(lr=0.1), origin="fork", parent=parent.id, parent_epoch=3, start=start)
    assert (fork.origin, fork.parent, fork.parent_epoch) == ("fork", parent.id, 3)
    taken = store.take_up(fork.id, fork.submission, {})
    assert store.newest_state(fork.id, taken.attempt).digest == state_of(3).digest


def test_an_imported_run_is_over_and_has_its_weights(store):
    run = store.adopt(RunConfig(), state_of(5), 0.91, 0.92, name="from a file")
    assert (run.status, run.origin, run.trained) == ("finished", "imported", True)
    assert (run.last_accuracy, run.claimed_accuracy, run.epochs_done) == (0.91, 0.92, 5)
    assert store.state(run.id, 5).digest == state_of(5).digest

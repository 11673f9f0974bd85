"""A trainer that was asleep while another took its run up; two who want the same run."""

import signal
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import psutil
import pytest

from dashboard.runs.config import RunConfig
from dashboard.runs.store import RunStore
from mlpcore import EpochResult
from tests import support
from tests.reliability.training import assert_undisturbed, bare, figures

CONFIG = RunConfig(hidden=(64,), epochs=10, subset=6000, optimizer="adam", lr=0.003)
wait_for = partial(support.wait_for, patience=60)


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr("dashboard.runs.store.STALE_SECONDS", 1)
    monkeypatch.setattr("dashboard.runs.store.GRACE_SECONDS", 0)


def stopped_between_transactions(store, process):
    """Stop it; in the middle of a transaction, which would lock the file for good, it goes on instead."""
    process.send_signal(signal.SIGSTOP)
    wait_for(lambda: psutil.Process(process.pid).status() == psutil.STATUS_STOPPED, "the stop")
    free = store.obstacle() is None
    if not free:
        process.send_signal(signal.SIGCONT)
    return free


def test_a_trainer_woken_after_another_took_its_run_up_writes_nothing(both, trainer, quick):
    run = both.create(CONFIG)
    first = trainer(both, run)
    wait_for(lambda: both.get(run.id).epochs_done >= 2, "two epochs")
    wait_for(lambda: stopped_between_transactions(both, first), "a stop that locks nobody out")
    support.wait_interrupted(both, run.id)
    seen = both.get(run.id)
    again = both.requeue(run.id, seen.submission)
    second = trainer(both, again)
    wait_for(lambda: both.get(run.id).epochs_done > seen.epochs_done, "an epoch of the second")
    first.send_signal(signal.SIGCONT)
    assert first.wait(60) == 0
    assert second.wait(60) == 0
    got = both.get(run.id)
    assert got.attempt == 2
    assert_undisturbed(both, run, bare(CONFIG))


STOPPED_INSIDE = """
import os, signal, sys
from sqlalchemy import event
from dashboard.runs.store import Lost, RunStore, StoreError
from mlpcore import EpochResult
url, run, attempt, statement = sys.argv[1:]
store = RunStore(url)
left = int(statement)

def passes(*_):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGSTOP)

event.listen(store._engine, "after_cursor_execute", passes)
try:
    store.commit_epoch(run, int(attempt), EpochResult(1, 0.1, 0.2, 0.3, 0.5, 0.5), b"written late")
except (Lost, StoreError) as refused:
    sys.exit(7)
"""


@pytest.mark.parametrize("statement", [1, 3])
def test_a_trainer_stopped_within_its_commit_keeps_nobody_out_for_good(postgres, process, statement):
    """Its row is locked until the database's server takes the transaction back; then another has the run."""
    store = RunStore(postgres.new_database())
    run = store.create(RunConfig(epochs=2))
    first = store.take_up(run.id, run.submission, {})
    stopped = process(STOPPED_INSIDE, store.url, run.id, first.attempt, statement)
    wait_for(lambda: psutil.Process(stopped.pid).status() == psutil.STATUS_STOPPED, "the stop")
    waiting = ThreadPoolExecutor(1).submit(store.take_up, run.id, run.submission, {})  # for the row
    second = waiting.result(timeout=60)
    assert second.attempt == first.attempt + 1
    stopped.send_signal(signal.SIGCONT)
    assert stopped.wait(60) == 7
    assert store.epochs(run.id) == []
    store.commit_epoch(run.id, second.attempt, EpochResult(1, 0.1, 0.2, 0.3, 0.5, 0.5), b"written by the second")
    assert [epoch.epoch for epoch in store.epochs(run.id)] == [1]
    store.close()


def test_of_two_who_recover_a_run_at_once_one_wins(both, process):
    run = both.create(CONFIG)
    run = both.take_up(run.id, run.submission, {})
    both._update([], status="interrupted")
    script = """
import sys, time
from dashboard.runs.store import RunStore
store = RunStore(sys.argv[1])
time.sleep(max(0, float(sys.argv[4]) - time.time()))  # all at once
sys.exit(10 if store.requeue(sys.argv[2], int(sys.argv[3])) else 11)
"""
    at = time.time() + 3
    processes = [process(script, both.url, run.id, run.submission, at) for _ in range(4)]
    assert sorted(each.wait(60) for each in processes) == [10, 11, 11, 11]
    assert both.get(run.id).submission == run.submission + 1


def test_a_trainer_that_is_killed_before_its_first_epoch_begins_again(both, trainer):
    run = both.create(CONFIG)
    first = trainer(both, run)
    wait_for(lambda: both.get(run.id).status == "running", "the training")
    first.kill()
    first.wait()
    assert trainer(both, run).wait(60) == 0
    assert figures(both.epochs(run.id)) == bare(CONFIG)[0]

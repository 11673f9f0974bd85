"""A run through the trainer, in this process; through Dask and real processes in test_engine."""

import numpy as np
import pytest

from dashboard.runs import trainer
from dashboard.runs.config import RunConfig
from dashboard.runs.store import StoreError
from dashboard.runs.trainer import train_run
from mlpcore import SGD, train


def direct(config, data):
    """What mlpcore.train gives for a config, called without any of the app."""
    rng = np.random.default_rng(config.seed)
    net = config.network(rng)
    results = train(net, SGD(config.lr), data.train, data.test, epochs=config.epochs,
                    batch_size=config.batch_size, rng=rng)  # fmt: skip
    return [(e.train_loss, e.train_accuracy, e.test_loss, e.test_accuracy) for e in results], net


def figures(epochs):
    return [(e.train_loss, e.train_accuracy, e.test_loss, e.test_accuracy) for e in epochs]


def test_a_run_gives_what_mlpcore_gives_to_the_last_bit(store, trained, small_mnist):
    run = trained()
    expected, net = direct(run.config, small_mnist)
    assert run.status == "finished"
    assert figures(store.epochs(run.id)) == expected
    weights = store.state(run.id, 3).weights
    assert all((weights[name] == value).all() for name, value, _ in net.parameters())


def wish_at(monkeypatch, store, run_id, wish, look):
    """The person presses the button when the trainer looks for the `look`-th time; it looks at every batch."""
    monkeypatch.setattr(trainer, "LOOK_SECONDS", 0)
    original, count = trainer.Watch.look, [0]

    def counting(self, progress):
        count[0] += 1
        if count[0] == look:
            store.wish(run_id, wish)
        original(self, progress)

    monkeypatch.setattr(trainer.Watch, "look", counting)


@pytest.mark.parametrize("look", [10, 45, 60])  # inside the first epoch of 30 batches, the second, at its end
def test_pause_and_resume_end_bit_for_bit_where_the_uninterrupted_run_does(
    store, trained, small_mnist, monkeypatch, look
):
    whole = trained()
    run = store.create(whole.config)
    wish_at(monkeypatch, store, run.id, "pause", look)
    train_run(run.id, run.submission, store.url)
    paused = store.get(run.id)
    assert (paused.status, paused.epochs_done, paused.wish) == ("paused", (look - 1) // 30, None)
    again = store.requeue(run.id, paused.submission)
    train_run(again.id, again.submission, store.url)
    assert store.get(run.id).status == "finished"
    assert figures(store.epochs(run.id)) == figures(store.epochs(whole.id))
    assert store.state(run.id, 3).digest == store.state(whole.id, 3).digest


def test_stop_keeps_the_epochs_that_are_done(store, small_mnist, monkeypatch):
    run = store.create(RunConfig(hidden=(8,), epochs=5, batch_size=20))
    wish_at(monkeypatch, store, run.id, "stop", 40)
    train_run(run.id, run.submission, store.url)
    got = store.get(run.id)
    assert (got.status, got.epochs_done, len(store.epochs(run.id))) == ("stopped", 1, 1)


def test_a_task_that_is_executed_again_after_the_end_changes_nothing(store, trained):
    run = trained()
    train_run(run.id, run.submission, store.url)
    assert store.get(run.id) == run


def test_divergence_ends_the_run_with_the_place_and_the_remedy(store, trained):
    run = trained(lr=1e39)
    assert run.status == "failed"
    assert run.error == (
        "Training diverged in epoch 1, batch 2: the outputs or weights are no longer finite numbers. "
        "Try a learning rate smaller than 1e+39."
    )
    assert store.epochs(run.id) == []


def test_a_bug_ends_the_run_and_surfaces(store, small_mnist, monkeypatch):
    run = store.create(RunConfig(hidden=(8,), epochs=3, batch_size=20))

    def broken(*_):
        raise RuntimeError("a bug")

    monkeypatch.setattr(trainer, "results", broken)
    with pytest.raises(RuntimeError, match="a bug"):
        train_run(run.id, run.submission, store.url)
    assert store.get(run.id).error == "An error in the app: RuntimeError: a bug"


def test_a_database_that_fails_in_mid_run_loses_nothing_that_was_committed(store, small_mnist, monkeypatch):
    run = store.create(RunConfig(hidden=(8,), epochs=3, batch_size=20))
    original = type(store).commit_epoch

    def full_after_one(self, run_id, attempt, result, state, planned):
        if result.epoch == 2:
            raise StoreError("The database can't grow: its disk is full.")
        original(self, run_id, attempt, result, state, planned)

    monkeypatch.setattr(type(store), "commit_epoch", full_after_one)
    train_run(run.id, run.submission, store.url)
    got = store.get(run.id)
    assert (got.status, got.epochs_done) == ("interrupted", 1)
    assert "disk is full" in got.error
    monkeypatch.undo()


def test_the_environment_names_what_a_number_may_depend_on():
    environment = trainer.environment()
    assert environment["numpy"] == np.__version__
    assert environment["blas_threads"] >= 1
    assert "openblas" in environment["blas"].lower()

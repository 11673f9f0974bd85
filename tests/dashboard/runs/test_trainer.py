"""A run through the trainer, in this process; through Dask and real processes in test_engine."""

import numpy as np
import pytest

from dashboard.datasets.augmentation import Augmentation
from dashboard.runs import trainer
from dashboard.runs.config import RunConfig
from dashboard.runs.presets import PRESETS
from dashboard.runs.store import Lost, StoreError
from dashboard.runs.trainer import Rest, Watch, train_run
from mlpcore import SGD, Adam, EarlyStopping, Regularization, train


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


def test_between_two_heartbeats_the_trainer_looks_and_writes_nothing(store, monkeypatch):
    monkeypatch.setattr(trainer, "BEAT_SECONDS", 1000)
    run = store.create(RunConfig())
    watch = Watch(store, store.take_up(run.id, run.submission, {}))
    watch.look(0.25)
    beaten = store.get(run.id)
    watch.look(0.5)
    assert store.get(run.id) == beaten
    assert beaten.progress == 0.25
    store.wish(run.id, "stop")
    with pytest.raises(Rest):
        watch.look(0.75)
    store.take_up(run.id, run.submission, {})
    with pytest.raises(Lost):
        watch.look(1.0)


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


EVERYTHING = {
    "activation": "relu", "cost": "cross_entropy", "init": "he", "optimizer": "adam", "lr": 0.003,
    "schedule": "one_cycle", "l2": 1e-4, "dropout": 0.3, "clip": 1.0, "shift": 1, "rotation": 10.0, "noise": 0.1,
    "validation": 100, "subset": 400, "patience": 2, "hidden": (12, 8), "epochs": 6,
}  # fmt: skip


def all_figures(epochs):
    return [
        (*row, e.validation_loss, e.validation_accuracy, e.diagnostics)
        for row, e in zip(figures(epochs), epochs, strict=True)
    ]


class Killed(BaseException):
    """What a process that is killed does: nothing more."""


def kill_at(monkeypatch, batch):
    """The trainer's process dies when it looks for the `batch`-th time; it looks at every batch."""
    monkeypatch.setattr(trainer, "LOOK_SECONDS", 0)
    original, count = trainer.Watch.look, [0]

    def counting(self, progress):
        count[0] += 1
        if count[0] == batch:
            raise Killed
        original(self, progress)

    monkeypatch.setattr(trainer.Watch, "look", counting)


@pytest.mark.parametrize("batch", [7, 21, 50])  # inside the first epoch of 20 batches, before the second, in the third
def test_a_killed_run_with_every_option_ends_bit_for_bit_where_the_whole_one_does(
    store, trained, small_mnist, monkeypatch, batch
):
    whole = trained(**EVERYTHING)
    assert whole.status == "finished"
    run = store.create(whole.config)
    kill_at(monkeypatch, batch)
    with pytest.raises(Killed):
        train_run(run.id, run.submission, store.url)
    assert store.get(run.id).epochs_done == (batch - 1) // 20
    train_run(run.id, run.submission, store.url)
    got = store.get(run.id)
    assert (got.status, got.epochs_done, got.best_epoch) == ("finished", whole.epochs_done, whole.best_epoch)
    assert all_figures(store.epochs(run.id)) == all_figures(store.epochs(whole.id))
    for epoch in (whole.epochs_done, whole.best_epoch):
        assert store.state(run.id, epoch).to_bytes() == store.state(whole.id, epoch).to_bytes()


@pytest.mark.parametrize("done", [1, 2, 3])
def test_early_stopping_remembers_its_patience_across_an_interruption(store, trained, small_mnist, monkeypatch, done):
    settings = {"hidden": (8,), "epochs": 30, "batch_size": 20, "lr": 1e-12, "validation": 100, "patience": 3}
    whole = trained(**settings)
    assert (whole.status, whole.epochs_done, whole.best_epoch) == ("finished", 4, 1)  # nothing improves after the first
    run = store.create(whole.config)
    kill_at(monkeypatch, 25 * done + 5)
    with pytest.raises(Killed):
        train_run(run.id, run.submission, store.url)
    train_run(run.id, run.submission, store.url)
    assert store.get(run.id).epochs_done == 4
    assert all_figures(store.epochs(run.id)) == all_figures(store.epochs(whole.id))


def test_a_run_with_validation_stands_for_the_epoch_that_validation_chose(store, trained):
    run = trained(**EVERYTHING | {"lr": 0.03, "schedule": "constant", "epochs": 12})
    told = store.epochs(run.id)
    best = max(told, key=lambda e: (e.validation_accuracy, -e.epoch))
    assert run.shown_epoch == run.best_epoch == best.epoch < run.epochs_done
    assert run.accuracy == best.test_accuracy
    shown, _ = weights_after_early_stopping(run.config)
    assert all((store.state(run.id, run.shown_epoch).weights[name] == value).all() for name, value in shown.items())


def weights_after_early_stopping(config):
    """The weights that mlpcore leaves in the network at the end, and the number of epochs."""
    rng = np.random.default_rng(config.seed)
    net, stopping = config.network(rng), EarlyStopping(config.patience)
    training, validation, test = trainer.split(config)
    regularization = Regularization(l2=config.l2, clip=config.clip, dropout=config.dropout)
    results = list(train(
        net, Adam(config.lr), training, test, epochs=config.epochs, batch_size=config.batch_size, rng=rng,
        validation=validation, regularization=regularization, stopping=stopping,
        augmentation=Augmentation(shift=config.shift, rotation=config.rotation, noise=config.noise),
    ))  # fmt: skip
    return {name: value for name, value, _ in net.parameters()}, len(results)


def test_images_held_out_and_left_away_come_from_the_seed_alone(small_mnist):
    def rows(data):
        return [image.tobytes() for image in data[0]]

    training, validation, test = trainer.split(RunConfig(validation=100, batch_size=20))
    assert (len(training[0]), len(validation[0])) == (500, 100)
    assert sorted(rows(training) + rows(validation)) == sorted(rows(small_mnist.train))
    assert test[0] is not validation[0]
    assert rows(test) == rows(small_mnist.test)
    fewer = trainer.split(RunConfig(validation=100, subset=50, batch_size=20))
    assert rows(fewer[1]) == rows(validation)  # the same, however many images are trained on
    assert len(fewer[0][0]) == 50
    assert set(rows(fewer[0])) <= set(rows(training))
    assert rows(trainer.split(RunConfig(validation=100, batch_size=20, seed=1))[1]) != rows(validation)


@pytest.mark.parametrize(
    ("settings", "kind", "momentum"),
    [
        ({}, "SGD", None),
        ({"optimizer": "momentum", "momentum": 0.5}, "Momentum", 0.5),
        ({"optimizer": "nesterov"}, "Nesterov", 0.9),
        ({"optimizer": "adam"}, "Adam", None),
    ],
)
def test_the_optimizer_is_the_one_that_was_chosen(settings, kind, momentum):
    optimizer = trainer.make_optimizer(RunConfig(lr=0.25, **settings))
    assert (type(optimizer).__name__, optimizer.lr) == (kind, 0.25)
    assert getattr(optimizer, "momentum", None) == momentum


@pytest.mark.parametrize(
    "option",
    [
        {"optimizer": "momentum"}, {"optimizer": "nesterov"}, {"optimizer": "adam"}, {"schedule": "cosine"},
        {"schedule": "step", "epochs": 11}, {"schedule": "warm_up"}, {"schedule": "one_cycle"}, {"l2": 0.1},
        {"dropout": 0.5}, {"clip": 0.01}, {"validation": 100}, {"subset": 300}, {"shift": 2}, {"rotation": 20.0},
        {"noise": 0.2},
    ],
    ids=lambda option: " ".join(map(str, option.items())),
)  # fmt: skip
def test_every_option_reaches_the_training(small_mnist, option):
    def digest(**settings):
        config = RunConfig(**({"hidden": (8,), "epochs": 2, "batch_size": 20, "lr": 0.1} | settings))
        return [state.digest for _, state in trainer.results(config, None, iter)][-1]

    assert digest(**option) != digest(epochs=option.get("epochs", 2))


def test_the_quick_preset_keeps_its_promise():
    """On all of MNIST; 98.27 to 98.37 % over seeds and threads."""
    config = PRESETS["98 % in seconds"].config
    accuracy = [result.test_accuracy for result, _ in trainer.results(config, None, iter)][-1]
    assert accuracy >= 0.98


def test_diagnostics_are_kept_with_each_epoch(store, trained):
    run = trained(hidden=(12, 8))
    for epoch in store.epochs(run.id):
        assert list(epoch.diagnostics["layers"]) == ["fc1", "fc2", "fc3"]
        assert epoch.diagnostics["gradient_norm"] > 0

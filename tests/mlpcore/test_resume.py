"""A training that was stopped ends bit for bit where an uninterrupted one does, whatever it was given."""

import json

import numpy as np
import pytest

from dashboard.datasets.augmentation import Augmentation
from mlpcore import (
    MLP,
    OPTIMIZERS,
    SCHEDULES,
    SGD,
    EarlyStopping,
    Regularization,
    TrainingState,
    evaluate,
    hold_out,
    train,
)

EPOCHS = 5
KINDS = {
    **{name: {"optimizer": name} for name in OPTIMIZERS},
    **{f"schedule {name}": {"schedule": SCHEDULES[name], "optimizer": "momentum"} for name in SCHEDULES},
    "l2": {"regularization": Regularization(l2=0.01)},
    "clip": {"regularization": Regularization(clip=0.01)},
    "dropout": {"regularization": Regularization(dropout=0.3)},
    "augmentation": {"augmentation": Augmentation(shift=1, rotation=10, noise=0.1, shape=(4, 4))},
    "early stopping": {"patience": 2, "activation": "relu"},
    "all": {
        "optimizer": "adam",
        "schedule": SCHEDULES["one_cycle"],
        "regularization": Regularization(l2=0.01, clip=1.0, dropout=0.3),
        "augmentation": Augmentation(shift=1, rotation=10, noise=0.1, shape=(4, 4)),
        "patience": 2,
        "activation": "relu",
        "cost": "cross_entropy",
    },
}


class Experiment:
    """Everything a training needs, built anew from a seed."""

    def __init__(self, optimizer="sgd", activation="sigmoid", cost="quadratic", patience=None, **options):
        self.rng = np.random.default_rng(3)
        labels = self.rng.integers(3, size=90)
        X = np.eye(3)[labels].repeat(6, axis=1)[:, :16] * 150 + self.rng.integers(0, 100, (90, 16))
        self.training, self.validation = hold_out((X.astype(np.uint8), labels), 20, rng=self.rng)
        self.net = MLP([16, 6, 5, 3], activation=activation, cost=cost, rng=self.rng)
        self.optimizer = OPTIMIZERS[optimizer](0.05)
        self.stopping = EarlyStopping(patience) if patience else None
        self.options = options

    def train(self, start=0, progress=iter):
        return train(
            self.net, self.optimizer, self.training, self.validation, epochs=EPOCHS, batch_size=8, rng=self.rng,
            start=start, progress=progress, validation=self.validation, stopping=self.stopping, **self.options,
        )  # fmt: skip

    def take(self, epoch):
        return TrainingState.take(self.net, self.optimizer, self.rng, epoch, self.stopping).to_bytes()

    def put(self, data):
        state = TrainingState.from_bytes(data)
        self.rng = np.random.default_rng(99)
        state.put(self.net, self.optimizer, self.rng, self.stopping)
        return state.epoch

    def weights(self):
        return b"".join(value.tobytes() for _, value, _ in self.net.parameters())


def figures(results):
    return [
        (r.epoch, r.train_loss, r.train_accuracy, r.test_loss, r.validation_loss, r.validation_accuracy, r.diagnostics)
        for r in results
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_two_identical_runs_are_bitwise_identical(kind):
    first, second = Experiment(**KINDS[kind]), Experiment(**KINDS[kind])
    assert figures(first.train()) == figures(second.train())
    assert first.weights() == second.weights()


@pytest.mark.parametrize("stop", [0, 1, 3, 4])
@pytest.mark.parametrize("kind", KINDS)
def test_resuming_after_an_epoch_is_exact(kind, stop):
    whole = Experiment(**KINDS[kind])
    expected = figures(whole.train())

    stopped = Experiment(**KINDS[kind])
    saved = stopped.take(0)
    for result in stopped.train():
        saved = stopped.take(result.epoch) if result.epoch <= stop else saved
        if result.epoch >= stop:
            break

    resumed = Experiment(**KINDS[kind])
    start = resumed.put(saved)
    assert figures(resumed.train(start)) == expected[start:]
    assert resumed.weights() == whole.weights()
    assert resumed.take(EPOCHS) == whole.take(EPOCHS)


class Stop(Exception):  # noqa: N818
    pass


@pytest.mark.parametrize("kind", KINDS)
def test_resuming_after_a_stop_inside_an_epoch_is_exact(kind):
    """The half epoch is lost; the state from before it, put back into the very same objects, leads to the same end."""
    whole = Experiment(**KINDS[kind])
    expected = figures(whole.train())
    stopped, seen = Experiment(**KINDS[kind]), []

    def progress(batches):
        for batch in batches:
            if len(seen) == 2 and batch == 4:
                raise Stop
            yield batch

    def run():
        for result in stopped.train(progress=progress):
            seen.append(stopped.take(result.epoch))

    with pytest.raises(Stop):
        run()
    start = stopped.put(seen[-1])
    assert start == 2
    assert figures(stopped.train(start)) == expected[2:]
    assert stopped.weights() == whole.weights()


def constant_labels(n, rng):
    return rng.random((n, 6)), rng.integers(3, size=n)


def test_early_stopping_ends_after_its_patience_and_restores_the_best_weights(rng, monkeypatch):
    """Validation accuracies are dictated; the weights of the epoch that was best must come back."""
    accuracies = iter([0.5, 0.6, 0.7, 0.7, 0.6, 0.9])
    monkeypatch.setattr("mlpcore.training.evaluate", lambda net, data: (0.0, next(accuracies)))
    net, stopping, weights = MLP([6, 5, 3], rng=rng), EarlyStopping(2), []
    data = constant_labels(12, rng)
    for result in train(net, SGD(0.5), data, epochs=6, batch_size=4, rng=rng, validation=data, stopping=stopping):
        weights.append(net.fc1.W.copy())
        assert result.epoch == len(weights)
    assert len(weights) == 5
    assert (stopping.best_epoch, stopping.best_accuracy) == (3, 0.7)
    np.testing.assert_array_equal(net.fc1.W, weights[2])


def test_a_training_that_was_over_stays_over_when_resumed():
    options = {"patience": 1, "activation": "relu", "schedule": SCHEDULES["constant"]}
    whole = Experiment(**options)
    whole.optimizer.lr = 1e-12  # nothing improves after the first epoch
    states = [whole.take(result.epoch) for result in whole.train()]
    assert len(states) == 2
    resumed = Experiment(**options)
    start = resumed.put(states[-1])
    assert list(resumed.train(start)) == []
    assert resumed.weights() == whole.weights()


def test_early_stopping_must_have_a_validation_set(rng):
    data = constant_labels(12, rng)
    with pytest.raises(ValueError, match="early stopping must be given a validation set, got none"):
        train(MLP([6, 3], rng=rng), SGD(1), data, epochs=1, batch_size=4, rng=rng, stopping=EarlyStopping(2))


def test_validation_figures_are_those_of_the_held_out_samples(rng):
    data, held_out = constant_labels(12, rng), constant_labels(9, rng)
    net = MLP([6, 5, 3], rng=rng)
    result = next(train(net, SGD(0.5), data, epochs=1, batch_size=4, rng=rng, validation=held_out))
    assert (result.validation_loss, result.validation_accuracy) == evaluate(net, held_out)
    assert result.test_loss is None


# Diagnostics


def test_diagnostics_tell_of_the_last_step(rng):
    """One batch an epoch, so that the step can be repeated outside."""
    X, y = constant_labels(8, rng)
    net = MLP([6, 5, 3], rng=rng, dtype=float)
    before = [layer.W.copy() for layer in net.layers]
    twin = MLP([6, 5, 3], rng=rng, dtype=float)
    for layer, W in zip(twin.layers, before, strict=True):
        layer.W[...] = W
    twin.backward(X, y)
    told = next(train(net, SGD(0.5), (X, y), epochs=1, batch_size=8, rng=rng)).diagnostics
    assert json.loads(json.dumps(told)) == told
    assert list(told["layers"]) == ["fc1", "fc2"]
    for name, layer, other, W in zip(told["layers"], net.layers, twin.layers, before, strict=True):
        about = told["layers"][name]
        assert about["gradient_norm"] == pytest.approx(np.linalg.norm(other.dW))
        assert about["weight_norm"] == pytest.approx(np.linalg.norm(layer.W))
        assert about["update_ratio"] == pytest.approx(np.linalg.norm(layer.W - W) / np.linalg.norm(W))
    total = np.sqrt(sum(np.linalg.norm(layer.W) ** 2 for layer in net.layers))
    assert told["weight_norm"] == pytest.approx(total)


def test_diagnostics_count_saturated_and_dead_units(rng):
    X, y = constant_labels(8, rng)
    net = MLP([6, 4, 3], activation="relu", rng=rng)
    net.fc1.W[...] = 0.0
    net.fc1.b[...] = [-1, -1, -1, 1]
    told = next(train(net, SGD(1e-9), (X, y), epochs=1, batch_size=8, rng=rng)).diagnostics["layers"]
    assert told["fc1"]["saturated"] == told["fc1"]["dead"] == 0.75
    assert told["fc2"]["saturated"] is None
    net = MLP([6, 4, 3], rng=rng)
    net.fc1.b[...] = [9, -9, 0, 0]
    net.fc1.W[2, 0], net.fc1.b[2] = 100.0, -50.0  # saturated for most samples, not dead
    told = next(train(net, SGD(1e-9), (X, y), epochs=1, batch_size=8, rng=rng)).diagnostics["layers"]
    assert told["fc1"]["dead"] == 0.5
    assert 0.5 < told["fc1"]["saturated"] < 0.75 + 1e-9

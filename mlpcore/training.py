"""The training loop and validation."""

import math
import time
from dataclasses import dataclass

import numpy as np

from .data import one_hot, scaled
from .diagnostics import SAMPLE, diagnose
from .errors import require
from .linear import aligned
from .network import Workspace
from .regularization import Dropout, Regularization
from .schedules import constant

BLOCK_ROWS = 128  # gathered at once when batches are smaller
EVALUATION_ROWS = 1000  # forwarded at once: large enough for BLAS, small enough for the cache
SETTLE = 256  # batches after which the optimizer forgets what has faded: 0.9^256 is 2e-12


@dataclass(frozen=True)
class EpochResult:
    """What one epoch reached. Training figures are running means over the epoch, each batch before its update."""

    epoch: int  # counted from 1
    train_loss: float  # cost per sample
    train_accuracy: float  # fraction right, 0 to 1
    test_loss: float | None  # None without a test set
    test_accuracy: float | None
    seconds: float  # training and validation together
    validation_loss: float | None = None  # None without a validation set
    validation_accuracy: float | None = None
    diagnostics: dict | None = None  # see diagnostics.diagnose


class Diverged(ArithmeticError):  # noqa: N818 - an outcome of training, named as one
    """The outputs or weights are no longer finite. Says at which `epoch` and `batch`, both counted from 1."""

    def __init__(self, epoch, batch):
        super().__init__(f"training diverged in epoch {epoch}, batch {batch}: outputs or weights are not finite")
        self.epoch, self.batch = epoch, batch


def train(
    net, optimizer, training, test=None, *, epochs, batch_size, rng, progress=iter, start=0,
    validation=None, schedule=constant, regularization=None, augmentation=None, stopping=None,
):  # fmt: skip
    """Train `net` in place with mini-batches; a generator of one EpochResult an epoch. To stop, stop iterating.

    training, test: (X, y) with X (n, din), uint8 (scaled by 1/255 batch by batch) or float in [0, 1], and y
    integer labels (n,) or one-hot (n, dout). Each epoch visits every sample once, in an order drawn from `rng`;
    the last batch may be smaller. `progress` wraps the epoch's range of batches as tqdm does. `start` is the
    number of epochs already done (see TrainingState). ValueError for data or numbers that do not fit; Diverged
    when an output or a weight stops being finite.

    Further, each off unless given: `validation`, (X, y) that choose the best epoch, so that the test set has no
    part in it; `schedule`, a function of schedules.py; a Regularization; `augmentation`, called with a batch
    (batch, din) of floats and rng=; `stopping`, an EarlyStopping: at the end `net` has the weights of its best epoch.
    """
    X, targets = _checked(net, training)
    fits = 1 <= batch_size <= len(X)
    require(fits, f"batch size must be between 1 and the {len(X):,} training samples, got {batch_size}")
    require(epochs >= 1, f"epochs must be at least 1, got {epochs}")
    require(stopping is None or validation is not None, "early stopping must be given a validation set, got none")
    test, validation = (data if data is None else _checked(net, data) for data in (test, validation))
    loop = _Loop(net, optimizer, X, targets, batch_size, rng, regularization or Regularization(), augmentation)
    return _epochs(loop, test, validation, range(start + 1, epochs + 1), epochs, schedule, progress, stopping)


def _epochs(loop, test, validation, numbers, epochs, schedule, progress, stopping):
    for epoch in numbers:
        if stopping is not None and stopping.over:
            break
        began = time.perf_counter()
        trained = loop.epoch(epoch, epochs, schedule, progress)
        tested, validated = ((None, None) if data is None else evaluate(loop.net, data) for data in (test, validation))
        if stopping is not None:
            stopping.look(epoch, validated[1], loop.values)
        seconds = time.perf_counter() - began
        yield EpochResult(epoch, *trained, *tested, seconds, *validated, loop.diagnose())
    if stopping is not None:
        loop.values[:] = stopping.best


class _Loop:
    """What one batch after another needs, with the arrays that they share."""

    def __init__(self, net, optimizer, X, targets, batch_size, rng, regularization, augmentation):
        self.net, self.optimizer, self.batch_size, self.rng = net, optimizer, batch_size, rng
        self.X, self.targets, self.labels = X, targets, targets.argmax(axis=1)
        self.regularization, self.augmentation = regularization, augmentation
        self.dropout = Dropout(regularization.dropout, rng=rng) if regularization.dropout else None
        self.values, self.gradients = net.flatten()
        self.parameters, self.workspaces, self.before = net.parameters(), {}, []
        rows = max(batch_size, BLOCK_ROWS // batch_size * batch_size), X.shape[1]
        self.pixels, self.floats = np.empty(rows, X.dtype), aligned(rows, net.dtype)

    @np.errstate(over="ignore", invalid="ignore")  # what is no longer finite is told as Diverged
    def epoch(self, number, epochs, schedule, progress):
        """One pass over the samples in a new order; (loss, accuracy) of each batch from before its update."""
        order = self.rng.permutation(len(self.X))
        targets = self.targets[order]
        batches = math.ceil(len(order) / self.batch_size)
        logits = np.empty((len(order), self.net.sizes[-1]), self.net.dtype)
        for batch in progress(range(batches)):
            if batch == batches - 1:
                self.before = [layer.W.copy() for layer in self.net.layers]
            first, last = batch * self.batch_size, (batch + 1) * self.batch_size
            self.optimizer.factor = schedule(number - 1 + (batch + 0.5) / batches, epochs)
            self.step(self.images(order, first, last), targets[first:last], logits[first:last])
            if batch % SETTLE == SETTLE - 1 or batch == batches - 1:
                self.optimizer.settle()
                since = batch // SETTLE * SETTLE * self.batch_size
                finite = np.isfinite(logits[since:last]).all(axis=1)
                if not finite.all():
                    raise Diverged(number, (since + int(finite.argmin())) // self.batch_size + 1)
        if not np.isfinite(self.values).all():
            raise Diverged(number, batches)
        return _scores(self.net, logits, targets, self.labels[order])

    def images(self, order, first, last):
        """The samples order[first:last] as floats, augmented. Small batches are cut from a block made at once."""
        start = first % len(self.pixels)
        if start == 0:
            rows = order[first : first + len(self.pixels)]
            x = self.X.take(rows, axis=0, out=self.pixels[: len(rows)], mode="clip")  # "raise" would copy first
            x = scaled(x, self.net.dtype, out=self.floats[: len(rows)])
            self.block = x if self.augmentation is None else self.augmentation(x, rng=self.rng)
        return self.block[start : start + last - first]

    def step(self, x, y, z):
        """Forward, backward and update for one batch; fills in `z` of the last layer."""
        net, optimizer = self.net, self.optimizer
        work = self.workspaces.get(len(x))
        if work is None:
            work = self.workspaces[len(x)] = Workspace(net, len(x))
        work.z[-1] = z
        net._forward(x, work, self.dropout)
        scale = optimizer.scale  # multiplying the small delta is cheaper than every dW
        delta = net.cost.delta(net.cost.activate(z), y, scale)
        net._backward(delta, work, replace=True, dropout=self.dropout)
        self.regularization.adjust(self.parameters, scale)
        optimizer.step(self.values, self.gradients, scale)

    def diagnose(self):
        """The diagnostics of the last step, with a sample spread over the training set."""
        sample = self.X[:: max(1, len(self.X) // SAMPLE)][:SAMPLE]
        return diagnose(self.net, scaled(sample, self.net.dtype), self.before, self.optimizer.scale)


def _checked(net, data):
    X, y = (np.asarray(part) for part in data)
    require(X.ndim == 2 and X.shape[1] == net.sizes[0], f"X must be (n, {net.sizes[0]}), got {X.shape}")
    require(X.dtype == np.uint8 or X.dtype.kind == "f", f"X must be uint8 or floating point, got {X.dtype}")
    same = 0 < len(X) == len(y)
    require(same, f"X and y must have the same number of rows, at least 1; got {len(X)} and {len(y)}")
    return X, one_hot(y, net.sizes[-1], net.dtype)


def _logits(net, X):
    parts = (scaled(X[i : i + EVALUATION_ROWS], net.dtype) for i in range(0, len(X), EVALUATION_ROWS))
    return np.concatenate([net._forward(part, Workspace(net, len(part))) for part in parts])


def _scores(net, logits, targets, labels):
    return net.cost.value(logits, targets), int(np.count_nonzero(logits.argmax(axis=1) == labels)) / len(logits)


def predict(net, X):
    """The outputs for X (n, din), (n, dout), a thousand rows at a time."""
    return np.concatenate([net(X[i : i + EVALUATION_ROWS]) for i in range(0, len(X), EVALUATION_ROWS)])


def evaluate(net, data):
    """(loss, accuracy) of the network on (X, y): the mean cost, and the fraction right."""
    X, targets = _checked(net, data)
    return _scores(net, _logits(net, X), targets, targets.argmax(axis=1))


def validate(net, data):
    """The number of right answers on (X, y): the largest output is at the label."""
    return round(evaluate(net, data)[1] * len(data[0]))

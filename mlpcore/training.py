"""The training loop and validation."""

import math
import time
from dataclasses import dataclass

import numpy as np

from .network import one_hot, scaled

EVALUATION_ROWS = 1000  # forwarded at once: large enough for BLAS, small enough for the cache


@dataclass(frozen=True)
class EpochResult:
    """What one epoch reached. Training figures are running means over the epoch, each batch before its update."""

    epoch: int  # counted from 1
    train_loss: float  # cost per sample
    train_accuracy: float  # fraction right, 0 to 1
    test_loss: float | None  # None without a test set
    test_accuracy: float | None
    seconds: float  # training and validation together


class Diverged(ArithmeticError):  # noqa: N818 - an outcome of training, named as one
    """The outputs or weights are no longer finite. Says at which `epoch` and `batch`, both counted from 1."""

    def __init__(self, epoch, batch):
        super().__init__(f"training diverged in epoch {epoch}, batch {batch}: outputs or weights are not finite")
        self.epoch, self.batch = epoch, batch


def train(net, optimizer, training, test=None, *, epochs, batch_size, rng, progress=iter, start=0):
    """Train `net` in place with mini-batches; a generator of one EpochResult an epoch. To stop, stop iterating.

    training, test: (X, y) with X (n, din), uint8 (scaled by 1/255 batch by batch) or float in [0, 1], and y
    integer labels (n,) or one-hot (n, dout). Each epoch visits every sample once, in an order drawn from `rng`;
    the last batch may be smaller. `progress` wraps the epoch's range of batches as tqdm does. `start` is the
    number of epochs already done (see TrainingState). ValueError for data or numbers that do not fit; Diverged
    when an output or a weight stops being finite.
    """
    X, y = _checked(net, training)
    if not 1 <= batch_size <= len(X):
        raise ValueError(f"batch size must be between 1 and the {len(X):,} training samples, got {batch_size}")
    if epochs < 1:
        raise ValueError(f"epochs must be at least 1, got {epochs}")
    if test is not None:
        test = _checked(net, test)
    targets = one_hot(y, net.sizes[-1], net.dtype)
    return _epochs(net, optimizer, X, targets, test, epochs, batch_size, rng, progress, start)


def _epochs(net, optimizer, X, targets, test, epochs, batch_size, rng, progress, start):
    for epoch in range(start + 1, epochs + 1):
        began = time.perf_counter()
        order = rng.permutation(len(X))
        outputs = _one_epoch(net, optimizer, X, targets, order, batch_size, progress, epoch)
        loss, accuracy = _scores(net, outputs, targets[order])
        test_loss, test_accuracy = evaluate(net, test) if test is not None else (None, None)
        if not all(np.isfinite(value).all() for _, value, _ in net.parameters()):
            raise Diverged(epoch, math.ceil(len(X) / batch_size))
        yield EpochResult(epoch, loss, accuracy, test_loss, test_accuracy, time.perf_counter() - began)


def _one_epoch(net, optimizer, X, targets, order, batch_size, progress, epoch):
    """One pass over the samples in `order`; returns each sample's output from before its update, (n, dout)."""
    outputs = np.empty((len(X), net.sizes[-1]), net.dtype)
    parameters = net.parameters()
    for batch in progress(range(math.ceil(len(X) / batch_size))):
        rows = order[batch * batch_size : (batch + 1) * batch_size]
        a = net._forward(scaled(X[rows], net.dtype))
        if not math.isfinite(np.vdot(a, a)):
            raise Diverged(epoch, batch + 1)
        net._backward(a, targets[rows], accumulate=False)
        optimizer.step(parameters)
        outputs[batch * batch_size : batch * batch_size + len(rows)] = a
    return outputs


def _checked(net, data):
    X, y = (np.asarray(part) for part in data)
    if X.ndim != 2 or X.shape[1] != net.sizes[0]:
        raise ValueError(f"X must be (n, {net.sizes[0]}), got {X.shape}")
    if X.dtype != np.uint8 and X.dtype.kind != "f":
        raise ValueError(f"X must be uint8 or floating point, got {X.dtype}")
    if len(X) == 0 or len(X) != len(y):
        raise ValueError(f"X and y must have the same number of rows, at least 1; got {len(X)} and {len(y)}")
    return X, y


def _scores(net, outputs, targets):
    right = int(np.count_nonzero(outputs.argmax(axis=1) == targets.argmax(axis=1)))
    return net.cost.value(outputs, targets), right / len(outputs)


def predict(net, X):
    """The outputs for X (n, din), (n, dout), a thousand rows at a time."""
    parts = [net(X[i : i + EVALUATION_ROWS]) for i in range(0, len(X), EVALUATION_ROWS)]
    return np.concatenate(parts)


def evaluate(net, data):
    """(loss, accuracy) of the network on (X, y): the mean cost, and the fraction right."""
    X, y = _checked(net, data)
    return _scores(net, predict(net, X), one_hot(y, net.sizes[-1], net.dtype))


def validate(net, data):
    """The number of right answers on (X, y): the largest output is at the label."""
    X, y = _checked(net, data)
    labels = one_hot(y, net.sizes[-1]).argmax(axis=1)
    return int(np.count_nonzero(predict(net, X).argmax(axis=1) == labels))

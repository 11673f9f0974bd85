"""Two faults of naive code, trained for real beside the same network without them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import threadpoolctl

from mlpcore import MLP, evaluate

from .. import datasets

IMAGES, EPOCHS, BATCH, LR = 10_000, 5, 20, 3.0
SEEDS = (0, 1, 2)


@dataclass(frozen=True)
class Curves:
    """Test accuracy after each epoch, without the fault and with it."""

    right: list[float]
    wrong: list[float]

    @property
    def damage(self) -> float:
        """What the fault costs at the end."""
        return self.right[-1] - self.wrong[-1]


def unscaled_test_images() -> Curves:
    """The same network judged by test images in [0, 1], as it was trained, and by raw ones from 0 to 255."""
    data = datasets.load("mnist")
    raw = (data.test[0].astype(np.float32), data.test[1])  # floats are taken as they are
    nets = list(_trained((784, 30, 10), "normal", frozen=False, seed=0, judge=lambda net: (
        evaluate(net, data.test)[1], evaluate(net, raw)[1])))  # fmt: skip
    return Curves([right for right, _ in nets], [wrong for _, wrong in nets])


def frozen_biases(units: int) -> Curves:
    """Biases that learn, and biases that stay at zero, in a network with that many hidden units: means of SEEDS."""
    test = datasets.load("mnist").test
    right, wrong = (
        np.mean([_accuracies((784, units, 10), frozen, seed, test) for seed in SEEDS], axis=0)
        for frozen in (False, True)
    )
    return Curves(right.tolist(), wrong.tolist())


def _accuracies(sizes, frozen, seed, test):
    return list(_trained(sizes, "xavier", frozen, seed, lambda net: evaluate(net, test)[1]))


def _trained(sizes: Sequence[int], init: str, frozen: bool, seed: int, judge: Callable[[MLP], Any]) -> Iterator[Any]:
    """Yield what `judge` says after each epoch of plain stochastic gradient descent on a part of MNIST."""
    X, y = (part[:IMAGES] for part in datasets.load("mnist").train)
    rng = np.random.default_rng(seed)
    net = MLP(sizes, init=init, rng=rng)
    for _ in range(EPOCHS):
        order = rng.permutation(IMAGES)
        with threadpoolctl.threadpool_limits(1):  # two wait for each other, where others train: five times as long
            for first in range(0, IMAGES, BATCH):
                batch = order[first : first + BATCH]
                net.zero_grad()
                net.backward(X[batch], y[batch])
                for name, value, gradient in net.parameters():
                    if not (frozen and name.endswith(".b")):
                        value -= LR * gradient
            judged = judge(net)
        yield judged

"""The gradient against two independent computations: central differences, and the notebook's plain loops."""

import math

import numpy as np
import pytest

from mlpcore import MLP, SGD, gradient_error, train
from mlpcore.activations import Sigmoid


def small_network(rng, sizes, init="normal", bias=True):
    return MLP(sizes, init=init, bias=bias, rng=rng, dtype=np.float64)


@pytest.mark.parametrize("init", ["normal", "xavier"])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("sizes", [[5, 3], [5, 4, 3], [6, 5, 4, 3], [4, 3, 3, 3, 2]])
def test_every_parameter_agrees_with_central_differences(rng, sizes, init, bias):
    net = small_network(rng, sizes, init, bias)
    y = np.eye(sizes[-1])[rng.integers(sizes[-1], size=7)]
    assert gradient_error(net, rng.random((7, sizes[0])), y) < 1e-6


def wrong_sign(self, a, out=None):
    return -a * (1 - a)


def slope_forgotten(self, a, out=None):
    return np.ones_like(a)


def slope_halved(self, a, out=None):
    return a * (1 - a) / 2


@pytest.mark.parametrize("wrong", [wrong_sign, slope_forgotten, slope_halved])
def test_the_check_fails_when_the_gradient_is_wrong(rng, monkeypatch, wrong):
    monkeypatch.setattr(Sigmoid, "slope", wrong)
    net = small_network(rng, [5, 4, 3])
    assert gradient_error(net, rng.random((7, 5)), np.eye(3)[rng.integers(3, size=7)]) > 1e-2


def notebook_step(weights, biases, X, Y, lr):
    """One step as the notebook took it: a loop over samples, gradients summed, then the mean. Plain floats."""
    sums_W = [[[0.0] * len(row) for row in W] for W in weights]
    sums_b = [[0.0] * len(b) for b in biases]
    for x, y in zip(X, Y, strict=True):
        activations = [list(x)]
        for W, b in zip(weights, biases, strict=True):
            z = [sum(w * a for w, a in zip(row, activations[-1], strict=True)) + c for row, c in zip(W, b, strict=True)]
            activations.append([1 / (1 + math.exp(-value)) for value in z])
        delta = [(a - t) * a * (1 - a) for a, t in zip(activations[-1], y, strict=True)]
        for layer in range(len(weights) - 1, -1, -1):
            below = activations[layer]
            for j, d in enumerate(delta):
                sums_b[layer][j] += d
                for i, a in enumerate(below):
                    sums_W[layer][j][i] += d * a
            delta = [
                sum(weights[layer][j][i] * d for j, d in enumerate(delta)) * a * (1 - a) for i, a in enumerate(below)
            ]
    n = len(X)
    new_W = [
        [[w - lr * s / n for w, s in zip(row, sums, strict=True)] for row, sums in zip(W, S, strict=True)]
        for W, S in zip(weights, sums_W, strict=True)
    ]
    new_b = [[c - lr * s / n for c, s in zip(b, S, strict=True)] for b, S in zip(biases, sums_b, strict=True)]
    return new_W, new_b


def test_one_step_on_a_batch_equals_the_notebooks_sum_and_mean(rng):
    net = small_network(rng, [6, 4, 3])
    X, labels = rng.random((8, 6)), rng.integers(3, size=8)
    before = [layer.W.tolist() for layer in net.layers], [layer.b.tolist() for layer in net.layers]
    new_W, new_b = notebook_step(*before, X.tolist(), np.eye(3)[labels].tolist(), lr=0.7)
    list(train(net, SGD(lr=0.7), (X, labels), epochs=1, batch_size=8, rng=rng))
    for layer, W, b in zip(net.layers, new_W, new_b, strict=True):
        np.testing.assert_allclose(layer.W, W, rtol=1e-12)
        np.testing.assert_allclose(layer.b, b, rtol=1e-12)


def test_gradients_accumulate_until_zeroed(rng):
    net = small_network(rng, [5, 4, 3])
    x, y = rng.random((7, 5)), rng.integers(3, size=7)
    net.backward(x, y)
    once = [gradient.copy() for *_, gradient in net.parameters()]
    net.backward(x, y)
    for (*_, gradient), single in zip(net.parameters(), once, strict=True):
        np.testing.assert_allclose(gradient, 2 * single)
    net.zero_grad()
    assert all((gradient == 0).all() for *_, gradient in net.parameters())

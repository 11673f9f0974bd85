"""Every activation, cost and regularization: right gradients, finite numbers, and what each promises."""

import functools
import itertools
import math
import warnings

import numpy as np
import pytest

from mlpcore import (
    ACTIVATIONS,
    COSTS,
    INITIALIZERS,
    MLP,
    SCHEDULES,
    SGD,
    EarlyStopping,
    Regularization,
    gradient_error,
    hold_out,
    subset,
    train,
)
from mlpcore.network import Workspace
from mlpcore.regularization import Dropout


def away_from_kinks(net, x):
    """Whether no hidden unit is so near z = 0 that the step of the differences could cross it."""
    net(x)
    return all(np.abs(layer.input @ layer.W.T + layer.b).min() > 1e-3 for layer in net.layers[:-1])


def network_away_from_kinks(sizes, activation, cost, x):
    seeds = map(np.random.default_rng, itertools.count())
    nets = (MLP(sizes, activation=activation, cost=cost, init="normal", rng=rng, dtype=float) for rng in seeds)
    return next(net for net in nets if away_from_kinks(net, x))


@pytest.mark.parametrize("cost", COSTS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("sizes", [[5, 3], [5, 4, 3], [6, 5, 4, 3], [4, 3, 3, 3, 2]])
def test_every_gradient_agrees_with_central_differences(rng, sizes, activation, cost):
    x, y = rng.random((7, sizes[0])), rng.integers(sizes[-1], size=7)
    assert gradient_error(network_away_from_kinks(sizes, activation, cost, x), x, y) < 1e-6


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_gradient_that_training_uses_is_the_public_one_times_scale(rng, activation):
    """One step of train, with its buffers and folded learning rate, against backward and a plain update."""
    x, y = rng.random((9, 6)), rng.integers(3, size=9)
    nets = [MLP([6, 5, 4, 3], activation=activation, rng=np.random.default_rng(1), dtype=float) for _ in range(2)]
    next(train(nets[0], SGD(0.3), (x, y), epochs=1, batch_size=9, rng=rng))
    nets[1].backward(x, y)
    for (_, trained, _), (_, value, gradient) in zip(nets[0].parameters(), nets[1].parameters(), strict=True):
        np.testing.assert_allclose(trained, value - 0.3 * gradient, rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("cost", COSTS)
def test_costs_are_finite_at_large_z(cost, dtype):
    cost = COSTS[cost]()
    z = np.array([[1e4, -1e4, 0], [-1e4, 1e4, 1e4], [-1e4, -1e4, -1e4]], dtype)
    y = np.array([[0, 1, 0], [0, 0, 1], [1, 0, 0]], dtype)
    with warnings.catch_warnings(), np.errstate(all="raise", under="ignore"):
        warnings.simplefilter("error")
        assert math.isfinite(cost.value(z, y))
        a = cost.activate(z.copy())
        assert np.isfinite(a).all()
        assert np.isfinite(cost.delta(a, y)).all()


@pytest.mark.parametrize(("dtype", "rtol"), [(np.float32, 1e-6), (np.float64, 1e-12)])
def test_cross_entropies_have_the_values_worked_out_by_hand(dtype, rtol):
    z = np.array([[1e4, -1e4, 0], [0, 0, 0]], dtype)
    y = np.array([[0, 1, 0], [1, 0, 0]], dtype)
    assert COSTS["cross_entropy"]().value(z, y) == pytest.approx((2e4 + math.log(3)) / 2, rel=rtol)
    binary = (1e4 + 1e4 + math.log(2) + 3 * math.log(2)) / 2
    assert COSTS["binary_cross_entropy"]().value(z, y) == pytest.approx(binary, rel=rtol)
    np.testing.assert_allclose(COSTS["cross_entropy"]().activate(z.copy()), [[1, 0, 0], [1 / 3] * 3], rtol=rtol)


def test_activations_have_the_values_worked_out_by_hand():
    z = np.array([[-2.0, 0.0, 3.0]])
    expected = {
        "sigmoid": [1 / (1 + math.exp(2)), 0.5, 1 / (1 + math.exp(-3))],
        "tanh": [math.tanh(-2), 0, math.tanh(3)],
        "relu": [0, 0, 3],
        "leaky_relu": [-0.02, 0, 3],
    }
    for name, values in expected.items():
        np.testing.assert_allclose(ACTIVATIONS[name]().forward(z.copy()), [values], rtol=1e-12)


def test_he_and_zero_have_the_moments_they_promise(rng):
    W, b = INITIALIZERS["he"](400, 300, rng=rng)
    assert abs(W.std() / math.sqrt(2 / 400) - 1) < 0.01
    assert abs(W.mean()) < 0.001
    assert not b.any()
    state = rng.bit_generator.state
    W, b = INITIALIZERS["zero"](4, 3, rng=rng)
    assert (W.shape, b.shape) == ((3, 4), (3,))
    assert not W.any()
    assert rng.bit_generator.state == state


# Regularization


def gradients(*arrays):
    return [(f"p{i}", np.full_like(g, 2.0), g) for i, g in enumerate(arrays)]


def test_l2_adds_its_share_of_the_weights_and_leaves_biases(rng):
    W, b = np.ones((2, 3)), np.ones(2)
    Regularization(l2=0.1).adjust(gradients(W, b), scale=0.5)
    np.testing.assert_allclose(W, 1 + 0.5 * 0.1 * 2)
    np.testing.assert_array_equal(b, 1)


def test_l2_is_the_gradient_of_the_penalty(rng):
    net = MLP([4, 3, 2], rng=rng, dtype=float)
    x, y = rng.random((5, 4)), rng.integers(2, size=5)
    net.backward(x, y)
    Regularization(l2=0.3).adjust(net.parameters())
    W, dW = net.layers[0].W, net.layers[0].dW

    def cost():
        return net.loss(x, y) + 0.3 / 2 * sum((layer.W**2).sum() for layer in net.layers)

    kept = W[1, 2]
    W[1, 2] = kept + 1e-6
    above = cost()
    W[1, 2] = kept - 1e-6
    assert dW[1, 2] == pytest.approx((above - cost()) / 2e-6, rel=1e-6)


def test_clipping_holds_the_norm_of_all_gradients_together():
    a, b = np.array([[3.0]]), np.array([4.0])
    Regularization(clip=1.0).adjust(gradients(a, b))
    assert (a.item(), b.item()) == pytest.approx((0.6, 0.8))
    Regularization(clip=1.1).adjust(gradients(a, b))
    assert (a.item(), b.item()) == pytest.approx((0.6, 0.8))
    Regularization(clip=1.0).adjust(gradients(a, b), scale=0.1)  # these gradients are 0.1 dC/dp
    assert (a.item(), b.item()) == pytest.approx((0.06, 0.08))


def test_dropout_silences_its_share_and_keeps_the_mean(rng):
    dropout = Dropout(0.3, rng=rng)
    a = np.ones((400, 500), np.float32)
    dropped = dropout.forward(a, 0)
    assert abs((dropped == 0).mean() - 0.3) < 0.01
    np.testing.assert_allclose(dropped[dropped > 0], 1 / 0.7, rtol=1e-6)
    np.testing.assert_array_equal(dropout.backward(np.ones_like(a), 0), dropped)
    assert (a == 1).all()


class FixedMasks(Dropout):
    """Dropout that keeps silencing the same units, so that the cost is a function."""

    def forward(self, a, layer):
        if layer not in self.masks:
            return super().forward(a, layer)
        return a * self.masks[layer]


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_gradient_is_right_under_dropout(rng, activation):
    x, y = rng.random((7, 6)), np.eye(3)[rng.integers(3, size=7)]
    net = network_away_from_kinks([6, 5, 4, 3], activation, "cross_entropy", x)
    dropout = FixedMasks(0.4, rng=rng)
    work = Workspace(net, len(x))
    a = net.cost.activate(net._forward(x, work, dropout))
    net._backward(net.cost.delta(a, y), work, replace=True, dropout=dropout)
    for layer in net.layers:
        analytic, numeric = layer.dW.copy(), np.empty_like(layer.W)
        for i in np.ndindex(layer.W.shape):
            kept, costs = layer.W[i], []
            for step in (1e-5, -1e-5):
                layer.W[i] = kept + step
                costs.append(net.cost.value(net._forward(x, work, dropout), y))
            layer.W[i] = kept
            numeric[i] = (costs[0] - costs[1]) / 2e-5
        np.testing.assert_allclose(analytic, numeric, atol=1e-8)


def test_dropout_is_only_for_training(rng):
    X, y = rng.random((20, 6)), rng.integers(3, size=20)
    net = MLP([6, 5, 3], rng=rng)
    next(train(net, SGD(0.1), (X, y), epochs=1, batch_size=4, rng=rng, regularization=Regularization(dropout=0.5)))
    np.testing.assert_array_equal(net(X), net(X))


# Schedules


@pytest.mark.parametrize(
    ("schedule", "epoch", "factor"),
    [
        (SCHEDULES["constant"], 7.3, 1),
        (SCHEDULES["step"], 9.99, 1),
        (SCHEDULES["step"], 10, 0.5),
        (functools.partial(SCHEDULES["step"], every=3, by=0.1), 8.5, 0.01),
        (SCHEDULES["cosine"], 0, 1),
        (SCHEDULES["cosine"], 10, 0.5),
        (SCHEDULES["cosine"], 20, 0),
        (SCHEDULES["warm_up"], 0.25, 0.25),
        (SCHEDULES["warm_up"], 3, 1),
        (SCHEDULES["one_cycle"], 0.5, 0.5),
        (SCHEDULES["one_cycle"], 1, 1),
        (SCHEDULES["one_cycle"], 10.5, 0.5),
        (SCHEDULES["one_cycle"], 20, 0),
    ],
)
def test_schedules_have_the_factors_worked_out_by_hand(schedule, epoch, factor):
    assert schedule(epoch, 20) == pytest.approx(factor, abs=1e-12)


def test_the_schedule_sets_the_rate_of_every_batch(rng):
    """One weight, gradient known: two batches an epoch, steps measured from outside."""
    rates = []

    class Watched(SGD):
        def step(self, p, gradient, scale=1.0):
            rates.append(self.lr * self.factor)
            super().step(p, gradient, scale)

    X, y = rng.random((4, 3)), rng.integers(2, size=4)
    linear = train(
        MLP([3, 2], rng=rng), Watched(2.0), (X, y), epochs=2, batch_size=2, rng=rng, schedule=lambda t, n: t / n
    )
    list(linear)
    assert rates == pytest.approx([2 * 0.25 / 2, 2 * 0.75 / 2, 2 * 1.25 / 2, 2 * 1.75 / 2])


# Samples


def test_hold_out_splits_every_sample_to_one_side(rng):
    X, y = np.arange(20).reshape(10, 2), np.arange(10)
    (A, a), (B, b) = hold_out((X, y), 3, rng=rng)
    assert (len(A), len(B)) == (7, 3)
    assert sorted([*a, *b]) == list(range(10))
    np.testing.assert_array_equal(A[:, 0], 2 * a)
    np.testing.assert_array_equal(B[:, 0], 2 * b)


def test_subset_draws_rows_without_repetition(rng):
    X, y = np.arange(20).reshape(10, 2), np.arange(10)
    A, a = subset((X, y), 6, rng=rng)
    assert len(set(a.tolist())) == 6
    np.testing.assert_array_equal(A[:, 0], 2 * a)
    assert len(subset((X, y), 10, rng=rng)[0]) == 10
    for size in (0, 11):
        with pytest.raises(ValueError, match=f"got {size}"):
            subset((X, y), size, rng=rng)


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda: Regularization(l2=-1), "l2 must be at least 0, got -1"),
        (lambda: Regularization(clip=0), "clip must be > 0, got 0"),
        (lambda: Regularization(dropout=1), "dropout must be at least 0 and below 1, got 1"),
        (lambda: EarlyStopping(0), "patience must be at least 1, got 0"),
    ],
)
def test_settings_out_of_range_are_named(build, sentence):
    with pytest.raises(ValueError, match=sentence):
        build()

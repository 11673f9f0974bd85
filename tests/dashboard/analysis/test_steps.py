"""One image step by step: every number against its formula, computed here independently."""

import numpy as np
import pytest

from dashboard.analysis import experiments, moves, steps
from dashboard.runs.config import RunConfig
from mlpcore import MLP


@pytest.fixture(params=["quadratic", "cross_entropy", "binary_cross_entropy"])
def found(rng, request):
    net = MLP([9, 5, 4, 3], cost=request.param, activation="tanh", rng=rng)
    for layer in net.layers:
        layer.b[:] = rng.normal(size=layer.dout)
    return steps.trace(net, rng.integers(0, 256, 9, dtype=np.uint8), 2)


def test_forward_numbers_follow_from_each_other(found):
    a = found.x[0]
    for i, layer in enumerate(found.layers):
        np.testing.assert_allclose(layer.input, a, rtol=1e-12)
        z = np.array([sum(layer.W[j, k] * a[k] for k in range(len(a))) + layer.b[j] for j in range(len(layer.b))])
        np.testing.assert_allclose(layer.z, z, rtol=1e-12)
        if i < 2:
            a = np.tanh(z)
        elif found.net.cost.name == "cross_entropy":
            a = np.exp(z) / np.exp(z).sum()
        else:
            a = 1 / (1 + np.exp(-z))
        np.testing.assert_allclose(layer.a, a, rtol=1e-12)


def test_cost_and_deltas_follow_from_the_outputs(found):
    a, y = found.layers[-1].a, found.y[0]
    name = found.net.cost.name
    costs = {
        "quadratic": ((a - y) ** 2).sum() / 2,
        "cross_entropy": -(y * np.log(a)).sum(),
        "binary_cross_entropy": -(y * np.log(a) + (1 - y) * np.log(1 - a)).sum(),
    }
    assert found.cost == pytest.approx(costs[name], rel=1e-12)
    delta = (a - y) * (a * (1 - a) if name == "quadratic" else 1)
    for i in (2, 1, 0):
        layer = found.layers[i]
        np.testing.assert_allclose(layer.delta, delta, rtol=1e-10)
        np.testing.assert_allclose(layer.gradient, np.outer(delta, layer.input), rtol=1e-10)
        if i:
            delta = (layer.W.T @ delta) * (1 - found.layers[i - 1].a ** 2)


def test_the_numeric_gradient_agrees_and_leaves_the_weights_alone(found):
    before = [layer.W.copy() for layer in found.layers]
    for i, layer in enumerate(found.layers):
        assert steps.numeric(found, i, 1, 2) == pytest.approx(layer.gradient[1, 2], rel=1e-4, abs=1e-9)
        check = steps.check(found, i)
        assert check.count == steps.CHECKED
        assert check.error < 1e-6
        assert check.right
        assert not check.only_rounding
    for layer, W in zip(found.layers, before, strict=True):
        np.testing.assert_array_equal(layer.W, W)


def test_a_wrong_gradient_is_noticed_by_the_check(found):
    found.layers[1].gradient[:] *= 1.01
    assert steps.check(found, 1).error > 1e-3
    assert not steps.check(found, 1).right


@pytest.mark.parametrize("cost", ["quadratic", "cross_entropy", "binary_cross_entropy"])
@pytest.mark.parametrize("sure", [4, 8, 12, 16])
def test_a_network_that_is_all_but_certain_is_not_told_that_its_gradient_is_wrong(rng, cost, sure):
    """Its cost is as small as the rounding in it. A gradient that is wrong is noticed as long as it is larger."""
    net = MLP([9, 5, 4, 3], cost=cost, activation="tanh", rng=rng)
    net.layers[-1].b[:] = [-sure, -sure, sure]
    found = steps.trace(net, rng.integers(1, 256, 9, dtype=np.uint8), 2)
    assert found.cost < 10 * np.exp(-sure)
    for layer in range(3):
        assert steps.check(found, layer).right
    size = float(np.linalg.norm(found.layers[2].gradient))
    found.layers[2].gradient[:] *= 1.5
    assert not steps.check(found, 2).right or size < 1e-7


def test_so_is_one_that_is_certain_and_wrong_and_learns_nothing_from_it(rng):
    net = MLP([9, 5, 4, 3], cost="quadratic", activation="tanh", rng=rng)
    net.layers[-1].b[:] = [-16, -16, 16]
    found = steps.trace(net, rng.integers(1, 256, 9, dtype=np.uint8), 0)
    assert found.cost > 0.9
    check = steps.check(found, 2)
    assert check.only_rounding
    assert check.right


def moved(found, **settings):
    return moves.first_step(found, RunConfig(**({"lr": 0.01} | settings)))


def test_a_short_step_lowers_the_cost_and_leaves_the_traced_network_alone(found):
    before = [layer.W.copy() for layer in found.layers]
    assert moved(found).cost < found.cost
    for layer, W in zip(found.net.layers, before, strict=True):
        np.testing.assert_array_equal(layer.W, W)


@pytest.mark.parametrize(
    ("settings", "step"),
    [
        ({}, lambda g: 0.01 * g),
        ({"optimizer": "momentum", "momentum": 0.7}, lambda g: 0.01 * g),
        ({"optimizer": "nesterov", "momentum": 0.7}, lambda g: 1.7 * 0.01 * g),
        ({"optimizer": "adam"}, lambda g: 0.01 * g / (abs(g) + 1e-8)),
    ],
)
def test_each_optimizer_takes_its_own_first_step(found, settings, step):
    move = moved(found, **settings)
    for layer, W, g in zip(found.layers, move.W, move.g, strict=True):
        np.testing.assert_array_equal(g, layer.gradient)
        np.testing.assert_allclose(W, layer.W - step(layer.gradient), rtol=1e-9)


def test_penalty_and_clipping_change_the_gradient_before_the_step(found):
    move = moved(found, l2=0.3, clip=0.5)
    whole = [layer.gradient + 0.3 * layer.W for layer in found.layers]
    norm = np.sqrt(sum((g**2).sum() for g in whole) + sum((layer.delta**2).sum() for layer in found.layers))
    assert norm > 0.5
    assert move.shrunk == pytest.approx(0.5 / norm, rel=1e-12)
    for layer, W, g, free in zip(found.layers, move.W, move.g, whole, strict=True):
        np.testing.assert_allclose(g, free * 0.5 / norm, rtol=1e-10)
        np.testing.assert_allclose(W, layer.W - 0.01 * g, rtol=1e-10)


def test_the_faults_do_the_damage_that_the_page_tells_of():
    unscaled = experiments.unscaled_test_images()
    assert len(unscaled.right) == len(unscaled.wrong) == experiments.EPOCHS
    assert unscaled.right[0] > unscaled.wrong[0]
    narrow = experiments.frozen_biases(6)
    assert narrow.damage > 0.005

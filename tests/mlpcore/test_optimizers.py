"""The first steps of each optimizer against plain Python, and what it keeps."""

import math

import numpy as np
import pytest

from mlpcore import OPTIMIZERS, SGD, Adam, Momentum, Nesterov
from mlpcore.training import SETTLE

START = [0.5, -1.5, 2.0]
GRADIENTS = [[0.1, -0.2, 0.3], [0.4, 0.0, -0.6], [-0.05, 0.7, 0.2]]


def by_sgd(p, gradients, lr):
    for g in gradients:
        p = p - lr * g
    return p


def by_momentum(p, gradients, lr, mu=0.9):
    """As Polyak wrote it: from the last two places."""
    before = p
    for g in gradients:
        p, before = p - lr * g + mu * (p - before), p
    return p


def by_nesterov(p, gradients, lr, mu=0.9):
    """As PyTorch writes it: a mean of gradients, one step ahead."""
    mean = 0.0
    for g in gradients:
        mean = mu * mean + g
        p = p - lr * (g + mu * mean)
    return p


def by_adam(p, gradients, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    """From the definition: weighted means of all gradients so far, the weights summing to one."""
    for t in range(1, len(gradients) + 1):
        first = [beta1 ** (t - i) for i in range(1, t + 1)]
        second = [beta2 ** (t - i) for i in range(1, t + 1)]
        m = sum(w * g for w, g in zip(first, gradients, strict=False)) / sum(first)
        v = sum(w * g * g for w, g in zip(second, gradients, strict=False)) / sum(second)
        p = p - lr * m / (math.sqrt(v) + eps)
    return p


BY_HAND = {"sgd": by_sgd, "momentum": by_momentum, "nesterov": by_nesterov, "adam": by_adam}


def steps(optimizer, dtype=np.float64):
    value = np.array(START, dtype)
    for g in GRADIENTS:
        optimizer.step(value, np.array(g, dtype))
    return value


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_first_three_steps_are_those_worked_out_in_plain_python(name, dtype):
    expected = [BY_HAND[name](p, list(g), 0.1) for p, *g in zip(START, *GRADIENTS, strict=True)]
    rtol = 1e-5 if dtype == np.float32 else 1e-12
    np.testing.assert_allclose(steps(OPTIMIZERS[name](0.1), dtype), expected, rtol=rtol)


def test_optimizers_take_their_own_constants():
    for optimizer, by_hand in (
        (Momentum(0.1, momentum=0.5), lambda p, g: by_momentum(p, g, 0.1, 0.5)),
        (Nesterov(0.1, momentum=0.5), lambda p, g: by_nesterov(p, g, 0.1, 0.5)),
        (Adam(0.1, 0.7, 0.8, 0.01), lambda p, g: by_adam(p, g, 0.1, 0.7, 0.8, 0.01)),
    ):
        expected = [by_hand(p, list(g)) for p, *g in zip(START, *GRADIENTS, strict=True)]
        np.testing.assert_allclose(steps(optimizer), expected, rtol=1e-12)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_gradients_stay_as_they_are_and_the_factor_multiplies_the_rate(name):
    half, whole = OPTIMIZERS[name](0.2), OPTIMIZERS[name](0.1)
    half.factor = 0.5
    gradient = np.array(GRADIENTS[0])
    a, b = np.array(START), np.array(START)
    half.step(a, gradient)
    whole.step(b, gradient)
    np.testing.assert_allclose(a, b, rtol=1e-15)
    np.testing.assert_array_equal(gradient, GRADIENTS[0])


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_gradients_that_come_scaled_make_the_same_step(name):
    a, b = np.array(START), np.array(START)
    plain, folded = OPTIMIZERS[name](0.1), OPTIMIZERS[name](0.1)
    for g in GRADIENTS:
        plain.step(a, np.array(g))
        folded.step(b, np.array(g) * folded.scale, folded.scale)
    np.testing.assert_allclose(a, b, rtol=1e-12)


@pytest.mark.parametrize("name", ["sgd", "momentum", "nesterov"])
def test_gradients_may_come_with_any_scale(name):
    a, b = np.array(START), np.array(START)
    plain, other = OPTIMIZERS[name](0.1), OPTIMIZERS[name](0.1)
    for g in GRADIENTS:
        plain.step(a, np.array(g))
        other.step(b, np.array(g) * 4, 4)
    np.testing.assert_allclose(a, b, rtol=1e-12)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_goes_on_exactly_from_its_state(name):
    value, first, second = np.array(START), OPTIMIZERS[name](0.1), OPTIMIZERS[name](0.1)
    first.step(value, np.array(GRADIENTS[0]))
    second.load_state(first.state())
    again = value.copy()
    for g in GRADIENTS[1:]:
        first.step(value, np.array(g))
        second.step(again, np.array(g))
    np.testing.assert_array_equal(value, again)


@pytest.mark.parametrize("shape", [(100_000,), (300, 400), (3, 50_000)])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_large_arrays_are_updated_in_blocks_as_each_number_alone_would_be(name, shape):
    rng = np.random.default_rng(0)
    start, gradients = rng.normal(size=shape), rng.normal(size=(3, *shape))
    optimizer, p = OPTIMIZERS[name](0.1), start.copy()
    for g in gradients:
        optimizer.step(p, g)
    picked = [0, 32_767, 32_768, 65_536, start.size - 1]
    expected = [BY_HAND[name](start.flat[i], list(gradients.reshape(3, -1)[:, i]), 0.1) for i in picked]
    np.testing.assert_allclose(p.flat[picked], expected, rtol=1e-9)
    assert not np.any(p == start)


@pytest.mark.parametrize("name", ["momentum", "nesterov", "adam"])
def test_what_has_faded_is_forgotten_before_it_is_subnormal_and_no_weight_moves_by_it(name):
    faded, settled = OPTIMIZERS[name](0.1), OPTIMIZERS[name](0.1)
    a, b = np.full(3, 0.5, np.float32), np.full(3, 0.5, np.float32)
    for i in range(2000):
        g = np.array([i == 0, i % 50 == 0, 1], np.float32)  # once, seldom, always
        faded.step(a, g)
        settled.step(b, g)
        if i % SETTLE == SETTLE - 1:
            settled.settle()
    np.testing.assert_allclose(b, a, rtol=1e-6)
    smallest = np.finfo(np.float32).smallest_normal
    assert any((0 < abs(kept.flat[0]) < smallest) for kept in faded.state().values())
    assert not any(np.any((np.abs(kept) < smallest) & (kept != 0)) for kept in settled.state().values())


def test_the_state_of_another_optimizer_is_refused():
    adam = Adam()
    steps(adam)
    with pytest.raises(ValueError, match="SGD keeps no state, got m, steps, v"):
        SGD(0.1).load_state(adam.state())
    with pytest.raises(ValueError, match="Momentum keeps velocity, got m, steps, v"):
        Momentum(0.1).load_state(adam.state())


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda: Momentum(0.1, 1.0), "momentum must be at least 0 and below 1, got 1.0"),
        (lambda: Nesterov(0.1, -0.1), "momentum must be at least 0 and below 1, got -0.1"),
        (lambda: Adam(-1), "learning rate must be a number > 0, got -1"),
        (lambda: Adam(beta2=1.0), "beta2 must be at least 0 and below 1, got 1.0"),
    ],
)
def test_constants_out_of_range_are_named(build, sentence):
    with pytest.raises(ValueError, match=sentence):
        build()


def test_each_says_what_it_is():
    assert [repr(kind(0.5)) for kind in OPTIMIZERS.values()] == [
        "SGD(lr=0.5)", "Momentum(lr=0.5)", "Nesterov(lr=0.5)", "Adam(lr=0.5)",
    ]  # fmt: skip

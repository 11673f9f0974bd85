"""What is said of each layer: against loops over the definitions."""

import numpy as np
import pytest

from dashboard.analysis import layers
from mlpcore import MLP


def test_saturated_and_dead_units_agree_with_counting(rng):
    net = MLP([6, 4, 3], activation="relu", rng=rng)
    net.layers[0].W[1], net.layers[0].b[1] = 0, -1  # a unit that is never above zero
    images = rng.integers(0, 256, (50, 6)).astype(np.uint8)
    hidden, output = layers.figures(net, images)
    a = np.maximum(images / 255 @ net.layers[0].W.T + net.layers[0].b, 0)
    assert hidden.saturated == pytest.approx((a == 0).mean())
    assert hidden.dead == np.mean([(a[:, unit] == 0).all() for unit in range(4)])
    assert hidden.dead >= 0.25
    assert (output.saturated, output.dead) == (None, None)
    assert (output.din, output.dout) == (4, 3)


def test_norms_are_those_of_the_weights(rng):
    net = MLP([6, 3], rng=rng)
    net.layers[0].W[...] = 0
    net.layers[0].W[0, :2] = 3, 4
    net.layers[0].b[...] = [0, 5, 12]
    (layer,) = layers.figures(net, np.zeros((2, 6), np.uint8))
    assert (layer.norm, layer.bias_norm) == (5, 13)
    (bare,) = layers.figures(MLP([6, 3], bias=False, rng=rng), np.zeros((2, 6), np.uint8))
    assert bare.bias_norm is None


def test_the_spread_has_a_row_for_each_layer_and_kept_epoch(store, trained):
    run = trained(hidden=(8, 6), epochs=3)
    table = layers.spread(store, run, [1, 3])
    assert table[["layer", "epoch"]].values.tolist() == [[1, 1], [2, 1], [3, 1], [1, 3], [2, 3], [3, 3]]
    W = store.state(run.id, 3).weights["fc2.W"]
    row = table[(table["layer"] == 2) & (table["epoch"] == 3)].iloc[0]
    expected = [W.min(), np.quantile(W, 0.25), np.median(W), W.max()]
    assert row[["lowest", "lower", "median", "highest"]].tolist() == pytest.approx(expected)


def test_of_many_epochs_an_even_choice_is_looked_at(store, trained, monkeypatch):
    monkeypatch.setattr(layers, "LOOKED_AT", 3)
    run = trained(epochs=5)
    assert layers.spread(store, run, [1, 2, 3, 4, 5])["epoch"].unique().tolist() == [1, 3, 5]


def test_an_epoch_whose_weights_are_gone_is_left_out(store, trained):
    run = trained(epochs=2)
    assert layers.spread(store, run, [1, 2, 7])["epoch"].unique().tolist() == [1, 2]

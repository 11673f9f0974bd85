"""Each fault of the notebook this grew from, with a test that would catch it."""

import pickle
import warnings

import numpy as np
import pytest

from mlpcore import MLP, SGD, Linear, ShallowModel, evaluate, sigmoid, train, validate


def images(rng, n=200):
    """Two kinds of images, bright above or bright below, as uint8 (n, 16) with labels (n,)."""
    labels = rng.integers(2, size=n)
    X = rng.integers(0, 60, (n, 16))
    X[labels == 0, :8] += 180
    X[labels == 1, 8:] += 180
    return X.astype(np.uint8), labels


def test_test_images_are_scaled_like_training_images(rng):
    X, y = images(rng)
    net = MLP([16, 4, 2], rng=rng)
    result = next(train(net, SGD(1.0), (X, y), (X, y), epochs=1, batch_size=10, rng=rng))
    loss, accuracy = evaluate(net, (X / 255, y))
    assert result.test_loss == pytest.approx(loss, rel=1e-5)
    assert result.test_accuracy == accuracy


def test_biases_learn(rng):
    X, y = images(rng)
    net = MLP([16, 4, 2], rng=rng)
    before = [layer.b.copy() for layer in net.layers]
    next(train(net, SGD(1.0), (X, y), epochs=1, batch_size=10, rng=rng))
    assert all((layer.b != b).all() for layer, b in zip(net.layers, before, strict=True))


def test_the_backward_pass_stops_at_the_first_layer(rng, monkeypatch):
    asked = []
    original = Linear.backward

    def spy(self, delta, **options):
        below = original(self, delta, **options)
        asked.append((self.din, below is not None))
        return below

    monkeypatch.setattr(Linear, "backward", spy)
    MLP([16, 4, 2], rng=rng).backward(*images(rng))
    assert asked == [(4, True), (16, False)]


def test_a_layer_without_bias_has_none(rng):
    layer = Linear(3, 2, bias=False, rng=rng)
    assert layer.b is None
    assert repr(layer) == "Linear(3, 2, bias=False)"
    a = rng.random((4, 3), dtype=np.float32)
    np.testing.assert_array_equal(layer(a), a @ layer.W.T)
    X, y = images(rng)
    net = MLP([16, 4, 2], bias=False, rng=rng)
    next(train(net, SGD(1.0), (X, y), epochs=1, batch_size=10, rng=rng))
    assert [name for name, *_ in net.parameters()] == ["fc1.W", "fc2.W"]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sigmoid_does_not_overflow(dtype):
    z = np.array([-1e4, -100, 0, 100, 1e4], dtype)
    with warnings.catch_warnings(), np.errstate(all="raise", under="ignore"):
        warnings.simplefilter("error")
        np.testing.assert_allclose(sigmoid(z), [0, 0, 0.5, 1, 1], atol=1e-40)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_save_and_load_are_exact(rng, tmp_path, dtype):
    net = MLP([16, 5, 4, 2], init="normal", rng=rng, dtype=dtype)
    path = tmp_path / "weights.of.mine"
    net.save(path)
    again = MLP.load(path)
    assert again.sizes == net.sizes
    assert again.dtype == dtype
    for (name, value, _), (other_name, other, _) in zip(net.parameters(), again.parameters(), strict=True):
        assert name == other_name
        np.testing.assert_array_equal(value, other)


def test_the_notebooks_models_save_and_load(rng, tmp_path):
    net = ShallowModel(rng=rng)
    net.save(tmp_path / "w.npz")
    np.testing.assert_array_equal(ShallowModel.load(tmp_path / "w.npz").fc1.W, net.fc1.W)


class Planted:
    def __reduce__(self):
        return print, ("this must never run",)


def test_a_pickle_is_refused_and_not_run(rng, tmp_path, capsys):
    path = tmp_path / "w.npz"
    np.savez(path, mlpcore=np.array(Planted(), dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match="without pickled objects"):
        MLP.load(path)
    path.write_bytes(pickle.dumps(Planted()))
    with pytest.raises(ValueError, match="without pickled objects"):
        MLP.load(path)
    assert "this must never run" not in capsys.readouterr().out


def test_validate_counts_right_answers(rng):
    X, y = images(rng)
    net = MLP([16, 4, 2], rng=rng)
    by_hand = sum(int(np.argmax(net(x[None])) == label) for x, label in zip(X, y, strict=True))
    assert validate(net, (X, y)) == by_hand
    assert validate(net, (X, np.eye(2)[y])) == by_hand

from functools import partial

import numpy as np
import pytest

from mlpcore import MLP, SGD, DeeperModel, Linear, Network, ShallowModel, sigmoid, sigmoid_derivative, train
from mlpcore.linear import parts_of, product


class Custom(Network):
    def __init__(self, *, rng):
        super().__init__()
        self.first = Linear(4, 3, rng=rng)
        self.second = Linear(3, 2, rng=rng)


def test_layers_are_registered_in_the_order_they_are_set(rng):
    net = Custom(rng=rng)
    assert net.layers == [net.first, net.second]
    assert [name for name, *_ in net.parameters()] == ["first.W", "first.b", "second.W", "second.b"]
    net.first = Linear(4, 3, rng=rng)
    assert net.layers == [net.first, net.second]


def test_the_forward_pass_is_sigma_of_wx_plus_b(rng):
    net = Custom(rng=rng)
    x = rng.random((5, 4), dtype=np.float32)
    for row, out in zip(x, net(x), strict=True):
        a = row
        for layer in net.layers:
            a = 1 / (1 + np.exp(-(layer.W @ a + layer.b)))
        np.testing.assert_allclose(out, a, rtol=1e-5)


def test_an_output_is_not_overwritten_by_the_next_call(rng):
    net = Custom(rng=rng)
    first = net(np.zeros((1, 4)))
    kept = first.copy()
    net(np.ones((1, 4)))
    np.testing.assert_array_equal(first, kept)


def test_the_named_models_have_their_shapes(rng):
    assert ShallowModel(rng=rng).sizes == [784, 16, 10]
    assert DeeperModel(rng=rng).sizes == [784, 100, 100, 10]
    assert repr(MLP([784, 16, 10], rng=rng)) == "MLP(fc1=Linear(784, 16), fc2=Linear(16, 10))"
    assert sum(value.size for _, value, _ in DeeperModel(rng=rng).parameters()) == 89_610


def test_initializers_have_the_moments_they_promise(rng):
    normal = Linear(400, 300, rng=rng, init="normal")
    assert abs(normal.W.mean()) < 0.02
    assert abs(normal.W.std() - 1) < 0.02
    xavier = Linear(400, 300, rng=rng, init="xavier")
    r = np.sqrt(6 / 700)
    assert 0.99 * r < np.abs(xavier.W).max() <= r
    assert abs(xavier.W.std() - r / np.sqrt(3)) < 0.001
    assert (xavier.b == 0).all()


def test_the_slope_of_sigmoid_agrees_with_differences():
    z = np.linspace(-6, 6, 25)
    np.testing.assert_allclose(sigmoid_derivative(z), (sigmoid(z + 1e-6) - sigmoid(z - 1e-6)) / 2e-6, rtol=1e-6)


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda rng: Linear(0, 3, rng=rng), "din of a layer must be at least 1, got 0"),
        (lambda rng: Linear(3, -1, rng=rng), "dout of a layer must be at least 1, got -1"),
        (lambda rng: MLP([784], rng=rng), r"sizes must be at least an input and an output, got \[784\]"),
        (lambda rng: MLP([4, 2], init="he-man", rng=rng), "init must be one of normal, xavier, he, zero, got 'he-man'"),
        (
            lambda rng: MLP([4, 2], cost="none", rng=rng),
            "cost must be one of quadratic, cross_entropy, binary_cross_entropy, got 'none'",
        ),
        (lambda rng: MLP([4, 2], rng=rng)(np.zeros(4)), r"input must be \(batch, 4\), got \(4,\)"),
        (lambda rng: MLP([4, 2], rng=rng).backward(np.zeros((2, 4)), [0, 2]), r"labels must lie in 0\.\.1, got 0\.\.2"),
        (lambda rng: MLP([4, 2], rng=rng).backward(np.zeros((2, 4)), [0.5, 1]), "labels must be integers"),
        (lambda rng: MLP([4, 2], rng=rng).backward(np.zeros((2, 4)), [0]), "same number of rows, got 2 and 1"),
    ],
)
def test_bad_input_is_named_with_rule_and_value(rng, build, sentence):
    with pytest.raises(ValueError, match=sentence):
        build(rng)


def rewritten(path, net, **changes):
    """Save `net`, then change or drop (None) entries of the file."""
    net.save(path)
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    arrays |= changes
    np.savez(path, **{name: value for name, value in arrays.items() if value is not None})
    return path


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"mlpcore": None}, 'must have an entry "mlpcore"'),
        ({"mlpcore": np.array("{")}, "header of the weights file is damaged"),
        ({"mlpcore": np.array('{"format": 1}')}, "header of the weights file is damaged"),
        ({"fc1.W": np.zeros((3, 5), np.float32)}, "must match the arrays"),
        ({"fc1.W": np.zeros((4, 3), np.float32)}, r"fc1.W must have the shape \(3, 4\), got \(4, 3\)"),
        ({"fc1.b": None, "other": np.zeros(3, np.float32)}, "weights must be named fc1.W, fc1.b, fc2.W, fc2.b; got"),
    ],
)
def test_a_damaged_weights_file_is_refused_with_a_sentence(rng, tmp_path, changes, sentence):
    path = rewritten(tmp_path / "w.npz", MLP([4, 3, 2], rng=rng), **changes)
    with pytest.raises(ValueError, match=sentence):
        MLP.load(path)


def test_a_file_that_is_no_weights_file_or_cut_short_is_refused(rng, tmp_path):
    path = tmp_path / "w.npz"
    MLP([4, 3, 2], rng=rng).save(path)
    whole = path.read_bytes()
    for content in (b"", b"hello", whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="weights file must be"):
            MLP.load(path)


def test_flattened_the_layers_arrays_are_parts_of_one(rng):
    net = MLP([5, 4, 3], rng=rng)
    x, before = rng.random((2, 5), dtype=np.float32), [value.copy() for _, value, _ in net.parameters()]
    outputs = net(x)
    values, gradients = net.flatten()
    assert all((value == kept).all() for (_, value, _), kept in zip(net.parameters(), before, strict=True))
    np.testing.assert_array_equal(net(x), outputs)
    assert all(array.ctypes.data % 64 == 0 for _, *pair in net.parameters() for array in pair)
    values[:] = 2
    gradients[:] = 3
    assert all((value == 2).all() and (gradient == 3).all() for _, value, gradient in net.parameters())


def test_the_products_of_the_sizes_that_train_are_cut_into_parts():
    assert parts_of(32, 784, 100, 4) == parts_of(100, 32, 784, 4) == 4
    assert parts_of(32, 784, 16, 4) == parts_of(10, 784, 30, 4) == 1  # small as they are
    assert parts_of(128, 784, 512, 4) == 1  # parts would be too thin
    assert parts_of(32, 784, 100, 1) == 1


@pytest.fixture(params=[1, 4])
def parts(request, monkeypatch):
    """As on a processor without AVX-512, and with it."""
    monkeypatch.setattr("mlpcore.linear.parts_of", partial(parts_of, most=request.param))


@pytest.mark.parametrize(("m", "k", "n"), [(32, 784, 100), (100, 32, 784), (64, 400, 50), (33, 784, 100), (7, 5, 3)])
def test_a_product_in_parts_is_the_product(rng, parts, m, k, n):
    a, b = rng.standard_normal((m, k), dtype=np.float32), rng.standard_normal((k, n), dtype=np.float32)
    exact = a.astype(float) @ b.astype(float)
    for left in (a, np.asfortranarray(a)):
        for right in (b, np.asfortranarray(b)):
            np.testing.assert_allclose(product(left, right), exact, atol=1e-3)
            for order in "CF":
                out = np.full((m, n), np.nan, np.float32, order)
                product(left, right, out)
                np.testing.assert_allclose(out, exact, atol=1e-3)


@pytest.mark.parametrize(("sizes", "rows"), [([784, 100, 100, 10], 32), ([784, 300, 10], 50), ([784, 512, 10], 128)])
def test_a_step_of_training_is_that_of_backward_at_sizes_that_are_cut_and_that_lie_by_unit(rng, parts, sizes, rows):
    x, y = rng.random((rows, 784)), rng.integers(10, size=rows)
    nets = [MLP(sizes, rng=np.random.default_rng(1), dtype=float) for _ in range(2)]
    next(train(nets[0], SGD(0.3), (x, y), epochs=1, batch_size=rows, rng=rng))
    for i, layer in enumerate(nets[1].layers):  # by the formulas, without mlpcore's products
        layer.a = x if i == 0 else nets[1].layers[i - 1].out
        layer.out = 1 / (1 + np.exp(-(layer.a @ layer.W.T + layer.b)))
    delta = (layer.out - np.eye(10)[y]) * layer.out * (1 - layer.out) / rows
    for layer in reversed(nets[1].layers):
        layer.change = 0.3 * delta.T @ layer.a, 0.3 * delta.sum(axis=0)
        delta = (delta @ layer.W) * layer.a * (1 - layer.a)
    for trained, layer in zip(nets[0].layers, nets[1].layers, strict=True):
        np.testing.assert_allclose(trained.W, layer.W - layer.change[0], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(trained.b, layer.b - layer.change[1], rtol=1e-9, atol=1e-12)

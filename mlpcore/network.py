"""Layers in a row: the forward pass, and backpropagation."""

import itertools

import numpy as np

from . import weights
from .activations import ACTIVATIONS
from .costs import COSTS
from .linear import Linear

SCALE = 1 / 255  # of a pixel stored as uint8


def scaled(X, dtype):
    """uint8 pixels become floats in [0, 1]; floats are only cast to `dtype`. Any shape."""
    return np.multiply(X, SCALE, dtype=dtype) if X.dtype == np.uint8 else X.astype(dtype, copy=False)


def one_hot(y, classes, dtype=np.float32):
    """Integer labels (batch,) become rows with a single 1, (batch, classes); such rows pass through.

    ValueError when the shape or a label does not fit.
    """
    y = np.asarray(y)
    if y.ndim == 2 and y.shape[1] == classes:
        return y.astype(dtype, copy=False)
    if y.ndim != 1 or y.dtype.kind not in "iu":
        raise ValueError(f"labels must be integers (batch,) or one-hot (batch, {classes}), got {y.dtype} {y.shape}")
    if len(y) and not 0 <= int(y.min()) <= int(y.max()) < classes:
        raise ValueError(f"labels must lie in 0..{classes - 1}, got {y.min()}..{y.max()}")
    return np.eye(classes, dtype=dtype)[y]


class Network:
    """Linear layers, each followed by the activation. Each Linear set as an attribute is registered, in order.

    A subclass sets its layers in `__init__`:  self.fc1 = Linear(784, 16, rng=rng)
    """

    def __init__(self, *, activation="sigmoid", cost="quadratic"):
        for name, value, known in (("activation", activation, ACTIVATIONS), ("cost", cost, COSTS)):
            if value not in known:
                raise ValueError(f"{name} must be one of {', '.join(known)}, got {value!r}")
        self._layers = {}
        self.activation = ACTIVATIONS[activation]()
        self.cost = COSTS[cost]()

    def __setattr__(self, name, value):
        if isinstance(value, Linear):
            self._layers[name] = value
        super().__setattr__(name, value)

    @property
    def layers(self):
        """The registered Linear layers, first to last."""
        return list(self._layers.values())

    @property
    def sizes(self):
        """[din, hidden..., dout]."""
        return [self.layers[0].din, *(layer.dout for layer in self.layers)]

    @property
    def dtype(self):
        """The floating-point type of the weights."""
        return self.layers[0].W.dtype

    def __call__(self, x):
        """(batch, din) -> (batch, dout). uint8 is scaled to [0, 1]. ValueError when the shape does not fit."""
        x = np.asarray(x)
        if x.ndim != 2 or x.shape[1] != self.sizes[0]:
            raise ValueError(f"input must be (batch, {self.sizes[0]}), got {x.shape}")
        return self._forward(scaled(x, self.dtype))

    def _forward(self, a):
        for layer in self._layers.values():
            a = self.activation.forward(layer(a))
        return a

    def backward(self, x, y):
        """Add the gradient of the mean cost of a batch to every dW and db; return the outputs (batch, dout).

        x: (batch, din); y: one-hot (batch, dout) or integer labels (batch,). The forward pass is part of it.
        Backpropagation, with L the last layer (Nielsen 2015, ch. 2, BP1 to BP4):
            delta_L = dC/da_L * sigma'(z_L),  delta_l = (delta_{l+1} W_{l+1}) * sigma'(z_l),
            dC/dW_l = delta_l^T a_{l-1},      dC/db_l = sum of delta_l's rows.
        """
        a = self(x)
        y = one_hot(y, self.sizes[-1], self.dtype)
        if len(y) != len(a):
            raise ValueError(f"x and y must have the same number of rows, got {len(a)} and {len(y)}")
        self._backward(a, y, accumulate=True)
        return a

    def _backward(self, a, y, *, accumulate):
        layers = self.layers
        delta = self.activation.backward(self.cost.gradient(a, y), a)
        for layer in reversed(layers[1:]):
            below = layer.backward(delta, accumulate=accumulate)
            delta = self.activation.backward(below, layer.input)
        layers[0].backward(delta, accumulate=accumulate, input_gradient=False)

    def zero_grad(self):
        """Set every gradient to zero."""
        for layer in self.layers:
            layer.zero_grad()

    def parameters(self):
        """[(name, value, gradient)] of every layer in order, names like "fc1.W". The arrays, not copies."""
        return [
            (f"{name}.{key}", value, gradient)
            for name, layer in self._layers.items()
            for key, value, gradient in layer.parameters()
        ]

    def save(self, path):
        """Write architecture and weights to an .npz file at `path`, exactly."""
        weights.save(self, path)

    @classmethod
    def load(cls, path):
        """A network of this class with the weights in `path`; ValueError when the file does not fit it."""
        net = cls(rng=np.random.default_rng(0))
        weights.fill(net, weights.read(path)[1])
        return net

    def __repr__(self):
        layers = ", ".join(f"{name}={layer}" for name, layer in self._layers.items())
        return f"{type(self).__name__}({layers})"


class MLP(Network):
    """A network of any depth: MLP([784, 100, 100, 10], rng=rng) has the layers fc1, fc2 and fc3."""

    def __init__(
        self, sizes, *, activation="sigmoid", cost="quadratic", init="xavier", bias=True, rng, dtype=np.float32
    ):
        """sizes: [din, hidden..., dout]; ValueError when there are fewer than two."""
        super().__init__(activation=activation, cost=cost)
        if len(sizes) < 2:
            raise ValueError(f"sizes must be at least an input and an output, got {list(sizes)}")
        for i, (din, dout) in enumerate(itertools.pairwise(sizes), start=1):
            setattr(self, f"fc{i}", Linear(din, dout, bias, rng=rng, init=init, dtype=dtype))

    @classmethod
    def load(cls, path):
        """The network saved in `path`, a file or its name; ValueError that says what is wrong with it."""
        about, arrays = weights.read(path)
        net = cls(
            about["sizes"],
            activation=about["activation"],
            cost=about["cost"],
            bias=about["bias"],
            dtype=np.dtype(about["dtype"]),
            rng=np.random.default_rng(0),
        )
        weights.fill(net, arrays)
        return net


class ShallowModel(Network):
    """784-16-10, the notebook's shallow model: weights from N(0, 1), sigmoid, quadratic cost."""

    def __init__(self, *, rng):
        super().__init__()
        self.fc1 = Linear(784, 16, rng=rng)
        self.fc2 = Linear(16, 10, rng=rng)


class DeeperModel(Network):
    """784-100-100-10, the notebook's deeper model: weights from N(0, 1), sigmoid, quadratic cost."""

    def __init__(self, *, rng):
        super().__init__()
        self.fc1 = Linear(784, 100, rng=rng)
        self.fc2 = Linear(100, 100, rng=rng)
        self.fc3 = Linear(100, 10, rng=rng)

"""Layers in a row: the forward pass, and backpropagation."""

import itertools

import numpy as np

from . import weights
from .activations import ACTIVATIONS
from .costs import COSTS
from .data import one_hot, scaled
from .errors import require
from .linear import Linear, aligned


class Network:
    """Linear layers in a row. Each Linear set as an attribute is registered, in order.

    Hidden layers are followed by the activation, the last one by the output function that belongs to the cost.

    A subclass sets its layers in `__init__`:  self.fc1 = Linear(784, 16, rng=rng)
    """

    def __init__(self, *, activation="sigmoid", cost="quadratic"):
        for name, value, known in (("activation", activation, ACTIVATIONS), ("cost", cost, COSTS)):
            require(value in known, f"{name} must be one of {', '.join(known)}, got {value!r}")
        self._layers, self.activation, self.cost = {}, ACTIVATIONS[activation](), COSTS[cost]()

    def __setattr__(self, name, value):
        if isinstance(value, Linear):
            self._layers[name] = value
        super().__setattr__(name, value)

    def named_layers(self):
        """[(name, Linear)], first to last."""
        return list(self._layers.items())

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
        x = self._floats(x)
        return self.cost.activate(self._forward(x, Workspace(self, len(x))))

    def _floats(self, x):
        x = np.asarray(x)
        require(x.ndim == 2 and x.shape[1] == self.sizes[0], f"input must be (batch, {self.sizes[0]}), got {x.shape}")
        return scaled(x, self.dtype)

    def _forward(self, a, work, dropout=None):
        """(batch, din) -> z of the last layer, (batch, dout); the other z become activations in `work`."""
        *hidden, last = self._layers.values()
        for i, layer in enumerate(hidden):
            a = self.activation.forward(layer(a, out=work.z[i]))
            if dropout is not None:
                a = dropout.forward(a, i)
        return last(a, out=work.z[-1])

    def backward(self, x, y):
        """Add the gradient of the mean cost of a batch to every dW and db; return the outputs (batch, dout).

        x: (batch, din); y: one-hot (batch, dout) or integer labels (batch,). The forward pass is part of it.
        Backpropagation, with L the last layer (Nielsen 2015, ch. 2, BP1 to BP4):
            delta_L = dC/dz_L,            delta_l = (delta_{l+1} W_{l+1}) * sigma'(z_l),
            dC/dW_l = delta_l^T a_{l-1},  dC/db_l = sum of delta_l's rows.
        """
        x, y = self._floats(x), one_hot(y, self.sizes[-1], self.dtype)
        require(len(y) == len(x), f"x and y must have the same number of rows, got {len(x)} and {len(y)}")
        work = Workspace(self, len(x))
        a = self.cost.activate(self._forward(x, work))
        self._backward(self.cost.delta(a, y), work)
        return a

    def _backward(self, delta, work, *, replace=False, dropout=None):
        """From delta = dC/dz of the last layer (batch, dout) to every gradient; a multiple gives that multiple."""
        first, *above = self._layers.values()
        for i in range(len(above) - 1, -1, -1):
            delta = above[i].backward(delta, replace=replace, out=work.delta[i])
            if dropout is not None:
                delta = dropout.backward(delta, i)
            delta *= self.activation.slope(work.z[i], out=work.slope[i])
        first.backward(delta, replace=replace, input_gradient=False)

    def loss(self, x, y):
        """The mean cost of a batch as a float; x and y as in `backward`."""
        x, y = self._floats(x), one_hot(y, self.sizes[-1], self.dtype)
        return self.cost.value(self._forward(x, Workspace(self, len(x))), y)

    def zero_grad(self):
        """Set every gradient to zero."""
        for layer in self.layers:
            layer.zero_grad()

    def parameters(self):
        """[(name, value, gradient)] of every layer in order, names like "fc1.W". The arrays, not copies."""
        return [(f"{name}.{key}", *pair) for name, layer in self.named_layers() for key, *pair in layer.parameters()]

    def flatten(self):
        """(values, gradients), (n,) each: all parameters side by side, so that one operation changes all of them.

        From then on the layers' arrays are views into these, each at a multiple of 64 bytes, as BLAS likes it.
        """
        step = 64 // self.dtype.itemsize
        ends = np.cumsum([0, *(-(-value.size // step) * step for _, value, _ in self.parameters())])
        flat, start = aligned((2, ends[-1]), self.dtype), iter(ends)
        for layer in self.layers:
            for key, *pair in layer.parameters():
                first = next(start)
                for row, name, array in zip(flat, (key, f"d{key}"), pair, strict=True):
                    row[first : first + array.size] = array.ravel()
                    setattr(layer, name, row[first : first + array.size].reshape(array.shape))
        return flat

    def save(self, path):
        """Write architecture and weights to an .npz file at `path`, exactly."""
        weights.save(self, path)

    @classmethod
    def load(cls, path):
        """A network of this class with the weights in `path`; ValueError when the file does not fit it."""
        about, arrays = weights.read(path)
        net = cls._like(about, np.random.default_rng(0))
        weights.fill(net, arrays)
        return net

    @classmethod
    def _like(cls, about, rng):
        return cls(rng=rng)

    def __repr__(self):
        return f"{type(self).__name__}({', '.join(f'{name}={layer}' for name, layer in self.named_layers())})"


class Workspace:
    """The arrays that a batch of `rows` samples fills, by layer: z (which becomes a), delta and slope, (rows, units).
    Training keeps one and writes into it again and again: memory that is new each time costs more than the numbers."""

    def __init__(self, net, rows):
        self.z, self.delta, self.slope = ([layer.outputs(rows) for layer in net.layers] for _ in range(3))


class MLP(Network):
    """A network of any depth: MLP([784, 100, 100, 10], rng=rng) has the layers fc1, fc2 and fc3."""

    def __init__(
        self, sizes, *, activation="sigmoid", cost="quadratic", init="xavier", bias=True, rng, dtype=np.float32
    ):
        """sizes: [din, hidden..., dout]; ValueError when there are fewer than two."""
        super().__init__(activation=activation, cost=cost)
        require(len(sizes) >= 2, f"sizes must be at least an input and an output, got {list(sizes)}")
        for i, (din, dout) in enumerate(itertools.pairwise(sizes), start=1):
            setattr(self, f"fc{i}", Linear(din, dout, bias, rng=rng, init=init, dtype=dtype))

    @classmethod
    def _like(cls, about, rng):
        return cls(**{key: about[key] for key in ("sizes", "activation", "cost", "bias", "dtype")}, rng=rng)


class ShallowModel(Network):
    """784-16-10, the notebook's shallow model: weights from N(0, 1), sigmoid, quadratic cost."""

    def __init__(self, *, rng):
        super().__init__()
        self.fc1, self.fc2 = Linear(784, 16, rng=rng), Linear(16, 10, rng=rng)


class DeeperModel(Network):
    """784-100-100-10, the notebook's deeper model: weights from N(0, 1), sigmoid, quadratic cost."""

    def __init__(self, *, rng):
        super().__init__()
        self.fc1, self.fc2, self.fc3 = (Linear(*sizes, rng=rng) for sizes in ((784, 100), (100, 100), (100, 10)))

"""One image through one network and back, with every number on the way. All of them are mlpcore's own."""

from dataclasses import dataclass

import numpy as np

from mlpcore import MLP, weights
from mlpcore.data import one_hot, scaled

EPSILON = 1e-5  # of the numeric gradient
CHECKED = 40  # weights that a layer's gradient check looks at
RIGHT = 1e-6  # the relative error up to which a gradient is right
ROUNDING = 10 * np.finfo(np.float64).eps / EPSILON  # in a numeric gradient: of two costs near 1, or near ln 1


@dataclass(frozen=True)
class LayerStep:
    """One layer, one image: input (din,); z, a, b and delta = dC/dz (dout,); W and its gradient dC/dW (dout, din)."""

    W: np.ndarray
    b: np.ndarray
    input: np.ndarray
    z: np.ndarray
    a: np.ndarray
    delta: np.ndarray
    gradient: np.ndarray


@dataclass(frozen=True)
class GradientCheck:
    """Analytic beside numeric gradient of `count` weights: how far apart, as a part of their size, and absolute."""

    count: int
    error: float
    distance: float

    @property
    def right(self) -> bool:
        """Whether they are alike."""
        return self.error < RIGHT or self.only_rounding

    @property
    def only_rounding(self) -> bool:
        """Whether the gradient is so small, as where units are saturated or an image is read for certain, that the
        rounding of the costs shows."""
        return self.error >= RIGHT and self.distance <= ROUNDING * np.sqrt(self.count)


@dataclass(frozen=True)
class Trace:
    """The whole way of one image; `net` is a copy in float64, so that numeric gradients can be compared."""

    net: MLP
    x: np.ndarray  # (1, din) in [0, 1]
    y: np.ndarray  # (1, classes) one-hot
    layers: list[LayerStep]
    cost: float


def trace(net: MLP, image: np.ndarray, label: int) -> Trace:
    """What `net` computes for an image uint8 (din,) of class `label`: forward, cost, and backward."""
    exact = like(net)
    weights.fill(exact, {name: value.astype(np.float64) for name, value, _ in net.parameters()})
    x = scaled(image[None], np.float64)
    y = one_hot(np.array([label]), net.sizes[-1], np.float64)
    outputs = exact.backward(x, y)
    found, last = [], len(exact.layers) - 1
    for i, layer in enumerate(exact.layers):
        a_in = layer.input  # the layer kept what it was given
        z = layer(a_in)
        a = outputs if i == last else exact.activation.forward(z.copy())
        delta = layer.db  # which is the sum of delta over the images, and there is one
        found.append(LayerStep(layer.W, layer.b, a_in[0], z[0], a[0], delta, layer.dW))
    return Trace(exact, x, y, found, exact.loss(x, y))


def numeric(found: Trace, layer: int, unit: int, source: int) -> float:
    """dC/dW of one weight by central differences: (C(w + eps) - C(w - eps)) / (2 eps)."""
    W = found.net.layers[layer].W
    kept, costs = W[unit, source], []
    try:
        for value in (kept + EPSILON, kept - EPSILON):
            W[unit, source] = value
            costs.append(found.net.loss(found.x, found.y))
    finally:
        W[unit, source] = kept
    return (costs[0] - costs[1]) / (2 * EPSILON)


def check(found: Trace, layer: int) -> GradientCheck:
    """A layer's gradient, analytic beside numeric, for weights drawn at random.

    The error is ||analytic - numeric|| / (||analytic|| + ||numeric||); below 1e-6 the gradient is right.
    Source: Stanford CS231n, notes on gradient checks.
    """
    gradient = found.layers[layer].gradient
    lit = np.flatnonzero(found.layers[layer].input)  # the gradient of a weight from a dark pixel is 0 both ways
    rng = np.random.default_rng(0)
    pairs = [(int(rng.integers(len(gradient))), int(rng.choice(lit))) for _ in range(CHECKED)] if len(lit) else []
    analytic = np.array([gradient[pair] for pair in pairs])
    other = np.array([numeric(found, layer, *pair) for pair in pairs])
    scale = float(np.linalg.norm(analytic) + np.linalg.norm(other))
    distance = float(np.linalg.norm(analytic - other))
    return GradientCheck(len(pairs), distance / scale if scale else 0.0, distance)


def like(net):
    """A network of the same kind in float64, its weights to be filled."""
    return MLP(net.sizes, activation=net.activation.name, cost=net.cost.name, dtype=np.float64,
               rng=np.random.default_rng(0))  # fmt: skip

"""Activation functions: what a unit makes of its weighted input z."""

import numpy as np

# As arrays: NumPy converts a plain number anew in each call, which costs as much as a small batch does.
HALF, ONE = np.array(0.5, np.float32), np.array(1, np.float32)


def sigmoid(z, out=None):
    """The logistic function, element by element; `z` of any shape, `out` may be `z` itself.

    sigma(z) = 1 / (1 + exp(-z)) = (1 + tanh(z / 2)) / 2. The right-hand form can't overflow.
    """
    a = np.multiply(z, HALF, out=out)
    a = np.tanh(a, out=out)
    a = np.multiply(a, HALF, out=out)
    return np.add(a, HALF, out=out)


def sigmoid_derivative(z):
    """sigma'(z) = sigma(z) (1 - sigma(z)), element by element; the shape of `z`."""
    a = sigmoid(z)
    return a * (1 - a)


class Sigmoid:
    """a = 1 / (1 + exp(-z)), between 0 and 1; slope a (1 - a), at most 1/4."""

    name, flat = "sigmoid", 0.0125

    def forward(self, z):
        """z (batch, units) becomes a, in place."""
        return sigmoid(z, out=z)

    def slope(self, a, out=None):
        """da/dz from a alone, (batch, units); where it is below `flat`, a unit is saturated: it hardly learns."""
        slope = np.subtract(ONE, a, out)
        slope *= a
        return slope


class Tanh:
    """a = tanh(z), between -1 and 1; slope 1 - a^2."""

    name, flat = "tanh", 0.05

    def forward(self, z):
        return np.tanh(z, out=z)

    def slope(self, a, out=None):
        slope = np.multiply(a, a, out)
        return np.subtract(ONE, slope, slope)


class ReLU:
    """a = max(z, 0); slope 1 above zero, 0 elsewhere. Source: Nair and Hinton (2010)."""

    name, flat = "relu", 0.5

    def forward(self, z):
        return np.maximum(z, 0, out=z)

    def slope(self, a, out=None):
        return np.greater(a, 0, out)


class LeakyReLU:
    """a = max(z, z / 100); slope 1 above zero, 1/100 elsewhere. Source: Maas, Hannun and Ng (2013)."""

    name, flat, leak = "leaky_relu", 0.0, 0.01

    def forward(self, z):
        return np.maximum(z, z * self.leak, out=z)

    def slope(self, a, out=None):
        return np.maximum(a > 0, a.dtype.type(self.leak), out=out)


ACTIVATIONS = {kind.name: kind for kind in (Sigmoid, Tanh, ReLU, LeakyReLU)}

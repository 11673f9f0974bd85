"""Activation functions: what a unit makes of its weighted input z."""

import numpy as np


def sigmoid(z, out=None):
    """The logistic function, element by element.

    sigma(z) = 1 / (1 + exp(-z)) = (1 + tanh(z / 2)) / 2. The right-hand form can't overflow.
    `z` has any shape; `out`, when given, receives the result and may be `z` itself.
    """
    half = np.multiply(z, 0.5, out=out)
    a = np.tanh(half, out=out)
    a = np.multiply(a, 0.5, out=out)
    return np.add(a, 0.5, out=out)


def sigmoid_derivative(z):
    """sigma'(z) = sigma(z) (1 - sigma(z)), element by element; the shape of `z`."""
    a = sigmoid(z)
    return a * (1 - a)


class Sigmoid:
    """The logistic function and its slope, the latter told from the activation a = sigma(z)."""

    name = "sigmoid"

    def forward(self, z):
        """`z` (batch, units) becomes sigma(z), in place."""
        return sigmoid(z, out=z)

    def backward(self, delta, a):
        """`delta` (batch, units), dC/da, becomes dC/dz = dC/da * a (1 - a), in place."""
        delta *= a
        delta *= 1 - a
        return delta


ACTIVATIONS = {"sigmoid": Sigmoid}

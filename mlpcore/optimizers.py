"""Optimizers: how the gradient changes the parameters. They know arrays, not layers; updates are in place."""

import math

import numpy as np


class SGD:
    """Stochastic gradient descent: p <- p - lr * dC/dp, with C the mean cost of the batch (Nielsen 2015, eq. 20)."""

    def __init__(self, lr):
        """lr: the learning rate; ValueError unless it is a finite number > 0."""
        if not (math.isfinite(lr) and lr > 0):
            raise ValueError(f"learning rate must be a number > 0, got {lr}")
        self.lr = lr
        self._scratch = {}

    def step(self, parameters):
        """Update every array of [(name, value, gradient)] in place. The gradients stay as they are."""
        for name, value, gradient in parameters:
            change = self._scratch.get(name)
            if change is None:
                change = self._scratch[name] = np.empty_like(value)
            np.multiply(gradient, self.lr, out=change)
            value -= change

    def state(self):
        """{name: array} of what a resumed training needs; nothing for plain SGD."""
        return {}

    def load_state(self, arrays):
        """Put back what `state` gave."""
        if arrays:
            raise ValueError(f"SGD keeps no state, got {', '.join(arrays)}")

    def __repr__(self):
        return f"SGD(lr={self.lr})"


OPTIMIZERS = {"sgd": SGD}

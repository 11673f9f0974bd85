"""Optimizers: how the gradient changes the parameters. They know arrays, not layers; updates are in place."""

import math

import numpy as np

from .errors import require

BLOCK = 32_768  # numbers updated at a time: they stay in the cache from the first pass over them to the last
NEGLIGIBLE = 1e-24


class SGD:
    """Stochastic gradient descent: p <- p - lr * dC/dp, with C the mean cost of the batch (Nielsen 2015, eq. 20).

    `factor` times `lr` is the rate of the next step; a schedule sets it. `scale` is what a caller may multiply the
    gradient with beforehand, where that is cheap: the step then saves a pass over it.
    """

    remembers = ()  # the names of the arrays that a step leaves for the next

    def __init__(self, lr):
        """lr: the learning rate; ValueError unless it is a finite number > 0."""
        require(math.isfinite(lr) and lr > 0, f"learning rate must be a number > 0, got {lr}")
        self.lr, self.factor, self._memory = lr, 1.0, {}

    @property
    def scale(self):
        return self.lr * self.factor

    def step(self, p, gradient, scale=1.0):
        """Update the array p in place. `gradient`, of its shape, is `scale` dC/dp, and stays as it is."""
        p -= self._change(gradient, scale)

    def _change(self, gradient, scale):
        """lr * dC/dp"""
        rate = self.lr * self.factor
        return gradient if scale == rate else gradient * (rate / scale)

    def _remembered(self, name, like):
        """The array kept under `name`; zeros of the shape of `like` the first time."""
        if name not in self._memory:
            self._memory[name] = np.zeros_like(like)
        return self._memory[name]

    def settle(self):
        """Forget what no longer moves a weight. A velocity that fades without new gradients, as that of a pixel which
        is seldom lit, would end among the subnormal numbers, with which a core calculates many times slower."""
        for array in self._memory.values():
            array[np.abs(array) < NEGLIGIBLE] = 0

    def state(self):
        """{name: array} of what a resumed training needs; nothing for plain SGD. The arrays, not copies."""
        return dict(self._memory)

    def load_state(self, arrays):
        """Put back what `state` gave; ValueError when another kind of optimizer gave it."""
        kept, strange = ", ".join(self.remembers) or "no state", arrays.keys() - set(self.remembers)
        require(not strange, f"{type(self).__name__} keeps {kept}, got {', '.join(sorted(strange))}")
        self._memory = {name: array.copy() for name, array in arrays.items()}

    def __repr__(self):
        return f"{type(self).__name__}(lr={self.lr})"


class Momentum(SGD):
    """v <- momentum * v + lr * dC/dp, p <- p - v. Source: Nielsen 2015, eq. 107-108 (v with the other sign)."""

    remembers = ("velocity",)

    def __init__(self, lr, momentum=0.9):
        """momentum: how much of a step goes on into the next; ValueError unless 0 <= momentum < 1."""
        super().__init__(lr)
        require(0 <= momentum < 1, f"momentum must be at least 0 and below 1, got {momentum}")
        self.momentum = momentum

    def step(self, p, gradient, scale=1.0):
        for part, g, v in blocks(p, gradient, self._remembered("velocity", p)):
            change = self._change(g, scale)
            v *= self.momentum
            v += change
            part -= self._step(v, change)

    def _step(self, v, change):
        return v


class Nesterov(Momentum):
    """v <- momentum * v + lr * dC/dp, p <- p - (momentum * v + lr * dC/dp): the gradient is that of where v leads.

    Source: Sutskever et al., On the importance of initialization and momentum (2013), in the form of Bengio et al.
    """

    def _step(self, v, change):
        ahead = v * self.momentum
        ahead += change
        return ahead


class Adam(SGD):
    """Steps of about lr whatever the gradient's size.

    m <- beta1 m + (1 - beta1) g, v <- beta2 v + (1 - beta2) g^2, with g = dC/dp; after t steps
    p <- p - lr * m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps).
    Source: Kingma and Ba, Adam: a method for stochastic optimization (2015), algorithm 1.
    """

    remembers = ("m", "v", "steps")
    scale = 1.0  # a multiple of the gradient would make the same step

    def __init__(self, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
        """ValueError unless lr > 0 and 0 <= beta < 1."""
        super().__init__(lr)
        for name, beta in (("beta1", beta1), ("beta2", beta2)):
            require(0 <= beta < 1, f"{name} must be at least 0 and below 1, got {beta}")
        self.beta1, self.beta2, self.eps = beta1, beta2, eps

    def step(self, p, gradient, scale=1.0):
        t = self._remembered("steps", np.int64(0))
        t += 1
        rate = self.lr * self.factor / (1 - self.beta1 ** int(t))
        for part, g, m, v in blocks(p, gradient, self._remembered("m", p), self._remembered("v", p)):
            m *= self.beta1
            m += g * (1 - self.beta1)
            v *= self.beta2
            v += g * g * (1 - self.beta2)
            change = np.sqrt(v * (1 / (1 - self.beta2 ** int(t))))
            np.divide(m, change + self.eps, out=change)
            change *= rate
            part -= change


def blocks(*arrays):
    """Parts of arrays of one shape, cut alike along the first axis."""
    rows = max(1, BLOCK * len(arrays[0]) // arrays[0].size)
    for first in range(0, len(arrays[0]), rows):
        yield [array[first : first + rows] for array in arrays]


OPTIMIZERS = {"sgd": SGD, "momentum": Momentum, "nesterov": Nesterov, "adam": Adam}

"""Optimizers: how the gradient changes the parameters. They know arrays, not layers; updates are in place."""

import math

import numpy as np


class SGD:
    """Stochastic gradient descent: p <- p - lr * dC/dp, with C the mean cost of the batch (Nielsen 2015, eq. 20).

    `factor` times `lr` is the rate of the next step; a schedule sets it. `scale` is what a caller may multiply the
    gradients with beforehand, where that is cheap: the step then saves a pass over every array.
    """

    remembers = ()  # the kinds of arrays, one a parameter, that a step leaves for the next

    def __init__(self, lr):
        """lr: the learning rate; ValueError unless it is a finite number > 0."""
        if not (math.isfinite(lr) and lr > 0):
            raise ValueError(f"learning rate must be a number > 0, got {lr}")
        self.lr, self.factor = lr, 1.0
        self._memory, self._scratch = {}, {}

    @property
    def scale(self):
        return self.lr * self.factor

    def step(self, parameters, scale=1.0):
        """Update every array of [(name, value, gradient)] in place. The gradients, `scale` dC/dp, stay as they are."""
        rate = self.lr * self.factor
        for name, value, gradient in parameters:
            if scale != rate:
                gradient = np.multiply(gradient, rate / scale, out=self._array(self._scratch, name, value))
            self._update(name, value, gradient)

    def _update(self, name, value, change):
        value -= change

    def _array(self, arrays, key, like):
        """The array kept under `key`; zeros of the shape of `like` the first time."""
        array = arrays.get(key)
        if array is None:
            array = arrays[key] = np.zeros_like(like)
        return array

    def state(self):
        """{name: array} of what a resumed training needs; nothing for plain SGD. The arrays, not copies."""
        return dict(self._memory)

    def load_state(self, arrays):
        """Put back what `state` gave; ValueError when another kind of optimizer gave it."""
        if strange := [key for key in arrays if key.partition("/")[0] not in self.remembers]:
            kept = ", ".join(self.remembers) or "no state"
            raise ValueError(f"{type(self).__name__} keeps {kept}, got {', '.join(strange)}")
        self._memory = {key: array.copy() for key, array in arrays.items()}

    def __repr__(self):
        return f"{type(self).__name__}(lr={self.lr})"


class Momentum(SGD):
    """v <- momentum * v + lr * dC/dp, p <- p - v. Source: Nielsen 2015, eq. 107-108 (v with the other sign)."""

    remembers = ("velocity",)

    def __init__(self, lr, momentum=0.9):
        """momentum: how much of a step goes on into the next; ValueError unless 0 <= momentum < 1."""
        super().__init__(lr)
        if not 0 <= momentum < 1:
            raise ValueError(f"momentum must be at least 0 and below 1, got {momentum}")
        self.momentum = momentum

    def _update(self, name, value, change):
        v = self._array(self._memory, f"velocity/{name}", value)
        v *= self.momentum
        v += change
        value -= v


class Nesterov(Momentum):
    """v <- momentum * v + lr * dC/dp, p <- p - (momentum * v + lr * dC/dp): the gradient is that of where v leads.

    Source: Sutskever et al., On the importance of initialization and momentum (2013), in the form of Bengio et al.
    """

    def _update(self, name, value, change):
        v = self._array(self._memory, f"velocity/{name}", value)
        v *= self.momentum
        v += change
        ahead = np.multiply(v, self.momentum, out=self._array(self._scratch, f"ahead/{name}", value))
        ahead += change
        value -= ahead


class Adam(SGD):
    """Steps of about lr whatever the gradient's size.

    m <- beta1 m + (1 - beta1) g, v <- beta2 v + (1 - beta2) g^2, with g = dC/dp; after t steps
    p <- p - lr * m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps).
    Source: Kingma and Ba, Adam: a method for stochastic optimization (2015), algorithm 1.
    """

    remembers = ("m", "v", "steps")

    def __init__(self, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
        """ValueError unless lr > 0 and 0 <= beta < 1."""
        super().__init__(lr)
        for name, beta in (("beta1", beta1), ("beta2", beta2)):
            if not 0 <= beta < 1:
                raise ValueError(f"{name} must be at least 0 and below 1, got {beta}")
        self.beta1, self.beta2, self.eps = beta1, beta2, eps

    @property
    def scale(self):
        return 1.0  # a multiple of the gradient would make the same step

    def step(self, parameters, scale=1.0):
        """As in SGD. `scale` must be 1."""
        t = self._array(self._memory, "steps", np.int64(0))
        t += 1
        rate = self.lr * self.factor / (1 - self.beta1 ** int(t))
        correction = 1 / (1 - self.beta2 ** int(t))
        for name, value, gradient in parameters:
            self._adapt(name, value, gradient, rate, correction)

    def _adapt(self, name, value, gradient, rate, correction):
        m = self._array(self._memory, f"m/{name}", value)
        v = self._array(self._memory, f"v/{name}", value)
        work = self._array(self._scratch, name, value)
        m *= self.beta1
        m += np.multiply(gradient, 1 - self.beta1, out=work)
        v *= self.beta2
        np.multiply(gradient, gradient, out=work)
        work *= 1 - self.beta2
        v += work
        np.multiply(v, correction, out=work)
        np.sqrt(work, out=work)
        work += self.eps
        np.divide(m, work, out=work)
        work *= rate
        value -= work


OPTIMIZERS = {"sgd": SGD, "momentum": Momentum, "nesterov": Nesterov, "adam": Adam}

"""What keeps a network from learning its training set by heart, and its steps from growing wild."""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Regularization:
    """L2 penalty, gradient clipping and dropout; the defaults do nothing. ValueError for numbers out of range."""

    l2: float = 0.0  # adds l2/2 * (sum of the squared weights, not biases) to the cost, not to the loss reported
    clip: float = math.inf  # the norm that all gradients together may reach
    dropout: float = 0.0  # the share of each hidden layer that a training batch does without

    def __post_init__(self):
        if not self.l2 >= 0:
            raise ValueError(f"l2 must be at least 0, got {self.l2}")
        if not self.clip > 0:
            raise ValueError(f"clip must be > 0, got {self.clip}")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout must be at least 0 and below 1, got {self.dropout}")

    def adjust(self, parameters, scale=1.0):
        """Change the gradients of [(name, value, gradient)], each `scale` times dC/dp, in place.

        dC/dW grows by l2 W; then all shrink by clip / norm where their norm is above clip.
        Source: Nielsen ch. 3, eq. 87; Pascanu et al., On the difficulty of training recurrent networks (2013).
        """
        if self.l2:
            for _, value, gradient in parameters:
                if value.ndim == 2:
                    gradient += (scale * self.l2) * value
        if self.clip < math.inf:
            norm = gradient_norm(parameters)
            if norm > scale * self.clip:
                for *_, gradient in parameters:
                    gradient *= scale * self.clip / norm


def gradient_norm(parameters):
    """The square root of the sum of all squared gradients of [(name, value, gradient)]."""
    return math.sqrt(sum(float(np.vdot(gradient, gradient)) for *_, gradient in parameters))


class Dropout:
    """Silences each hidden unit with probability `rate` for one sample, and raises the others to make up for it.

    a <- a m / (1 - rate) with m = 0 or 1, drawn anew from `rng`; the gradient takes the same way back.
    Source: Srivastava et al., Dropout (2014), in the inverted form, which leaves nothing to do in testing.
    """

    def __init__(self, rate, *, rng):
        self.rate, self.rng = rate, rng
        self.masks = {}

    def forward(self, a, layer):
        """a (batch, units) of hidden layer number `layer` -> a new array."""
        kept = self.rng.random(a.shape, dtype=np.float32) >= self.rate
        mask = self.masks[layer] = np.multiply(kept, 1 / (1 - self.rate), dtype=a.dtype)
        return a * mask

    def backward(self, delta, layer):
        """dC/da behind the mask (batch, units) becomes dC/da before it, in place."""
        delta *= self.masks[layer]
        return delta

"""What keeps a network from learning its training set by heart, and its steps from growing wild."""

import math
from dataclasses import dataclass

import numpy as np

from .errors import require


@dataclass(frozen=True)
class Regularization:
    """L2 penalty, gradient clipping and dropout; the defaults do nothing. ValueError for numbers out of range."""

    l2: float = 0.0  # adds l2/2 * (sum of the squared weights, not biases) to the cost, not to the loss reported
    clip: float = math.inf  # the norm that all gradients together may reach
    dropout: float = 0.0  # the share of each hidden layer that a training batch does without

    def __post_init__(self):
        require(self.l2 >= 0, f"l2 must be at least 0, got {self.l2}")
        require(self.clip > 0, f"clip must be > 0, got {self.clip}")
        require(0 <= self.dropout < 1, f"dropout must be at least 0 and below 1, got {self.dropout}")

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
            norm = math.sqrt(sum(float(np.vdot(gradient, gradient)) for *_, gradient in parameters))
            if norm > scale * self.clip:
                for *_, gradient in parameters:
                    gradient *= scale * self.clip / norm


class Dropout:
    """Silences each hidden unit with probability `rate` for one sample, and raises the others to make up for it.

    a <- a m / (1 - rate) with m = 0 or 1, drawn anew from `rng`; the gradient takes the same way back.
    Source: Srivastava et al., Dropout (2014), in the inverted form, which leaves nothing to do in testing.
    """

    def __init__(self, rate, *, rng):
        self.rate, self.rng, self.masks = rate, rng, {}

    def forward(self, a, layer):
        """a (batch, units) of hidden layer number `layer` -> a new array."""
        kept = self.rng.random(a.shape, dtype=np.float32) >= self.rate
        mask = self.masks[layer] = np.multiply(kept, 1 / (1 - self.rate), dtype=a.dtype)
        return a * mask

    def backward(self, delta, layer):
        """dC/da behind the mask (batch, units) becomes dC/da before it, in place."""
        delta *= self.masks[layer]
        return delta


class EarlyStopping:
    """Ends a training whose validation accuracy has not risen for `patience` epochs, and restores the best weights.

    Source: Nielsen ch. 3, "no improvement in ten". Of equal epochs the first is the best.
    """

    def __init__(self, patience):
        """patience: in epochs; ValueError below 1."""
        require(patience >= 1, f"patience must be at least 1, got {patience}")
        self.patience = patience
        self.best_epoch, self.best_accuracy, self.waited, self.best = 0, -1.0, 0, np.empty(0)

    @property
    def over(self):
        """Whether the patience is at its end."""
        return self.waited >= self.patience

    def look(self, epoch, accuracy, values):
        """Note what `epoch` reached, and keep a copy of all parameters (n,) when nothing was better."""
        self.waited += 1
        if accuracy > self.best_accuracy:
            self.best_epoch, self.best_accuracy, self.waited, self.best = epoch, accuracy, 0, values.copy()

    def state(self):
        """{name: array} of what a resumed training needs."""
        return {"found": np.array([self.best_epoch, self.best_accuracy, self.waited]), "best": self.best}

    def load_state(self, arrays):
        """Put back what `state` gave."""
        epoch, self.best_accuracy, waited = arrays["found"].tolist()
        self.best_epoch, self.waited, self.best = int(epoch), int(waited), arrays["best"].copy()

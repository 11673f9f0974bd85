"""Early stopping."""

import numpy as np


class EarlyStopping:
    """Ends a training whose validation accuracy has not risen for `patience` epochs, and restores the best weights.

    Source: Nielsen ch. 3, "no improvement in ten". Of equal epochs the first is the best.
    """

    def __init__(self, patience):
        """patience: in epochs; ValueError below 1."""
        if patience < 1:
            raise ValueError(f"patience must be at least 1, got {patience}")
        self.patience = patience
        self.best_epoch, self.best_accuracy, self.waited = 0, -1.0, 0
        self._best = {}

    @property
    def over(self):
        """Whether the patience is at its end."""
        return self.waited >= self.patience

    def look(self, epoch, accuracy, parameters):
        """Note what `epoch` reached, and keep a copy of the parameters when nothing was better."""
        self.waited += 1
        if accuracy > self.best_accuracy:
            self.best_epoch, self.best_accuracy, self.waited = epoch, accuracy, 0
            self._best = {name: value.copy() for name, value, _ in parameters}

    def restore(self, parameters):
        """Put the best weights back."""
        for name, value, _ in parameters:
            value[...] = self._best[name]

    def state(self):
        """{name: array} of what a resumed training needs. The arrays, not copies."""
        return {"found": np.array([self.best_epoch, self.best_accuracy, self.waited]), **self._best}

    def load_state(self, arrays):
        """Put back what `state` gave."""
        best = {name: value.copy() for name, value in arrays.items()}
        epoch, self.best_accuracy, waited = best.pop("found").tolist()
        self.best_epoch, self.waited, self._best = int(epoch), int(waited), best

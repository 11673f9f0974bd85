"""Cost functions: what training makes small."""

import numpy as np


class Quadratic:
    """Half the squared distance between output and target, averaged over the batch.

    C = 1/(2n) sum_x ||y(x) - a(x)||^2, with `a` and `y` (n, dout).
    Source: M. Nielsen, Neural Networks and Deep Learning (2015), ch. 1, eq. 6.
    """

    name = "quadratic"

    def value(self, a, y):
        """The cost as a float, summed in float64."""
        difference = np.subtract(a, y, dtype=np.float64)
        return float(np.vdot(difference, difference)) / (2 * len(a))

    def gradient(self, a, y):
        """dC/da = (a - y) / n, (n, dout)."""
        delta = a - y
        delta *= 1 / len(a)
        return delta


COSTS = {"quadratic": Quadratic}

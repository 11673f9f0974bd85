"""Cost functions: what training makes small. The cost decides what the output units are.

Each knows three things about the last layer's z (n, dout), its outputs a and the targets y, both (n, dout):
`activate(z)` turns z into a; `value(z, y)` is the mean cost of the rows, a float, from z so that it can't
overflow; `delta(a, y, scale)` is its gradient dC/dz, times `scale`. Results are new arrays.
"""

import numpy as np

from .activations import Sigmoid, sigmoid


class Cost:
    """Sigmoid units, and dC/dz = (a - y) / n: what two of the costs share."""

    def activate(self, z):
        return sigmoid(z)

    def delta(self, a, y, scale=1.0):
        delta = a - y
        delta *= scale / len(a)
        return delta


class Quadratic(Cost):
    """Half the squared distance between the outputs of sigmoid units and the target.

    C = 1/(2n) sum_x ||y(x) - a(x)||^2, dC/dz = (a - y) a (1 - a) / n.
    Source: M. Nielsen, Neural Networks and Deep Learning (2015), ch. 1, eq. 6.
    """

    name = "quadratic"

    def value(self, z, y):
        return float(np.square(sigmoid(z) - y).sum(dtype=np.float64)) / (2 * len(z))

    def delta(self, a, y, scale=1.0):
        delta = super().delta(a, y, scale)
        delta *= Sigmoid.slope(self, a)
        return delta


class CrossEntropy(Cost):
    """Minus the log of the probability that softmax units give to the target.

    a_j = exp(z_j) / sum_k exp(z_k), C = -1/n sum_x sum_j y_j log a_j, dC/dz = (a - y) / n as y sums to 1.
    Subtracting the largest z changes nothing but keeps exp from overflowing. Source: Nielsen ch. 3, eq. 80-82.
    """

    name = "cross_entropy"

    def activate(self, z):
        a = z - z.max(axis=1, keepdims=True)
        np.exp(a, out=a)
        a /= a.sum(axis=1, keepdims=True)
        return a

    def value(self, z, y):
        z = z - z.max(axis=1, keepdims=True)
        log_sums = np.log(np.exp(z).sum(axis=1))
        return float((log_sums * y.sum(axis=1)).sum(dtype=np.float64) - (y * z).sum(dtype=np.float64)) / len(z)


class BinaryCrossEntropy(Cost):
    """Cross-entropy of each sigmoid unit with its own target.

    C = -1/n sum_x sum_j [y_j log a_j + (1 - y_j) log(1 - a_j)], dC/dz = (a - y) / n.
    From z: the bracket is y z - max(z, 0) - log(1 + exp(-|z|)). Source: Nielsen ch. 3, eq. 63.
    """

    name = "binary_cross_entropy"

    def value(self, z, y):
        each = np.maximum(z, 0) - y * z + np.log1p(np.exp(-np.abs(z)))
        return float(each.sum(dtype=np.float64)) / len(z)


COSTS = {cost.name: cost for cost in (Quadratic, CrossEntropy, BinaryCrossEntropy)}

"""Is the gradient right? Compare backpropagation with central differences."""

import numpy as np


def numeric_gradient(net, value, x, y, eps):
    """(C(p + eps) - C(p - eps)) / (2 eps) for each element p of `value`, one at a time; its shape."""
    gradient = np.empty_like(value)
    for i in np.ndindex(value.shape):
        kept, costs = value[i], []
        for value[i] in (kept + eps, kept - eps):
            costs.append(net.loss(x, y))
        value[i], gradient[i] = kept, (costs[0] - costs[1]) / (2 * eps)
    return gradient


def gradient_error(net, x, y, eps=1e-5):
    """The largest relative error ||analytic - numeric|| / (||analytic|| + ||numeric||) over all parameters.

    net in float64; x (batch, din), y one-hot (batch, dout). Below 1e-6 the gradient is right; above 1e-4 it is
    wrong. Source: Stanford CS231n, notes on gradient checks.
    """
    net.zero_grad()
    net.backward(x, y)
    pairs = [(analytic, numeric_gradient(net, value, x, y, eps)) for _, value, analytic in net.parameters()]
    norm = np.linalg.norm
    return max((float(norm(a - n) / (norm(a) + norm(n))) for a, n in pairs if a.any() or n.any()), default=0.0)

"""Where the weights start. Each draws W (dout, din) and b (dout,) in float64 from `rng`."""

import numpy as np


def normal(din, dout, *, rng):
    """W and b from N(0, 1): simple, but wide layers start saturated (Nielsen 2015, ch. 1)."""
    return rng.standard_normal((dout, din)), rng.standard_normal(dout)


def xavier(din, dout, *, rng):
    """W from U(-r, r) with r = sqrt(6 / (din + dout)), b = 0.

    Keeps the variance of activations and gradients alike from layer to layer.
    Source: Glorot and Bengio, Understanding the difficulty of training deep feedforward networks (2010), eq. 16.
    """
    r = np.sqrt(6 / (din + dout))
    return rng.uniform(-r, r, (dout, din)), np.zeros(dout)


INITIALIZERS = {"normal": normal, "xavier": xavier}

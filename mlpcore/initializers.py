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


def he(din, dout, *, rng):
    """W from N(0, 2 / din), b = 0: keeps the variance where ReLU silences half of the units.

    Source: He et al., Delving deep into rectifiers (2015), eq. 10.
    """
    return rng.standard_normal((dout, din)) * np.sqrt(2 / din), np.zeros(dout)


def zero(din, dout, *, rng):
    """W = 0, b = 0, to see it fail: the units of a layer stay equal for ever. Draws nothing."""
    return np.zeros((dout, din)), np.zeros(dout)


INITIALIZERS = {"normal": normal, "xavier": xavier, "he": he, "zero": zero}

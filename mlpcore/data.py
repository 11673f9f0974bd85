"""What happens to samples before the network sees them."""

import numpy as np

from .errors import require

SCALE = 1 / 255  # of a pixel stored as uint8


def scaled(X, dtype, out=None):
    """uint8 pixels become floats in [0, 1]; floats are only cast to `dtype`. Any shape."""
    return np.multiply(X, SCALE, dtype=dtype, out=out) if X.dtype == np.uint8 else X.astype(dtype, copy=False)


def one_hot(y, classes, dtype=np.float32):
    """Integer labels (batch,) become rows with a single 1, (batch, classes); such rows pass through.

    ValueError when the shape or a label does not fit.
    """
    y = np.asarray(y)
    if y.ndim == 2 and y.shape[1] == classes:
        return y.astype(dtype, copy=False)
    fits = y.ndim == 1 and y.dtype.kind in "iu"
    require(fits, f"labels must be integers (batch,) or one-hot (batch, {classes}), got {y.dtype} {y.shape}")
    low, high = (int(y.min()), int(y.max())) if len(y) else (0, 0)
    require(0 <= low <= high < classes, f"labels must lie in 0..{classes - 1}, got {low}..{high}")
    return np.eye(classes, dtype=dtype)[y]


def subset(data, size, *, rng):
    """`size` rows of (X, y), drawn from `rng` without repetition. ValueError unless 1 <= size <= n."""
    return hold_out(data, size, rng=rng)[1] if size != len(data[0]) else data


def hold_out(data, size, *, rng):
    """((X, y) of the other rows, (X, y) of `size` rows drawn from `rng`), in their old order; copies.

    ValueError unless 1 <= size < n.
    """
    X, y = data
    require(1 <= size < len(X), f"number of samples drawn must be at least 1 and below {len(X):,}, got {size}")
    drawn = np.zeros(len(X), bool)
    drawn[rng.choice(len(X), size, replace=False)] = True
    return (X[~drawn], y[~drawn]), (X[drawn], y[drawn])

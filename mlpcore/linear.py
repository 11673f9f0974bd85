"""One fully connected layer."""

import numpy as np

from .initializers import INITIALIZERS


class Linear:
    """z = W a + b for each row a of a batch: (batch, din) -> (batch, dout).

    `W` is (dout, din), `b` is (dout,) or None without bias. `dW` and `db`, of the same shapes, hold the
    gradient of the cost; they grow with every `backward` until `zero_grad`.
    """

    def __init__(self, din, dout, bias=True, *, rng, init="normal", dtype=np.float32):
        """Draw W and b with the initializer named `init`; ValueError for sizes below 1 or an unknown name."""
        for name, size in (("din", din), ("dout", dout)):
            if size < 1:
                raise ValueError(f"{name} of a layer must be at least 1, got {size}")
        if init not in INITIALIZERS:
            raise ValueError(f"init must be one of {', '.join(INITIALIZERS)}, got {init!r}")
        W, b = INITIALIZERS[init](din, dout, rng=rng)
        self.din, self.dout = din, dout
        self.W = W.astype(dtype)
        self.b = b.astype(dtype) if bias else None
        self.dW = np.zeros_like(self.W)
        self.db = np.zeros_like(self.b) if self.b is not None else None
        self.input, self._one = None, np.ones(0)

    def __call__(self, a, *, out=None):
        """(batch, din) -> (batch, dout), a new array or `out`. Remembers `a` for `backward`."""
        self.input = a
        z = np.matmul(a, self.W.T, out=out)
        if self.b is not None:
            z += self.b
        return z

    def backward(self, delta, *, accumulate=True, input_gradient=True, out=None):
        """Take delta = dC/dz (batch, dout), fill dW and db, return dC/da (batch, din), a new array or `out`.

        dC/dW = delta^T a, dC/db = sum of delta's rows, dC/da = delta W. With `accumulate=False` the gradients
        replace what stood there; with `input_gradient=False`, for the first layer, dC/da is not computed.
        """
        if accumulate:
            self.dW += delta.T @ self.input
        else:
            np.matmul(delta.T, self.input, out=self.dW)
        if self.b is not None:
            if accumulate:
                self.db += delta.sum(axis=0)
            else:
                np.dot(self._ones(delta), delta, out=self.db)  # a sum as BLAS does it, three times as fast
        return np.matmul(delta, self.W, out=out) if input_gradient else None

    def _ones(self, delta):
        if len(self._one) != len(delta):
            self._one = np.ones(len(delta), delta.dtype)
        return self._one

    def zero_grad(self):
        """Set dW and db to zero."""
        self.dW.fill(0)
        if self.b is not None:
            self.db.fill(0)

    def parameters(self):
        """[(name, value, gradient)]: W, and b where there is one. The arrays themselves, not copies."""
        pairs = [("W", self.W, self.dW)]
        return pairs if self.b is None else [*pairs, ("b", self.b, self.db)]

    def __repr__(self):
        return f"Linear({self.din}, {self.dout}{'' if self.b is not None else ', bias=False'})"

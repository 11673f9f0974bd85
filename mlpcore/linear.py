"""One fully connected layer."""

import numpy as np

from .errors import require
from .initializers import INITIALIZERS


class Linear:
    """z = W a + b for each row a of a batch: (batch, din) -> (batch, dout).

    `W` is (dout, din), `b` is (dout,) or None without bias. `dW` and `db`, of the same shapes, hold the
    gradient of the cost; they grow with every `backward` until `zero_grad`.
    """

    def __init__(self, din, dout, bias=True, *, rng, init="normal", dtype=np.float32):
        """Draw W and b with the initializer named `init`; ValueError for sizes below 1 or an unknown name."""
        for name, size in (("din", din), ("dout", dout)):
            require(size >= 1, f"{name} of a layer must be at least 1, got {size}")
        require(init in INITIALIZERS, f"init must be one of {', '.join(INITIALIZERS)}, got {init!r}")
        W, b = INITIALIZERS[init](din, dout, rng=rng)
        self.din, self.dout = din, dout
        self.W, self.b = W.astype(dtype), b.astype(dtype) if bias else None
        self.dW, self.db = np.zeros_like(self.W), np.zeros_like(self.b) if bias else None
        self.input, self._ones = None, np.ones(0)

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
        if len(self._ones) != len(delta):
            self._ones = np.ones(len(delta), delta.dtype)
        if accumulate:
            self.dW += delta.T @ self.input
        else:
            np.matmul(delta.T, self.input, out=self.dW)
        if self.b is not None and accumulate:
            self.db += delta.sum(axis=0)
        elif self.b is not None:
            np.dot(self._ones, delta, out=self.db)  # a sum as BLAS does it, three times as fast
        return np.matmul(delta, self.W, out=out) if input_gradient else None

    def zero_grad(self):
        """Set dW and db to zero."""
        for *_, gradient in self.parameters():
            gradient.fill(0)

    def parameters(self):
        """[(name, value, gradient)]: W, and b where there is one. The arrays themselves, not copies."""
        return [("W", self.W, self.dW)] + ([("b", self.b, self.db)] if self.b is not None else [])

    def __repr__(self):
        return f"Linear({self.din}, {self.dout}{'' if self.b is not None else ', bias=False'})"

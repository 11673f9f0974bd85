"""One fully connected layer."""

import functools
import math

import numpy as np

from .errors import require
from .initializers import INITIALIZERS

SMALL = 1_000_000  # multiplications up to which OpenBLAS, with AVX-512, works on matrices where they lie, not on copies
SIMD = np.show_config(mode="dicts").get("SIMD Extensions", {})
AVX512 = {"X86_V4", "AVX512_SKX"} & {*SIMD.get("baseline", ()), *SIMD.get("found", ())}  # two names of it
PARTS = 4 if AVX512 else 1  # at most: in 4, 784 x 100 x 32 takes 25 % less time with it, and 70 % more without


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
        z = product(a, self.W.T, out)
        if self.b is not None:
            z += self.b
        return z

    def backward(self, delta, *, input_gradient=True, replace=False, out=None):
        """Take delta = dC/dz (batch, dout), add to dW and db, return dC/da (batch, din), a new array or `out`.

        dC/dW = delta^T a, dC/db = sum of delta's rows, dC/da = delta W. With `replace` the gradients take the place
        of what stood there; without `input_gradient`, as for the first layer, dC/da is not computed.
        """
        if len(self._ones) != len(delta):
            self._ones = np.ones(len(delta), delta.dtype)
        if replace:
            product(delta.T, self.input, self.dW)
        else:
            self.dW += delta.T @ self.input
        if self.b is not None and replace:
            np.dot(self._ones, delta, out=self.db)  # a sum as BLAS does it, three times as fast
        elif self.b is not None:
            self.db += delta.sum(axis=0)
        return product(delta, self.W, out) if input_gradient else None

    def outputs(self, rows):
        """An array for z of `rows` samples, (rows, dout): by unit where that makes BLAS up to a tenth faster."""
        few = rows * self.W.size <= SMALL * parts_of(rows, self.din, self.dout)
        return aligned((rows, self.dout), self.W.dtype, "C" if few else "F")

    def zero_grad(self):
        """Set dW and db to zero."""
        for *_, gradient in self.parameters():
            gradient.fill(0)

    def parameters(self):
        """[(name, value, gradient)]: W, and b where there is one. The arrays themselves, not copies."""
        return [("W", self.W, self.dW)] + ([("b", self.b, self.db)] if self.b is not None else [])

    def __repr__(self):
        return f"Linear({self.din}, {self.dout}{'' if self.b is not None else ', bias=False'})"


def product(a, b, out=None):
    """a b, (m, k) times (k, n) -> (m, n), a new array or `out`: in parts of a's rows where BLAS is quicker at those."""
    (m, k), n = a.shape, b.shape[1]
    parts = 1 if m * k * n <= SMALL else parts_of(m, k, n)
    if parts == 1:
        small = m * k * n <= SMALL and (out is None or out.flags.c_contiguous)
        return (np.dot if small else np.matmul)(a, b, out)  # dot is called sooner, but sets `out` to zero before
    out = np.empty((m, n), a.dtype) if out is None else out
    np.matmul(a.reshape(parts, -1, k), b, out.reshape(parts, -1, n))
    return out


@functools.cache
def parts_of(m, k, n, most=PARTS):
    """The fewest equal parts of m rows, up to `most`, that are small products; 1 where there are none."""
    return next((p for p in range(1, most + 1) if m % p == 0 and m * k * n <= p * SMALL), 1)


def aligned(shape, dtype, order="C"):
    """An array of zeros that begins at a multiple of 64 bytes, a line of the cache; NumPy's begin anywhere at 16, and
    products in which a processor's vectors lie across two lines take up to a third longer."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    raw = np.zeros(size + 64, np.uint8)
    first = -raw.ctypes.data % 64
    return raw[first : first + size].view(dtype).reshape(shape, order=order)

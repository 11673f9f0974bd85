"""Images as if written a little differently, for each batch of a training anew."""

from dataclasses import dataclass

import numpy as np

from mlpcore.errors import require


@dataclass(frozen=True)
class Augmentation:
    """Each batch of images moved, turned, noisy: training sees no image twice. ValueError for numbers below 0."""

    shift: int = 0  # pixels at most, down and across
    rotation: float = 0.0  # degrees at most, either way
    noise: float = 0.0  # standard deviation, in units of full brightness
    shape: tuple = (28, 28)

    def __post_init__(self):
        for name in ("shift", "rotation", "noise"):
            require(getattr(self, name) >= 0, f"{name} must be at least 0, got {getattr(self, name)}")

    def __call__(self, x, *, rng):
        """x (batch, height * width), floats in [0, 1] -> new such array. What moves in from outside is 0."""
        if self.rotation:
            x = self._turned(x, rng)
        if self.shift:
            x = self._moved(x, rng)
        if self.noise:
            x = x + self.noise * rng.standard_normal(x.shape, dtype=x.dtype)
            np.clip(x, 0, 1, out=x)
        return x

    def _moved(self, x, rng):
        """Every image of the batch cut out of a larger, empty one at a place of its own."""
        n, s = len(x), self.shift
        framed = np.pad(x.reshape(n, *self.shape), ((0, 0), (s, s), (s, s)))
        cuts = np.lib.stride_tricks.sliding_window_view(framed, self.shape, axis=(1, 2))
        down, across = rng.integers(0, 2 * s + 1, (2, n))
        return cuts[np.arange(n), down, across].reshape(x.shape)

    def _turned(self, x, rng):
        """Every pixel is the mean of the four around the place it is turned from, weighted by nearness."""
        n, (height, width) = len(x), self.shape
        framed = np.pad(x.reshape(n, height, width), ((0, 0), (1, 1), (1, 1))).reshape(-1)
        angle = np.radians(rng.uniform(-self.rotation, self.rotation, (n, 1))).astype(x.dtype)
        down, across = (place.reshape(1, -1).astype(x.dtype) for place in np.indices(self.shape))
        down, across = down - (height - 1) / 2, across - (width - 1) / 2
        from_down = np.cos(angle) * down - np.sin(angle) * across + (height + 1) / 2
        from_across = np.sin(angle) * down + np.cos(angle) * across + (width + 1) / 2
        np.clip(from_down, 0, height + 0.999, out=from_down)
        np.clip(from_across, 0, width + 0.999, out=from_across)
        top, left = from_down.astype(np.int32), from_across.astype(np.int32)
        corner = top * (width + 2) + left + np.arange(n, dtype=np.int32)[:, None] * ((height + 2) * (width + 2))
        below, right = (from_down - top).astype(x.dtype), (from_across - left).astype(x.dtype)
        pixel = [framed[corner + step] for step in (0, 1, width + 2, width + 3)]
        upper = pixel[0] + right * (pixel[1] - pixel[0])
        lower = pixel[2] + right * (pixel[3] - pixel[2])
        return upper + below * (lower - upper)

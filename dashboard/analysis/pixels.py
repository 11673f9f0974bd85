"""A data set in figures: mean and variance of each pixel, histogram, class balance, nearest neighbours; uint8."""

from dataclasses import dataclass

import numpy as np

from mlpcore.data import SCALE

ROWS = 2000  # images taken as floats at once, so that a whole data set is never


@dataclass(frozen=True)
class Pixels:
    """What is known of some images (n, din) without looking at them."""

    count: int
    mean: np.ndarray  # (din,) of each pixel, 0 to 255
    variance: np.ndarray  # (din,) of each pixel, 0 to 255^2 / 4
    histogram: np.ndarray  # (256,) how many pixels have each value

    @property
    def overall(self) -> tuple[float, float]:
        """(mean, standard deviation) of all pixels of all images."""
        values, weights = np.arange(256), self.histogram / max(1, self.histogram.sum())
        mean = float(values @ weights)
        return mean, float(((values - mean) ** 2 @ weights) ** 0.5)

    @property
    def dark(self) -> float:
        """The share of pixels that are zero."""
        return float(self.histogram[0] / max(1, self.histogram.sum()))

    @property
    def never_lit(self) -> int:
        """How many of the din pixels are zero in every image."""
        return int((self.mean == 0).sum())


def measure(images: np.ndarray) -> Pixels:
    """The figures of images uint8 (n, din)."""
    total, squares = np.zeros(images.shape[1]), np.zeros(images.shape[1])
    histogram = np.zeros(256, np.int64)
    for first in range(0, len(images), ROWS):
        part = images[first : first + ROWS]
        floats = part.astype(np.float32)
        total += floats.sum(axis=0, dtype=np.float64)
        squares += np.square(floats).sum(axis=0, dtype=np.float64)
        histogram += np.bincount(part.reshape(-1), minlength=256)
    count = max(1, len(images))
    mean = total / count
    return Pixels(len(images), mean, np.maximum(0, squares / count - mean**2), histogram)


def balance(labels: np.ndarray, classes: int) -> np.ndarray:
    """(classes,) how many images each class has."""
    return np.bincount(labels, minlength=classes)


def nearest(images: np.ndarray, image: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """(indices, distances) of the `count` of `images` (n, din) nearest to `image` (din,), nearest first.

    Euclidean distance of the pixels in [0, 1], from |a - b|^2 = |a|^2 + |b|^2 - 2ab; an equal image has distance 0.
    """
    target = image.astype(np.float32) * SCALE
    squared = np.empty(len(images), np.float32)
    for first in range(0, len(images), ROWS):
        part = images[first : first + ROWS] * np.float32(SCALE)
        squared[first : first + ROWS] = np.einsum("ij,ij->i", part, part) - 2 * part @ target
    order = np.argsort(squared, kind="stable")[:count]
    exact = np.linalg.norm(images[order] * np.float32(SCALE) - target, axis=1)
    return order, exact

"""What a data set is."""

import hashlib
import math
from dataclasses import dataclass

import numpy as np

from ..errors import UserError


class DatasetError(UserError):
    """A data set that can't be had, or is not what it should be."""


@dataclass(frozen=True)
class About:
    """What is known of a data set before it is loaded."""

    title: str
    train_samples: int
    test_samples: int
    inputs: int
    classes: int
    images_sha256: str  # of the raw uint8 bytes, training images first
    labels_sha256: str
    height: int = 0  # pixels; 0 for square images
    class_names: tuple[str, ...] = ()  # the label itself where there are none
    noun: str = "digit"  # what an image shows

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) of an image, in pixels."""
        height = self.height or math.isqrt(self.inputs)
        return height, self.inputs // height

    @property
    def names(self) -> list[str]:
        """Each class as people call it."""
        return list(self.class_names) or [str(label) for label in range(self.classes)]


@dataclass(frozen=True)
class Dataset:
    """Images uint8 (n, inputs) and labels uint8 (n,), read-only and memory-mapped; the training samples first."""

    about: About
    images: np.ndarray
    labels: np.ndarray

    @property
    def train(self):
        """(X, y) of the training samples."""
        return self.images[: self.about.train_samples], self.labels[: self.about.train_samples]

    @property
    def test(self):
        """(X, y) of the test samples."""
        return self.images[self.about.train_samples :], self.labels[self.about.train_samples :]

    @property
    def sha256(self):
        """One checksum for images and labels together."""
        return hashlib.sha256((self.about.images_sha256 + self.about.labels_sha256).encode()).hexdigest()

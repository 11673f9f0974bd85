"""Names and contents of people's own sets. A name tells the shape: own-28x28-10-50000-10000-<checksum>."""

import hashlib
import re
from dataclasses import dataclass

import numpy as np

from .about import About

MAX_SIDE, MAX_CLASSES = 64, 100  # pixels; classes
MAX_SAMPLES = 10**7  # only keeps the arithmetic sane; the limits of uploads are far below
DIGEST = 16  # characters of the checksum
NAME = re.compile(
    rf"own-([0-9]{{1,2}})x([0-9]{{1,2}})-([0-9]{{1,3}})-([0-9]{{1,8}})-([0-9]{{1,8}})-([0-9a-f]{{{DIGEST}}})"
)


@dataclass(frozen=True)
class Parts:
    """The contents of a set: images uint8 (n, height * width), labels uint8 (n,), the training samples first."""

    images: np.ndarray
    labels: np.ndarray
    shape: tuple[int, int]
    train_samples: int
    class_names: tuple[str, ...]

    @property
    def name(self) -> str:
        """What a run's settings call the set."""
        rest = len(self.labels) - self.train_samples
        height, width = self.shape
        numbers = f"{len(self.class_names)}-{self.train_samples}-{rest}"
        return f"own-{height}x{width}-{numbers}-{digest(self.images, self.labels)}"


def digest(images: np.ndarray, labels: np.ndarray) -> str:
    """The beginning of one checksum for both."""
    each = [hashlib.sha256(np.ascontiguousarray(array).data).hexdigest() for array in (images, labels)]
    return hashlib.sha256("".join(each).encode()).hexdigest()[:DIGEST]


def is_own(name: str) -> bool:
    """Whether `name` is one that an own set can have."""
    return own_about(name) is not None


def own_about(name: str) -> About | None:
    """What the name of an own set tells; None when it is no such name."""
    found = NAME.fullmatch(name)
    if found is None:
        return None
    height, width, classes, train, test = (int(number) for number in found.groups()[:5])
    fits = 0 < height <= MAX_SIDE and 0 < width <= MAX_SIDE and 2 <= classes <= MAX_CLASSES
    if not fits or not (0 < train <= MAX_SAMPLES and 0 < test <= MAX_SAMPLES):
        return None
    title = f"Own images, {height} x {width}"
    return About(title, train, test, height * width, classes, found[6], "", height, noun="class")

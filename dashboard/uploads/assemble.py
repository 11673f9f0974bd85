"""Images and labels, from whatever file, become a data set: checked, its classes numbered from 0, split."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from .. import formats
from ..datasets import Parts
from ..datasets.split import stratified
from ..exports.refusal import ImportRefused, shown
from ..limits import LEAST_IMAGES, MAX_CLASSES, MAX_NAME, MAX_SIDE

SHORT_LABELS = 256  # labels are whole numbers below it


@dataclass(frozen=True)
class Batch:
    """Images uint8 (n, height, width) with labels, whole numbers (n,)."""

    images: np.ndarray
    labels: np.ndarray


def assemble(training: Batch, testing: Batch | None, names: Sequence[str] = ()) -> Parts:
    """The set; without `testing`, a sixth of each class of `training` is for testing. `names` of classes 0, 1, ..."""
    both = [training] if testing is None else [training, testing]
    for batch in both:
        _check(batch)
    if testing is not None and training.images.shape[1:] != testing.images.shape[1:]:
        a, b = (" x ".join(map(str, batch.images.shape[1:])) for batch in both)
        raise ImportRefused(f"Training and test images must have one size, got {a} and {b}.")
    count = sum(len(batch.labels) for batch in both)
    if count < LEAST_IMAGES:
        raise ImportRefused(f"A data set must have at least {LEAST_IMAGES} images, got {count}.")
    images = np.concatenate([batch.images for batch in both])
    labels = np.concatenate([batch.labels for batch in both])
    found = np.unique(labels)
    if not 2 <= len(found) <= MAX_CLASSES:
        raise ImportRefused(f"A data set must have 2 to {MAX_CLASSES} classes, got {len(found):,}.")
    train_samples = len(training.labels)
    if testing is None:
        order, train_samples = stratified(labels)
        images, labels = images[order], labels[order]
    if missing := set(found.tolist()) - set(labels[:train_samples].tolist()):
        raise ImportRefused(f"Each class must have training images, but class {min(missing)} has none.")
    called = list(names) if len(names) > found[-1] else []
    class_names = [called[label] if called else str(label) for label in found.tolist()]
    numbered = np.searchsorted(found, labels).astype(np.uint8)
    shape = training.images.shape[1:]
    parts = Parts(np.ascontiguousarray(images.reshape(len(images), -1)), numbered, shape, train_samples, ())
    return rename(replace(parts, class_names=tuple(map(str, found.tolist()))), class_names)


def rename(parts: Parts, names: Sequence[str]) -> Parts:
    """The set with other class names; ImportRefused when there are too few, or two are alike."""
    cleaned = [formats.clean(name) for name in names]
    if len(cleaned) != len(parts.class_names):
        raise ImportRefused(f"There must be {len(parts.class_names)} class names, got {len(cleaned)}.")
    for name in cleaned:
        if not 1 <= len(name) <= MAX_NAME:
            raise ImportRefused(f"The name of a class must have 1 to {MAX_NAME} characters, got {shown(name)!r}.")
    if twice := next((name for name in cleaned if cleaned.count(name) > 1), None):
        raise ImportRefused(f"Each class must have a name of its own, got {shown(twice)!r} twice.")
    return replace(parts, class_names=tuple(cleaned))


def _check(batch):
    if len(batch.images) != len(batch.labels):
        raise ImportRefused(
            f"There must be a label for each image, got {len(batch.images):,} images and {len(batch.labels):,} labels."
        )
    height, width = batch.images.shape[1:]
    if not (1 <= height <= MAX_SIDE and 1 <= width <= MAX_SIDE):
        raise ImportRefused(f"Images must have 1 x 1 to {MAX_SIDE} x {MAX_SIDE} pixels, got {height:,} x {width:,}.")


def whole_labels(labels: np.ndarray, what: str) -> np.ndarray:
    """Labels (n,) of any number type as int64; ImportRefused for what is no whole number from 0 to 255."""
    if labels.dtype.kind not in "uif":
        raise ImportRefused(f"Labels in {what} must be whole numbers from 0 to 255, got {labels.dtype}.")
    with np.errstate(invalid="ignore"):
        bad = ~((labels >= 0) & (labels < SHORT_LABELS) & (labels == np.floor(labels)))
    if bad.any():
        got = labels[bad][0]
        raise ImportRefused(f"Labels in {what} must be whole numbers from 0 to {SHORT_LABELS - 1}, got {got:g}.")
    return labels.astype(np.int64)


def pixels(values: np.ndarray, what: str) -> np.ndarray:
    """Pixel values of any number type as uint8: 0 to 255, or fractions from 0 to 1, which are scaled up."""
    if values.dtype == np.uint8:
        return values
    if values.dtype.kind not in "uif":
        raise ImportRefused(f"Pixels in {what} must be numbers from 0 to 255, got {values.dtype}.")
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
    if not (low >= 0 and high <= 255):  # NaN among them
        bad = low if not low >= 0 else high
        raise ImportRefused(f"Pixels in {what} must be numbers from 0 to 255, got {bad:g}.")
    if values.dtype.kind == "f" and high <= 1:
        values = values * np.float32(255)
    return np.rint(values).astype(np.uint8)

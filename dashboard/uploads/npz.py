""".npz: x_train, y_train, x_test, y_test as Keras has them, or images and labels; class_names if there are any."""

import io
import math
import re
import sys

import numpy as np

from ..datasets import Dataset
from ..exports.archive import ARCHIVE_ERRORS, damaged, open_archive
from ..exports.npz import npy_header
from ..exports.refusal import ImportRefused, listed, shown
from ..limits import MAX_MEMBERS, MAX_PIXELS, MAX_SET_RATIO, MIB
from .assemble import SHORT_LABELS, Batch, pixels, whole_labels

PAIRS = {"x_train": "y_train", "images": "labels", "X": "y", "x": "y"}
TEST_PAIR = ("x_test", "y_test")
NAMES = "class_names"
DTYPES = re.compile(
    r"[<>|](?:b1|[ui][1248]|f[248]|U[1-9]\d{0,3})", re.ASCII
)  # of what numpy names more, none is needed


def read(data: bytes, what: str) -> tuple[Batch, Batch | None, list[str]]:
    """(training, testing or None, class names or none) of an .npz; arrays of objects are never opened."""
    archive = open_archive(data, what, MAX_MEMBERS, "arrays", max_ratio=MAX_SET_RATIO)
    held = {name.removesuffix(".npy") for name in archive.members}
    found = next(((x, y) for x, y in PAIRS.items() if {x, y} <= held), None)
    if found is None:
        raise ImportRefused(f"{what} must hold x_train and y_train, or images and labels, got {listed(sorted(held))}.")
    names = []
    if NAMES in held:
        given = _array(archive, NAMES)
        names = _texts(given, f"{NAMES} in {what}")
    testing = _batch(archive, *TEST_PAIR) if set(TEST_PAIR) <= held else None
    return _batch(archive, *found), testing, names


def write(data: Dataset) -> bytes:
    """The set as an .npz that `read` understands, with Keras' names: images (n, height, width), labels from 0 on."""
    file = io.BytesIO()
    arrays = {NAMES: np.array(data.about.names)}
    for part, (X, y) in (("train", data.train), ("test", data.test)):
        arrays |= {f"x_{part}": X.reshape(-1, *data.about.shape), f"y_{part}": y}
    np.savez_compressed(file, allow_pickle=False, **arrays)
    return file.getvalue()


def _texts(given, what):
    """The texts in a row of them, which numpy takes as they come: four bytes a character, whatever they say."""
    if given.dtype.kind != "U" or given.ndim != 1 or len(given) > SHORT_LABELS:
        raise ImportRefused(
            f"{what} must be a row of at most {SHORT_LABELS} texts, got {given.dtype} {shown(given.shape)}."
        )
    codes = np.frombuffer(given.tobytes(), np.dtype("u4").newbyteorder(given.dtype.byteorder))
    if codes.size and codes.max() > sys.maxunicode:
        raise ImportRefused(f"{what} must hold texts, but a character of them has the number {codes.max():,}.")
    return given.tolist()


def _batch(archive, x, y):
    images, labels = pixels(_array(archive, x), f"{x} in {archive.what}"), _array(archive, y)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise ImportRefused(f"{y} in {archive.what} must be one label an image, got the shape {labels.shape}.")
    return Batch(_pictures(images, f"{x} in {archive.what}"), whole_labels(labels, f"{y} in {archive.what}"))


def _pictures(images, what):
    """(n, height, width) of images that may have a channel of one, or lie flat when they are square."""
    if images.ndim == 4 and 1 in (images.shape[1], images.shape[3]):
        images = images[:, 0] if images.shape[1] == 1 else images[..., 0]
    if images.ndim == 2 and (side := math.isqrt(images.shape[1])) ** 2 == images.shape[1] > 0:
        images = images.reshape(-1, side, side)
    if images.ndim != 3:
        raise ImportRefused(f"{what} must be grey images, (n, height, width), got the shape {images.shape}.")
    return images


def _array(archive, name):
    what = f"{name} in {archive.what}"
    member = f"{name}.npy"
    try:
        with archive.open(member) as stream:
            descr, shape, start = npy_header(stream, what)
    except ARCHIVE_ERRORS as error:
        raise damaged(what, error) from error
    if not DTYPES.fullmatch(descr):
        raise ImportRefused(f"{what} must hold numbers, got {shown(descr)}, which is never opened here.")
    dtype = np.dtype(descr)
    needed, size = start + dtype.itemsize * math.prod(shape), archive.members[member].file_size
    if size != needed:
        raise ImportRefused(f"{what} must have the {needed:,} bytes that its shape needs, got {size:,}.")
    if math.prod(shape) > MAX_PIXELS:
        raise ImportRefused(f"{what} must have at most {MAX_PIXELS // MIB} MiB of pixels, got the shape {shape}.")
    try:
        return np.load(io.BytesIO(archive.read(member, size)), allow_pickle=False)
    except ARCHIVE_ERRORS as error:
        raise damaged(what, error) from error

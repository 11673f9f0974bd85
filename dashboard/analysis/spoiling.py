"""Test images spoiled on purpose, a little or a lot, and how far networks still read them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import ndimage, sparse

from mlpcore import MLP

from .evaluation import predictions

BRIGHT = 255
CROSS = ndimage.generate_binary_structure(2, 1)[None]  # a pixel and the four that share a side with it


@dataclass(frozen=True)
class Way:
    """One way to spoil images. `spoil(images (n, height, width) uint8, strength)` gives new ones of that shape."""

    title: str
    unit: str
    strengths: tuple[float, ...]
    none: float  # the strength that changes nothing
    spoil: Callable[[np.ndarray, float], np.ndarray]
    what: str


def _shifted(images, pixels):
    return _warped(images, np.eye(2), np.array([0.0, -pixels]))


def _turned(images, degrees):
    angle = np.radians(degrees)
    return _warped(images, np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]))


def _resized(images, percent):
    return _warped(images, np.eye(2) * 100 / percent)


def _warped(images, back, move=(0.0, 0.0)):
    """Each pixel is read, between its four neighbours, where `back` (2, 2) leads from it, around the middle."""
    n, height, width = images.shape
    middle = np.array([[(height - 1) / 2], [(width - 1) / 2]])
    place = back @ (np.indices((height, width)).reshape(2, -1) - middle) + middle + np.reshape(move, (2, 1))
    corner = np.floor(place).astype(int)
    part = place - corner
    pixel, rows, columns, shares = np.arange(height * width), [], [], []
    for down, across in ((0, 0), (0, 1), (1, 0), (1, 1)):
        y, x = corner[0] + down, corner[1] + across
        share = (part[0] if down else 1 - part[0]) * (part[1] if across else 1 - part[1])
        inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
        rows.append(pixel[inside])
        columns.append((y * width + x)[inside])
        shares.append(share[inside].astype(np.float32))
    matrix = sparse.csr_array((np.concatenate(shares), (np.concatenate(rows), np.concatenate(columns))),
                              shape=(len(pixel), len(pixel)))  # fmt: skip
    flat = (matrix @ images.reshape(n, -1).T.astype(np.float32)).T
    return np.rint(flat).clip(0, BRIGHT).astype(np.uint8).reshape(images.shape)


def _thickened(images, pixels):
    for _ in range(round(pixels)):
        images = ndimage.grey_dilation(images, footprint=CROSS)
    return images


def _noisy(images, percent):
    noise = np.random.default_rng(0).standard_normal(images.shape, dtype=np.float32)
    return np.rint(images + noise * (BRIGHT * percent / 100)).clip(0, BRIGHT).astype(np.uint8)


def _erased(images, percent):
    """A square hole, or an oblong one as the image, at a place of each image's own."""
    n, height, width = images.shape
    tall, wide = round(height * percent / 100), round(width * percent / 100)
    places = np.random.default_rng(0).random((2, n))
    top, left = (places * [[height - tall + 1], [width - wide + 1]]).astype(int)
    y, x = np.arange(height), np.arange(width)
    rows = (y >= top[:, None]) & (y < top[:, None] + tall)
    columns = (x >= left[:, None]) & (x < left[:, None] + wide)
    return np.where(rows[:, :, None] & columns[:, None, :], np.uint8(0), images)


WAYS = {
    "shift": Way("Shift", "pixels", tuple(range(9)), 0, _shifted, "Moved to the right."),
    "rotate": Way("Rotate", "degrees", tuple(range(-90, 91, 15)), 0, _turned, "Turned clockwise, about the middle."),
    "scale": Way("Scale", "%", tuple(range(40, 161, 10)), 100, _resized, "Made smaller or larger, about the middle."),
    "thicken": Way("Thicken", "pixels", tuple(range(5)), 0, _thickened, "Strokes grow on every side."),
    "noise": Way("Noise", "%", tuple(range(0, 101, 10)), 0, _noisy,
                 "Normal noise of that standard deviation, in percent of full brightness."),
    "erase": Way("Erase", "%", tuple(range(0, 101, 10)), 0, _erased,
                 "A box is cleared at random, with that percentage of the image's height and width."),
}  # fmt: skip


def spoiled(images: np.ndarray, shape: tuple[int, int], way: str, strength: float) -> np.ndarray:
    """Images uint8 (n, height * width) spoiled in a way of WAYS: such images again. The same every time.

    At the way's strength `none` they come back unchanged. What moves in from outside is 0.
    """
    chosen = WAYS[way]
    if strength == chosen.none:
        return images
    return chosen.spoil(images.reshape(-1, *shape), strength).reshape(images.shape)


def accuracies(nets: list[MLP], images: np.ndarray, labels: np.ndarray, shape: tuple[int, int], way: str) -> np.ndarray:
    """The accuracy of each network at each strength of a way, (nets, strengths)."""
    found = []
    for strength in WAYS[way].strengths:
        worse = spoiled(images, shape, way, strength)
        found.append([float((predictions(net, worse).argmax(axis=1) == labels).mean()) for net in nets])
    return np.array(found).T

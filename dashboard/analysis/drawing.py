"""From strokes of a pen to an image as MNIST has them, and which of its pixels speak for an answer."""

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from mlpcore import MLP
from mlpcore.data import scaled

SIDE = 280  # of the pad, in its own units
FRAME = (28, 28)  # pixels, of MNIST
BOX = 20 / 28  # of the frame: the digit is scaled into the box, the box is placed in the frame
MOST = 6_000  # numbers in a drawing: a line of twenty times the pad's side
Stroke = Sequence[float]  # width, x0, y0, x1, y1, ...


def strokes_of(held: object) -> list[list[float]]:
    """The strokes in what a browser sent; those that are none are left out, since anybody may send anything."""
    if not isinstance(held, list):
        return []
    good = [each for each in held if isinstance(each, list) and 3 <= len(each) <= MOST and len(each) % 2
            and all(isinstance(n, int | float) and abs(n) <= 10 * SIDE for n in each)]  # fmt: skip
    return good if sum(map(len, good)) <= MOST else []


def raster(strokes: Sequence[Stroke]) -> np.ndarray:
    """The strokes drawn with a round pen, uint8 (SIDE, SIDE): 255 on 0."""
    picture = Image.new("L", (SIDE, SIDE))
    pen = ImageDraw.Draw(picture)
    for width, *numbers in strokes:
        points = list(zip(numbers[::2], numbers[1::2], strict=True))
        radius = min(max(width, 1), SIDE) / 2
        pen.line(points, fill=255, width=round(2 * radius), joint="curve")
        for x, y in points:
            pen.ellipse((x - radius + 0.5, y - radius + 0.5, x + radius - 0.5, y + radius - 0.5), fill=255)
    return np.asarray(picture)


def prepare(picture: np.ndarray, frame: tuple[int, int] = FRAME) -> np.ndarray | None:
    """A drawing uint8 (height, width) of any size as MNIST prepared its digits: uint8 (pixels,); None when it is empty.

    Scaled with its proportions kept until it fills a box of 20 x 20, with grey levels from the scaling, and placed so
    that the centre of mass is the centre of 28 x 28; in a `frame` (height, width) of another size likewise.
    Source: LeCun, Cortes and Burges, The MNIST database.
    """
    rows, columns = np.flatnonzero(picture.any(axis=1)), np.flatnonzero(picture.any(axis=0))
    if not len(rows):
        return None
    digit = picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    factor = min(BOX * side / length for side, length in zip(frame, digit.shape, strict=True))
    height, width = (max(1, round(side * factor)) for side in digit.shape)
    way = Image.Resampling.BOX if factor < 1 else Image.Resampling.BILINEAR
    small = np.asarray(Image.fromarray(digit).resize((width, height), way))
    mass = small.sum(dtype=float) or 1.0
    placed = np.zeros(frame, np.uint8)
    top = _place(height, float(small.sum(axis=1) @ np.arange(height)) / mass, frame[0])
    left = _place(width, float(small.sum(axis=0) @ np.arange(width)) / mass, frame[1])
    placed[top : top + height, left : left + width] = small
    return placed.reshape(-1)


def prepared(drawings: Sequence[Sequence[Stroke]], frame: tuple[int, int]) -> np.ndarray:
    """Drawings, each a list of strokes, as uint8 (n, pixels); one of which nothing is left is an empty image."""
    empty = np.zeros(frame[0] * frame[1], np.uint8)
    images = [prepare(raster(strokes), frame) for strokes in drawings]
    return np.array([empty if image is None else image for image in images]).reshape(-1, empty.size)


def _place(length, centre, side):
    """Where a side begins so that its centre of mass is in the middle, but inside the frame."""
    return min(max(math.floor(side / 2 - centre + 0.5), 0), side - length)


def activations(net: MLP, image: np.ndarray) -> list[np.ndarray]:
    """The activations (units,) of each hidden layer for one image (din,)."""
    a, found = scaled(image[None], net.dtype), []
    for layer in net.layers[:-1]:
        a = net.activation.forward(layer(a))
        found.append(a[0].copy())
    return found


def evidence(net: MLP, image: np.ndarray, answer: int) -> np.ndarray:
    """How much each pixel of an image (din,) speaks for `answer` (above 0) or against it: x * dz/dx, (din,).

    z is the sum that the answer's output is computed from. For a network without hidden layers the values and the bias
    add up to it. Source: Shrikumar et al., Not just a black box (2016), gradient * input.
    """
    hidden = activations(net, image)
    delta = np.zeros((1, net.layers[-1].dout), net.dtype)
    delta[0, answer] = 1
    for layer, a in zip(net.layers[:0:-1], reversed(hidden), strict=True):
        delta = (delta @ layer.W) * net.activation.slope(a[None])
    return (delta @ net.layers[0].W)[0] * scaled(image, net.dtype)

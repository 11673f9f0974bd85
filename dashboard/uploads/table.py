"""CSV: a row an image, its label in the first or the last column, with or without a header. pandas reads it."""

import codecs
import io
import math
import re
import warnings

import numpy as np

from ..exports.refusal import ImportRefused, shown
from ..limits import MAX_LINE_BYTES, MAX_PIXELS, MAX_SIDE, MIB
from .assemble import Batch, pixels, whole_labels

ROWS = 5000  # read at once
LABELS = ("label", "class", "target", "y", "digit")  # headers that tell where the label is
PLACE = re.compile(r"\D*(\d{1,2})x(\d{1,2})")  # a header such as 28x28 tells row and column


def is_text(data: bytes) -> bool:
    """Whether the file begins with a line of text that has a comma."""
    line = data[: MAX_LINE_BYTES + 1].split(b"\n", 1)[0]
    return b"," in line and b"\0" not in line


def read(data: bytes, what: str, label_column: str) -> tuple[Batch, None]:
    """(training, None): a CSV has no images for testing. `label_column` is "first", "last" or "auto"."""
    data = data.removeprefix(codecs.BOM_UTF8)  # as spreadsheets begin a file
    line = data[: MAX_LINE_BYTES + 1].split(b"\n", 1)[0]
    if len(line) > MAX_LINE_BYTES:
        most = MAX_SIDE**2 + 1
        raise ImportRefused(f"{what} must have at most {most:,} columns, but its first line is longer than they are.")
    cells = [cell.strip().strip('"') for cell in line.decode("utf-8", "replace").split(",")]
    header = not all(_number(cell) for cell in cells)
    values = _values(data, what, len(cells), header)
    first = _label_is_first(values, cells if header else [], label_column, what)
    labels, images = (values[:, 0], values[:, 1:]) if first else (values[:, -1], values[:, :-1])
    shape = _shape(cells if header else [], images.shape[1], what)
    return Batch(pixels(images, what).reshape(-1, *shape), whole_labels(labels, what)), None


def _number(cell):
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _values(data, what, columns, header):
    import pandas as pd  # slow to import, and only needed here

    if not 3 <= columns <= MAX_SIDE**2 + 1:
        raise ImportRefused(f"{what} must have a label and 2 to {MAX_SIDE**2:,} pixels a row, got {columns:,} columns.")
    parts, rows = [], 0
    try:
        with warnings.catch_warnings(), np.errstate(over="ignore", invalid="ignore"):  # inf is refused below
            warnings.simplefilter("error", pd.errors.ParserWarning)  # a row that is longer than the first
            chunks = pd.read_csv(io.BytesIO(data), header=None, skiprows=int(header), chunksize=ROWS, dtype=np.float32,
                                 names=range(columns), index_col=False, on_bad_lines="error", quoting=3)  # fmt: skip
            for chunk in chunks:
                block = chunk.to_numpy(np.float32)
                if (bad := np.isnan(block)).any():
                    row, column = (int(place[0]) for place in np.nonzero(bad))
                    place = f"row {rows + row + 1 + header:,}, column {column + 1}"
                    raise ImportRefused(
                        f"{what} must hold a number in each of its {columns} columns, but not in {place}."
                    )
                rows += len(block)
                if rows * columns > MAX_PIXELS:
                    raise ImportRefused(f"{what} must hold at most {MAX_PIXELS // MIB} MiB of pixels.")
                parts.append(_narrow(block))
    except (ValueError, OverflowError, pd.errors.ParserError, pd.errors.ParserWarning, UnicodeError) as error:
        text = shown(str(error).splitlines()[0] if str(error) else error, 120)
        raise ImportRefused(f"{what} must hold numbers alone, {columns} a row: {text}.") from error
    if not parts:
        raise ImportRefused(f"{what} must hold images, but it has no row.")
    return np.concatenate(parts)


def _narrow(block):
    """uint8 where it says the same: a quarter of the memory."""
    with np.errstate(invalid="ignore"):
        small = block.astype(np.uint8)
    return small if np.array_equal(small, block) else block


def _label_is_first(values, header, label_column, what):
    if label_column in ("first", "last"):
        return label_column == "first"
    named = [name.lower() for name in header]
    if named and (named[0] in LABELS) != (named[-1] in LABELS):
        return named[0] in LABELS
    first, last = (_like_labels(values[:, column]) for column in (0, -1))
    if first == last:
        raise ImportRefused(f"{what} does not tell where its label is: choose the first or the last column.")
    return first


def _like_labels(column):
    """Labels are few and each is frequent; a pixel at the edge is almost always the same."""
    found, counts = np.unique(column, return_counts=True)
    return 2 <= len(found) <= 100 and counts.max() < 0.95 * len(column)


def _shape(header, count, what):
    """(height, width), from a header that ends in 28x28, else square."""
    places = [PLACE.fullmatch(name) for name in header]
    if places and sum(place is not None for place in places) == count:
        height, width = (max(int(place[i]) for place in places if place) for i in (1, 2))
        if height * width == count:
            return height, width
    side = math.isqrt(count)
    if side * side != count:
        raise ImportRefused(
            f"{what} must have square images, or a header from 1x1 to the height x width of others; got {count:,} "
            "pixels a row."
        )
    return side, side

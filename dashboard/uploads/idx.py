"""IDX files, plain or .gz, as MNIST is published. Source: LeCun's description of the format beside MNIST."""

import gzip
import io
import math
import zlib
from collections.abc import Sequence

import numpy as np

from ..exports.refusal import ImportRefused
from ..limits import MAX_PIXELS, MIB
from .assemble import Batch

GZIP = b"\x1f\x8b"
UINT8 = 8  # the code of the element type
TESTING = ("t10k", "test")  # in the names of files with images for testing


def is_idx(data: bytes) -> bool:
    """Whether the file begins as an IDX file, or as a .gz, of which no other kind is taken."""
    return data.startswith(GZIP) or (len(data) >= 4 and data[:2] == b"\0\0" and data[3] in (1, 3))


def read(files: Sequence[tuple[str, bytes]]) -> tuple[Batch, Batch | None]:
    """(training, testing or None) of IDX files in any order; which are for testing is told by name, else by size."""
    arrays = [(name, array(name, data)) for name, data in files]
    images = [each for each in arrays if each[1].ndim == 3]
    labels = [each for each in arrays if each[1].ndim == 1]
    if len(images) != len(labels):
        raise ImportRefused(
            f"Each IDX file of images must come with one of labels, got {len(images)} of images and {len(labels)} of "
            "labels."
        )
    images, labels = (sorted(each, key=_last_for_testing) for each in (images, labels))
    batches = [Batch(x, y.astype(np.int64)) for (_, x), (_, y) in zip(images, labels, strict=True)]
    return batches[0], batches[1] if len(batches) > 1 else None


def _last_for_testing(each):
    name, values = each
    return any(word in name.lower() for word in TESTING), -len(values)


def array(name: str, data: bytes) -> np.ndarray:
    """The array in one file, uint8: (n, height, width) or (n,). Read as a stream, never beyond what its header says."""
    stream = gzip.GzipFile(fileobj=io.BytesIO(data)) if data.startswith(GZIP) else io.BytesIO(data)
    try:
        start = stream.read(4)
        if len(start) < 4 or start[:2] != b"\0\0" or start[2] != UINT8 or start[3] not in (1, 3):
            raise ImportRefused(
                f"{name} must be an IDX file of unsigned bytes with 1 or 3 dimensions, but it begins with {start!r}."
            )
        header = stream.read(4 * start[3])
        shape = tuple(np.frombuffer(header, ">u4").tolist()) if len(header) == 4 * start[3] else ()
        count = math.prod(shape)
        if not shape or not count:
            raise ImportRefused(f"{name} must hold images or labels, but its header says {shape or 'nothing'}.")
        if count > MAX_PIXELS:
            raise ImportRefused(
                f"{name} must hold at most {MAX_PIXELS // MIB} MiB, but its header says {count / MIB:,.0f} MiB."
            )
        values = stream.read(count)
        more = stream.read(1)
    except (OSError, EOFError, zlib.error) as error:
        raise ImportRefused(f"{name} must be whole, but it is cut short or damaged.") from error
    if len(values) != count or more:
        got = f"{len(values):,}" if not more else "more"
        raise ImportRefused(f"{name} must have the {count:,} bytes that its header says, got {got}.")
    return np.frombuffer(values, np.uint8).reshape(shape)

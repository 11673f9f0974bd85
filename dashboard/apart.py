"""A stranger's file is read in a process of its own: with so much memory and time, and without a way to the database.

The parent sends the files; the child, `python -m dashboard.apart`, answers with one line of JSON and bare numbers,
which the parent checks against what that line says. Nothing that comes back is ever unpickled or executed.
"""

import itertools
import json
import logging
import math
import os
import resource
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import mlpcore

from .child import converse
from .datasets import MAX_CLASSES, MAX_SIDE, Parts
from .exports.architecture import Sizes
from .exports.imported import Imported
from .exports.refusal import ImportRefused, listed, shown
from .limits import (
    MAX_LAYERS,
    MAX_PARAMETERS,
    MAX_PIXELS,
    MAX_TEXT_BYTES,
    PATIENCE,
    READER_BYTES,
    READER_SECONDS,
    READERS,
)
from .runs.config import RunConfig

MEMORY_BYTES, SECONDS = READER_BYTES, READER_SECONDS
ANSWER_BYTES = MAX_TEXT_BYTES + max(2 * MAX_PIXELS, 4 * MAX_PARAMETERS)  # a label for each image is the most
MAX_SENTENCE = 1000  # characters
ROOT = Path(__file__).parents[1]
ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1", "LANG": "C.UTF-8"}
KEPT = ("PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "TMPDIR", "VIRTUAL_ENV", "SYSTEMROOT")  # of our own environment
_seats = threading.BoundedSemaphore(READERS)
logger = logging.getLogger(__name__)


def read_set(files: Sequence[tuple[str, bytes]], label_column: str = "auto") -> Parts:
    """`uploads.read`, apart. ImportRefused too when the reading takes too much memory or time."""
    asked = {"kind": "set", "label_column": label_column}
    header, body = _ask(asked, files)
    with _checked(files):
        (height, width), count, names = header["shape"], int(header["count"]), tuple(map(str, header["names"]))
        require(0 < height <= MAX_SIDE and 0 < width <= MAX_SIDE and 2 <= len(names) <= MAX_CLASSES)
        require(0 < count <= MAX_PIXELS and len(body) == count * (height * width + 1))
        values = np.frombuffer(body, np.uint8)
        images, labels = values[: count * height * width].reshape(count, -1), values[count * height * width :]
        require(int(labels.max()) < len(names) and 0 < header["train_samples"] < count)
        return Parts(images, labels, (height, width), header["train_samples"], names)
    raise AssertionError("unreachable")


def read_weights(data: bytes, filename: str, known: Sizes) -> Imported:
    """`exports.read`, apart. ImportRefused too when the reading takes too much memory or time."""
    files = [(filename, data)]
    header, body = _ask({"kind": "weights", "known": sorted(known)}, files)
    with _checked(files):
        sizes = [int(size) for size in header["sizes"]]
        require(2 <= len(sizes) <= MAX_LAYERS + 1 and min(sizes) > 0 and (sizes[0], sizes[-1]) in known)
        require(sum(din * dout for din, dout in itertools.pairwise(sizes)) <= MAX_PARAMETERS)
        about = {name: header[name] for name in ("activation", "cost", "bias")}
        net = mlpcore.MLP(sizes, init="zero", rng=np.random.default_rng(0), **about)
        values, at = np.frombuffer(body, np.float32), 0
        for _, value, _ in net.parameters():
            value[...] = values[at : at + value.size].reshape(value.shape)
            at += value.size
        require(at == len(values) and bool(np.isfinite(values).all()))
        config = header["config"] and RunConfig.from_json(header["config"])
        return Imported(net, config, header["claimed"])
    raise AssertionError("unreachable")


def require(holds: bool) -> None:
    """ValueError unless it does."""
    if not holds:
        raise ValueError("the reader's answer contradicts itself")


class _checked:  # noqa: N801 - used as a function
    """What the reader's answer does not keep to is a refusal of the file."""

    def __init__(self, files):
        self.what = _what(files)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if isinstance(error, ValueError | TypeError | KeyError | AttributeError):
            raise ImportRefused(f"{self.what} could not be read: {shown(error)}.") from error


def _what(files):
    return listed(name.rsplit("/")[-1] or "The file" for name, _ in files)


def _ask(asked, files) -> tuple[dict[str, Any], memoryview]:
    """(header, numbers) of the child's answer."""
    sizes = [(name, len(data)) for name, data in files]
    order = json.dumps({**asked, "files": sizes, "memory": MEMORY_BYTES, "seconds": math.ceil(SECONDS)})
    pieces = [order.encode() + b"\n", *(data for _, data in files)]
    env = {**{name: os.environ[name] for name in KEPT if name in os.environ}, **ENVIRONMENT}
    if not _seats.acquire(timeout=PATIENCE):
        raise ImportRefused(f"{_what(files)} had to wait too long for others' files. Try it again in a minute.")
    try:
        answer = converse([sys.executable, "-m", __name__], pieces, SECONDS, ANSWER_BYTES, cwd=ROOT, env=env)
    finally:
        _seats.release()
    if answer.late:
        raise ImportRefused(f"{_what(files)} must be read within {SECONDS:g} seconds, which is over.")
    line, _, _ = bytes(answer.said[:MAX_TEXT_BYTES]).partition(b"\n")
    try:
        require(len(answer.said) <= ANSWER_BYTES)
        header = json.loads(line)
        require(isinstance(header, dict))
    except ValueError as error:
        logger.warning("The reader of an upload ended with %s: %s", answer.code, answer.log.decode(errors="replace"))
        gigabytes = MEMORY_BYTES / 2**30
        raise ImportRefused(
            f"{_what(files)} could not be read with {gigabytes:.3g} GB of memory: its reader broke off."
        ) from error
    if "refused" in header:
        raise ImportRefused(shown(header["refused"], MAX_SENTENCE))
    return header, memoryview(answer.said)[len(line) + 1 :]


def main() -> None:
    """The child: limits first, then the files, then the answer."""
    order = json.loads(sys.stdin.buffer.readline())
    resource.setrlimit(resource.RLIMIT_AS, (order["memory"], order["memory"]))
    resource.setrlimit(resource.RLIMIT_CPU, (order["seconds"], order["seconds"]))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # not a byte goes to any file
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        files = [(name, sys.stdin.buffer.read(size)) for name, size in order["files"]]
        header, arrays = (_set if order["kind"] == "set" else _weights)(order, files)
    except ImportRefused as refused:
        header, arrays = {"refused": str(refused)}, []
    except MemoryError:
        what = _what([(name, b"") for name, _ in order["files"]])
        gigabytes = f"{order['memory'] / 2**30:.3g} GB"
        header, arrays = {"refused": f"{what} must be read with {gigabytes} of memory, which is not enough."}, []
    sys.stdout.buffer.write(json.dumps(header).encode() + b"\n")
    for array in arrays:
        sys.stdout.buffer.write(np.ascontiguousarray(array).data)


def _set(order, files):
    from . import uploads

    parts = uploads.read(files, order["label_column"])
    about = {"shape": parts.shape, "names": parts.class_names, "train_samples": parts.train_samples}
    return {**about, "count": len(parts.labels)}, [parts.images, parts.labels]


def _weights(order, files):
    from . import exports

    imported = exports.read(files[0][1], files[0][0], [tuple(pair) for pair in order["known"]])
    net, config = imported.net, imported.config
    parameters = [value for _, value, _ in net.parameters()]
    header = {
        "sizes": net.sizes,
        "activation": net.activation.name,
        "cost": net.cost.name,
        "bias": len(parameters) > len(net.sizes) - 1,
        "config": config and config.to_json(),
        "claimed": imported.claimed_accuracy,
    }
    return header, parameters


if __name__ == "__main__":
    main()

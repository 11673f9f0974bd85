"""A run as a file, for other programs and for this one again.

    data = write("npz", net, config, history, name)      # bytes to download; the kinds are FORMATS
    imported = read(data, "weights.npz")                 # net, config or None, claimed accuracy or None

`history` ends with the epoch whose weights `net` holds: its test accuracy is what the files claim. A file that is
read back may come from anybody: whatever is wrong with it is an ImportRefused, and limits.py holds what it may ask for.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from mlpcore import MLP, EpochResult

from ..datasets import DATASETS
from ..limits import MAX_FILE_BYTES, MIB
from ..runs.config import RunConfig
from . import bundle, npz, onnx_model, run_file, tensors
from . import history as history_file
from .architecture import Sizes, sizes_of
from .history import csv_bytes
from .imported import Imported
from .refusal import ImportRefused, shown

Writer = Callable[[MLP, RunConfig, list[EpochResult], str], bytes]
Reader = Callable[[bytes, str, Sizes], Imported]


@dataclass(frozen=True)
class Format:
    """One kind of file: what it is for, and how it is written."""

    title: str
    mime: str
    write: Writer


FORMATS = {  # by the ending of the file's name
    "npz": Format("NumPy: the weights, exactly", "application/octet-stream", npz.write),
    "safetensors": Format("PyTorch: the weights under its names", "application/octet-stream", tensors.write),
    "onnx": Format("ONNX: the network, from pixels to outputs", "application/octet-stream", onnx_model.write),
    "json": Format("JSON: settings and history", "application/json", run_file.write),
    "csv": Format("CSV: the history", "text/csv", history_file.write),
    "zip": Format("Bundle: all of these, with predict.py", "application/zip", bundle.write),
}
READERS: dict[str, Reader] = {
    "npz": lambda data, what, known: Imported(npz.read(data, what, known)),
    "safetensors": tensors.read,
    "zip": bundle.read,
}


def write(kind: str, net: MLP, config: RunConfig, history: list[EpochResult], name: str) -> bytes:
    """The run as a file of `kind`, a key of FORMATS. ValueError for a network that is not float32."""
    return FORMATS[kind].write(net, config, history, name)


def filename(kind: str, name: str) -> str:
    """A file's name that every system takes, from the run's name: "deeper, lr 3" -> "deeper-lr-3.npz"."""
    return (re.sub(r"[^\w.-]+", "-", name)[:60].strip("-._") or "run") + f".{kind}"


def read(data: bytes, filename: str, known: Sizes | None = None) -> Imported:
    """The network in an uploaded file, told by the ending of its name; ImportRefused with one sentence otherwise.

    `known` are the (inputs, classes) of the data sets that it may be for: those that come with the app by default.
    """
    what = shown(filename.rsplit("/")[-1]) or "The file"
    kind = filename.rsplit(".")[-1].lower()
    if kind not in READERS:
        raise ImportRefused(f"{what} must be a file named .{', .'.join(READERS)}.")
    if len(data) > MAX_FILE_BYTES:
        raise ImportRefused(f"{what} must have at most {MAX_FILE_BYTES // MIB} MiB, got {len(data) / MIB:,.0f} MiB.")
    return READERS[kind](data, what, sizes_of(DATASETS.values()) if known is None else known)


__all__ = ["FORMATS", "Format", "ImportRefused", "Imported", "csv_bytes", "filename", "read", "write"]

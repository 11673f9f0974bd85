"""Weights on disk, and the state of a training. Both are .npz files without pickled objects.

Weights: one array a parameter ("fc1.W", "fc1.b", ...) and a JSON header that says how the network is built.
"""

import contextlib
import hashlib
import io
import itertools
import json
import os
import zipfile
import zlib
from dataclasses import dataclass, field

import numpy as np

from .errors import require

HEADER = "mlpcore"
FORMAT = 1
PARTS = ("weights", "optimizer", "stopping")  # of a TrainingState
DAMAGES = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, AttributeError, TypeError, ValueError)


def describe(net):
    """What `MLP.load` needs to build the network again, as a JSON-ready dict."""
    about = {"format": FORMAT, "sizes": [int(size) for size in net.sizes], "dtype": net.dtype.name}
    return {**about, "activation": net.activation.name, "cost": net.cost.name, "bias": net.layers[0].b is not None}


def save(net, path):
    """Write the network to `path`, a name or a binary file."""
    arrays = {HEADER: np.array(json.dumps(describe(net))), **{name: value for name, value, _ in net.parameters()}}
    with _opened(path, "wb") as file:
        np.savez(file, **arrays)  # to a name, it would append .npz


def _opened(path, mode):
    return open(path, mode) if isinstance(path, str | os.PathLike) else contextlib.nullcontext(path)


def read(path):
    """(header dict, {name: array}) of a saved network; ValueError that says what is wrong with the file."""
    try:
        with _opened(path, "rb") as stream, np.load(stream, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except DAMAGES as error:
        raise ValueError(f"weights file must be an .npz without pickled objects: {error}") from error
    require(HEADER in arrays, f'weights file must have an entry "{HEADER}", got {", ".join(arrays) or "none"}')
    try:
        about = json.loads(str(arrays.pop(HEADER)))
        version, sizes, dtype, *_ = (about[key] for key in ("format", "sizes", "dtype", "activation", "cost"))
        size = sum((din + about["bias"]) * dout for din, dout in itertools.pairwise(sizes))
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"header of the weights file is damaged: {error!r}") from error
    require(version == FORMAT, f"weights file must have format {FORMAT}, got {version}")
    require(dtype in ("float32", "float64"), f"weights must be float32 or float64, got {dtype}")
    match = size == sum(array.size for array in arrays.values())
    require(match, f"sizes {sizes} must match the arrays in the weights file, which they do not")
    return about, arrays


def fill(net, arrays):
    """Copy {name: array} into the network's parameters; ValueError for a name or shape that does not fit."""
    parameters = {name: value for name, value, _ in net.parameters()}
    same = parameters.keys() == arrays.keys()
    require(same, f"weights must be named {', '.join(parameters)}; got {', '.join(arrays)}")
    for name, value in parameters.items():
        fits = value.shape == arrays[name].shape
        require(fits, f"{name} must have the shape {value.shape}, got {arrays[name].shape}")
        value[...] = arrays[name]


@dataclass(frozen=True)
class TrainingState:
    """Everything that the next epoch depends on. Taken after epoch k and put back, the rest goes on bit for bit."""

    epoch: int
    weights: dict  # name -> array
    optimizer: dict  # name -> array
    generator: dict  # numpy's bit_generator.state
    stopping: dict = field(default_factory=dict)  # name -> array

    @classmethod
    def take(cls, net, optimizer, rng, epoch, stopping=None):
        """A copy of the state after `epoch` epochs; `stopping` is the EarlyStopping, where there is one."""
        parts = (
            {name: value for name, value, _ in net.parameters()},
            optimizer.state(),
            stopping.state() if stopping else {},
        )
        values, memory, found = ({name: array.copy() for name, array in part.items()} for part in parts)
        return cls(epoch, values, memory, rng.bit_generator.state, found)

    def put(self, net, optimizer, rng, stopping=None):
        """Give net, optimizer, rng and stopping this state; go on with train(..., start=state.epoch)."""
        fill(net, self.weights)
        optimizer.load_state(self.optimizer)
        rng.bit_generator.state = self.generator
        if stopping:
            stopping.load_state(self.stopping)

    def to_bytes(self):
        """The state as the bytes of an .npz."""
        file, about = io.BytesIO(), np.array(json.dumps({"epoch": self.epoch, "generator": self.generator}))
        arrays = {f"{kind}/{name}": value for kind in PARTS for name, value in getattr(self, kind).items()}
        np.savez(file, about=about, **arrays)
        return file.getvalue()

    @classmethod
    def from_bytes(cls, data):
        """The state that `to_bytes` wrote."""
        parts = {kind: {} for kind in PARTS}
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            about = json.loads(str(file["about"]))
            for kind, name in (key.split("/") for key in file.files if key != "about"):
                parts[kind][name] = file[f"{kind}/{name}"]
        return cls(**about, **parts)

    @property
    def digest(self):
        """SHA-256 over the weights: equal digests are equal weights, bit for bit."""
        sha = hashlib.sha256()
        for name in sorted(self.weights):
            sha.update(name.encode() + self.weights[name].tobytes())
        return sha.hexdigest()

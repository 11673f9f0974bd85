"""Broken and hostile files, really built; and how a refusal of one is looked at."""

import io
import json
import struct
import time
import tracemalloc
import warnings
import zipfile
import zlib

import numpy as np
import pytest
import safetensors.numpy

from dashboard import exports
from dashboard.errors import UserError
from dashboard.runs.config import RunConfig
from mlpcore import MLP, EpochResult

MIB = 2**20
CONFIG = RunConfig(hidden=(5,))
HISTORY = [EpochResult(1, 0.4, 0.8, 0.3, 0.9, 1.0)]
NET = MLP([784, 5, 10], rng=np.random.default_rng(1))
ABOUT = {"format": 1, "sizes": [784, 5, 10], "activation": "sigmoid", "cost": "quadratic", "bias": True,
         "dtype": "float32"}  # fmt: skip
ARRAYS = {name: value for name, value, _ in NET.parameters()}


def refusal(data, filename, memory=8 * MIB):
    """The sentence that refuses `data`, given within 5 s and `memory` bytes above those of the data."""
    tracemalloc.start()
    began = time.perf_counter()
    try:
        with pytest.raises(exports.ImportRefused) as caught:
            exports.read(data, filename)
        seconds, (_, peak) = time.perf_counter() - began, tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    sentence = str(caught.value)
    assert isinstance(caught.value, UserError)
    assert seconds < 5
    assert peak < memory
    assert len(sentence) < 400
    assert sentence.isprintable()
    assert sentence.endswith(".")
    return sentence


# -- builders --------------------------------------------------------------------------------------------------


def npz(about=ABOUT, packing=zipfile.ZIP_STORED, **changes):
    """An .npz of NET with a header and arrays changed; an array that is None is left out."""
    arrays = {"mlpcore": np.array(json.dumps(about)), **ARRAYS, **changes}
    return zipped({f"{name}.npy": npy(array) for name, array in arrays.items() if array is not None}, packing)


def npy(array):
    """The bytes of an .npy; bytes pass."""
    if isinstance(array, bytes):
        return array
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def lying_npy(shape, descr="<f4", data=b"\0" * 80):
    """An .npy whose header says `shape` and `descr`, whatever its data are."""
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def zipped(members, packing=zipfile.ZIP_STORED):
    """A zip file of (name, bytes) pairs or a dict of them."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", packing) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # about duplicate names
        for name, data in members.items() if isinstance(members, dict) else members:
            archive.writestr(zipfile.ZipInfo(name), data, packing)
    return file.getvalue()


def bundle(changes=(), **run):
    """A bundle of NET with members, and entries of run.json, changed; what is None is left out."""
    with zipfile.ZipFile(io.BytesIO(exports.write("zip", NET, CONFIG, HISTORY, "x"))) as file:
        members = {name: file.read(name) for name in file.namelist()}
    members["run.json"] = json.dumps(json.loads(members["run.json"]) | run).encode()
    members |= dict(changes)
    return zipped({name: data for name, data in members.items() if data is not None}, zipfile.ZIP_DEFLATED)


def tensors(about=ABOUT, **changes):
    """A .safetensors of NET with metadata and tensors changed; a tensor that is None is left out."""
    arrays = {"0.weight": NET.fc1.W, "0.bias": NET.fc1.b, "2.weight": NET.fc2.W, "2.bias": NET.fc2.b}
    arrays |= {name.replace("_", "."): value for name, value in changes.items()}
    metadata = None if about is None else {"mlpcore": about if isinstance(about, str) else json.dumps(about)}
    return safetensors.numpy.save({name: value for name, value in arrays.items() if value is not None}, metadata)


def raw_tensors(header, data=b"", length=None):
    """A .safetensors with any header, also one that lies."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def patched(data, change):
    """The header of a valid .safetensors after `change(header)`, with the data as they were."""
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    change(header)
    return raw_tensors(header, data[8 + length :])


def in_every_entry(data, offset, value):
    """A zip file with the bytes at `offset` in every entry of its directory overwritten."""
    data, at = bytearray(data), 0
    while (at := data.find(b"PK\x01\x02", at)) >= 0:
        data[at + offset : at + offset + len(value)] = value
        at += 4
    return bytes(data)


def quoting(names, kernel):
    """A zip file whose members overlap: each but the last unpacks to all that follows it, headers included."""
    packer = zlib.compressobj(9, wbits=-15)
    inner = packer.compress(kernel) + packer.flush()
    body, head, unpacked, entries = b"", b"", kernel, []
    for name in reversed(names):
        if body:
            size, unpacked = len(head), head + unpacked
            inner = b"\0" + struct.pack("<HH", size, size ^ 0xFFFF) + body
        head = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 33, zlib.crc32(unpacked), len(inner), len(unpacked),
                           len(name), 0) + name.encode()  # fmt: skip
        body = head + inner
        entries.append((name, zlib.crc32(unpacked), len(inner), len(unpacked), len(body)))
    directory = b"".join(
        struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 8, 0, 33, crc, packed, whole, len(name), 0, 0, 0, 0, 0,
                    len(body) - behind) + name.encode()
        for name, crc, packed, whole, behind in reversed(entries)
    )  # fmt: skip
    count = len(names)
    return body + directory + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(directory), len(body), 0)


def sized(layers):
    return ABOUT | {"sizes": [784, *[1] * (layers - 1), 10]}


def ten_thousand_layers():
    """The arrays of a network of 10,000 layers of one unit."""
    return {f"fc{i}.{key}": np.zeros((1, 1) if key == "W" else 1, np.float32) for i in range(10_000) for key in "Wb"}


class Bomb:
    """Unpickled, it would leave a mark."""

    def __reduce__(self):
        return (pytest.fail, ("a pickle was opened",))


def test_the_builders_build_what_is_read_when_nothing_is_changed():
    for data, name in ((npz(), "w.npz"), (tensors(), "w.safetensors"), (bundle(), "run.zip")):
        assert all(
            np.array_equal(ours, theirs)
            for (_, ours, _), (_, theirs, _) in zip(
                NET.parameters(), exports.read(data, name).net.parameters(), strict=True
            )
        )

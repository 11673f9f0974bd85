"""Files taken to their pieces and put together again with right lengths and checksums, whatever the pieces are then."""

import gzip
import io
import json
import re
import struct
import warnings
import zipfile

from dashboard.exports.archive import ARCHIVE_ERRORS

ZIPS = ("npz", "set.npz", "zip")
MAGIC = b"\x93NUMPY\x01\x00"
TOLD = re.compile(rb"'descr': '.(\w)(\d{1,9})'.*'shape': \(([\d, ]*)\)")
MOST = 1 << 20  # bytes that an array is filled up to


def unpack(kind, data):
    """{path: bytes} of a whole file: members of a zip, those of an .npz in it, headers and numbers apart."""
    if kind in ZIPS:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return {path: piece for name in archive.namelist() for path, piece in _member(name, archive.read(name))}
    if kind == "safetensors":
        length = int.from_bytes(data[:8], "little")
        return {"#json": data[8 : 8 + length], "#data": data[8 + length :]}
    return {"": gzip.decompress(data) if kind == "idx.gz" else data}


def _member(name, data):
    if name.endswith(".npz"):
        for path, piece in unpack("npz", data).items():
            yield f"{name}/{path}", piece
    elif name.endswith(".npy"):
        end = 10 + int.from_bytes(data[8:10], "little")
        if name.endswith("mlpcore.npy"):  # a text, four bytes a character
            yield f"{name}#json", data[end:].decode("utf-32-le").encode()
        else:
            yield f"{name}#header", data[10:end]
            yield f"{name}#data", data[end:]
    else:
        yield name, data


def pack(kind, pieces, packing=zipfile.ZIP_STORED, fit=False):
    """The file of these pieces; with `fit`, an array gets as many bytes as its header needs, where that is not much."""
    if kind in ZIPS:
        members = {}
        for path, piece in pieces.items():
            name, _, rest = path.partition("/")
            members.setdefault(name.partition("#")[0], {})[rest or name.partition("#")[2]] = piece
        made = {name: _made(name, held, fit) for name, held in members.items()}
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", packing) as archive, warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            for name, data in made.items():
                archive.writestr(zipfile.ZipInfo(name), data, packing)
        return file.getvalue()
    if kind == "safetensors":
        return struct.pack("<Q", len(pieces["#json"])) + pieces["#json"] + pieces["#data"]
    return gzip.compress(pieces[""], 1, mtime=0) if kind == "idx.gz" else pieces[""]


def _made(name, held, fit):
    if name.endswith(".npz"):
        return pack("npz", held, fit=fit)
    if "json" in held:
        return npy_of(held["json"])
    if "header" not in held:
        return held[""]
    header, data = held["header"][:65535], held["data"]
    return MAGIC + struct.pack("<H", len(header)) + header + (_fitted(header, data) if fit else data)


def npy_of(text):
    """An .npy of one text."""
    characters = text.decode("utf-8", "replace").rstrip("\0")
    header = f"{{'descr': '<U{len(characters)}', 'fortran_order': False, 'shape': (), }}".ljust(117).encode() + b"\n"
    return MAGIC + struct.pack("<H", len(header)) + header + characters.encode("utf-32-le", "replace")


def _fitted(header, data):
    found = TOLD.search(header)
    if found is None:
        return data
    needed = int(found[2]) * (4 if found[1] == b"U" else 1)
    for length in re.findall(rb"\d+", found[3]):
        needed *= int(length)
    return data[:needed].ljust(needed, b"\0") if needed <= MOST else data


def whole(kind, data):
    """Whether the file's outermost layer is sound, so that a parser of what is inside had its turn."""
    try:
        if kind in ZIPS:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                return archive.testzip() is None
        if kind == "safetensors":
            length = int.from_bytes(data[:8], "little")
            return isinstance(json.loads(data[8 : 8 + length]), dict)
        if kind.startswith("idx"):
            data = gzip.decompress(data) if kind == "idx.gz" else data
            return data[:3] == b"\0\0\x08" and data[3] in (1, 3) and len(data) >= 4 + 4 * data[3]
    except (*ARCHIVE_ERRORS, RecursionError, IndexError):
        return False
    return bool(data)

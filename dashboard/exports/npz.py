""".npz: mlpcore's own exact format, checked member by member before mlpcore reads it."""

import io
import math
import re
from typing import IO

import numpy as np

from mlpcore import MLP, weights

from ..limits import MAX_ARRAYS, MAX_LAYERS, MAX_NPY_HEADER, MAX_TEXT_BYTES
from .architecture import Architecture, Sizes, check_finite, check_float32
from .archive import ARCHIVE_ERRORS, Archive, damaged, open_archive
from .refusal import ImportRefused, listed, parse_json, shown

HEADER = f"{weights.HEADER}.npy"
MAGIC = b"\x93NUMPY\x01\x00"  # npy format 1.0; then two bytes with the length of the header
NPY_HEADER = re.compile(
    r"\{'descr': '([<>|][a-zA-Z]\d{0,9})', 'fortran_order': (?:False|True), 'shape': \(([\d, ]{0,40})\), \} *\n",
    re.ASCII,
)
FLOAT32, OBJECT, TEXT = "<f4", "|O", "<U"  # as numpy writes a dtype in that header
NUMBERS = re.compile(r"[<>]f[248]|[<>|][iu][1248]")


def write(net: MLP, *_) -> bytes:
    """The bytes of `net.save`; config, history and name are not part of this format."""
    check_float32(net)
    file = io.BytesIO()
    net.save(file)
    return file.getvalue()


def read(data: bytes, what: str, known: Sizes) -> MLP:
    """The network in `data`, for a set of `known` sizes; ImportRefused when it is not whole, safe and finite."""
    archive = open_archive(data, what, MAX_ARRAYS + 1, f"arrays, a header and what {MAX_LAYERS} layers need")
    about = Architecture.checked(parse_json(_header(archive), f"The header of {what}"), what, known)
    expected = {f"{parameter.core}.npy": parameter.shape for parameter in about.parameters}
    got = archive.members.keys() - {HEADER}
    if got != expected.keys():
        wrong = sorted(expected.keys() ^ got)
        raise ImportRefused(
            f"{what} must hold exactly the arrays of a {'-'.join(map(str, about.sizes))} network; "
            f"missing or unknown: {listed(wrong)}."
        )
    for name, shape in expected.items():
        _check_array(archive, name, shape)
    try:
        net = MLP.load(io.BytesIO(data))
    except ARCHIVE_ERRORS as error:  # ValueError among them, which mlpcore makes of the others it knows
        raise damaged(what, error.__cause__ or error) from error
    check_finite(net, what)
    return net


def _header(archive: Archive) -> str:
    """The JSON text that mlpcore keeps beside the arrays: a numpy string, four bytes a character."""
    data = archive.read(HEADER, MAX_TEXT_BYTES)
    what = f"{weights.HEADER} in {archive.what}"
    descr, shape, start = npy_header(io.BytesIO(data), what)
    if not descr.startswith(TEXT) or shape != ():
        raise ImportRefused(f"{what} must be one text, got {descr} {shown(shape)}.")
    try:
        return data[start:].decode("utf-32-le").rstrip("\0")
    except ValueError as error:
        raise damaged(what, error) from error


def _check_array(archive, name, shape):
    what = f"{name} in {archive.what}"
    try:
        with archive.open(name) as stream:
            descr, got, start = npy_header(stream, what)
    except ARCHIVE_ERRORS as error:
        raise damaged(what, error) from error
    if descr == OBJECT:
        raise ImportRefused(f"{what} must be float32, got pickled objects, which are never opened here.")
    if descr != FLOAT32:
        number = f"{np.dtype(descr).name} " if NUMBERS.fullmatch(descr) else ""
        raise ImportRefused(f"{what} must be float32 ({FLOAT32}), got {number}({descr}).")
    if got != shape:
        raise ImportRefused(f"{what} must have the shape {shape}, got {shown(got)}.")
    size, needed = archive.members[name].file_size, start + 4 * math.prod(shape)
    if size != needed:
        raise ImportRefused(f"{what} must have the {needed:,} bytes that its shape needs, got {size:,}.")


def npy_header(stream: IO[bytes], what: str) -> tuple[str, tuple[int, ...], int]:
    """(dtype as written, shape, offset of the data) from the header of an .npy, which is never evaluated."""
    start = stream.read(len(MAGIC) + 2)
    length = int.from_bytes(start[-2:], "little")
    if not start.startswith(MAGIC) or len(start) < len(MAGIC) + 2 or length > MAX_NPY_HEADER:
        raise ImportRefused(f"{what} must be an array in npy format 1.0, got {shown(start)}.")
    text = stream.read(length).decode("latin1")
    found = NPY_HEADER.fullmatch(text)
    if found is None:
        raise ImportRefused(f"{what} must have an npy header as numpy writes it, got {shown(text)}.")
    return found[1], tuple(int(part) for part in re.findall(r"\d+", found[2])), len(start) + length

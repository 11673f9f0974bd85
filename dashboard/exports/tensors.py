""".safetensors under PyTorch's names: nn.Sequential(Linear, Sigmoid, Linear, ...) loads it as it is."""

import json
from typing import Any

import numpy as np
import safetensors.numpy

from mlpcore import MLP, EpochResult, weights

from ..limits import MAX_ARRAYS, MAX_LAYERS, MAX_TEXT_BYTES
from ..runs.config import RunConfig
from . import run_file
from .architecture import Architecture, Sizes, check_finite, check_float32
from .imported import Imported
from .refusal import ImportRefused, listed, parse_json, shown

LENGTH_BYTES = 8  # before the JSON header: its length, little-endian
METADATA = "__metadata__"


def write(net: MLP, config: RunConfig, history: list[EpochResult], name: str) -> bytes:
    """The weights as "0.weight", "0.bias", "2.weight", ...; in the metadata, how to build and what was reached."""
    check_float32(net)
    tensors = {}
    for i, layer in enumerate(net.layers):
        tensors[f"{2 * i}.weight"] = np.ascontiguousarray(layer.W)
        if layer.b is not None:
            tensors[f"{2 * i}.bias"] = np.ascontiguousarray(layer.b)
    about = {**weights.describe(net), "run": run_file.summary(config, history, name)}
    # a single entry, since the library writes several in an order that changes from call to call
    return safetensors.numpy.save(tensors, {weights.HEADER: json.dumps(about)})


def read(data: bytes, what: str, known: Sizes) -> Imported:
    """The network in `data`, for a set of `known` sizes, with what its metadata says; ImportRefused by the rules."""
    header = _header(data, what)
    metadata = header.pop(METADATA, None)
    if len(header) > MAX_ARRAYS:
        rule = f"at most {MAX_ARRAYS} tensors, what {MAX_LAYERS} layers need"
        raise ImportRefused(f"{what} must hold {rule}, got {len(header):,}.")
    if not isinstance(metadata, dict) or not isinstance(metadata.get(weights.HEADER), str):
        raise ImportRefused(
            f'{what} must say sizes, activation and cost in its metadata under "{weights.HEADER}", which is missing.'
        )
    described = parse_json(metadata[weights.HEADER], f"The metadata of {what}")
    about = Architecture.checked(described, what, known)
    _check_tensors(header, about, what)
    try:
        tensors = safetensors.numpy.load(data)
    except safetensors.SafetensorError as error:
        problem = str(error).removeprefix("Error while deserializing: ")
        raise ImportRefused(f"{what} must be a valid safetensors file, but it has {shown(problem)}.") from error
    net = about.network({parameter.core: tensors[parameter.torch] for parameter in about.parameters}, what)
    check_finite(net, what)
    return run_file.claimed(described.get("run"), net, what)


def _header(data: bytes, what: str) -> dict[str, Any]:
    length = int.from_bytes(data[:LENGTH_BYTES], "little")
    rest = len(data) - LENGTH_BYTES
    if rest < 2 or length > rest:
        raise ImportRefused(
            f"{what} must be a whole safetensors file, but its header of {length:,} bytes "
            f"does not fit into the {len(data):,} bytes of the file."
        )
    if length > MAX_TEXT_BYTES:
        raise ImportRefused(f"{what} must have a header of at most {MAX_TEXT_BYTES:,} bytes, got {length:,}.")
    return parse_json(data[LENGTH_BYTES : LENGTH_BYTES + length], f"The header of {what}")


def _check_tensors(header, about, what):
    expected = {parameter.torch: parameter.shape for parameter in about.parameters}
    if header.keys() != expected.keys():
        wrong = sorted(expected.keys() ^ header.keys())
        raise ImportRefused(
            f"{what} must hold exactly the tensors of a {'-'.join(map(str, about.sizes))} network; "
            f"missing or unknown: {listed(wrong)}."
        )
    for name, shape in expected.items():
        tensor = header[name] if isinstance(header[name], dict) else {}
        if tensor.get("dtype") != "F32":
            raise ImportRefused(f"{name} in {what} must be float32 (F32), got {shown(tensor.get('dtype'))}.")
        if tensor.get("shape") != list(shape):
            got = shown(tensor.get("shape"))
            raise ImportRefused(f"{name} in {what} must have the shape {list(shape)}, got {got}.")

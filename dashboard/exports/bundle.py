""".zip: a run in every format, and a program of a few lines that needs NumPy alone."""

import io
import zipfile
from pathlib import Path

from mlpcore import MLP, EpochResult

from ..limits import MAX_BUNDLE_MEMBERS, MAX_TEXT_BYTES, MAX_UNPACKED_BYTES
from ..runs.config import RunConfig
from . import history as history_file
from . import npz, onnx_model, run_file, tensors
from .architecture import Sizes
from .archive import open_archive
from .imported import Imported
from .refusal import parse_json

WEIGHTS, RUN = "weights.npz", "run.json"
MEMBERS = {
    WEIGHTS: npz.write,
    "weights.safetensors": tensors.write,
    "weights.onnx": onnx_model.write,
    RUN: run_file.write,
    "history.csv": history_file.write,
    "predict.py": lambda *_: Path(__file__).with_name("predict.py").read_bytes(),
}


def write(net: MLP, config: RunConfig, history: list[EpochResult], name: str) -> bytes:
    """All formats in one zip file. Equal runs give equal bytes: members carry no time."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for member, make in MEMBERS.items():
            packing = zipfile.ZIP_STORED if member.startswith("weights.") else zipfile.ZIP_DEFLATED
            info = zipfile.ZipInfo(member)  # of 1980, the zero of zip times
            info.external_attr = 0o644 << 16  # readable for its owner and others
            archive.writestr(info, make(net, config, history, name), packing)
    return file.getvalue()


def read(data: bytes, what: str, known: Sizes) -> Imported:
    """The network of weights.npz, for a set of `known` sizes, with what run.json says; ImportRefused by the rules."""
    archive = open_archive(data, what, MAX_BUNDLE_MEMBERS)
    run = parse_json(archive.read(RUN, MAX_TEXT_BYTES), f"{RUN} in {what}")
    net = npz.read(archive.read(WEIGHTS, MAX_UNPACKED_BYTES), f"{WEIGHTS} in {what}", known)
    run_file.check_digest(run, net, f"{WEIGHTS} in {what}")
    return run_file.claimed(run, net, f"{RUN} in {what}")

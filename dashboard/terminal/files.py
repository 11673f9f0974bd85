"""Files that a person names: read, written, and refused with a sentence."""

import os
import sys
from pathlib import Path

from .. import exports
from ..analysis import answers
from ..errors import UserError
from ..limits import MAX_FILE_BYTES
from ..runs.run import Run
from ..runs.store import RunStore

STDOUT = "-"


class FileError(UserError):
    """A file that can't be read or written."""


def read(path: str) -> bytes:
    """What is in the file, and no more than an import may have and one byte, which then refuses it."""
    try:
        with open(path, "rb") as file:
            return file.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        raise FileError(f"{path} can't be read: {_reason(error)}.") from error


def kind(path: str) -> str:
    """The kind of file that `path` asks for by its ending."""
    ending = Path(path).suffix.lower().removeprefix(".")
    if ending not in exports.FORMATS:
        raise FileError(f"{path} must end in .{', .'.join(exports.FORMATS)}.")
    return ending


def check(path: str, force: bool) -> None:
    """FileError when `path` can't be written, before the work for it begins."""
    folder = Path(path).parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise FileError(f"{path} can't be written: its folder must exist and be writable.")
    if Path(path).exists() and not force:
        raise FileError(f"{path} exists already. Choose another name, or replace it with --force.")


def write(path: str, data: bytes) -> None:
    """The whole file or none: written beside, and renamed."""
    part = f"{path}.{os.getpid()}.part"
    try:
        Path(part).write_bytes(data)
        os.replace(part, path)
    except (OSError, ValueError) as error:
        Path(part).unlink(missing_ok=True)
        raise FileError(f"{path} can't be written: {_reason(error)}.") from error


def write_stdout(data: bytes) -> None:
    """For a pipe; a person's terminal is spared."""
    if sys.stdout.isatty():
        raise FileError("The file is not text: send it to another program or a file.")
    sys.stdout.buffer.write(data)


def exported(store: RunStore, run: Run, kind: str, epoch: int | None = None) -> bytes:
    """The run as a file of `kind`, with the weights after `epoch`, or after the one that stands for it."""
    epoch = run.shown_epoch if epoch is None else epoch
    if not run.trained:
        raise FileError(f"{run.name} has no weights yet: it has not finished an epoch.")
    net = answers.network(store, run, epoch)
    history = [result for result in store.epochs(run.id) if result.epoch <= epoch]
    return exports.write(kind, net, run.config, history, f"{run.name} epoch {epoch}" if epoch else run.name)


def _reason(error):
    return (getattr(error, "strerror", None) or str(error)).lower()

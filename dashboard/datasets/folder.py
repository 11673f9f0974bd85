"""The user's cache folder, and files in it that are whole or not there."""

import os
import tempfile
from pathlib import Path

import numpy as np
import platformdirs

from .about import DatasetError


def cache_folder() -> Path:
    """Where unpacked data sets and measurements of this machine are kept; MLP_CACHE_DIR overrides it."""
    return Path(os.environ.get("MLP_CACHE_DIR") or platformdirs.user_cache_dir("mlp-lab"))


def write(path: Path, array: np.ndarray) -> None:
    """Write beside and rename: a reader sees the old file or the whole new one. DatasetError when there is no room."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
            try:
                np.save(file, array)
            except BaseException:
                os.unlink(file.name)
                raise
        os.replace(file.name, path)
    except OSError as error:
        raise DatasetError(f"The cache folder {path.parent} could not be written: {error.strerror}.") from error

"""name -> Dataset. Unpacked once into the user's cache folder, checked by checksum, memory-mapped from there."""

import hashlib
import os
import tempfile
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import platformdirs

from .errors import UserError

EMBEDDED = Path(__file__).parent.parent / "data" / "mnist.npz"


class DatasetError(UserError):
    """A data set that can't be had, or is not what it should be."""


@dataclass(frozen=True)
class About:
    """What is known of a data set before it is loaded."""

    title: str
    train_samples: int
    test_samples: int
    inputs: int
    classes: int
    images_sha256: str  # of the raw uint8 bytes, training images first
    labels_sha256: str


@dataclass(frozen=True)
class Dataset:
    """Images uint8 (n, inputs) and labels uint8 (n,), read-only and memory-mapped; the training samples first."""

    about: About
    images: np.ndarray
    labels: np.ndarray

    @property
    def train(self):
        """(X, y) of the training samples."""
        return self.images[: self.about.train_samples], self.labels[: self.about.train_samples]

    @property
    def test(self):
        """(X, y) of the test samples."""
        return self.images[self.about.train_samples :], self.labels[self.about.train_samples :]

    @property
    def sha256(self):
        """One checksum for images and labels together."""
        return hashlib.sha256((self.about.images_sha256 + self.about.labels_sha256).encode()).hexdigest()


MNIST_SHA256 = (
    "5b92582eb909c82a9bfefcd44acbe9233be3eb5b419a44cf211022ad2bf4bf96",
    "671ff9d70b4811116d55c3dd479efa7a981e2e62753ef7a6d5c15fea81e63d27",
)
DATASETS = {
    "mnist": About("MNIST", 60_000, 10_000, 784, 10, *MNIST_SHA256),
    "mnist_784": About("MNIST from OpenML", 60_000, 10_000, 784, 10, *MNIST_SHA256),
}


def cache_folder():
    """Where unpacked data sets and measurements of this machine are kept; MLP_CACHE_DIR overrides it."""
    return Path(os.environ.get("MLP_CACHE_DIR") or platformdirs.user_cache_dir("mlp-lab"))


@cache
def load(name):
    """The Dataset called `name`; DatasetError when it can't be had. Checked once a process."""
    about = DATASETS[name]
    folder = cache_folder() / "datasets"
    parts = []
    for part, sha256 in (("images", about.images_sha256), ("labels", about.labels_sha256)):
        path = folder / f"{name}-{part}-{sha256[:12]}.npy"
        array = _mapped(path, sha256)
        if array is None:
            _unpack(name, about, folder)
            array = _mapped(path, sha256)
        if array is None:
            raise DatasetError(f"{about.title} could not be kept in {folder}: what was read back differs.")
        parts.append(array)
    return Dataset(about, *parts)


def _mapped(path, sha256):
    """The memory-mapped array, or None when the file is missing, cut short or altered."""
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return array if hashlib.sha256(array.data).hexdigest() == sha256 else None


def _unpack(name, about, folder):
    images, labels = SOURCES[name]()
    for part, array, sha256 in (("images", images, about.images_sha256), ("labels", labels, about.labels_sha256)):
        array = np.ascontiguousarray(array)
        if array.dtype != np.uint8 or hashlib.sha256(array.data).hexdigest() != sha256:
            raise DatasetError(f"{about.title} must have the published {part}, but their checksum differs.")
        _write(folder / f"{name}-{part}-{sha256[:12]}.npy", array)


def _write(path, array):
    """Write beside and rename: a reader sees the old file or the whole new one."""
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


def _embedded():
    with np.load(EMBEDDED, allow_pickle=False) as file:
        return file["images"].reshape(-1, 784), file["labels"]


def _openml():
    """mnist_784 version 1 as scikit-learn fetches it; downloads are kept by scikit-learn in its own folder."""
    from sklearn.datasets import fetch_openml  # a second to import, and only needed here

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about its retries; a failure is told below
            data = fetch_openml(
                "mnist_784",
                version=1,
                as_frame=False,
                parser="pandas",
                read_csv_kwargs={"dtype": np.uint8},  # pixels and digits alike
                n_retries=1,
                data_home=str(cache_folder()),
            )
    except (OSError, ValueError) as error:
        raise DatasetError(f"OpenML's mnist_784 could not be fetched: {error}. The embedded MNIST works.") from error
    return data.data.astype(np.uint8), data.target.astype(np.uint8)


SOURCES = {"mnist": _embedded, "mnist_784": _openml}

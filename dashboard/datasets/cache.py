"""name -> Dataset. Unpacked once into the user's cache folder, checked by checksum, memory-mapped from there."""

import hashlib
from functools import lru_cache
from typing import Protocol

import numpy as np

from ..errors import UserError
from .about import About, Dataset, DatasetError
from .builtin import DATASETS, FETCHED, SOURCES
from .folder import cache_folder, write
from .own import Parts, digest, own_about

__all__ = ["about", "at_hand", "cache_folder", "learn", "load", "read_from", "stop_reading"]


class Source(Protocol):
    """Where own sets are kept: the store."""

    def set_about(self, name: str) -> About | None:
        """What is known of the set, None when it is not there."""

    def set_parts(self, name: str) -> Parts:
        """Its contents."""


_sources: list[Source] = []  # where load looks for own sets, the newest first
_learned: dict[str, About] = {}  # titles and class names that have been met


def read_from(source: Source) -> None:
    """Let `load` find the own sets of `source` too: each process names the stores that it opens."""
    _sources[:] = [source, *(each for each in _sources if each is not source)][:5]


def stop_reading(source: Source) -> None:
    """`source` is closed: a question to it would open it again."""
    _sources[:] = [each for each in _sources if each is not source]


def learn(name: str, known: About) -> None:
    """Remember the title and class names of an own set."""
    _learned[name] = known


def about(name: str) -> About:
    """What is known of the data set called `name` without loading it; DatasetError when there can't be one."""
    found = DATASETS.get(name) or _learned.get(name) or _told_by(name)
    if found is None:
        raise DatasetError(f"Data set must be one of {', '.join(DATASETS)} or an uploaded one, got {name[:60]!r}.")
    return found


_told_by = lru_cache(maxsize=1000)(own_about)


def at_hand(name: str) -> bool:
    """Whether `load` needs nothing from the network: a set of OpenML's is here once it was fetched."""
    return name not in FETCHED or all(path.exists() for path, _ in _known_paths(name))


def load(name: str) -> Dataset:
    """The Dataset called `name`; DatasetError when it can't be had. Checked once a process."""
    images, labels = arrays(name)
    return Dataset(about(name), images, labels)  # its title and class names may be others by now


@lru_cache(maxsize=32)  # an own set holds two files open
def arrays(name: str) -> tuple[np.ndarray, np.ndarray]:
    """(images, labels) of the set called `name`, as `load` has them."""
    return _load_own(name) if name not in DATASETS else _load_known(name)


def _load_known(name):
    known = DATASETS[name]
    parts = []
    for path, sha256 in _known_paths(name):
        array = _mapped(path, sha256)
        if array is None:
            _unpack(name, known)
            array = _mapped(path, sha256)
        if array is None:
            raise DatasetError(f"{known.title} could not be kept in {path.parent}: what was read back differs.")
        parts.append(array)
    return tuple(parts)


def _known_paths(name):
    """(path, checksum) of the images and of the labels, as they are kept in the cache folder."""
    sums = {"images": DATASETS[name].images_sha256, "labels": DATASETS[name].labels_sha256}
    folder = cache_folder() / "datasets"
    return [(folder / f"{name}-{part}-{sha256[:12]}.npy", sha256) for part, sha256 in sums.items()]


def _opened(path):
    """The memory-mapped array, or None when the file is missing or cut short."""
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None


def _mapped(path, sha256):
    """The memory-mapped array, or None when the file is missing, cut short or altered."""
    array = _opened(path)
    return array if array is not None and hashlib.sha256(array.data).hexdigest() == sha256 else None


def _unpack(name, known):
    for part, array, (path, sha256) in zip(("images", "labels"), SOURCES[name](), _known_paths(name), strict=True):
        array = np.ascontiguousarray(array)
        if array.dtype != np.uint8 or hashlib.sha256(array.data).hexdigest() != sha256:
            raise DatasetError(f"{known.title} must have the published {part}, but their checksum differs.")
        write(path, array)


def _load_own(name):
    """From this machine's cache, else from the database, whose checksum is in the name."""
    plain = about(name)
    source = _found(name)
    paths = _own_paths(name)
    found = _own_mapped(name, paths)
    if found is None and source is not None:
        parts = source.set_parts(name)
        if parts.name != name:
            raise DatasetError(f"{plain.title} is damaged in the database: its checksum differs. Upload it again.")
        write(paths[0], parts.images)
        write(paths[1], parts.labels)
        found = _own_mapped(name, paths)
    if found is None:
        raise DatasetError(f"{plain.title}: this data set is not in the database here. Upload it on the Data page.")
    return found


def _own_paths(name):
    return [cache_folder() / "datasets" / f"{name}-{part}.npy" for part in ("images", "labels")]


def _own_mapped(name, paths):
    found = tuple(_opened(path) for path in paths)
    if any(array is None for array in found):
        return None
    return found if digest(*found) == name.rsplit("-", 1)[1] else None


def _found(name):
    """The first store that has the set, which says what it is called; None when none has."""
    for source in _sources:
        try:
            known = source.set_about(name)
        except UserError:
            continue  # a database that is away: the cache may have the set
        if known is not None:
            learn(name, known)
            return source
    return None

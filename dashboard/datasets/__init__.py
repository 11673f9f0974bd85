"""Data sets: those that come with the app or from OpenML, and people's own, which live in the database.

`load(name)` gives any of them; `about(name)` says what is known before that. An own set's name tells its shape, so that
a run's settings can be judged without its images.
"""

from .about import About, Dataset, DatasetError
from .builtin import DATASETS, MNIST_SHA256
from .cache import about, cache_folder, known, learn, load, read_from
from .own import MAX_CLASSES, MAX_SIDE, Parts, is_own, own_about

__all__ = [
    "DATASETS",
    "MAX_CLASSES",
    "MAX_SIDE",
    "MNIST_SHA256",
    "About",
    "Dataset",
    "DatasetError",
    "Parts",
    "about",
    "cache_folder",
    "is_own",
    "known",
    "learn",
    "load",
    "own_about",
    "read_from",
]

"""Data sets: those that come with the app or from OpenML, and people's own, which live in the database.

`load(name)` gives any of them; `about(name)` says what is known before that. An own set's name tells its shape, so that
a run's settings can be judged without its images.
"""

from .about import About, Dataset, DatasetError
from .augmentation import Augmentation
from .builtin import DATASETS, MNIST_SHA256
from .cache import about, at_hand, cache_folder, learn, load, read_from, stop_reading
from .own import MAX_CLASSES, MAX_SIDE, Parts, is_own, own_about

__all__ = [
    "DATASETS",
    "MAX_CLASSES",
    "MAX_SIDE",
    "MNIST_SHA256",
    "About",
    "Augmentation",
    "Dataset",
    "DatasetError",
    "Parts",
    "about",
    "at_hand",
    "cache_folder",
    "is_own",
    "learn",
    "load",
    "own_about",
    "read_from",
    "stop_reading",
]

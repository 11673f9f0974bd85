"""Fashion-MNIST from OpenML, and a patience with it that ends."""

import threading

import numpy as np

from . import builtin
from .about import DatasetError
from .own import Parts

PATIENCE = 9.0  # seconds
FASHION = ("T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
TRAINING, EACH = 60_000, 7_000  # images for training, and of each class in all: Xiao et al., Fashion-MNIST (2017)

_fetching: dict[str, threading.Thread] = {}
_fetched: dict[str, tuple | Exception] = {}


def fashion_mnist() -> Parts:
    """Fashion-MNIST; DatasetError when OpenML can't be reached, serves something else, or takes too long."""
    images, labels = patiently("Fashion-MNIST", 1)
    if images.shape != (len(FASHION) * EACH, 784) or (np.bincount(labels, minlength=10) != EACH).any():
        raise DatasetError(
            f"OpenML's Fashion-MNIST must have {EACH:,} images of 28 x 28 pixels in each of 10 classes, "
            f"got the shape {images.shape}."
        )
    return Parts(images, labels, (28, 28), TRAINING, FASHION)


def patiently(name: str, version: int) -> tuple[np.ndarray, np.ndarray]:
    """builtin.openml, but for at most PATIENCE seconds; the fetching goes on, and asking again finds what it got."""
    if name not in _fetching:
        _fetching[name] = threading.Thread(target=_fetch, args=(name, version), name=f"OpenML {name}", daemon=True)
        _fetching[name].start()
    _fetching[name].join(PATIENCE)
    if _fetching[name].is_alive():
        raise DatasetError(
            f"OpenML has not sent {name} within {PATIENCE:g} seconds. It is still being fetched: try again in a while. "
            "The embedded MNIST works."
        )
    del _fetching[name]
    found = _fetched.pop(name)
    if isinstance(found, Exception):
        raise found
    return found


def _fetch(name, version):
    try:
        _fetched[name] = builtin.openml(name, version)
    except Exception as error:  # noqa: BLE001 - told to whoever waits
        _fetched[name] = error

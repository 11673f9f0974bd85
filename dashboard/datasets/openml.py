"""Data sets from OpenML, and a patience with it that ends."""

import socket
import threading
import urllib.request
import warnings
from functools import cache
from typing import Any

import numpy as np

from .about import DatasetError
from .folder import cache_folder
from .own import Parts

PATIENCE = 5.0  # seconds; within 10 a person is told
SILENCE = 30.0  # seconds without a byte, after which a connection counts as dead
FASHION = ("T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
TRAINING, EACH = 60_000, 7_000  # images for training, and of each class in all: Xiao et al., Fashion-MNIST (2017)


class _Ending(urllib.request.BaseHandler):
    """Ends what is silent: scikit-learn's requests have no time limit of their own."""

    def http_request(self, request):
        if request.timeout is socket._GLOBAL_DEFAULT_TIMEOUT:  # type: ignore[attr-defined]
            request.timeout = SILENCE
        return request

    https_request = http_request


@cache
def _end_silence():
    """For whatever in this process asks by urllib without a limit, which is scikit-learn."""
    urllib.request.install_opener(urllib.request.build_opener(_Ending))


class _Asked(threading.Thread):
    """One fetching, and what came of it; several people may wait for it."""

    def __init__(self, name, version):
        super().__init__(name=f"OpenML {name}", daemon=True)
        self.wanted = name, version
        self.found: Any = None  # what `fetch` gave, or the exception that it raised

    def run(self):
        try:
            self.found = fetch(*self.wanted)
        except Exception as error:  # noqa: BLE001 - told to whoever waits
            self.found = error


_asking: dict[str, _Asked] = {}  # by name, until somebody has the answer
_lock = threading.Lock()


def fashion_mnist() -> Parts:
    """Fashion-MNIST; DatasetError when OpenML can't be reached, serves something else, or takes too long."""
    images, labels = patiently("Fashion-MNIST", 1)
    if images.shape != (len(FASHION) * EACH, 784) or (np.bincount(labels, minlength=10) != EACH).any():
        raise DatasetError(
            f"OpenML's Fashion-MNIST must have {EACH:,} images of 28 x 28 pixels in each of 10 classes, "
            f"got the shape {images.shape}."
        )
    return Parts(images, labels, (28, 28), TRAINING, FASHION)


def fetch(name: str, version: int) -> tuple[np.ndarray, np.ndarray]:
    """(images uint8 (n, din), labels uint8 (n,)) of a data set of OpenML, as scikit-learn fetches it.

    Downloads are kept by scikit-learn in the cache folder. DatasetError when OpenML can't be reached.
    """
    from sklearn.datasets import fetch_openml

    _end_silence()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about its retries; a failure is told below
            data = fetch_openml(
                name,
                version=version,
                as_frame=False,
                parser="pandas",
                read_csv_kwargs={"dtype": np.uint8},  # pixels and labels alike
                n_retries=1,
                data_home=str(cache_folder()),
            )
        return data.data.astype(np.uint8), data.target.astype(np.uint8)
    except (OSError, ValueError) as error:
        said = f"could not be fetched: {str(error).splitlines()[0][:200] if str(error) else type(error).__name__}"
        raise DatasetError(f"OpenML's {name} {said}. The embedded MNIST works.") from error
    except Exception as error:  # what was sent may be anything, and each thing fails in its own way
        raise DatasetError(f"What came for OpenML's {name} is not its answer. The embedded MNIST works.") from error


def patiently(name: str, version: int) -> tuple[np.ndarray, np.ndarray]:
    """`fetch`, but for at most PATIENCE seconds; the fetching goes on, and asking again finds what it got."""
    with _lock:
        asked = _asking.get(name)
        if asked is None:
            asked = _asking[name] = _Asked(name, version)
            asked.start()
    asked.join(PATIENCE)
    if asked.is_alive():
        raise DatasetError(
            f"OpenML has not sent {name} within {PATIENCE:g} seconds. It is still being fetched: try again in a while. "
            "The embedded MNIST works."
        )
    with _lock:
        if _asking.get(name) is asked:  # not one that somebody else began since
            del _asking[name]
    if isinstance(asked.found, Exception):
        raise asked.found
    return asked.found

"""The data sets that every installation knows, and where each comes from."""

from pathlib import Path

import numpy as np

from . import openml
from .about import About
from .split import stratified

EMBEDDED = Path(__file__).parents[2] / "data" / "mnist.npz"

MNIST_SHA256 = (
    "5b92582eb909c82a9bfefcd44acbe9233be3eb5b419a44cf211022ad2bf4bf96",
    "671ff9d70b4811116d55c3dd479efa7a981e2e62753ef7a6d5c15fea81e63d27",
)
DIGITS_SHA256 = (
    "628fb5ae9ab70ce947c99469dab9539981b67d72f0dd63e727ead4d1861e26aa",
    "023c527eacc2a5d33489ad7b4c94ae1c136fe96badd9c375b46ec89072360c0c",
)
DATASETS = {
    "mnist": About("MNIST", 60_000, 10_000, 784, 10, *MNIST_SHA256),
    "digits": About("Digits 8 x 8", 1498, 299, 64, 10, *DIGITS_SHA256),
    "mnist_784": About("MNIST from OpenML", 60_000, 10_000, 784, 10, *MNIST_SHA256),
}


def _embedded():
    with np.load(EMBEDDED, allow_pickle=False) as file:
        return file["images"].reshape(-1, 784), file["labels"]


def _digits():
    """scikit-learn's digits: 16 steps of brightness become 255; a sixth of each digit is kept for testing."""
    from sklearn.datasets import load_digits  # a second to import, and only needed here

    data = load_digits()
    images, labels = np.rint(data.data * (255 / 16)).astype(np.uint8), data.target.astype(np.uint8)
    order, _ = stratified(labels)
    return images[order], labels[order]


FETCHED = ("mnist_784",)  # from the network, the first time
SOURCES = {"mnist": _embedded, "digits": _digits, "mnist_784": lambda: openml.patiently("mnist_784", 1)}

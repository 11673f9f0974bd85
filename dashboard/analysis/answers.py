"""What a trained run answers: its network at an epoch, and its outputs on a split. Kept for the next page run."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from mlpcore import MLP, weights

from .. import datasets
from ..runs.run import Run
from ..runs.store import RunStore, StoreError, open_store
from .evaluation import missed_by_every_run, predictions

SPLITS = {"test": "Test set", "train": "Training set"}
JUDGES = 20  # runs, at most, that are asked which images every run misses
LOOKED_AT = 200  # runs, at most, among which these are found


def network(store: RunStore, run: Run, epoch: int | None = None) -> MLP:
    """The network of `run` as it was after `epoch`, or after its `shown_epoch`; StoreError when not kept."""
    return _network(store.url, run.id, run.shown_epoch if epoch is None else epoch)


def outputs(store: RunStore, run: Run, split: str = "test", epoch: int | None = None) -> np.ndarray:
    """The outputs (n, classes) of that network on a split of the run's data set, read-only."""
    return _outputs(store.url, run.id, run.shown_epoch if epoch is None else epoch, split)


def same_images(first: Run, second: Run) -> bool:
    """Whether two runs read the same images."""
    a, b = (datasets.about(run.config.dataset) for run in (first, second))
    return (a.images_sha256, a.labels_sha256) == (b.images_sha256, b.labels_sha256)


def judges(store: RunStore, run: Run) -> list[Run]:
    """`run` and the newest finished runs on the same images: who is asked which images every run misses."""
    others = [
        other
        for other in store.latest(LOOKED_AT)
        if other.status == "finished" and other.trained and other.id != run.id and same_images(run, other)
    ]
    return [run, *others[: JUDGES - 1]]


def missed_by_every(store: RunStore, runs: Sequence[Run], split: str, labels: np.ndarray) -> np.ndarray:
    """The indices of the images that none of the runs reads as their label."""
    return missed_by_every_run([outputs(store, run, split).argmax(axis=1) for run in runs], labels)


def one_output(net: MLP, image: np.ndarray) -> np.ndarray:
    """The outputs (classes,) for one image (din,)."""
    return predictions(net, image[None])[0]


def norms(net: MLP) -> np.ndarray:
    """The length of each unit's weights in the first layer, (units,)."""
    return np.linalg.norm(net.layers[0].W, axis=1)


def most_exciting(net: MLP, images: np.ndarray, unit: int, count: int) -> np.ndarray:
    """The indices of the `count` images (n, din) with the largest weighted input to a unit of the first layer."""
    z = images.astype(np.float32) @ net.layers[0].W[unit]  # neither the scale 1/255 nor the bias changes the order
    return np.argsort(z)[::-1][:count]


@lru_cache(maxsize=8)  # a network may be as large as 64 MB
def _network(url, run_id, epoch):
    store = open_store(url)
    state = store.state(run_id, epoch)
    if state is None:
        raise StoreError(f"The weights after epoch {epoch} of this run are not kept.")
    net = store.get(run_id).config.network(np.random.default_rng(0))
    weights.fill(net, state.weights)
    return net


@lru_cache(maxsize=32)
def _outputs(url, run_id, epoch, split):
    config = open_store(url).get(run_id).config
    images, _ = getattr(datasets.load(config.dataset), split)
    result = predictions(_network(url, run_id, epoch), images)
    result.setflags(write=False)
    return result

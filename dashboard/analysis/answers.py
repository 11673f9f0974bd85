"""What a trained run answers: its network at an epoch, and its outputs on a split. Kept for the next page run."""

from functools import lru_cache

import numpy as np

from mlpcore import MLP, weights

from .. import datasets
from ..runs.store import Run, RunStore, StoreError, open_store
from .evaluation import predictions

SPLITS = {"test": "Test set", "train": "Training set"}


def network(store: RunStore, run: Run, epoch: int | None = None) -> MLP:
    """The network of `run` as it was after `epoch`, or after its `shown_epoch`; StoreError when not kept."""
    return _network(store.url, run.id, run.shown_epoch if epoch is None else epoch)


def outputs(store: RunStore, run: Run, split: str = "test", epoch: int | None = None) -> np.ndarray:
    """The outputs (n, classes) of that network on a split of the run's data set, read-only."""
    return _outputs(store.url, run.id, run.shown_epoch if epoch is None else epoch, split)


def norms(net: MLP) -> np.ndarray:
    """The length of each unit's weights in the first layer, (units,)."""
    return np.linalg.norm(net.layers[0].W, axis=1)


def most_exciting(net: MLP, images: np.ndarray, unit: int, count: int) -> np.ndarray:
    """The indices of the `count` images (n, din) with the largest weighted input to a unit of the first layer."""
    z = images.astype(np.float32) @ net.layers[0].W[unit]  # neither the scale 1/255 nor the bias changes the order
    return np.argsort(z)[::-1][:count]


@lru_cache(maxsize=32)
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

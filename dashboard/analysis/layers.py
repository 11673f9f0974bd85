"""What can be said of each layer: its weights' spread over the epochs, their norm, saturated and dead units."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from mlpcore import MLP, diagnostics
from mlpcore.data import scaled

from ..runs.run import Run
from ..runs.store import RunStore, open_store

QUANTILES = {"lowest": 0.0, "low": 0.05, "lower": 0.25, "median": 0.5, "upper": 0.75, "high": 0.95, "highest": 1.0}
DRAWN = 40_000  # weights of a layer whose quantiles stand for all of them
LOOKED_AT = 64  # epochs


@dataclass(frozen=True)
class LayerFigures:
    """One layer in figures."""

    din: int
    dout: int
    norm: float  # of W
    bias_norm: float | None
    saturated: float | None  # share of its activations over the sample whose slope is nearly flat; None for outputs
    dead: float | None  # share of its units for which all are


def figures(net: MLP, images: np.ndarray) -> list[LayerFigures]:
    """Each layer's norm, saturated and dead units, over the first images (n, din) of a set.

    The definitions are those of mlpcore.diagnostics.
    """
    now = [layer.W for layer in net.layers]
    found = diagnostics.diagnose(net, scaled(images[: diagnostics.SAMPLE], net.dtype), now, 0)["layers"]
    return [
        LayerFigures(
            layer.din,
            layer.dout,
            about["weight_norm"],
            None if layer.b is None else float(np.linalg.norm(layer.b)),
            about["saturated"],
            about["dead"],
        )
        for layer, about in zip(net.layers, found.values(), strict=True)
    ]


def spread(store: RunStore, run: Run, kept: Sequence[int]) -> pd.DataFrame:
    """One row a layer and kept epoch: layer (from 1), epoch, and the QUANTILES of the layer's weights then.

    Of many epochs, an even choice of LOOKED_AT with the first and the last.
    """
    chosen = [kept[i] for i in np.unique(np.linspace(0, len(kept) - 1, min(LOOKED_AT, len(kept))).round().astype(int))]
    rows = [row for epoch in chosen for row in _quantiles(store.url, run.id, run.attempt, epoch)]
    return pd.DataFrame(rows, columns=["layer", "epoch", *QUANTILES])


@lru_cache(maxsize=4096)
def _quantiles(url, run_id, attempt, epoch):
    """A row a layer; nothing when the checkpoint is gone. An epoch may be trained again by a later attempt."""
    state = open_store(url).state(run_id, epoch)
    if state is None:
        return []
    matrices = [value for _, value in sorted(_numbered(state.weights))]
    levels = list(QUANTILES.values())
    return [
        (number, epoch, *np.quantile(W.reshape(-1)[:: -(-W.size // DRAWN)], levels).tolist())
        for number, W in enumerate(matrices, start=1)
    ]


def _numbered(weights):
    """(number, W) of {"fc1.W": ..., "fc1.b": ...}."""
    return [(int(name[2:-2]), value) for name, value in weights.items() if name.endswith(".W")]

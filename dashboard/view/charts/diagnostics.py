"""What goes on inside the network from epoch to epoch, by layer."""

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from mlpcore import EpochResult

SMALL = 150  # pixels
DIAGNOSTICS = {  # title, and what it tells
    "gradient_norm": ("Gradient norm", "‖∂C/∂W‖ of each layer at the last step. Near 0: it hardly learns."),
    "weight_norm": ("Weight norm", "‖W‖ of each layer after the epoch."),
    "update_ratio": ("Update ratio", "‖ΔW‖ / ‖W‖ of the last step: how much a step changes the weights. About 1/1000 "
                     "is usual."),
    "saturated": ("Saturated", "The share of a hidden layer's activations, over 500 training images, where the slope "
                  "is nearly flat. For ReLU: those that are 0."),
    "dead": ("Dead units", "The share of a hidden layer's units that are saturated for every one of 500 images."),
}  # fmt: skip
SHARES = ("saturated", "dead")


def diagnostics(epochs: Sequence[EpochResult]) -> pd.DataFrame:
    """One row an epoch and layer: epoch, layer, and the figures of DIAGNOSTICS, None where there is none."""
    rows = [
        (e.epoch, layer, *(about[metric] for metric in DIAGNOSTICS))
        for e in epochs
        if e.diagnostics
        for layer, about in zip(
            layer_names(len(e.diagnostics["layers"])), e.diagnostics["layers"].values(), strict=True
        )
    ]
    table = pd.DataFrame(rows, columns=["epoch", "layer", *DIAGNOSTICS])
    return table.astype(dict.fromkeys(DIAGNOSTICS, float))


def layer_names(count: int) -> list[str]:
    """hidden 1, hidden 2, ..., output."""
    return [f"hidden {number}" for number in range(1, count)] + ["output"]


def diagnostics_chart(metric: str, colour: str, epochs: int, data: pd.DataFrame) -> dict[str, Any]:
    """The spec of one figure per epoch, a line a layer, the output's the strongest, for data from `diagnostics`."""
    layers = list(data["layer"].unique())
    shares = metric in SHARES
    top = 1.0 if shares else ceiling(float(data[metric].max()))
    x = {
        "field": "epoch",
        "type": "quantitative",
        "title": None,
        "scale": {"domain": [1, max(epochs, 2)], "nice": False},
        "axis": {"tickMinStep": 1, "format": "d", "grid": False, "tickCount": 4},
    }
    y = {
        "field": metric,
        "type": "quantitative",
        "title": None,
        "scale": {"domain": [0, top], "nice": False},
        "axis": {"format": ".0%" if shares else "~r", "tickCount": 3},
    }
    strengths = [1.0] if len(layers) == 1 else [0.3 + 0.7 * i / (len(layers) - 1) for i in range(len(layers))]
    opacity = {
        "field": "layer",
        "type": "ordinal",
        "sort": layers,
        "scale": {"domain": layers, "range": strengths},
        "legend": None,  # told once for all charts
    }
    tooltip = [
        {"field": "epoch", "type": "quantitative", "title": "Epoch"},
        {"field": "layer", "type": "nominal", "title": "Layer"},
        {
            "field": metric,
            "type": "quantitative",
            "format": ".1%" if shares else ".3g",
            "title": DIAGNOSTICS[metric][0],
        },
    ]
    return {
        "height": SMALL,
        "mark": {
            "type": "line",
            "color": colour,
            "strokeWidth": 2,
            "clip": True,
            "point": {"size": 16, "color": colour},
        },
        "transform": [{"filter": f"isValid(datum.{metric})"}],
        "encoding": {"x": x, "y": y, "opacity": opacity, "tooltip": tooltip},
    }


def ceiling(value: float) -> float:
    """The round number (1, 2 or 5 and zeros) at or above `value`; 1 for nothing."""
    if not 0 < value < math.inf:
        return 1.0
    unit = 10.0 ** math.floor(math.log10(value))
    return next(unit * step for step in (1, 2, 5, 10) if unit * step >= value)

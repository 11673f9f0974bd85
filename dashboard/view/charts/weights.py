"""Weights in figures: histograms, how they moved over the epochs, and one unit's outgoing weights."""

from typing import Any

import numpy as np
import pandas as pd

from ..images import ABOVE, BELOW

HEIGHT = 190
MANY = 40  # units; more have no room for their names
SIGN = {
    "condition": {"test": "datum.weight < 0", "value": "rgb({}, {}, {})".format(*BELOW)},
    "value": "rgb({}, {}, {})".format(*ABOVE),
}


def histogram_data(values: np.ndarray, bins: int = 60) -> pd.DataFrame:
    """One row a bin of the values: low, high, count."""
    counts, edges = np.histogram(values, bins)
    return pd.DataFrame({"low": edges[:-1], "high": edges[1:], "count": counts.astype(float)})


def histogram_chart(data: pd.DataFrame, colour: str) -> dict[str, Any]:
    """The spec of the histogram in `data`, from `histogram_data`."""
    span = {"domain": [float(data["low"].min()), float(data["high"].max())], "nice": False}
    counts = {"domain": [0, float(data["count"].max())]}
    return {
        "height": HEIGHT,
        "mark": {"type": "bar", "color": colour, "binSpacing": 0},
        "encoding": {
            "x": {"field": "low", "type": "quantitative", "title": "Weight", "bin": {"binned": True}, "scale": span,
                  "axis": {"tickCount": 6}},
            "x2": {"field": "high"},
            "y": {"field": "count", "type": "quantitative", "title": "Weights", "scale": counts,
                  "axis": {"tickCount": 4, "format": "~s"}},
            "tooltip": [
                {"field": "low", "type": "quantitative", "format": ".3f", "title": "From"},
                {"field": "high", "type": "quantitative", "format": ".3f", "title": "To"},
                {"field": "count", "type": "quantitative", "format": ",d", "title": "Weights"},
            ],
        },
    }  # fmt: skip


def spread_chart(data: pd.DataFrame, colour: str, epoch: int, ink: str) -> dict[str, Any]:
    """The spec of one layer's rows of `layers.spread`: bands of quantiles over the epochs, `epoch` marked."""
    first, last = int(data["epoch"].min()), int(data["epoch"].max())
    low, high = float(data["lowest"].min()), float(data["highest"].max())
    x = {"field": "epoch", "type": "quantitative", "title": "Epoch", "scale": {"domain": [first, last], "nice": False},
         "axis": {"format": "d", "tickMinStep": 1, "tickCount": 6}}  # fmt: skip
    scale = {"domain": [low, high], "nice": False}
    bands = [("lowest", "highest", 0.12), ("low", "high", 0.22), ("lower", "upper", 0.35)]
    names = {"highest": "Highest", "high": "95 %", "upper": "75 %", "median": "Median", "lower": "25 %", "low": "5 %",
             "lowest": "Lowest"}  # fmt: skip
    tooltip = [{"field": "epoch", "type": "quantitative", "format": "d", "title": "Epoch"}]
    tooltip += [{"field": key, "type": "quantitative", "format": "+.3f", "title": name} for key, name in names.items()]
    return {
        "height": HEIGHT,
        "encoding": {"x": x},
        "layer": [
            *(
                {
                    "mark": {"type": "area", "color": colour, "opacity": opacity},
                    "encoding": {
                        "y": {"field": lower, "type": "quantitative", "title": "Weight", "scale": scale,
                              "axis": {"tickCount": 4}},
                        "y2": {"field": upper},
                    },
                }
                for lower, upper, opacity in bands
            ),
            {
                "mark": {"type": "line", "color": colour, "strokeWidth": 1.5},
                "encoding": {"y": {"field": "median", "type": "quantitative", "scale": scale}},
            },
            {
                "transform": [{"filter": f"datum.epoch === {int(epoch)}"}],
                "mark": {"type": "rule", "color": ink, "strokeDash": [3, 3]},
            },
            {"mark": {"type": "rule", "strokeWidth": 8, "opacity": 0}, "encoding": {"tooltip": tooltip}},
        ],
    }  # fmt: skip


def outgoing_data(weights: np.ndarray) -> pd.DataFrame:
    """One row a weight (n,) that leaves a unit: unit, weight."""
    return pd.DataFrame({"unit": range(len(weights)), "weight": weights.astype(float)})


def outgoing_chart(data: pd.DataFrame, target: str) -> dict[str, Any]:
    """The spec of `outgoing_data`: a bar a weight, blue above zero and orange below; `target` names what they go to."""
    strongest = float(data["weight"].abs().max()) or 1.0
    labels = {"labelAngle": 0, "ticks": False, "labelOverlap": True, "domain": False, "labels": len(data) <= MANY}
    return {
        "height": 160,
        "mark": {"type": "bar", "width": {"band": 0.8 if len(data) <= MANY else 1.0}},
        "encoding": {
            "x": {"field": "unit", "type": "ordinal", "title": target, "axis": labels},
            "y": {"field": "weight", "type": "quantitative", "title": "Weight", "axis": {"tickCount": 4},
                  "scale": {"domain": [-strongest, strongest]}},
            "color": SIGN,
            "tooltip": [
                {"field": "unit", "type": "ordinal", "title": target},
                {"field": "weight", "type": "quantitative", "format": "+.4f", "title": "Weight"},
            ],
        },
    }  # fmt: skip

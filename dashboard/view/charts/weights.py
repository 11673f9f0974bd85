"""Weights in figures: histograms."""

from typing import Any

import numpy as np
import pandas as pd


def histogram_data(values: np.ndarray, bins: int = 60) -> pd.DataFrame:
    """One row a bin of the values: low, high, count."""
    counts, edges = np.histogram(values, bins)
    return pd.DataFrame({"low": edges[:-1], "high": edges[1:], "count": counts.astype(float)})


def histogram_chart(data: pd.DataFrame, colour: str) -> dict[str, Any]:
    """The spec of the histogram in `data`, from `histogram_data`."""
    span = {"domain": [float(data["low"].min()), float(data["high"].max())], "nice": False}
    counts = {"domain": [0, float(data["count"].max())]}
    return {
        "height": 140,
        "mark": {"type": "bar", "color": colour, "binSpacing": 0},
        "encoding": {
            "x": {"field": "low", "type": "quantitative", "title": None, "bin": {"binned": True}, "scale": span},
            "x2": {"field": "high"},
            "y": {"field": "count", "type": "quantitative", "title": None, "axis": {"tickCount": 4}, "scale": counts},
            "tooltip": [
                {"field": "low", "type": "quantitative", "format": ".3f", "title": "From"},
                {"field": "high", "type": "quantitative", "format": ".3f", "title": "To"},
                {"field": "count", "type": "quantitative", "format": ",d", "title": "Weights"},
            ],
        },
    }

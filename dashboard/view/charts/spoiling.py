"""Accuracy against the strength of what spoils the images."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from .look import GROWING, legend

TALL = 260


def spoiling_data(names: Sequence[str], strengths: Sequence[float], accuracies: np.ndarray) -> pd.DataFrame:
    """One row a point: run, strength, accuracy; `accuracies` is (runs, strengths)."""
    return pd.DataFrame(
        [
            {"run": name, "strength": strength, "accuracy": float(value)}
            for name, row in zip(names, accuracies, strict=True)
            for strength, value in zip(strengths, row, strict=True)
        ]
    )


def spoiling_chart(
    names: Sequence[str], colours: Sequence[str], title: str, strengths: Sequence[float], chosen: float
) -> dict[str, Any]:
    """The spec of `spoiling_data`: a line a run, and an upright one at the strength `chosen`."""
    x = {
        "type": "quantitative",
        "title": title,
        "scale": {"domain": [strengths[0], strengths[-1]], "nice": False},
        "axis": {"grid": False},
    }
    y = {
        "field": "accuracy",
        "type": "quantitative",
        "title": "Test accuracy",
        "scale": {"domain": [0, 1]},
        "axis": {"format": ".0%", "tickCount": 5},
    }
    colour = {
        "field": "run",
        "type": "nominal",
        "scale": {"domain": list(names), "range": list(colours)},
        "legend": {"orient": "top", **legend(names)} if len(names) > 1 else None,
    }
    tooltip = [
        {"field": "run", "type": "nominal", "title": "Run"},
        {"field": "strength", "type": "quantitative", "title": title},
        {"field": "accuracy", "type": "quantitative", "title": "Accuracy", "format": ".2%"},
    ]
    return {
        "height": TALL,
        "autosize": GROWING,
        "layer": [
            {
                "mark": {"type": "rule", "strokeDash": [4, 4], "color": "#8a94a3", "aria": False},
                "encoding": {"x": {"datum": chosen, **x}},
            },
            {
                "mark": {"type": "line", "point": True},
                "encoding": {"x": {"field": "strength", **x}, "y": y, "color": colour, "tooltip": tooltip},
            },
        ],
    }

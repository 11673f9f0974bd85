"""Two curves of one experiment."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from .look import DARK, LIGHT

TALL = 220


def two_curves_data(curves: dict[str, Sequence[float]]) -> pd.DataFrame:
    """One row a point: curve, epoch from 1, accuracy."""
    return pd.DataFrame(
        [
            {"curve": name, "epoch": epoch, "accuracy": value}
            for name, values in curves.items()
            for epoch, value in enumerate(values, start=1)
        ]
    )


def two_curves_chart(data: pd.DataFrame, dark: bool) -> dict[str, Any]:
    """The spec of `two_curves_data`, in the order of its names."""
    names = list(dict.fromkeys(data["curve"]))
    low = float(data["accuracy"].min())
    return {
        "height": TALL,
        "mark": {"type": "line", "point": True},
        "encoding": {
            "x": {
                "field": "epoch",
                "type": "quantitative",
                "title": "Epoch",
                "scale": {"domain": [1, int(data["epoch"].max())], "nice": False},
                "axis": {"tickMinStep": 1, "grid": False},
            },
            "y": {
                "field": "accuracy",
                "type": "quantitative",
                "title": "Test accuracy",
                "scale": {"domain": [max(0.0, low - 0.02), min(1.0, float(data["accuracy"].max()) + 0.02)]},
                "axis": {"format": ".0%", "tickCount": 5},
            },
            "color": {
                "field": "curve",
                "type": "nominal",
                "scale": {"domain": names, "range": list(DARK if dark else LIGHT)[: len(names)]},
                "legend": {"orient": "top", "title": None},
            },
            "tooltip": [
                {"field": "curve", "type": "nominal", "title": "Curve"},
                {"field": "epoch", "type": "quantitative", "title": "Epoch"},
                {"field": "accuracy", "type": "quantitative", "title": "Accuracy", "format": ".2%"},
            ],
        },
    }

"""The confusion matrix."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from .look import DIGIT_AXIS


def confusion_data(counts: np.ndarray) -> pd.DataFrame:
    """One row a cell of a confusion matrix (n, n): label, predicted, count, share of the row, and wrong.

    `wrong` is the count off the diagonal and nothing on it, so that colour is for the mistakes alone.
    """
    labels, predicted = np.indices(counts.shape).reshape(2, -1)
    flat = counts.reshape(-1).astype(float)
    share = (counts / np.maximum(1, counts.sum(axis=1, keepdims=True))).reshape(-1)
    wrong = np.where(labels == predicted, np.nan, flat)
    return pd.DataFrame({"label": labels, "predicted": predicted, "count": flat, "share": share, "wrong": wrong})


def named(names: Sequence[str]) -> dict[str, Any]:
    """An axis of classes: the names in place of the labels, short enough to be read."""
    return {**DIGIT_AXIS, "labelExpr": f"{json.dumps(list(names))}[datum.value]", "labelLimit": 90}


def confusion_chart(shown: str, highest: float, ink: str, names: Sequence[str], noun: str) -> dict[str, Any]:
    """The spec of a confusion matrix for `confusion_data`; `shown` is "count" or "share". A click selects `cell`."""
    axes = {
        "x": {
            "field": "predicted",
            "type": "ordinal",
            "title": "Read as",
            "axis": {**named(names), "orient": "top", "labelAngle": 0 if len(max(names, key=len)) < 3 else -60},
        },
        "y": {"field": "label", "type": "ordinal", "title": noun, "axis": named(names)},
    }
    number_format = "d" if shown == "count" else ".1%"
    colour = {
        "field": "wrong",
        "type": "quantitative",
        "scale": {"type": "sqrt", "domain": [0, max(highest, 1)], "range": ["#f08a4b10", "#d95f0e"]},
        "legend": None,
    }
    tooltip = [
        {"field": "label", "type": "ordinal", "title": noun},
        {"field": "predicted", "type": "ordinal", "title": "Read as"},
        {"field": "count", "type": "quantitative", "title": "Images", "format": ",d"},
        {"field": "share", "type": "quantitative", "title": "Of this row", "format": ".2%"},
    ]
    chosen = {"condition": {"param": "cell", "empty": False, "value": 2}, "value": 0}
    return {
        "height": max(420, 14 * len(names)),
        "encoding": axes,
        "layer": [
            {
                "params": [{"name": "cell", "select": {"type": "point", "fields": ["label", "predicted"]}}],
                "mark": {"type": "rect", "stroke": ink, "cursor": "pointer", "invalid": None},
                "encoding": {
                    "color": {"condition": {"test": "datum.label === datum.predicted", "value": "#8a94a322"}, **colour},
                    "strokeWidth": chosen,
                    "tooltip": tooltip,
                },
            },
            {
                "transform": [{"filter": "datum.count > 0"}],
                "mark": {"type": "text", "fontSize": 11 if len(names) <= 20 else 8, "color": ink},
                "encoding": {"text": {"field": shown, "type": "quantitative", "format": number_format}},
            },
        ],
    }

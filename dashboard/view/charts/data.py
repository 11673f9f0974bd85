"""A data set in charts: class balance, pixel values, and a map of images."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from .look import DARK, DIGIT_AXIS, GROWING, HEIGHT, LIGHT, legend

SMALL = 170
BIN = 8  # pixel values a bar


def balance_data(counts: np.ndarray, names: Sequence[str]) -> pd.DataFrame:
    """One row a class: digit, images, share."""
    share = counts / max(1, counts.sum())
    return pd.DataFrame({"digit": list(names), "images": counts.astype(float), "share": share})


def balance_chart(colour: str, chosen: str | None, highest: float) -> dict[str, Any]:
    """The spec of `balance_data`; the chosen class stands out."""
    lit = f"datum.digit === {json.dumps(chosen)}" if chosen is not None else "true"
    return {
        "height": SMALL,
        "mark": {"type": "bar", "color": colour},
        "encoding": {
            "x": {
                "field": "digit",
                "type": "ordinal",
                "sort": None,
                "title": None,
                "axis": {**DIGIT_AXIS, "labelAngle": None, "labelLimit": 70, "labelOverlap": "greedy"},
            },
            "y": {
                "field": "images",
                "type": "quantitative",
                "title": "Images",
                "axis": {"tickCount": 4},
                "scale": {"domain": [0, highest]},
            },
            "opacity": {"condition": {"test": lit, "value": 1}, "value": 0.35},
            "tooltip": [
                {"field": "digit", "type": "ordinal", "title": "Class"},
                {"field": "images", "type": "quantitative", "title": "Images", "format": ",d"},
                {"field": "share", "type": "quantitative", "title": "Share", "format": ".2%"},
            ],
        },
    }


def pixel_data(histogram: np.ndarray, scale: float) -> pd.DataFrame:
    """One row a bar of a histogram (256,) of pixel values: low, high, share of all pixels; values times `scale`."""
    shares = histogram.reshape(-1, BIN).sum(axis=1) / max(1, histogram.sum())
    low = np.arange(0, 256, BIN) * scale
    return pd.DataFrame({"low": low, "high": low + BIN * scale, "share": shares})


def pixel_chart(colour: str, highest: float) -> dict[str, Any]:
    """The spec of `pixel_data`; `highest` is where the axis ends."""
    return {
        "height": SMALL,
        "mark": {"type": "bar", "color": colour, "binSpacing": 1},
        "encoding": {
            "x": {"field": "low", "type": "quantitative", "title": "Pixel value", "bin": {"binned": True},
                  "scale": {"domain": [0, highest], "nice": False}, "axis": {"tickCount": 5}},
            "x2": {"field": "high"},
            "y": {"field": "share", "type": "quantitative", "title": "Pixels",
                  "scale": {"type": "sqrt", "domain": [0, 1]}, "axis": {"format": "%", "values": [0, 0.05, 0.25, 1]}},
            "tooltip": [
                {"field": "low", "type": "quantitative", "title": "From", "format": ".3~f"},
                {"field": "high", "type": "quantitative", "title": "To", "format": ".3~f"},
                {"field": "share", "type": "quantitative", "title": "Pixels", "format": ".2%"},
            ],
        },
    }  # fmt: skip


def map_data(placed: np.ndarray, labels: Sequence[str], pictures: list[str]) -> pd.DataFrame:
    """One row an image: x, y from `placed` (n, 2), digit, and the picture that its tooltip shows."""
    return pd.DataFrame({"x": placed[:, 0], "y": placed[:, 1], "digit": labels, "image": pictures})


def map_chart(data: pd.DataFrame, names: Sequence[str], titles: tuple[str, str], dark: bool) -> dict[str, Any]:
    """The spec of `map_data`; a click on a digit of the legend shows that one alone."""
    axis = {"ticks": False, "labels": False, "grid": False, "domain": False}
    return {
        "height": 2 * HEIGHT,
        "autosize": GROWING,
        "params": [{"name": "only", "select": {"type": "point", "fields": ["digit"]}, "bind": "legend"}],
        "mark": {"type": "circle", "size": 36},
        "encoding": {
            "x": {"field": "x", "type": "quantitative", "title": titles[0], "axis": axis, "scale": _span(data["x"])},
            "y": {"field": "y", "type": "quantitative", "title": titles[1], "axis": axis, "scale": _span(data["y"])},
            "color": {
                "field": "digit",
                "type": "nominal",
                "scale": {"domain": list(names), "range": list(DARK if dark else LIGHT)},
                "legend": {"orient": "top", **legend(names)},
            },
            "opacity": {"condition": {"param": "only", "value": 0.75}, "value": 0.06},
            "tooltip": [
                {"field": "image", "type": "nominal"},
                {"field": "digit", "type": "nominal", "title": "Class"},
            ],
        },
    }


def _span(values: pd.Series) -> dict[str, Any]:
    return {"domain": [float(values.min()), float(values.max())], "nice": True}

"""The points of a sweep: a heat map over two settings, parallel coordinates with a brush, importances."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from .look import HEIGHT

RAMP = {False: ("#e3ebfb", "#2f62d0"), True: ("#1d2a44", "#7aa5ff")}  # low to high accuracy, by whether it is dark
LINES = {False: ("#b3c6ef", "#1f4bab"), True: ("#3a5080", "#a3c1ff")}  # the same for thin lines
PAPER = {False: "#ffffff", True: "#12161d"}
WRITTEN = 80  # cells, up to which each has its figure written in it
ACCURACY = {"type": "quantitative", "format": ".2%", "title": "Validation accuracy"}


def spread(values: Sequence[float]) -> list[float]:
    """The accuracies that the colours tell apart: from the best down to where only failures lie."""
    if not len(values):
        return [0.0, 1.0]
    best, middle = float(np.max(values)), float(np.median(values))
    low = max(float(np.min(values)), best - 3 * (best - middle))
    return [low, best] if low < best else [best - 0.01, best]


def heat_chart(data: pd.DataFrame, x: Sequence[str], y: Sequence[str], titles, dark: bool) -> dict[str, Any]:
    """The spec over data with one row a cell: x, y, validation, points. `x` and `y`: the labels in their order."""
    domain = spread(data["validation"])
    cell = {"grid": False, "domain": False, "ticks": False, "labelAngle": 0}
    layers: list[dict[str, Any]] = [
        {
            "mark": {"type": "rect", "cornerRadius": 2},
            "encoding": {
                "color": {
                    "field": "validation",
                    "type": "quantitative",
                    "scale": {"domain": domain, "range": list(RAMP[dark]), "clamp": True},
                    "legend": None,
                },
                "tooltip": [
                    {"field": "x", "type": "nominal", "title": titles[0]},
                    {"field": "y", "type": "nominal", "title": titles[1]},
                    {"field": "validation", **ACCURACY, "title": "Best validation accuracy"},
                    {"field": "points", "type": "quantitative", "format": ",d", "title": "Points"},
                ],
            },
        }
    ]
    if len(x) * len(y) <= WRITTEN:
        strong = {"test": f"datum.validation > {sum(domain) / 2}", "value": "#0d1526" if dark else "#ffffff"}
        layers.append(
            {
                "mark": {"type": "text", "fontSize": 11},
                "encoding": {
                    "text": {"field": "validation", "type": "quantitative", "format": ".1%"},
                    "color": {"condition": strong, "value": "#e4e9f1" if dark else "#1c2430"},
                },
            }
        )
    return {
        "height": HEIGHT,
        "encoding": {
            "x": {"field": "x", "type": "ordinal", "title": titles[0], "scale": {"domain": list(x)}, "axis": cell},
            "y": {
                "field": "y",
                "type": "ordinal",
                "title": titles[1],
                "scale": {"domain": list(y)[::-1]},
                "axis": cell,
            },
        },
        "layer": layers,
    }


def parallel_chart(titles: Sequence[str], marks: pd.DataFrame, domain: Sequence[float], dark: bool) -> dict[str, Any]:
    """The spec over data with one row a point and axis: point, axis, place, validation, and columns of the tooltip.

    titles: of the axes, the last of which is the accuracy; marks: axis, place, label of what is written at the axes.
    Drawing a box over an axis lights the lines that pass through it.
    """
    last = len(titles) - 1
    inside = (
        "!isValid(brush.place) || (datum.axis >= brush.axis[0] && datum.axis <= brush.axis[1] && "
        "datum.place >= brush.place[0] && datum.place <= brush.place[1])"
    )
    names = " : ".join(f"datum.value == {i} ? {title!r}" for i, title in enumerate(titles)) + " : ''"
    x = {
        "field": "axis",
        "type": "quantitative",
        "title": None,
        "scale": {"domain": [-0.1, last + 0.15], "nice": False},
        "axis": {
            "values": list(range(last + 1)), "labelExpr": names, "orient": "top", "domain": False, "ticks": False,
            "gridColor": "#8a94a3", "gridOpacity": 0.6, "labelPadding": 10, "labelFlush": False,
        },
    }  # fmt: skip
    y = {
        "field": "place",
        "type": "quantitative",
        "scale": {"domain": [-0.04, 1.04], "nice": False},
        "axis": None,
    }
    lit = {"condition": {"test": "datum.lit", "value": 0.85}, "value": 0.05}
    tooltip = [{"field": "point", "type": "nominal", "title": "Point"}, {"field": "validation", **ACCURACY}]
    return {
        "height": HEIGHT + 20,
        "usermeta": {"embedOptions": {"renderer": "canvas"}},  # as SVG, a brush is a picture that can be given no words
        "encoding": {"x": x, "y": y},
        "layer": [
            {
                "transform": [
                    {"calculate": f"({inside}) ? 1 : 0", "as": "inside"},
                    {"joinaggregate": [{"op": "max", "field": "inside", "as": "lit"}], "groupby": ["point"]},
                ],
                "mark": {"type": "line", "strokeWidth": 1.6},
                "encoding": {
                    "detail": {"field": "point", "type": "nominal"},
                    "opacity": lit,
                    "color": {
                        "field": "validation",
                        "type": "quantitative",
                        "scale": {"domain": list(domain), "range": list(LINES[dark]), "clamp": True},
                        "legend": None,
                    },
                    "tooltip": tooltip,
                },
            },
            {
                "params": [{"name": "brush", "select": {"type": "interval", "encodings": ["x", "y"]}}],
                "mark": {"type": "point", "size": 60, "opacity": 0, "filled": True},
                "encoding": {"tooltip": tooltip},
            },
            _written(marks, {"stroke": PAPER[dark], "strokeWidth": 4, "strokeJoin": "round"}),
            _written(marks, {"color": "#b6c0cf" if dark else "#4a5464"}),
        ],
    }  # fmt: skip


def _written(marks, look):
    """The values at the axes; in the paper's colour behind them, so that lines do not cross them."""
    return {
        "data": {"values": marks.to_dict("records")},
        "mark": {"type": "text", "align": "left", "dx": 6, "fontSize": 11, **look},
        "encoding": {"text": {"field": "label", "type": "nominal"}},
    }


def importance_chart(data: pd.DataFrame, dark: bool) -> dict[str, Any]:
    """The spec over data with one row a setting: setting, importance, low, high, in fractions of accuracy."""
    edge = float(max(data["high"].max(), 1e-4)) * 1.05
    x = {"type": "quantitative", "scale": {"domain": [min(0.0, float(data["low"].min())), edge], "nice": False}}
    axis = {"format": ".1%" if edge > 0.004 else ".2%", "tickCount": 5}
    y = {"field": "setting", "type": "nominal", "title": None, "sort": None, "axis": {"labelLimit": 160}}
    number = {"type": "quantitative", "format": ".2%"}
    title = "Accuracy that a prediction loses without it"
    return {
        "height": 34 * len(data) + 60,
        "encoding": {
            "y": y,
            "tooltip": [
                {"field": "setting", "type": "nominal", "title": "Setting"},
                {"field": "importance", **number, "title": "Importance"},
                {"field": "deviation", **number, "title": "Standard deviation"},
            ],
        },
        "layer": [
            {
                "mark": {"type": "bar", "color": RAMP[dark][1], "height": 14, "cornerRadiusEnd": 2},
                "encoding": {"x": {**x, "field": "importance", "title": title, "axis": axis}},
            },
            {
                "mark": {"type": "rule", "color": "#e4e9f1" if dark else "#1c2430"},
                "encoding": {"x": {**x, "field": "low", "title": title, "axis": axis}, "x2": {"field": "high"}},
            },
        ],
    }

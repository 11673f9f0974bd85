"""Several runs over one another."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from .look import GROWING, HEIGHT, legend

NUMBER_FORMATS = {"accuracy": ".2%", "error": ".2%", "loss": ".3g"}
AXIS_FORMATS = {"accuracy": ".1%", "error": "~%", "loss": "~r"}
TITLES = {"accuracy": "Test accuracy", "error": "Test error", "loss": "Test loss"}
SMALLEST_ERROR = 1e-5  # where a logarithmic axis ends
POINTS_UP_TO = 60  # on the x-axis, before marks run together
LISTED = 20  # lines in a tooltip


@dataclass(frozen=True)
class Line:
    """A line's name and colour; its values are the columns s0, s1, ... of the data, in the order of the lines."""

    name: str
    colour: str


def overlay_data(columns: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """One row an x: x, s0, s1, ... with s0_low, s0_high, s0_raw where there are any, from analysis.curves.table."""
    return pd.DataFrame(dict(columns))


def overlay_chart(
    data: pd.DataFrame, lines: Sequence[Line], metric: str, axis: str, *, difference: bool = False
) -> dict[str, Any]:
    """The spec of several lines over one another for `overlay_data`; hover shows every line's value at that x."""
    names = [f"s{i}" for i in range(len(lines))]
    y = {
        "type": "quantitative",
        "title": TITLES[metric] + (" less the baseline's" if difference else ""),
        "scale": _scale(data, metric, difference),
        "axis": {"format": ("+" if difference else "") + AXIS_FORMATS[metric], "tickCount": 6},
    }
    colour = {
        "field": "line",
        "type": "nominal",
        "scale": {"domain": names, "range": [line.colour for line in lines]},
        "legend": {
            **legend([line.name for line in lines]),
            "orient": "bottom",
            "labelExpr": _labels(lines),
            "symbolType": "stroke",
            "symbolOpacity": 1,
        },
    }
    folded = [{"fold": names, "as": ["line", "value"]}, {"filter": "isValid(datum.value)"}]
    marked = axis != "seconds" and len(data) <= POINTS_UP_TO  # over seconds, an x may be another line's
    mark = {"type": "line", "strokeWidth": 2, "clip": True, **({"point": {"size": 22}} if marked else {})}
    layers: list[dict[str, Any]] = [
        *_bands(data, lines, y),
        *_raw(data, names, colour, y),
        {
            "params": [_shown(names)],
            "transform": folded,
            "mark": mark,
            "encoding": {"y": {**y, "field": "value"}, "color": colour, "opacity": _seen(1)},
        },
        _hover(lines, names, metric, axis, difference),
    ]
    return {"height": HEIGHT, "autosize": GROWING, "encoding": {"x": _x(data, axis)}, "layer": layers}


def _x(data, axis):
    span = [float(data["x"].min()), float(data["x"].max())] if len(data) else [0.0, 1.0]
    if span[0] == span[1]:
        span = [span[0] - 0.5, span[1] + 0.5]
    return {
        "field": "x",
        "type": "quantitative",
        "title": axis.capitalize(),
        "axis": {
            "grid": False,
            "tickMinStep": 0 if axis == "seconds" else 1,
            "tickCount": 10,
            "format": ",~g" if axis == "seconds" else ",d",
        },
        "scale": {"domain": span, "nice": False},
    }


def _scale(data, metric, difference):
    values = data.drop(columns="x").to_numpy(float)
    values = values[np.isfinite(values)]
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.5, 1.0)
    if metric == "error" and not difference:
        low, high = max(0.95 * low, SMALLEST_ERROR), max(1.05 * high, 2 * SMALLEST_ERROR)
        return {"type": "log", "domain": [low, high], "nice": False}
    margin = 0.04 * (high - low) or 0.01
    if metric == "accuracy" and not difference:
        high = min(1.0, high + margin)
    else:
        high += margin
    if difference:
        low, high = min(low - margin, 0.0), max(high, 0.0)
    elif metric == "loss":
        low = 0.0
    else:
        low -= margin
    return {"domain": [low, high], "zero": False, "nice": False}


def _labels(lines):
    return f"{json.dumps({f's{i}': line.name for i, line in enumerate(lines)})}[datum.value]"


def _bands(data, lines, y):
    for i, line in enumerate(lines):
        if f"s{i}_low" in data:
            yield {
                "mark": {"type": "area", "color": line.colour, "opacity": 0.18, "clip": True},
                "transform": [{"filter": f"isValid(datum.s{i}_low)"}],
                "encoding": {"y": {**y, "field": f"s{i}_low"}, "y2": {"field": f"s{i}_high"}},
            }


def _raw(data, names, colour, y):
    """The values before smoothing, pale."""
    raw = [f"{name}_raw" for name in names if f"{name}_raw" in data]
    if raw:
        shortened = {"calculate": "replace(datum.full, '_raw', '')", "as": "line"}
        yield {
            "transform": [{"fold": raw, "as": ["full", "value"]}, shortened, {"filter": "isValid(datum.value)"}],
            "mark": {"type": "line", "strokeWidth": 1, "clip": True},
            "encoding": {"y": {**y, "field": "value"}, "color": colour, "opacity": _seen(0.35)},
        }


def _shown(names):
    """A click on a name in the legend hides its line, another one shows it again, without asking the server."""
    return {
        "name": "shown",
        "value": [{"line": name} for name in names],
        "select": {"type": "point", "fields": ["line"], "toggle": "true", "clear": False},
        "bind": "legend",
    }


def _seen(opacity):
    return {"condition": {"param": "shown", "empty": False, "value": opacity}, "value": 0}


def _hover(lines, names, metric, axis, difference):
    nearest = {"type": "point", "fields": ["x"], "nearest": True, "on": "pointerover", "clear": "pointerout"}
    number = ("+" if difference else "") + NUMBER_FORMATS[metric]
    at = {"field": "x", "type": "quantitative", "title": axis.capitalize(), "format": ",.4~g"}
    values = [
        {"field": name, "type": "quantitative", "title": line.name, "format": number}
        for name, line in list(zip(names, lines, strict=True))[:LISTED]
    ]
    return {
        "params": [{"name": "hover", "select": nearest}],
        "mark": {"type": "rule", "color": "#8a94a3"},
        "encoding": {
            "opacity": {"condition": {"param": "hover", "empty": False, "value": 1}, "value": 0},
            "tooltip": [at, *values],
        },
    }

"""DataFrame -> chart: Vega-Lite specs, one look for all pages. No streamlit in here.

A spec is a constant for as long as its domains are: the browser then only exchanges the data.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from mlpcore import EpochResult

HEIGHT = 300
RUN_COLOURS = 10  # in the theme; a run's colour is its number modulo this
LIGHT = ("#2f62d0", "#d95f0e", "#12836b", "#8e4ec6", "#c2255c", "#0b87a6", "#8a6d00", "#5c6f82", "#5a8f1a", "#b5472f")
DARK = ("#6d9bff", "#f08a4b", "#3dbd9d", "#b98af0", "#f0679a", "#45b8d6", "#d0ac2b", "#95a6b8", "#94c653", "#e0816b")
ACCURACY_FLOORS = (0.95, 0.9, 0.8, 0.5, 0.0)


def run_colour(number: int, dark: bool = False) -> str:
    """The colour that run `number` keeps on every page."""
    return (DARK if dark else LIGHT)[(number - 1) % RUN_COLOURS]


def history(epochs: Sequence[EpochResult]) -> pd.DataFrame:
    """One row an epoch and set: epoch, set, accuracy, loss."""
    rows = [
        row
        for e in epochs
        for row in (
            (e.epoch, "test", e.test_accuracy, e.test_loss),
            (e.epoch, "train", e.train_accuracy, e.train_loss),
        )
    ]
    return pd.DataFrame(rows, columns=["epoch", "set", "accuracy", "loss"])


def accuracy_floor(data: pd.DataFrame) -> float:
    """Where the accuracy axis begins: the highest of a few round floors below every test accuracy.

    Accuracy rises as a network learns, so the axis settles with the first epoch and then stands still. The training
    figure of the first epoch, a mean over an epoch that began with chance, may lie below.
    """
    lowest = data.loc[data["set"] == "test", "accuracy"].min() if len(data) else 0.0
    return next(floor for floor in ACCURACY_FLOORS if lowest >= floor)


def loss_ceiling(data: pd.DataFrame) -> float:
    """Where the loss axis ends: the largest loss so far, rounded up to one digit and a half."""
    highest = float(data["loss"].max()) if len(data) else 1.0
    unit = 10 ** float(len(str(int(highest))) - 1) if highest >= 1 else 0.1
    while highest < unit and unit > 1e-9:
        unit /= 10
    return next(unit * step for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if unit * step >= highest)


def epoch_chart(metric: str, colour: str, epochs: int, low: float, high: float) -> dict[str, Any]:
    """The spec of accuracy or loss per epoch, train and test, for data from `history`."""
    number_format = ".2%" if metric == "accuracy" else ".3g"
    x = {
        "field": "epoch",
        "type": "quantitative",
        "title": "Epoch",
        "scale": {"domain": [1, max(epochs, 2)], "nice": False},
        "axis": {"tickMinStep": 1, "format": "d", "grid": False},
    }
    y = {
        "field": metric,
        "type": "quantitative",
        "title": None,
        "scale": {"domain": [low, high], "nice": False},
        "axis": {"format": ".0%" if metric == "accuracy" else "~g", "tickCount": 6},
    }
    kinds = {"field": "set", "type": "nominal", "sort": ["test", "train"], "title": None}
    legend = {"orient": "bottom-right" if metric == "accuracy" else "top-right", "direction": "horizontal", "offset": 4}
    dash = {**kinds, "scale": {"domain": ["test", "train"], "range": [[1, 0], [4, 3]]}, "legend": legend}
    nearest = {"type": "point", "fields": ["epoch"], "nearest": True, "on": "pointerover", "clear": "pointerout"}
    hover = {"name": "hover", "select": nearest}
    shown = {"condition": {"param": "hover", "empty": False, "value": 1}, "value": 0}
    tooltip = [
        {"field": "epoch", "type": "quantitative", "title": "Epoch"},
        {"field": "test", "type": "quantitative", "format": number_format, "title": "Test"},
        {"field": "train", "type": "quantitative", "format": number_format, "title": "Train"},
    ]
    return {
        "height": HEIGHT,
        "encoding": {"x": x},
        "layer": [
            {
                "mark": {"type": "line", "color": colour, "strokeWidth": 2, "clip": True},
                "encoding": {"y": y, "strokeDash": dash},
            },
            {
                "mark": {"type": "point", "color": colour, "filled": True, "size": 28, "clip": True, "opacity": 1},
                "encoding": {"y": y},
                "transform": [{"filter": "datum.set === 'test'"}],
            },
            {
                "transform": [{"pivot": "set", "value": metric, "groupby": ["epoch"]}],
                "params": [hover],
                "mark": {"type": "rule", "color": "#8a94a3"},
                "encoding": {"opacity": shown, "tooltip": tooltip},
            },
        ],
    }


DIGIT_AXIS = {"labelAngle": 0, "ticks": False, "domain": False, "labelPadding": 6}


def confusion_data(counts: np.ndarray) -> pd.DataFrame:
    """One row a cell of a confusion matrix (n, n): label, predicted, count, share of the row, and wrong.

    `wrong` is the count off the diagonal and nothing on it, so that colour is for the mistakes alone.
    """
    labels, predicted = np.indices(counts.shape).reshape(2, -1)
    flat = counts.reshape(-1).astype(float)
    share = (counts / np.maximum(1, counts.sum(axis=1, keepdims=True))).reshape(-1)
    wrong = np.where(labels == predicted, np.nan, flat)
    return pd.DataFrame({"label": labels, "predicted": predicted, "count": flat, "share": share, "wrong": wrong})


def confusion_chart(shown: str, highest: float, ink: str) -> dict[str, Any]:
    """The spec of a confusion matrix for `confusion_data`; `shown` is "count" or "share". A click selects `cell`."""
    axes = {
        "x": {"field": "predicted", "type": "ordinal", "title": "Read as", "axis": {**DIGIT_AXIS, "orient": "top"}},
        "y": {"field": "label", "type": "ordinal", "title": "Digit", "axis": DIGIT_AXIS},
    }
    number_format = "d" if shown == "count" else ".1%"
    colour = {
        "field": "wrong",
        "type": "quantitative",
        "scale": {"type": "sqrt", "domain": [0, max(highest, 1)], "range": ["#f08a4b10", "#d95f0e"]},
        "legend": None,
    }
    tooltip = [
        {"field": "label", "type": "ordinal", "title": "Digit"},
        {"field": "predicted", "type": "ordinal", "title": "Read as"},
        {"field": "count", "type": "quantitative", "title": "Images", "format": ",d"},
        {"field": "share", "type": "quantitative", "title": "Of this digit", "format": ".2%"},
    ]
    chosen = {"condition": {"param": "cell", "empty": False, "value": 2}, "value": 0}
    return {
        "height": 420,
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
                "mark": {"type": "text", "fontSize": 11, "color": ink},
                "encoding": {"text": {"field": shown, "type": "quantitative", "format": number_format}},
            },
        ],
    }


def outputs_data(outputs: np.ndarray, label: int) -> pd.DataFrame:
    """One row an output (n,): digit, output, and whether it is the true one."""
    digits = range(len(outputs))
    return pd.DataFrame({"digit": digits, "output": outputs.astype(float), "true": [d == label for d in digits]})


def outputs_chart(colour: str) -> dict[str, Any]:
    """The spec of one image's outputs as bars; the true digit's is filled."""
    return {
        "height": 180,
        "mark": {"type": "bar", "color": colour, "height": {"band": 0.7}},
        "encoding": {
            "y": {"field": "digit", "type": "ordinal", "title": None, "axis": DIGIT_AXIS},
            "x": {"field": "output", "type": "quantitative", "title": None, "scale": {"domain": [0, 1]}},
            "opacity": {"condition": {"test": "datum.true", "value": 1}, "value": 0.45},
            "tooltip": [
                {"field": "digit", "type": "ordinal", "title": "Digit"},
                {"field": "output", "type": "quantitative", "title": "Output", "format": ".4f"},
            ],
        },
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


def overlay_data(
    histories: dict[str, Sequence[EpochResult]], metric: str, axis: str, updates: dict[str, int]
) -> pd.DataFrame:
    """One row a run and epoch: run (its name), x, value. `updates` has the batches of an epoch of each run."""
    rows = []
    for name, history in histories.items():
        seconds = 0.0
        for e in history:
            seconds += e.seconds
            x = {"epochs": e.epoch, "updates": e.epoch * updates[name], "seconds": seconds}[axis]
            rows.append((name, float(x), e.test_loss, e.test_accuracy))
    data = pd.DataFrame(rows, columns=["run", "x", "loss", "accuracy"])
    data["error"] = 1 - data["accuracy"]
    return data[["run", "x", metric]].rename(columns={metric: "value"})


def overlay_chart(data: pd.DataFrame, colours: dict[str, str], metric: str, axis: str) -> dict[str, Any]:
    """The spec of several runs over one another for `overlay_data`; hover shows every run at that x."""
    low, high = (float(data["value"].min()), float(data["value"].max())) if len(data) else (0.5, 1.0)
    span = [float(data["x"].min()), float(data["x"].max())] if len(data) else [0.0, 1.0]
    number_format = ".3g" if metric == "loss" else ".2%"
    scale: dict[str, Any] = {"domain": [0 if metric == "loss" else low, high], "zero": False}
    if metric == "error":
        scale = {"type": "log", "domain": [max(low, 1e-5), max(high, 2e-5)]}
    run = {
        "field": "run",
        "type": "nominal",
        "title": None,
        "scale": {"domain": list(colours), "range": list(colours.values())},
        "legend": {"orient": "bottom", "columns": 4},
    }
    nearest = {"type": "point", "fields": ["x"], "nearest": True, "on": "pointerover", "clear": "pointerout"}
    shown = {"condition": {"param": "hover", "empty": False, "value": 1}, "value": 0}
    at = {"field": "x", "type": "quantitative", "title": axis.capitalize(), "format": ",.4~g"}
    x = {
        "field": "x",
        "type": "quantitative",
        "title": axis.capitalize(),
        "axis": {"grid": False, "tickMinStep": 0 if axis == "seconds" else 1, "format": ",~g"},
        "scale": {"domain": span, "nice": False},
    }
    return {
        "height": HEIGHT + 60,
        "encoding": {"x": x},
        "layer": [
            {
                "mark": {"type": "line", "strokeWidth": 2, "point": {"size": 22}},
                "encoding": {
                    "y": {
                        "field": "value",
                        "type": "quantitative",
                        "title": None,
                        "scale": scale,
                        "axis": {"format": "~g" if metric == "loss" else ".1%", "tickCount": 6},
                    },
                    "color": run,
                },
            },
            {
                "transform": [{"pivot": "run", "value": "value", "groupby": ["x"]}],
                "params": [{"name": "hover", "select": nearest}],
                "mark": {"type": "rule", "color": "#8a94a3"},
                "encoding": {
                    "opacity": shown,
                    "tooltip": [
                        at,
                        *({"field": name, "type": "quantitative", "format": number_format} for name in colours),
                    ],
                },
            },
        ],
    }

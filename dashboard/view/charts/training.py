"""One run as it trains: accuracy and loss per epoch."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from mlpcore import EpochResult

from .look import HEIGHT

DASHES = {"test": [1, 0], "validation": [7, 2], "train": [3, 3]}
ACCURACY_FLOORS = (0.95, 0.9, 0.8, 0.5, 0.0)


GHOST, PALE = "before", "#8a94a3"  # the set of a run that another one has replaced


def history(epochs: Sequence[EpochResult], ghost: Sequence[EpochResult] = ()) -> pd.DataFrame:
    """One row an epoch and set: epoch, set, accuracy, loss; of `ghost` the test figures, as a set of their own."""
    rows = [(e.epoch, GHOST, e.test_accuracy, e.test_loss) for e in ghost]
    for e in epochs:
        rows.append((e.epoch, "test", e.test_accuracy, e.test_loss))
        if e.validation_accuracy is not None:
            rows.append((e.epoch, "validation", e.validation_accuracy, e.validation_loss))
        rows.append((e.epoch, "train", e.train_accuracy, e.train_loss))
    return pd.DataFrame(rows, columns=["epoch", "set", "accuracy", "loss"])


def accuracy_floor(data: pd.DataFrame) -> float:
    """Where the accuracy axis begins: the highest of a few round floors below every test accuracy, a ghost's too.

    Accuracy rises as a network learns, so the axis settles with the first epoch and then stands still. The training
    figure of the first epoch, a mean over an epoch that began with chance, may lie below.
    """
    tested = data.loc[data["set"].isin(["test", GHOST]), "accuracy"]
    return next(floor for floor in ACCURACY_FLOORS if floor <= (tested.min() if len(tested) else 0.0))


def loss_ceiling(data: pd.DataFrame) -> float:
    """Where the loss axis ends: the largest loss so far, rounded up to one digit and a half."""
    highest = float(data["loss"].max()) if len(data) else 1.0
    unit = 10 ** float(len(str(int(highest))) - 1) if highest >= 1 else 0.1
    while highest < unit and unit > 1e-9:
        unit /= 10
    return next(unit * step for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if unit * step >= highest)


def epoch_chart(
    metric: str, colour: str, epochs: int, low: float, high: float, validation: bool = False, ghost: bool = False
) -> dict[str, Any]:
    """The spec of accuracy or loss per epoch, each set with a dash of its own, for data from `history`."""
    sets = [name for name in DASHES if name != "validation" or validation]
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
    kinds = {"field": "set", "type": "nominal", "sort": sets, "title": None}
    legend = {"orient": "top", "direction": "horizontal", "offset": 6}  # beside no curve, wherever they go
    dash = {**kinds, "scale": {"domain": sets, "range": [DASHES[name] for name in sets]}, "legend": legend}
    nearest = {"type": "point", "fields": ["epoch"], "nearest": True, "on": "pointerover", "clear": "pointerout"}
    hover = {"name": "hover", "select": nearest}
    shown = {"condition": {"param": "hover", "empty": False, "value": 1}, "value": 0}
    tooltip = [
        {"field": "epoch", "type": "quantitative", "title": "Epoch"},
        *(
            {"field": name, "type": "quantitative", "format": number_format, "title": name.capitalize()}
            for name in sets
        ),
    ]
    return {
        "height": HEIGHT,
        "encoding": {"x": x},
        "layer": [
            *(_pale(metric, y, epochs) if ghost else []),
            {
                "transform": [{"filter": f"datum.set !== '{GHOST}'"}],
                "mark": {"type": "line", "color": colour, "strokeWidth": 2, "clip": True},
                "encoding": {"y": y, "strokeDash": dash},
            },
            {
                "mark": {
                    "type": "point",
                    "color": colour,
                    "filled": True,
                    "size": 28,
                    "clip": True,
                    "opacity": 1,
                    "aria": False,
                },
                "encoding": {"y": y},
                "transform": [{"filter": "datum.set === 'test'"}],
            },
            {
                "transform": [
                    {"filter": f"datum.set !== '{GHOST}'"},
                    {"pivot": "set", "value": metric, "groupby": ["epoch"]},
                ],
                "params": [hover],
                "mark": {"type": "rule", "color": PALE, "aria": False},
                "encoding": {"opacity": shown, "tooltip": tooltip},
            },
        ],
    }


def _pale(metric, y, epochs):
    """The layers of the run before: its test curve, and at the end of it what it is."""
    shown = [{"filter": f"datum.set === '{GHOST}' && datum.epoch <= {max(epochs, 2)}"}]
    look = {"color": PALE, "opacity": 0.45}
    return [
        {
            "transform": shown,
            "mark": {"type": "line", "strokeWidth": 2, "clip": True, **look,
                     "point": {"filled": True, "size": 20, **look}},
            "encoding": {"y": y},
        },
        {
            "transform": [*shown, {"joinaggregate": [{"op": "max", "field": "epoch", "as": "end"}]},
                          {"filter": "datum.epoch === datum.end"}],
            "mark": {"type": "text", "text": "run before", "color": PALE, "align": "right", "aria": False,
                     "dy": -9 if metric == "accuracy" else 11},
            "encoding": {"y": y},
        },
    ]  # fmt: skip

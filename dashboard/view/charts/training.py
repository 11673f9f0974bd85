"""One run as it trains: accuracy and loss per epoch."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from mlpcore import EpochResult

from .look import HEIGHT

DASHES = {"test": [1, 0], "validation": [7, 2], "train": [3, 3]}
ACCURACY_FLOORS = (0.95, 0.9, 0.8, 0.5, 0.0)


GHOST = "before"  # the set of a run that another one has replaced


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
    """Where the accuracy axis begins: the highest of a few round floors below every test accuracy.

    Accuracy rises as a network learns, so the axis settles with the first epoch and then stands still. The training
    figure of the first epoch, a mean over an epoch that began with chance, may lie below.
    """
    lowest = data.loc[data["set"] == "test", "accuracy"].min() if (data["set"] == "test").any() else 0.0
    return next(floor for floor in ACCURACY_FLOORS if lowest >= floor)


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
    legend = {"orient": "bottom-right" if metric == "accuracy" else "top-right", "direction": "horizontal", "offset": 4}
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
    pale = {
        "transform": [{"filter": f"datum.set === '{GHOST}'"}],
        "mark": {"type": "line", "color": "#8a94a3", "strokeWidth": 2, "opacity": 0.45, "clip": True},
        "encoding": {"y": y},
    }
    return {
        "height": HEIGHT,
        "encoding": {"x": x},
        "layer": [
            *([pale] if ghost else []),
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
                "mark": {"type": "rule", "color": "#8a94a3", "aria": False},
                "encoding": {"opacity": shown, "tooltip": tooltip},
            },
        ],
    }

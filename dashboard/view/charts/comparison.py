"""Several runs over one another."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from mlpcore import EpochResult

from .look import HEIGHT


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

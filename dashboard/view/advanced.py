"""The Advanced section of the controls: everything that a first experiment can do without."""

import math
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import streamlit as st

from .. import datasets
from ..runs.config import SETTINGS, RunConfig
from ..runs.settings import WITH_MOMENTUM
from ..runs.sweeps import held_outs
from .help import HELP
from .wording import NAMES, worded

GROUPS = {
    "Network": ("activation", "cost", "init"),
    "Optimisation": ("optimizer", "momentum", "schedule", "clip"),
    "Regularisation": ("l2", "dropout", "patience"),
    "Data": ("validation", "subset", "shift", "rotation", "noise"),
}
TITLES = {
    "cost": "Output and cost",
    "clip": "Clip gradients at",
    "patience": "Early stopping after",
}
OFFERED: dict[str, list[Any]] = {  # values on the sliders; a link may bring others
    "momentum": [0.0, 0.5, 0.8, 0.9, 0.95, 0.99],
    "clip": [0.0, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0],
    "l2": [0.0, *(float(f"{mantissa}e{exponent}") for exponent in (-6, -5, -4, -3) for mantissa in (1, 3)), 0.01, 0.1],
    "dropout": [0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8],
    "patience": [0, 1, 2, 3, 4, 5, 7, 10, 15, 20],
    "subset": [0, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 30_000, 40_000, 50_000],
    "shift": [0, 1, 2, 3, 4],
    "rotation": [0.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 45.0],
    "noise": [0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5],
}
NAMED = [name for group in GROUPS.values() for name in group]
DEFAULTS = {field.name: field.default for field in fields(RunConfig)}


def key(name: str) -> str:
    """The key of session_state under which the widget of a setting stands."""
    return f"set.{name}"


def offered(options, name: str) -> list[Any]:
    """The options and, in its place, the value that a link or a preset asked for."""
    last = math.inf if name == "subset" else 0  # all images are more than any number of them
    return sorted({*options, st.session_state[key(name)]}, key=lambda value: value or last)


def _fitting(name):
    """The values on the slider of a setting, those that fit the data set."""
    dataset = st.session_state[key("dataset")]
    if name == "validation":
        return [0, *held_outs(dataset)]
    if name == "subset":
        return [size for size in OFFERED[name] if size < datasets.about(dataset).train_samples]
    return OFFERED[name]


def draw(changed: Callable[[], None]) -> dict[str, Any]:
    """The widgets in their groups; returns {setting: value}. `changed` is called when one is moved.

    What does not apply has no effect: momentum is left away without an optimizer that looks at it, patience is
    off without validation images.
    """
    values: dict[str, Any] = {}
    if not st.session_state[key("validation")]:
        st.session_state[key("patience")] = 0
    for title, names in GROUPS.items():
        st.markdown(f"**{title}**")
        for name in names:
            rests = name == "momentum" and st.session_state[key("optimizer")] not in WITH_MOMENTUM
            values[name] = st.session_state[key(name)] if rests else _widget(name, changed)
    seed = st.number_input("Seed", 0, 2**32 - 1, step=1, key=key("seed"), on_change=changed, help=HELP["seed"],
                           persist_state="session")  # fmt: skip
    return values | {"seed": int(seed)}


def _widget(name, changed):
    label = TITLES.get(name, SETTINGS[name].label)
    if name in NAMES:
        return st.selectbox(
            label, list(NAMES[name]), key=key(name), on_change=changed,
            format_func=NAMES[name].__getitem__, help=HELP[name], persist_state="session",
        )  # fmt: skip
    return st.select_slider(
        label, offered(_fitting(name), name), key=key(name), on_change=changed,
        format_func=lambda value: worded(name, value), help=HELP[name], persist_state="session",
        disabled=name == "patience" and not st.session_state[key("validation")],
    )  # fmt: skip

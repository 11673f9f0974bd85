"""The set-up of the next sweep as widgets."""

from dataclasses import replace

import streamlit as st

from ... import formats
from ...runs.config import LABELS, ConfigError, RunConfig
from ...runs.presets import DEFAULT, PRESETS
from ...runs.sweeps import (
    LOG,
    Range,
    SweepPlan,
    held_out,
    held_outs,
    is_choice,
    is_numeric,
    value_of,
    values_of,
)
from .. import controls
from ..wording import NAMES

# Every key of session_state that this page uses; those of single settings are made by `_field`.
METHOD, VARIED, DRAWS, SEEDS = "sweep.method", "sweep.varied", "sweep.draws", "sweep.seeds"
BASE, EPOCHS, VALIDATION, HALVING = "sweep.base", "sweep.epochs", "sweep.validation", "sweep.halving"
AS_ON_TRAIN = "The Train page"
METHODS = {"grid": "Grid", "random": "Random", "tpe": "TPE"}
ABOUT = {
    "grid": "Every combination of the values.",
    "random": "Points drawn from ranges; learning rates and penalties log-uniformly.",
    "tpe": "Optuna's TPE chooses each point after what the ones before it reached.",
}
LISTS = {
    "hidden": "16, 32, 64, 128", "lr": "0.3, 1, 3", "batch_size": "16, 32, 64, 128", "epochs": "4, 8, 16",
    "momentum": "0.5, 0.9, 0.95", "clip": "0, 1, 5", "l2": "0, 1e-5, 1e-4", "dropout": "0, 0.1, 0.2",
    "patience": "0, 2, 4", "subset": "1000, 10000, 50000", "shift": "0, 1, 2", "rotation": "0, 5, 10",
    "noise": "0, 0.1, 0.2",
}  # fmt: skip
RANGES = {
    "lr": "0.1 to 10", "batch_size": "8 to 256", "epochs": "4 to 16", "momentum": "0.5 to 0.99", "clip": "0.5 to 10",
    "l2": "1e-6 to 1e-3", "dropout": "0 to 0.5", "patience": "1 to 8", "subset": "1000 to 50000", "shift": "0 to 3",
    "rotation": "0 to 20", "noise": "0 to 0.3",
}  # fmt: skip
OFFERED = [*LISTS, *NAMES]


def draw() -> SweepPlan:
    """The widgets; returns the plan that they are set to. ConfigError when it is none."""
    method = st.segmented_control(
        "Points",
        list(METHODS),
        default="grid",
        required=True,
        key=METHOD,
        format_func=METHODS.__getitem__,
        persist_state="session",
        width="stretch",
    )
    st.caption(ABOUT[method])
    names = st.multiselect("Settings to vary", OFFERED, default=["hidden", "lr"], key=VARIED,
                           format_func=LABELS.__getitem__, persist_state="session")  # fmt: skip
    chosen = {name: _field(name, method) for name in names}
    draws = 20
    if method != "grid":
        draws = int(st.number_input("Points to draw", 1, 10_000, draws, key=DRAWS, persist_state="session"))
    base = _base()
    epochs = st.slider("Epochs", 1, 50, 4, key=EPOCHS, persist_state="session", disabled="epochs" in names)
    validation = _validation(base.dataset)
    seeds = st.number_input("Seeds a point", 1, 100, 1, key=SEEDS, persist_state="session",
                            help="Runs a point; their mean counts.")  # fmt: skip
    halving = st.toggle("Successive halving", key=HALVING, persist_state="session", disabled=method == "tpe",
                        help="After 2, 4, 8 … epochs the worse half of the points ends.")  # fmt: skip
    texts = {name: found for name, found in chosen.items() if isinstance(found, str)}
    read = {name: _read(name, text) for name, text in texts.items()} | {
        name: found for name, found in chosen.items() if not isinstance(found, str)
    }
    return SweepPlan(
        replace(base, epochs=epochs, validation=validation, patience=base.patience),
        {name: found for name, found in read.items() if not isinstance(found, Range)},
        {name: found for name, found in read.items() if isinstance(found, Range)},
        method=method,
        draws=draws,
        seeds=int(seeds),
        halving=halving and method != "tpe",
    )


def _base() -> RunConfig:
    here = {AS_ON_TRAIN: st.session_state[controls.BASE]} if controls.BASE in st.session_state else {}
    bases = {name: preset.config for name, preset in PRESETS.items()} | here
    chosen = st.selectbox("Everything else as in", list(bases), list(bases).index(DEFAULT), key=BASE,
                          persist_state="session")  # fmt: skip
    return bases.get(chosen, PRESETS[DEFAULT].config)


def _validation(dataset):
    """How many images are held out; the choices are those that fit the data set."""
    choices = held_outs(dataset)
    if VALIDATION in st.session_state and st.session_state[VALIDATION] not in choices:  # chosen for another set
        st.session_state[VALIDATION] = held_out(dataset)
    return st.select_slider(
        "Validation images", choices, held_out(dataset), key=VALIDATION, persist_state="session",
        format_func=formats.count, help="Held out of the training images; the sweep is judged by them.",
    )  # fmt: skip


def _field(name, method):
    """The widget of one setting: names to choose from, or a text with values or a range."""
    if is_choice(name):
        return tuple(st.multiselect(LABELS[name], list(NAMES[name]), default=list(NAMES[name])[:2],
                                    key=f"sweep.value.{name}", format_func=NAMES[name].__getitem__,
                                    persist_state="session"))  # fmt: skip
    drawn = method != "grid" and name in RANGES
    how = ", log-uniform" if drawn and name in LOG else ""
    example = "Values with commas between them" + (f", or a range such as {RANGES[name]}{how}" if drawn else "")
    example += "; layers as 100-100." if name == "hidden" else "."
    return st.text_input(LABELS[name], (RANGES if drawn else LISTS)[name], persist_state="session", help=example,
                         key=f"sweep.{'range' if drawn else 'value'}.{name}")  # fmt: skip


def _read(name, text):
    """Values or a Range that a text writes."""
    low, to, high = text.partition(" to ")
    if not to:
        return values_of(name, text)
    if not is_numeric(name):
        raise ConfigError(f"{LABELS[name]} must be values with commas between them, got {text!r}.")
    return Range(value_of(name, low), value_of(name, high))

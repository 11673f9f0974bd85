"""The settings of the next run as widgets, kept in step with the link in the address bar."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import streamlit as st

from .. import datasets
from ..runs.config import RunConfig
from ..runs.presets import DEFAULT, PRESETS
from ..runs.store import NoRunError, Run, RunStore
from . import advanced, links
from .advanced import key, offered
from .help import HELP

LRS = [*(float(f"{mantissa}e{exponent}") for exponent in range(-4, 1) for mantissa in (1, 2, 3, 5)), 10.0]
BATCH_SIZES = [2**power for power in range(11)]
SIZES = [1, 2, 4, 8, 10, 12, 16, 20, 24, 30, 32, 40, 50, 64, 80, 100, 128, 150, 200, 256, 300, 400, 512, 800, 1024]
MAX_HIDDEN = 6
MAX_EPOCHS = 100
CUSTOM = "Your own"
MAKING_SECONDS = 5  # until a run is made, at most

# Every key of session_state that this room uses; those of single settings are made by advanced.key:
PRESET, LAYERS, UNITS = "set.preset", "set.layers", "set.units."
BASE, WRITTEN, PROBLEMS, RUN, MAKING = "set.base", "set.written", "set.problems", "set.run", "set.making"


def follow_link(store: RunStore) -> Run | None:
    """The run to show. When the address bar holds something new, it and the settings are taken from there.

    Settings that the link leaves out are those of its run. A bare address, as the navigation has it, keeps what
    the session had.
    """
    state, query = st.session_state, st.query_params.to_dict()
    if BASE not in state or (query and links.is_news(WRITTEN, query)):
        state[RUN], state[PROBLEMS] = query.get("run"), []
        run = _look_up(store)
        config, problems = RunConfig.from_query(query, run.config if run else PRESETS[DEFAULT].config)
        state[PROBLEMS] += problems
        told = datasets.own_about(config.dataset)  # by its name alone: its title is for those who have it
        if told is not None and store.set_about(config.dataset) is None:
            state[PROBLEMS].append(f"{told.title}: this data set is not in the database here.")
            config = PRESETS[DEFAULT].config
        fill(config)
        return run
    return _look_up(store)


def _look_up(store):
    state = st.session_state
    if state[RUN] is None:
        return None
    made, done = state.get(MAKING, (None, None))
    if made == state[RUN]:
        done.wait(MAKING_SECONDS)
    try:
        return store.get(state[RUN])
    except NoRunError as error:
        state[RUN] = None
        state[PROBLEMS] = [*state[PROBLEMS], str(error)]
        return None


def show(run: Run, *, with_settings: bool = False) -> None:
    """Make `run` the one that is shown; for callbacks. With its settings, too, when it is opened again."""
    turn_to(run.id)
    if with_settings:
        fill(run.config)


def turn_to(run: str | None) -> None:
    """Make the run with this id the one that is shown, even before there is one."""
    st.session_state[PROBLEMS] = []
    st.session_state[RUN] = run


@contextmanager
def making(run: str) -> Iterator[None]:
    """Turn to a run that is made within. Whatever script begins meanwhile, as a moved slider has it, waits for it.

    The script that makes the run is told to end, but goes on until it meets Streamlit's state. One that took the run
    for missing would make another, and nobody would know of the first.
    """
    done = threading.Event()
    try:
        st.session_state[MAKING] = run, done
        turn_to(run)
        yield
    finally:
        done.set()


def fill(config: RunConfig) -> None:
    """Set every widget to `config`."""
    state = st.session_state
    state[BASE] = config
    state[PRESET] = next((name for name, preset in PRESETS.items() if preset.config == config), CUSTOM)
    state[key("dataset")] = config.dataset
    state[LAYERS] = len(config.hidden)
    for i, units in enumerate(config.hidden):
        state[f"{UNITS}{i}"] = units
    state[key("lr")] = float(config.lr)
    for name in ("batch_size", "epochs", "seed", *advanced.NAMED):
        value = getattr(config, name)
        state[key(name)] = float(value) if isinstance(advanced.DEFAULTS[name], float) else value


def shown_id() -> str | None:
    """The id of the run to show, as a callback in this very run may have set it."""
    return st.session_state[RUN]


def write_link(config: RunConfig) -> None:
    """Put the settings and the run shown into the address bar."""
    run = st.session_state[RUN]
    query = config.to_query() | ({"run": run} if run else {})
    st.session_state[BASE] = config
    links.written(WRITTEN, query)
    if st.query_params.to_dict() != query:
        st.query_params.from_dict(query)


def problems_of_link() -> list[str]:
    """What was wrong with the link that was followed last."""
    return st.session_state.get(PROBLEMS, [])


def _choose_preset():
    if preset := PRESETS.get(st.session_state[PRESET]):
        fill(preset.config)
        st.session_state[PROBLEMS] = []


def _changed():
    st.session_state[PROBLEMS] = []
    st.session_state[PRESET] = CUSTOM


def base() -> RunConfig:
    """The last settings that could be trained."""
    return st.session_state[BASE]


def draw(own_sets: Iterable[str]) -> RunConfig:
    """The widgets; returns what they are set to. ConfigError when that can't be trained.

    All of them persist: a click that cuts a script short before the browser has heard of a widget would otherwise
    leave that one at the first of its options, in the browser and then here.
    """
    state = st.session_state
    st.selectbox("Preset", [*PRESETS, CUSTOM], key=PRESET, on_change=_choose_preset, help=HELP["preset"],
                 persist_state="session")  # fmt: skip
    with st.container():  # what comes and goes has a place of its own: what follows must not move up into it
        if preset := PRESETS.get(state[PRESET]):
            st.caption(preset.teaches.replace(" Next, ", "\n\nNext, "))
    here = filter(datasets.at_hand, datasets.DATASETS)
    sets = list(dict.fromkeys([*here, *own_sets, state[key("dataset")]]))  # a link may bring others
    dataset = st.selectbox("Data set", sets, key=key("dataset"), on_change=_changed, help=HELP["dataset"],
                           format_func=lambda name: datasets.about(name).title, persist_state="session")  # fmt: skip
    most = max(MAX_HIDDEN, state[LAYERS])
    layers = st.slider("Hidden layers", 0, most, key=LAYERS, on_change=_changed, help=HELP["layers"],
                       persist_state="session")  # fmt: skip
    hidden: list[int] = []
    with st.container():
        for i in range(layers):
            name = f"units.{i}"
            state.setdefault(key(name), hidden[-1] if hidden else 16)
            label = "Units" if layers == 1 else f"Units in layer {i + 1}"
            units = st.select_slider(label, offered(SIZES, name), key=key(name), on_change=_changed,
                                     help=HELP["units"], persist_state="session")  # fmt: skip
            hidden.append(units)
    lr = st.select_slider("Learning rate", offered(LRS, "lr"), key=key("lr"), on_change=_changed,
                          format_func=lambda lr: f"{lr:g}", help=HELP["lr"], persist_state="session")  # fmt: skip
    batch_size = st.select_slider("Batch size", offered(BATCH_SIZES, "batch_size"), key=key("batch_size"),
                                  on_change=_changed, help=HELP["batch_size"], persist_state="session")  # fmt: skip
    most = max(MAX_EPOCHS, state[key("epochs")])
    epochs = st.slider("Epochs", 1, most, key=key("epochs"), on_change=_changed, help=HELP["epochs"],
                       persist_state="session")  # fmt: skip
    with st.expander("Advanced", key="set.advanced"):  # by its name, not its place: it stays open
        further = advanced.draw(_changed)
    return replace(
        state[BASE], dataset=dataset, hidden=tuple(hidden), lr=lr, batch_size=batch_size, epochs=epochs, **further
    )

"""The settings of the next run as widgets, kept in step with the link in the address bar."""

from dataclasses import replace

import streamlit as st

from .. import datasets
from ..runs.config import RunConfig
from ..runs.presets import DEFAULT, PRESETS
from ..runs.store import NoRunError, Run, RunStore
from . import advanced, links, shell
from .advanced import key, offered
from .wording import HELP

LRS = [*(float(f"{mantissa}e{exponent}") for exponent in range(-4, 1) for mantissa in (1, 2, 3, 5)), 10.0]
BATCH_SIZES = [2**power for power in range(11)]
SIZES = [1, 2, 4, 8, 10, 12, 16, 20, 24, 30, 32, 40, 50, 64, 80, 100, 128, 150, 200, 256, 300, 400, 512, 800, 1024]
MAX_HIDDEN = 6
MAX_EPOCHS = 100
OFFERED_SETS = ("mnist", "digits")  # besides people's own; a link may bring others
CUSTOM = "Your own"

# Every key of session_state that this room uses; those of single settings are made by advanced.key:
PRESET, LAYERS, UNITS = "set.preset", "set.layers", "set.units."
BASE, WRITTEN, PROBLEMS, RUN = "set.base", "set.written", "set.problems", "set.run"


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
        if datasets.is_own(config.dataset) and store.set_about(config.dataset) is None:
            state[PROBLEMS].append(
                f"{datasets.about(config.dataset).title}: this data set is not in the database here."
            )
            config = PRESETS[DEFAULT].config
        fill(config)
        return run
    if LAYERS not in state:  # back from another page: widgets forget, the session does not
        fill(state[BASE])
    return _look_up(store)


def _look_up(store):
    state = st.session_state
    if state[RUN] is None:
        return None
    try:
        return store.get(state[RUN])
    except NoRunError as error:
        state[RUN] = None
        state[PROBLEMS] = [*state[PROBLEMS], str(error)]
        return None


def show(run: Run, *, with_settings: bool = False) -> None:
    """Make `run` the one that is shown; for callbacks. With its settings, too, when it is opened again."""
    st.session_state[RUN] = run.id
    st.session_state[PROBLEMS] = []
    if with_settings:
        fill(run.config)


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


def draw() -> RunConfig:
    """The widgets; returns what they are set to. ConfigError when that can't be trained."""
    state = st.session_state
    st.selectbox("Preset", [*PRESETS, CUSTOM], key=PRESET, on_change=_choose_preset)
    if preset := PRESETS.get(state[PRESET]):
        st.caption(preset.teaches)
    sets = list(dict.fromkeys([*OFFERED_SETS, *shell.store().own_sets(), state[key("dataset")]]))
    dataset = st.selectbox("Data set", sets, key=key("dataset"), on_change=_changed, help=HELP["dataset"],
                           format_func=lambda name: datasets.about(name).title)  # fmt: skip
    most = max(MAX_HIDDEN, state[LAYERS])
    layers = st.slider("Hidden layers", 0, most, key=LAYERS, on_change=_changed, help=HELP["layers"])
    hidden: list[int] = []
    for i in range(layers):
        name = f"units.{i}"
        state.setdefault(key(name), hidden[-1] if hidden else 16)
        label = "Units" if layers == 1 else f"Units in layer {i + 1}"
        hidden.append(
            st.select_slider(label, offered(SIZES, name), key=key(name), on_change=_changed, help=HELP["units"])
        )
    lr = st.select_slider("Learning rate", offered(LRS, "lr"), key=key("lr"), on_change=_changed,
                          format_func=lambda lr: f"{lr:g}", help=HELP["lr"])  # fmt: skip
    batch_size = st.select_slider("Batch size", offered(BATCH_SIZES, "batch_size"), key=key("batch_size"),
                                  on_change=_changed, help=HELP["batch_size"])  # fmt: skip
    most = max(MAX_EPOCHS, state[key("epochs")])
    epochs = st.slider("Epochs", 1, most, key=key("epochs"), on_change=_changed, help=HELP["epochs"])
    with st.expander("Advanced"):
        further = advanced.draw(_changed)
    return replace(
        state[BASE], dataset=dataset, hidden=tuple(hidden), lr=lr, batch_size=batch_size, epochs=epochs, **further
    )

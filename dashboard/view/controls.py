"""The settings of the next run as widgets, kept in step with the link in the address bar."""

from dataclasses import replace

import streamlit as st

from mlpcore import INITIALIZERS

from ..runs.config import RunConfig
from ..runs.presets import DEFAULT, PRESETS
from ..runs.store import NoRunError, Run, RunStore

LRS = [*(float(f"{mantissa}e{exponent}") for exponent in range(-4, 1) for mantissa in (1, 2, 3, 5)), 10.0]
BATCH_SIZES = [2**power for power in range(11)]
SIZES = [1, 2, 4, 8, 10, 12, 16, 20, 24, 30, 32, 40, 50, 64, 80, 100, 128, 150, 200, 256, 300, 400, 512, 800, 1024]
MAX_HIDDEN = 6
MAX_EPOCHS = 100
CUSTOM = "Your own"
INIT_NAMES = {"normal": "N(0, 1)", "xavier": "Xavier", "he": "He", "zero": "Zero"}

# Every key of session_state that this room uses:
PRESET, LAYERS, UNITS, LR, BATCH, EPOCHS, SEED, INIT = (
    "set.preset", "set.layers", "set.units.", "set.lr", "set.batch", "set.epochs", "set.seed", "set.init",
)  # fmt: skip
BASE, WRITTEN, PROBLEMS, RUN = "set.base", "set.written", "set.problems", "set.run"


def follow_link(store: RunStore) -> Run | None:
    """The run to show. When the address bar holds something new, it and the settings are taken from there.

    Settings that the link leaves out are those of its run. A bare address, as the navigation has it, keeps what
    the session had.
    """
    state, query = st.session_state, st.query_params.to_dict()
    if WRITTEN not in state or (query and query != state[WRITTEN]):
        state[RUN], state[PROBLEMS] = query.get("run"), []
        run = _look_up(store)
        config, problems = RunConfig.from_query(query, run.config if run else PRESETS[DEFAULT].config)
        state[PROBLEMS] += problems
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
    state[LAYERS] = len(config.hidden)
    for i, units in enumerate(config.hidden):
        state[f"{UNITS}{i}"] = units
    state[LR], state[BATCH], state[EPOCHS] = float(config.lr), config.batch_size, config.epochs
    state[SEED], state[INIT] = config.seed, config.init


def shown_id() -> str | None:
    """The id of the run to show, as a callback in this very run may have set it."""
    return st.session_state[RUN]


def write_link(config: RunConfig) -> None:
    """Put the settings and the run shown into the address bar."""
    run = st.session_state[RUN]
    query = config.to_query() | ({"run": run} if run else {})
    st.session_state[WRITTEN], st.session_state[BASE] = query, config
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


def _with(options, key):
    """The options and, in its place, the value that a link or a preset asked for."""
    return sorted({*options, st.session_state[key]})


def draw() -> RunConfig:
    """The widgets; returns what they are set to. ConfigError when that can't be trained."""
    state = st.session_state
    st.selectbox("Preset", [*PRESETS, CUSTOM], key=PRESET, on_change=_choose_preset)
    if preset := PRESETS.get(state[PRESET]):
        st.caption(preset.teaches)
    most = max(MAX_HIDDEN, state[LAYERS])
    layers = st.slider("Hidden layers", 0, most, key=LAYERS, on_change=_changed, help=HELP["layers"])
    hidden: list[int] = []
    for i in range(layers):
        key = f"{UNITS}{i}"
        state.setdefault(key, hidden[-1] if hidden else 16)
        label = "Units" if layers == 1 else f"Units in layer {i + 1}"
        hidden.append(st.select_slider(label, _with(SIZES, key), key=key, on_change=_changed, help=HELP["units"]))
    lr = st.select_slider(
        "Learning rate", _with(LRS, LR), key=LR, on_change=_changed, format_func=lambda lr: f"{lr:g}", help=HELP["lr"]
    )
    batch_size = st.select_slider(
        "Batch size", _with(BATCH_SIZES, BATCH), key=BATCH, on_change=_changed, help=HELP["batch"]
    )
    most = max(MAX_EPOCHS, state[EPOCHS])
    epochs = st.slider("Epochs", 1, most, key=EPOCHS, on_change=_changed, help=HELP["epochs"])
    with st.expander("Advanced"):
        init = st.segmented_control(
            "Initialisation", list(INITIALIZERS), key=INIT, required=True, on_change=_changed,
            format_func=INIT_NAMES.__getitem__, help=HELP["init"],
        )  # fmt: skip
        seed = st.number_input("Seed", 0, 2**32 - 1, step=1, key=SEED, on_change=_changed, help=HELP["seed"])
    return replace(
        state[BASE], hidden=tuple(hidden), lr=lr, batch_size=batch_size, epochs=epochs, seed=int(seed), init=init
    )


HELP = {
    "layers": "Layers between the 784 pixels and the 10 outputs.",
    "units": "How many units the layer has. Each sees every unit of the layer before it.",
    "lr": "How far each step follows the gradient: W ← W − lr · ∂C/∂W.",
    "batch": "Images averaged for one step. Small batches take more steps in an epoch, each of them noisier.",
    "epochs": "How often the training sees every image.",
    "init": "Where the weights start. N(0, 1) saturates wide layers; Xavier keeps every layer's outputs alike.",
    "seed": "The number that every random choice is drawn from. The same seed gives the same run, bit for bit.",
}

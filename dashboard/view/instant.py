"""Train on change: a moved slider stops the run under way and starts the next one; its curve stays as a pale ghost."""

import streamlit as st

from mlpcore import EpochResult

from ..analysis import curves
from ..runs.config import RunConfig
from ..runs.store import Run, RunStore
from . import shell
from .help import HELP

SWITCH, GHOST, TRIED = "set.instant", "set.ghost", "set.tried"


def switch() -> None:
    """The switch, among the controls."""
    st.toggle("Train on change", key=SWITCH, persist_state="session", help=HELP["instant"])


def due(run: Run | None, config: RunConfig) -> bool:
    """Whether `config` is to be trained now, in place of `run`. A config that could not be is not tried again."""
    state = st.session_state
    return state.get(SWITCH, False) and (run is None or run.config != config) and state.get(TRIED) != config


def begun(new: str, before: Run | None) -> None:
    """A run called `new` takes the place of `before`: its curve is the ghost, or its ghost when it has none yet."""
    ghosts, epochs = st.session_state.get(GHOST, {}), before and shell.store().get(before.id).epochs_done
    ghost = before and (before.id if epochs else ghosts.get(before.id))
    st.session_state.pop(TRIED, None)
    st.session_state[GHOST] = {new: ghost} if ghost else {}  # another link is another matter


def refused(config: RunConfig) -> None:
    """`config` could not be trained."""
    st.session_state[TRIED] = config


def make_room(store: RunStore, before: Run) -> None:
    """Stop a run under way, and take away one that is not over and has no epoch that could be kept."""
    run = store.get(before.id)
    if run.active:
        store.wish(run.id, "stop")
    if run.epochs_done == 0 and (run.active or (run.status == "interrupted" and run.parent is None)):
        store.discard(run.id)


def ghost(run: Run) -> list[EpochResult]:
    """The epochs of the run that this one took the place of."""
    before = st.session_state.get(GHOST, {}).get(run.id)
    found = shell.store().several([before] if before else [])
    return curves.epochs(shell.store(), found[before]) if before in found else []

"""Train on change: a moved slider stops the run under way and starts the next one; its curve stays as a pale ghost."""

import streamlit as st

from ..runs.config import RunConfig
from ..runs.store import Run
from . import shell

SWITCH, GHOST, TRIED = "set.instant", "set.ghost", "set.tried"


def switch() -> None:
    """The switch, among the controls."""
    st.toggle("Train on change", key=SWITCH, persist_state="session",
              help="Every change of a setting stops the run under way and trains anew.")  # fmt: skip


def due(run: Run | None, config: RunConfig) -> bool:
    """Whether `config` is to be trained now, in place of `run`. A config that could not be is not tried again."""
    state = st.session_state
    return state.get(SWITCH, False) and (run is None or run.config != config) and state.get(TRIED) != config


def supersede(run: Run | None, config: RunConfig) -> None:
    """Make room for a run with `config`: stop `run`, or take it away when it has no epoch that could be kept."""
    st.session_state[TRIED] = config
    if run is None:
        return
    run = shell.store().get(run.id)
    if run.active:
        shell.store().wish(run.id, "stop")
        if run.epochs_done == 0:
            shell.store().delete([run.id])
            return
    if run.epochs_done:
        st.session_state[GHOST] = run.id


def ghost(run: Run | None) -> list:
    """The epochs of the run that was there before, while the switch is on."""
    before = st.session_state.get(GHOST)
    if not st.session_state.get(SWITCH) or before is None or run is None or run.id == before:
        return []
    return shell.store().epochs(before)

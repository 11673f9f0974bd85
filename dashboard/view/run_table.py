"""Earlier runs as a table with a curve in each row; a click opens one."""

import pandas as pd
import streamlit as st

from .. import formats
from ..analysis import curves
from ..runs.store import RunStore
from . import controls, shell
from .tables import table

ROWS = 10
KEY = "runs.table"


def run_table(store: RunStore, shown: str | None) -> None:
    """The newest runs; nothing when there are none. `shown` is the run that the page shows already."""
    if controls.shown_id() != shown:
        st.rerun()
    with shell.problems_said():
        recent = store.latest(ROWS)
        sparks = curves.sparks(store, recent)
    if not recent:
        return
    rows = pd.DataFrame(
        {
            "Run": run.name,
            "Network": run.config.architecture,
            "Status": run.status.capitalize(),
            "Accuracy": None if run.accuracy is None else 100 * run.accuracy,
            "Best": None if run.best_accuracy is None else 100 * run.best_accuracy,
            "Epochs": f"{run.epochs_done} of {run.config.epochs}",
            "Time": formats.duration(run.seconds),
            "Test accuracy per epoch": sparks[run.id],
        }
        for run in recent
    )
    st.markdown("**Recent runs**")
    percent = st.column_config.NumberColumn(format="%.2f %%")
    table(
        rows,
        key=KEY,
        on_select=_open,
        selection_mode="single-row",
        column_config={
            "Accuracy": percent,
            "Best": percent,
            "Test accuracy per epoch": st.column_config.LineChartColumn(width="medium", color="auto"),
        },
    )
    st.session_state[f"{KEY}.ids"] = [run.id for run in recent]


def _open():
    rows = st.session_state[KEY].selection.rows
    if rows:
        with shell.problems_kept():
            controls.show(shell.store().get(st.session_state[f"{KEY}.ids"][rows[0]]), with_settings=True)

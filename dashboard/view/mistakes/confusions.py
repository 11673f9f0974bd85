"""Which digit is taken for which: the confusion matrix, whose cells filter the list, and scores for each digit."""

import numpy as np
import pandas as pd
import streamlit as st

from ...analysis import evaluation
from ...datasets import About
from .. import charts, shell
from ..tables import table
from . import lists

CELL = "mistakes.cell"
NUMBERS = {"count": "Images", "share": "Per cent of the row"}


def matrix(counts: np.ndarray, about: About) -> None:
    """The confusion matrix; a click on a cell filters the list."""
    shown = st.segmented_control("Numbers", list(NUMBERS), default="count", required=True, key="mistakes.numbers",
                                 format_func=NUMBERS.__getitem__, label_visibility="collapsed")  # fmt: skip
    data = charts.confusion_data(counts)
    spec = charts.confusion_chart(shown, float(data["wrong"].max()), shell.ink(), about.names, about.noun.capitalize())
    st.vega_lite_chart(data, spec, key=CELL, width="stretch", on_select=_take_cell, selection_mode="cell",
                       alt="Confusion matrix: rows are digits, columns what they were read as")  # fmt: skip
    st.caption("A click on a cell shows its images; a click beside the cells shows all again.")


def scores(labels: np.ndarray, predicted: np.ndarray, about: About) -> None:
    """Precision, recall and F1 for each digit."""
    percent = st.column_config.NumberColumn(format="%.2f %%")
    folded = st.expander(f"Precision, recall and F1 for each {about.noun}", key="mistakes.scores", on_change="rerun")
    if not folded.open:
        return
    rows = 100 * evaluation.scores_by_class(labels, predicted, about.classes)
    rows.index = pd.Index(about.names, name="digit")
    with folded:
        table(
            rows[["precision", "recall", "f1"]].reset_index(),
            height="content",
            column_config={"digit": about.noun.capitalize(), "precision": percent, "recall": percent, "f1": percent},
        )


def _take_cell():
    """A click on a cell filters the list to it; a click on nothing lifts the filter."""
    cells = st.session_state[CELL].selection.get("cell") or []
    lists.narrow(*((int(cells[0]["label"]), int(cells[0]["predicted"])) if cells else (None, None)))

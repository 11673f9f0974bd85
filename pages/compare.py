"""Compare: which is better, by how much, is that more than noise?"""

import pandas as pd
import streamlit as st

from dashboard import datasets, exports, formats
from dashboard.analysis import answers, evaluation
from dashboard.runs.config import LABELS
from dashboard.runs.store import Run
from dashboard.view import charts, shell

LISTED, LATEST = 200, 10
METRICS = {"accuracy": "Accuracy", "loss": "Loss", "error": "Error"}
AXES = {"epochs": "Epochs", "updates": "Updates", "seconds": "Seconds"}
TABLE = "compare.table"


def chosen_by_link(runs: list[Run]) -> list[Run]:
    """The runs that the link names, in its order; those that are gone are said."""
    named = st.query_params.get("runs", "")
    known = {run.id: run for run in runs}
    found = []
    for run_id in [part for part in named[:2000].split(",") if part]:
        with shell.problems_shown():
            found.append(known.get(run_id) or shell.store().get(run_id))
    return found


def differing(runs: list[Run]) -> list[str]:
    """The settings in which the runs differ."""
    return [name for name in LABELS if len({getattr(run.config, name) for run in runs}) > 1]


def verdict(runs: list[Run]) -> None:
    """Two runs on the same images, in words; for more, which settings they differ in."""
    names = [LABELS[name].lower() for name in differing(runs)]
    if len(runs) == 2 and all(run.trained for run in runs):
        first, second = runs
        if first.config.dataset != second.config.dataset:
            st.markdown("These runs were trained on different data sets: their figures can't be compared.")
            return
        labels = datasets.load(first.config.dataset).test[1]
        before, after = (answers.outputs(shell.store(), run).argmax(axis=1) for run in runs)
        st.markdown(f"**{evaluation.compare(before, after, labels, (first.name, second.name)).sentence}**")
        st.page_link("pages/mistakes.py", label="See the images of both groups", icon=":material/arrow_forward:",
                     query_params={"run": second.id, "vs": first.id})  # fmt: skip
    if len(names) == 1:
        st.caption(f"They differ in one setting: {names[0]}.")
    elif names:
        st.caption(f"They differ in {', '.join(names)}: which of these is the cause can't be told apart.")
    elif len(runs) > 1:
        st.caption("They have the same settings.")


def curves(runs: list[Run]) -> None:
    """The runs' curves over one another."""
    left, right = st.columns(2)
    metric = left.segmented_control("Metric", list(METRICS), default="accuracy", required=True, key="compare.metric",
                                    format_func=METRICS.__getitem__)  # fmt: skip
    axis = right.segmented_control("Over", list(AXES), default="epochs", required=True, key="compare.axis",
                                   format_func=AXES.__getitem__)  # fmt: skip
    histories = shell.store().histories([run.id for run in runs])
    data = charts.overlay_data({run.name: histories[run.id] for run in runs}, metric, axis,
                               {run.name: run.config.batches for run in runs})  # fmt: skip
    colours = {run.name: charts.run_colour(run.number, shell.dark()) for run in runs}
    alt = f"Test {metric} over {axis} of {len(runs)} runs"
    st.vega_lite_chart(data, charts.overlay_chart(data, colours, metric, axis), key="compare.curves", alt=alt)


def rows(runs: list[Run], settings: list[str]) -> pd.DataFrame:
    """The table: one row a run."""
    return pd.DataFrame(
        {
            "Run": run.name,
            "Network": run.config.architecture,
            "Status": run.status.capitalize(),
            **{LABELS[name]: str(getattr(run.config, name)) for name in settings if name != "hidden"},
            "Parameters": run.config.parameters,
            "Best": None if run.best_accuracy is None else 100 * run.best_accuracy,
            "At epoch": run.best_epoch,
            "Last": None if run.last_accuracy is None else 100 * run.last_accuracy,
            "Seconds": run.seconds,
        }
        for run in runs
    )


def table(runs: list[Run], chosen: list[Run]) -> None:
    """Every run; the selection decides what is drawn above."""
    title, switch, download = st.columns([3, 2, 2], vertical_alignment="center")
    title.markdown("**Runs**: select those to compare")
    every = switch.toggle("All settings", key="compare.all")
    data = rows(runs, list(LABELS) if every else differing(runs))
    download.download_button("Table as CSV", lambda: exports.csv_bytes(list(data.columns), data.to_numpy().tolist()),
                             "runs.csv", "text/csv", icon=":material/download:", on_click="ignore")  # fmt: skip
    percent, seconds = (st.column_config.NumberColumn(format=f) for f in ("%.2f %%", "%.1f"))
    at = {run.id: row for row, run in enumerate(runs)}
    st.session_state[f"{TABLE}.ids"] = [run.id for run in runs]
    st.dataframe(
        data, key=TABLE, hide_index=True, on_select=take_selection, selection_mode="multi-row",
        selection_default={"selection": {"rows": [at[run.id] for run in chosen if run.id in at]}},
        column_config={"Best": percent, "Last": percent, "Seconds": seconds,
                       "Parameters": st.column_config.NumberColumn(format="localized")},
    )  # fmt: skip


def take_selection() -> None:
    """The rows that are selected become the link's runs."""
    ids = st.session_state[f"{TABLE}.ids"]
    st.query_params["runs"] = ",".join(ids[row] for row in st.session_state[TABLE].selection.rows)


shell.enter()
with shell.problems_said():
    runs = shell.store().latest(LISTED)
    if not any(run.trained for run in runs):
        shell.nothing_yet("runs are laid side by side here")
    chosen = chosen_by_link(runs)
    drawn = chosen or [run for run in runs if run.trained][:LATEST]
    if not chosen:
        st.caption(f"The latest {formats.count(len(drawn))} runs. Select some in the table to compare them.")
    else:
        verdict(chosen)
    curves(drawn)
    table(runs, chosen)

"""Every run as a table whose selection drives the page."""

import zlib
from collections.abc import Sequence
from functools import cache

import pandas as pd
import streamlit as st

from ... import exports, formats
from ...analysis import curves
from ...analysis.comparison import differing
from ...runs.config import LABELS
from ...runs.run import Run
from .. import charts, images, shell
from ..tables import table
from ..wording import worded
from . import choice

HEIGHT = 420  # pixels
KEY, SHOWN, FILTER, EVERY = "compare.table", "compare.table.shown", "filter", "compare.all"
ORIGINS = {"trained": "", "fork": "Fork of", "reproduction": "Repeats", "imported": "Imported"}


def run_list(runs: Sequence[Run], chosen: Sequence[Run], baseline: Run | None) -> None:
    """The table with its filter, its switch and its download."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        wanted = st.text_input("Runs", key=FILTER, bind="query-params", placeholder="Filter: a name, 100-100, failed …",
                               width=300)  # fmt: skip
        every = st.toggle("All settings", key=EVERY)
        shown = matching(runs, wanted or "")
        settings = [name for name in (LABELS if every else differing([run.config for run in runs])) if name != "hidden"]
        data = rows(shown, settings, baseline, {run.id: run.name for run in runs})
        st.download_button("CSV", lambda: csv(shown, data), "runs.csv", "text/csv", icon=":material/download:",
                           on_click="ignore", help="The table as a CSV file")  # fmt: skip
        more = "" if len(shown) == len(runs) else f" of {formats.count(len(runs))}"
        noun = "run" if len(runs) == 1 else "runs"
        st.caption(f"{formats.count(len(shown))}{more} {noun}, {formats.count(len(chosen))} chosen", width="content")
    at = {run.id: row for row, run in enumerate(shown)}
    ids = ",".join([*at, *data.columns, str(shell.dark())])
    key = f"{KEY}.{zlib.crc32(ids.encode())}"  # another list is another table: its rows' numbers mean other runs
    st.session_state[SHOWN] = key, list(at)
    dark = shell.dark()
    data.insert(0, "Colour", [swatch(charts.run_colour(run.number, dark)) for run in shown])
    data["Test accuracy by epoch"] = sparks(shown)
    table(
        data, key=key, height=HEIGHT if len(shown) > 10 else "content", selection_mode="multi-row",
        on_select=take_selection, column_config=COLUMNS,
        selection_default={"selection": {"rows": [at[run.id] for run in chosen if run.id in at]}},
    )  # fmt: skip


def take_selection() -> None:
    """The rows that are selected are chosen, beside the chosen ones that the filter hides."""
    key, ids = st.session_state[SHOWN]
    hidden = [run for run in st.session_state[choice.CHOSEN] if run not in ids]
    choice.choose([*hidden, *(ids[row] for row in st.session_state[key].selection.rows)])


def matching(runs: Sequence[Run], wanted: str) -> list[Run]:
    """The runs in whose name, network, status, settings or note every word of `wanted` stands."""
    words = wanted.casefold().split()
    return [run for run in runs if all(word in _text(run) for word in words)] if words else list(runs)


def _text(run):
    settings = " ".join(f"{value} {worded(name, value)}" for name, value in vars(run.config).items())
    return f"{run.name} {run.config.architecture} {run.status} {run.origin} {settings} {run.note}".casefold()


def rows(runs: Sequence[Run], settings: Sequence[str], baseline: Run | None, names: dict[str, str]) -> pd.DataFrame:
    """One row a run, as the table and its CSV have it."""
    columns: dict[str, list] = {
        "Run": [run.name for run in runs],
        "Network": [run.config.architecture for run in runs],
        "Status": [run.status.capitalize() for run in runs],
        **{LABELS[name]: [worded(name, getattr(run.config, name)) for run in runs] for name in settings},
        "Parameters": [run.config.parameters for run in runs],
        "Best": [_percent(run.best_accuracy) for run in runs],
        "At epoch": [run.best_epoch for run in runs],
        "Last": [_percent(run.last_accuracy) for run in runs],
    }
    if baseline is not None and baseline.last_accuracy is not None:
        columns["To baseline"] = [_less(run.last_accuracy, baseline.last_accuracy) for run in runs]
    columns["Seconds"] = [run.seconds for run in runs]
    if any(run.origin != "trained" for run in runs):
        columns["From"] = [lineage(run, names) for run in runs]
    if any(run.note for run in runs):
        columns["Note"] = [run.note for run in runs]
    return pd.DataFrame(columns)


def lineage(run: Run, names: dict[str, str]) -> str:
    """Where the run comes from: Fork of Run 3, epoch 5."""
    parent = names.get(run.parent or "", "a run that is gone") if run.parent else ""
    epoch = f", epoch {run.parent_epoch}" if run.parent_epoch is not None else ""
    return f"{ORIGINS.get(run.origin, '')} {parent}{epoch}".strip()


def csv(runs: Sequence[Run], data: pd.DataFrame) -> bytes:
    """The table as a CSV file."""
    columns = [name for name in data.columns if name not in ("Colour", "Test accuracy by epoch")]
    return exports.csv_bytes(columns, data[columns].astype(object).where(data[columns].notna(), "").to_numpy().tolist())


def sparks(runs: Sequence[Run]) -> list[list[float]]:
    """The test accuracies of each run, thinned to what a small curve can show."""
    found = curves.sparks(shell.store(), runs)
    return [found[run.id] for run in runs]


@cache
def swatch(colour: str) -> str:
    """A dot of a run's colour, as a picture for a table."""
    return images.dot(colour)


def _percent(value):
    return None if value is None else 100 * value


def _less(value, ground):
    return None if value is None else 100 * (value - ground)


_PERCENT = st.column_config.NumberColumn(format="%.2f %%")
COLUMNS = {
    "Colour": st.column_config.ImageColumn("", width=40, pinned=True),
    "Run": st.column_config.TextColumn(pinned=True),
    "Best": _PERCENT,
    "Last": _PERCENT,
    "To baseline": st.column_config.NumberColumn(format="%+.2f", help="In points of accuracy"),
    "Seconds": st.column_config.NumberColumn(format="%.1f"),
    "Parameters": st.column_config.NumberColumn(format="localized"),
    "Test accuracy by epoch": st.column_config.LineChartColumn(width="medium", color="gray"),
}

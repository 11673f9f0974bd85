"""How a sweep goes: best so far, how much is left, the points in order, and what they tell about the settings."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from ... import formats
from ...analysis.importance import FEWEST, importance
from ...analysis.sweep_table import Axis, Point, axes
from ...runs import estimates
from ...runs.config import LABELS
from ...runs.run import Run
from ...runs.sweep_cost import seconds_left, total_epochs
from ...runs.sweeps import Sweep
from .. import charts, shell
from ..tables import table
from ..wording import worded

SHOWN = 200  # points in the table
COMPARED = 10  # runs in the link to Compare
ROWS_HIGH = 388  # pixels
EVERY = 10  # further points, after which the importance is computed anew while a sweep goes on


def bar(sweep: Sweep, runs: Sequence[Run]) -> None:
    """How much is done, and the time left."""
    total, done = total_epochs(sweep.plan, runs), sum(run.epochs_done for run in runs)
    over = sum(not (run.active or run.resumable) for run in runs)
    text = f"{formats.count(over)} of {formats.count(sweep.plan.runs)} runs"
    if sweep.active:
        left = seconds_left(sweep.plan, runs, estimates.load_costs(), shell.engine().workers)
        text += f", {formats.duration(left)} left" if left is not None and done else ""
    share = 1.0 if sweep.status == "finished" else min(1.0, done / total) if total else 0.0
    st.progress(share, text=text)


def figures(sweep: Sweep, ranked: Sequence[Point]) -> None:
    """The best point so far, in words and figures."""
    best = ranked[0] if ranked and ranked[0].validation is not None else None
    if best is None:
        return
    left, middle, right = st.columns([1, 1, 2], gap="small")
    left.metric("Best validation accuracy", formats.percent(best.validation), border=True)
    middle.metric("Its test accuracy", formats.percent(best.test), border=True,
                  help="The test images have no part in the choice.")  # fmt: skip
    named = ", ".join(words(name, best) for name in sweep.plan.varied)
    right.metric("Found with", named[0].upper() + named[1:], border=True, height="stretch")


def words(name: str, point: Point) -> str:
    """A setting of a point in words: learning rate 3."""
    text = worded(name, getattr(point.config, name))
    return text if name not in ("lr", "hidden") and not text[0].isdigit() else f"{LABELS[name].lower()} {text}"


def leaderboard(sweep: Sweep, ranked: Sequence[Point]) -> None:
    """The points in order of validation accuracy."""
    names = sweep.plan.varied
    shown = ranked[:SHOWN]
    data = pd.DataFrame(
        {
            "Rank": range(1, len(shown) + 1),
            **{LABELS[name]: [worded(name, getattr(point.config, name)) for point in shown] for name in names},
            "Validation": [_percent(point.validation) for point in shown],
            "Test": [_percent(point.test) for point in shown],
            "Epochs": [point.epochs for point in shown],
            "Status": [point.status.capitalize() for point in shown],
            "Run": [f"/?run={point.runs[0].id}" for point in shown],
        }
    )
    percent = st.column_config.NumberColumn(format="%.2f %%")
    link = st.column_config.LinkColumn(display_text="Open", width="small")
    table(
        data, height=ROWS_HIGH if len(shown) > 9 else "content", key="sweep.board",
        column_config={"Validation": percent, "Test": percent, "Run": link,
                       "Rank": st.column_config.NumberColumn("", width=32)},
    )  # fmt: skip
    best = [run.id for point in ranked for run in point.runs if run.trained][:COMPARED]
    if best:
        st.page_link("pages/compare.py", label=f"Open the best {len(best)} runs in Compare",
                     icon=":material/arrow_forward:", query_params={"runs": ",".join(best)})  # fmt: skip


def heat_map(sweep: Sweep, ranked: Sequence[Point]) -> None:
    """The best validation accuracy at each pair of values of two settings."""
    known, found = _known(ranked), {axis.name: axis for axis in axes(sweep.plan)}
    if len(found) < 2:
        return
    with st.container(horizontal=True):
        first = st.selectbox("Across", list(found), 1, key=f"sweep.x.{sweep.id}", format_func=LABELS.__getitem__)
        others = [name for name in found if name != first]
        second = st.selectbox("Up", others, 0, key=f"sweep.y.{sweep.id}", format_func=LABELS.__getitem__)
    x, y = found[first], found[second]
    cells: dict[tuple[int, int], list[float]] = {}
    for point in known:
        at = x.cell(getattr(point.config, x.name)), y.cell(getattr(point.config, y.name))
        cells.setdefault(at, []).append(point.validation or 0.0)
    labels = [[worded(axis.name, value) for value in axis.cells] for axis in (x, y)]
    rows = [(labels[0][i], labels[1][j], max(values), len(values)) for (i, j), values in cells.items()]
    data = pd.DataFrame(rows, columns=["x", "y", "validation", "points"])
    spec = charts.heat_chart(data, labels[0], labels[1], (LABELS[x.name], LABELS[y.name]), shell.dark())
    st.vega_lite_chart(data, spec, key=f"sweep.heat.{x.name}.{y.name}", alt="Best validation accuracy by two settings")


def parallel(sweep: Sweep, ranked: Sequence[Point]) -> None:
    """Every point as a line across its settings."""
    known, found = _known(ranked), axes(sweep.plan)
    if not known:
        return
    low, high = charts.spread([point.validation for point in known if point.validation is not None])
    rows = []
    for number, point in enumerate(known):
        name = ", ".join(words(axis.name, point) for axis in found)
        for i, axis in enumerate(found):
            rows.append((number, i, axis.place(getattr(point.config, axis.name)), point.validation, name))
        reached = (min(max(point.validation or 0, low), high) - low) / (high - low)
        rows.append((number, len(found), reached, point.validation, name))
    data = pd.DataFrame(rows, columns=["number", "axis", "place", "validation", "point"])
    titles = [LABELS[axis.name] for axis in found] + ["Validation"]
    ends = [(len(found), 0.0, ("≤ " if _min(known) < low else "") + formats.percent(low)),
            (len(found), 1.0, formats.percent(high))]  # fmt: skip
    marks = pd.DataFrame([*_marks(found), *ends], columns=["axis", "place", "label"])
    st.markdown("**Every point as a line**")
    st.caption("Draw a box over an axis to light the points that pass through it; a double-click takes it away.")
    st.vega_lite_chart(data, charts.parallel_chart(titles, marks, (low, high), shell.dark()), key="sweep.parallel",
                       alt="Parallel coordinates of the settings and the validation accuracy")  # fmt: skip


def _marks(found: Sequence[Axis]):
    for i, axis in enumerate(found):
        for value in axis.values or (axis.low, axis.high):
            yield i, axis.place(value), worded(axis.name, value)


def importances(sweep: Sweep, ranked: Sequence[Point]) -> None:
    """How much each setting matters."""
    known, names = _known(ranked), sweep.plan.varied
    st.markdown("**What matters**")
    if len(known) < FEWEST or len(names) < 2:
        what = f"at least {FEWEST} points" if len(names) > 1 else "two settings or more"
        st.caption(f"The importance of each setting needs {what}.")
        return
    count = len(known) - (len(known) % EVERY if sweep.active else 0)
    mean, deviation = _importance(sweep.id, count, [axis.place for axis in axes(sweep.plan)], names, known)
    data = pd.DataFrame({"setting": [LABELS[name] for name in names], "importance": mean, "deviation": deviation})
    data["low"], data["high"] = data["importance"] - data["deviation"], data["importance"] + data["deviation"]
    data = data.sort_values("importance", ascending=False)
    st.vega_lite_chart(data, charts.importance_chart(data, shell.dark()), key="sweep.importance",
                       alt="Importance of each setting")  # fmt: skip
    st.caption("By how much a random forest mispredicts the accuracy of points it has not seen when the setting is "
               "shuffled; the line is one standard deviation.")  # fmt: skip


@st.cache_data(max_entries=100, show_spinner=False)
def _importance(sweep: str, count: int, _places, _names, _known):
    """(mean, deviation) of each setting; once for each number of points."""
    table = [[place(getattr(point.config, name)) for place, name in zip(_places, _names, strict=True)]
             for point in _known]  # fmt: skip
    found = importance(np.array(table), np.array([point.validation for point in _known]))
    assert found is not None
    return found


def _known(ranked):
    return [point for point in ranked if point.validation is not None]


def _min(known):
    return min(point.validation for point in known)


def _percent(value):
    return None if value is None else 100 * value

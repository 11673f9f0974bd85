"""Compare: which is better, by how much, is that more than noise?"""

from functools import partial

import streamlit as st

from dashboard import formats
from dashboard.analysis import curves as lines_of
from dashboard.runs.run import Run
from dashboard.view import charts, pace, presses, shell
from dashboard.view.compare import choice
from dashboard.view.compare.actions import actions
from dashboard.view.compare.run_list import run_list
from dashboard.view.compare.verdict import verdict

LISTED, LATEST = 1000, 10
TICK_SECONDS = 0.5
WHOLE = "compare.whole"  # whether the whole page runs, and not a live part alone
METRICS = {"accuracy": "Accuracy", "loss": "Loss", "error": "Error"}
AXES = {"epochs": "Epochs", "updates": "Updates", "seconds": "Seconds"}

REPEATS = {"each": "Each", "mean": "Mean"}


def settings(drawn: list[Run]) -> dict:
    """What is drawn, and how: the row of controls above the chart."""
    with st.container(horizontal=True, vertical_alignment="top", gap="medium"):
        metric = st.segmented_control("Metric", list(METRICS), default="accuracy", required=True, key="metric",
                                      format_func=METRICS.__getitem__, bind="query-params")  # fmt: skip
        axis = st.segmented_control("Over", list(AXES), default="epochs", required=True, key="over",
                                    format_func=AXES.__getitem__, bind="query-params")  # fmt: skip
        smoothing = st.slider("Smoothing", 0.0, 0.95, 0.0, 0.05, key="smoothing", bind="query-params", width=180,
                              help="Exponential moving average; 0 is none. The values stay, pale.")  # fmt: skip
        names = {run.id: run.name for run in drawn if run.trained}
        if st.session_state[choice.BASELINE] not in names:
            st.session_state[choice.BASELINE] = None
        st.selectbox("Baseline", list(names), key=choice.BASELINE, index=None, placeholder="None",
                     format_func=names.__getitem__, width=180, persist_state="session",
                     help="The curves and the table show what the others have more or less than this run.")  # fmt: skip
        repeats = st.segmented_control("Repeats", list(REPEATS), default="each", required=True, key="repeats",
                                       format_func=REPEATS.__getitem__, bind="query-params",
                                       help="Runs that differ in their seed alone, as their mean in a band from the "
                                            "lowest to the highest.")  # fmt: skip
    return {"metric": metric, "axis": axis, "smoothing": smoothing, "grouped": repeats == "mean",
            "baseline": choice.baseline(drawn)}  # fmt: skip


def curves(drawn: list[Run], how: dict) -> None:
    """The runs' curves over one another, and the chart as a file."""
    figures = lines_of.figures(shell.store(), drawn)
    lines = lines_of.curves(drawn, figures, **how)
    data = charts.overlay_data(lines_of.table(lines))
    difference = how["baseline"] is not None

    def spec(dark):
        coloured = [charts.Line(line.name, charts.run_colour(line.number, dark)) for line in lines]
        return charts.overlay_chart(data, coloured, how["metric"], how["axis"], difference=difference)

    def picture(kind):
        return charts.picture(spec(dark=False), data, kind)

    alt = f"Test {how['metric']} over {how['axis']} of {len(lines)} runs"
    st.vega_lite_chart(data, spec(shell.dark()), key="compare.curves", alt=alt)
    with st.container(horizontal=True, horizontal_alignment="right", gap="small"):
        for kind, mime in charts.PICTURES.items():
            st.download_button(kind.upper(), partial(picture, kind), f"{how['metric']} over {how['axis']}.{kind}", mime,
                               on_click="ignore", type="tertiary", icon=":material/download:",
                               key=f"compare.{kind}")  # fmt: skip


def fresh(drawn: list[Run]) -> list[Run]:
    """The runs as they are now; the whole page runs again when one of them starts or ends."""
    if st.session_state[WHOLE]:  # it has just looked, and a rerun asked for now could be lost between two others
        return drawn
    if pace.changed():
        st.rerun()
    now = shell.store().several([run.id for run in drawn])
    if len(now) < len(drawn) or any(now[run.id].active != run.active for run in drawn):
        st.rerun()
    return [now[run.id] for run in drawn]


def top(drawn: list[Run], everything: list[Run]) -> None:
    """The verdict, afresh at each look while a run trains."""
    if not st.session_state[WHOLE] and choice.changed(drawn):  # by a button in this very part
        st.rerun()
    with shell.problems_said():
        verdict(fresh(drawn), everything, choice.baseline(drawn))


def middle(drawn: list[Run], how: dict) -> None:
    """The curves, afresh at each look while a run trains."""
    with shell.problems_said():
        curves(fresh(drawn), how)


shell.enter()
st.session_state[WHOLE] = True
with shell.problems_said():
    presses.show()
    shell.store().notice_stale()
    runs = shell.store().latest(LISTED)
    if not any(run.trained for run in runs):
        shell.nothing_yet("runs are laid side by side here")
    choice.follow_link()
    chosen = choice.chosen(runs)
    drawn = chosen or [run for run in runs if run.trained][:LATEST][::-1]
    shell.say_kept()
    tick = pace.tick(TICK_SECONDS, live=any(run.active for run in drawn))
    if chosen:
        st.fragment(run_every=tick, key="compare.top")(top)(drawn, runs)
    else:
        latest = "run" if len(drawn) == 1 else f"{formats.count(len(drawn))} runs"
        st.caption(f"The latest {latest}. Choose some in the table to compare them.")
    how = settings(drawn)
    st.fragment(run_every=tick, key="compare.middle")(middle)(drawn, how)
    actions(chosen, runs)
    run_list(runs, chosen, how["baseline"])
    choice.write_link()
st.session_state[WHOLE] = False

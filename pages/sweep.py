"""Sweep: what is the best so far, and how much is left?"""

from typing import Literal

import streamlit as st

from dashboard import formats
from dashboard.analysis.sweep_table import ranking
from dashboard.runs import estimates
from dashboard.runs.sweep_cost import begin, checked_points
from dashboard.runs.sweeps import Sweep, SweepPlan
from dashboard.view import pace, presses, shell
from dashboard.view.sweep import board, setup

TICK_SECONDS = 1.5
LISTED = 50  # sweeps
CHOSEN, OPENED = "sweep.chosen", "sweep.opened"
STATUS = {  # badge colour and icon of each status
    "running": ("blue", ":material/play_arrow:"),
    "paused": ("orange", ":material/pause:"),
    "stopped": ("gray", ":material/stop:"),
    "finished": ("green", ":material/check:"),
}
WIDTH: dict[str, Literal["stretch", "content"]] = {"side": "stretch", "body": "content"}


def start(plan: SweepPlan) -> Sweep | None:
    """A new sweep of this plan; None where it was refused."""
    with shell.problems_kept():
        return begin(shell.store(), plan, workers=shell.engine().workers)
    return None


def show(sweep: Sweep | None, _plan: SweepPlan) -> None:
    """Open the sweep that was begun."""
    if sweep is not None:
        st.session_state[OPENED] = sweep.id
        shell.engine().sweep()


def wish(sweep: Sweep, status: str) -> None:
    """Pause, resume or stop it all."""
    with shell.problems_kept():
        shell.store().wish_sweep(sweep.id, status)
        shell.engine().sweep()


def start_button(where: str, plan: SweepPlan | None) -> None:
    """In the sidebar, and in the body, where a narrow page has no sidebar."""
    st.button("Start sweep", icon=":material/play_arrow:", type="primary", key=f"sweep.{where}.start",
              width=WIDTH[where], on_click=presses.once(start, show), args=(plan,), disabled=plan is None)  # fmt: skip


def heading(sweep: Sweep, plan: SweepPlan | None) -> None:
    """The sweep's name, its status, and the buttons."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            st.header(formats.plain(sweep.name), anchor=False, width="content")
            colour, icon = STATUS[sweep.status]
            st.badge(sweep.status.capitalize(), color=colour, icon=icon)  # type: ignore[arg-type]
        with st.container(horizontal=True, width="content"):
            if sweep.status == "running":
                st.button("Pause", icon=":material/pause:", key="sweep.pause", on_click=wish, args=(sweep, "paused"))
            elif sweep.status == "paused":
                st.button("Resume", icon=":material/play_arrow:", key="sweep.resume", type="primary",
                          on_click=wish, args=(sweep, "running"))  # fmt: skip
            if sweep.status in ("running", "paused"):
                st.button("Stop all", icon=":material/stop:", key="sweep.stop", on_click=wish, args=(sweep, "stopped"))
            else:
                start_button("body", plan)


def live(before: Sweep, plan: SweepPlan | None) -> None:
    """Everything that changes while a sweep goes on; `before` is the sweep as the whole page last saw it."""
    if pace.changed() or st.session_state.get(OPENED) != before.id:
        st.rerun()
    with shell.problems_said():
        shell.store().notice_stale()
        sweep, runs = shell.store().sweep(before.id), shell.store().runs_of(before.id)
    if sweep.status != before.status:
        st.rerun()
    shell.say_kept()
    heading(sweep, plan)
    board.bar(sweep, runs)
    with st.container():  # what comes and goes has a place of its own: what follows must not move up into it
        if sweep.active and (problem := shell.engine().problem):
            st.error(formats.inert(problem), icon=":material/error:")
    ranked = ranking(runs)
    with st.container():
        board.figures(sweep, ranked)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        board.leaderboard(sweep, ranked)
    with right:
        board.heat_map(sweep, ranked)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        board.parallel(sweep, ranked)
    with right:
        board.importances(sweep, ranked)


def shown(sweeps: list[Sweep]) -> Sweep | None:
    """The sweep of the link, of the session, or the newest; the picker when there are several."""
    wanted = st.query_params.get("id")
    if wanted and st.session_state.get(CHOSEN) != wanted:  # a link that was not followed yet
        st.session_state[OPENED] = wanted
    opened = st.session_state.get(OPENED)
    found = next((sweep for sweep in sweeps if sweep.id == opened), None)
    if opened and found is None:
        with shell.problems_shown():
            found = shell.store().sweep(opened)
    found = found or (sweeps[0] if sweeps else None)
    st.session_state[OPENED] = st.session_state[CHOSEN] = found.id if found else None
    if found:
        st.query_params["id"] = found.id
    elif wanted:
        del st.query_params["id"]
    return found


def cost_line(plan: SweepPlan) -> None:
    """What the sweep will take; ConfigError when it is absurd."""
    _, cost = checked_points(plan, estimates.load_costs(), shell.engine().workers)
    what = f"{formats.count(cost.runs)} runs" if cost.runs > 1 else "1 run"
    time = "measuring this machine" if cost.seconds is None else f"about {formats.duration(cost.seconds)}"
    st.caption(f"{what}, {formats.count(cost.epochs)} epochs, {time}")


shell.enter()
with shell.problems_said():
    shell.engine()
    presses.show()
    sweeps = shell.store().latest_sweeps(LISTED)
    sweep = shown(sweeps)
with st.sidebar:
    plan, refusal = None, None
    try:
        plan = setup.draw()
        cost_line(plan)
    except estimates.ConfigError as error:
        plan, refusal = None, str(error)
    start_button("side", plan)
with st.container():
    if refusal:  # in the body, since a narrow page folds the sidebar away
        st.error(formats.inert(refusal), icon=":material/error:")
if sweep is None:
    shell.say_kept()
    st.header("Try many settings at once", anchor=False)
    st.markdown("Choose values for some settings; every combination is trained, and the best ones stand on top.")
    start_button("body", plan)
else:
    st.fragment(run_every=pace.tick(TICK_SECONDS, live=sweep.active), key="sweep.live")(live)(sweep, plan)
    if len(sweeps) > 1:
        st.markdown("**Earlier sweeps**")
        for other in sweeps:
            if other.id != sweep.id:
                st.page_link("pages/sweep.py", label=f"{formats.plain(other.name)}, {other.status}",
                             query_params={"id": other.id})  # fmt: skip

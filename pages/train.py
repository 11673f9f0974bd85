"""Train: how good is it now, is it still learning, when is it done?"""

import secrets
from typing import Literal

import streamlit as st

from dashboard import formats
from dashboard.analysis import curves
from dashboard.errors import UserError
from dashboard.runs import estimates
from dashboard.runs.config import RunConfig
from dashboard.runs.store import Run
from dashboard.view import advice, controls, instant, pace, people, progress, shell
from dashboard.view.presses import once
from dashboard.view.run_table import run_table

TICK_SECONDS = 1.5
QUICK_SECONDS = 0.9  # an epoch that takes no longer is waited for, so that a click is answered with a curve
PATIENCE_SECONDS = 1.2  # at most
TABLE_TICK_SECONDS = 15
HISTORY = 50  # runs that estimates of time are taken from
STATUS = {  # badge colour and icon of each status
    "queued": ("gray", ":material/schedule:"),
    "running": ("blue", ":material/play_arrow:"),
    "paused": ("orange", ":material/pause:"),
    "finished": ("green", ":material/check:"),
    "stopped": ("gray", ":material/stop:"),
    "failed": ("red", ":material/error:"),
    "interrupted": ("orange", ":material/link_off:"),
}


def train(config: RunConfig, before: Run | None = None) -> None:
    """A new run with these settings, in place of the run `before`, whose curve stays as a ghost.

    A moved slider ends this script wherever it meets Streamlit's state. So the page turns to the new run before there
    is one: no run is left that no page knows of.
    """
    with shell.problems_kept():
        store, engine, shown = shell.store(), shell.engine(), controls.shown_id()
        try:
            estimates.refuse_absurd(config)
            mine = before is not None and people.mine(before)  # a run that was shared goes on
            new = secrets.token_hex(4)
            instant.begun(new, before)
            with controls.making(new):
                if before is not None and mine:
                    instant.make_room(store, before)
                run = store.create(config, id=new)
        except UserError:
            controls.turn_to(shown)
            instant.refused(config)
            raise
        engine.submit(run)
        expected = estimates.cost(config, estimates.load_costs()).seconds_per_epoch
        if expected and expected <= QUICK_SECONDS:
            store.await_epoch(run.id, patience=PATIENCE_SECONDS)


def train_anew(run: Run, config: RunConfig) -> None:
    """A new run with settings that a hint to `run` proposes; the controls follow."""
    controls.fill(config)
    train(config, run)


def wish(run: Run, what: str) -> None:
    """Pause or stop."""
    with shell.problems_kept():
        shell.store().wish(run.id, what)


def resume(run: Run) -> None:
    """Go on where the run was."""
    with shell.problems_kept():
        again = shell.store().requeue(run.id, run.submission)
        if again is not None:
            shell.engine().submit(again)


def buttons(where: str, run: Run | None, config: RunConfig, usable: bool) -> None:
    """Train, or Pause or Resume with Stop beside it."""
    with st.container(horizontal=True, width=WIDTH[where]):
        if run is None or not (run.active or run.resumable) or not people.mine(run):
            st.button("Train", icon=":material/play_arrow:", type="primary", key=f"{where}.train", width=WIDTH[where],
                      on_click=once(train), args=(config,), disabled=not usable)  # fmt: skip
            return
        if run.resumable:
            st.button("Resume", icon=":material/play_arrow:", type="primary", key=f"{where}.resume", width=WIDTH[where],
                      on_click=resume, args=(run,))  # fmt: skip
        else:
            st.button("Pause", icon=":material/pause:", type="primary", key=f"{where}.pause", width=WIDTH[where],
                      on_click=wish, args=(run, "pause"), disabled=run.wish is not None)  # fmt: skip
        st.button("Stop", icon=":material/stop:", key=f"{where}.stop", width=WIDTH[where],
                  on_click=wish, args=(run, "stop"), disabled=run.wish == "stop")  # fmt: skip


WIDTH: dict[str, Literal["stretch", "content"]] = {"side": "stretch", "body": "content"}


def heading(run: Run | None, config: RunConfig, usable: bool) -> None:
    """The architecture, the status, how far it is, and the buttons."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            st.header((run.config if run else config).architecture, anchor=False, width="content")
            if run:
                colour, icon = STATUS[run.status]
                st.badge(run.status.capitalize(), color=colour, icon=icon)  # type: ignore[arg-type]
        buttons("body", run, config, usable)


def live(before: Run | None, config: RunConfig, usable: bool, costs) -> None:
    """Everything that changes while a run trains; `before` is the run as the whole page last saw it."""
    run = None
    measured_now = costs is None and estimates.load_costs() is not None
    if measured_now or pace.changed() or controls.shown_id() != (before and before.id):
        st.rerun()
    with shell.problems_said():
        if before:
            shell.store().notice_stale()
            run = shell.store().get(before.id)
            epochs = curves.epochs(shell.store(), run)
            if (run.active, run.resumable) != (before.active, before.resumable):
                st.rerun()  # the controls outside of this part change with it
        shell.say_kept()
        heading(run, config, usable)
        how_it_goes, figures = st.container(), st.container()  # places of their own: charts must not move up into them
        if run is None:
            with how_it_goes:
                progress.greeting(config)
            progress.curves(None, config, [])
            return
        with how_it_goes:
            progress.bar(run, costs)
            if run.active and (problem := shell.engine().problem):
                st.error(formats.inert(problem), icon=":material/error:")
            progress.outcome(run)
            advice.advice(run, epochs, train_anew)
        if epochs or run.active:
            with figures:
                progress.figures(run, epochs)
            progress.curves(run, run.config, epochs, instant.ghost(run))
            progress.inside(run, epochs)
        advice.code(run)
        people.share(run)


shell.enter()
with shell.problems_said():
    store = shell.store()
    shell.engine()
    store.notice_stale()
    run = controls.follow_link(store)
    recent, own_sets = store.latest(HISTORY), store.own_sets()
costs = estimates.load_costs()
with st.sidebar:
    instant.switch()
    refusal, config = None, controls.base()
    try:
        config = controls.draw(own_sets)
        estimates.refuse_absurd(config)
    except estimates.ConfigError as error:
        refusal = str(error)
    else:
        cost = estimates.cost(config, costs, recent)
        text = f"{formats.count(cost.parameters)} parameters, {formats.size(cost.bytes)}"
        if cost.seconds_per_epoch is None:
            text += ", measuring this machine"
        else:
            total = cost.seconds_per_epoch * config.epochs
            text += f", about {formats.duration(cost.seconds_per_epoch)} an epoch, {formats.duration(total)} in all"
        st.caption(text)
    usable = refusal is None
    buttons("side", run, config, usable)
    if run and (run.active or run.resumable) and run.config != config:
        st.button(
            "Train as a new run",
            key="side.new",
            width="stretch",
            on_click=once(train),
            args=(config,),
            disabled=not usable,
        )
if usable and instant.due(run, config):
    train(config, run)
    st.rerun()
controls.write_link(config)
for problem in controls.problems_of_link():
    st.warning(formats.inert(problem), icon=":material/link_off:")
with st.container():
    if refusal:  # in the body, since a narrow page folds the sidebar away
        st.error(formats.inert(refusal), icon=":material/error:")
tick = pace.tick(TICK_SECONDS, live=bool(run and run.active) or costs is None)
st.fragment(run_every=tick, key="live")(live)(run, config, usable, costs)
table_tick = TABLE_TICK_SECONDS if any(run.active for run in recent) else None
st.fragment(run_every=table_tick, key="table")(run_table)(store, run.id if run else None)

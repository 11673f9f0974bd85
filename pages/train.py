"""Train: how good is it now, is it still learning, when is it done?"""

from typing import Literal

import streamlit as st

from dashboard import datasets, formats
from dashboard.analysis.evaluation import accuracy_interval
from dashboard.datasets import DATASETS
from dashboard.runs import estimates
from dashboard.runs.config import RunConfig
from dashboard.runs.store import Run
from dashboard.view import charts, controls, shell
from dashboard.view.images import digit_strip, sparkline
from dashboard.view.run_table import run_table

TICK_SECONDS = 1.5
QUICK_SECONDS = 0.6  # an epoch that takes no longer is waited for, so that a click is answered with a curve
TABLE_TICK_SECONDS = 15
HISTORY = 50  # runs that estimates of time are taken from
GREETING = 96  # images
STATUS = {  # badge colour and icon of each status
    "queued": ("gray", ":material/schedule:"),
    "running": ("blue", ":material/play_arrow:"),
    "paused": ("orange", ":material/pause:"),
    "finished": ("green", ":material/check:"),
    "stopped": ("gray", ":material/stop:"),
    "failed": ("red", ":material/error:"),
    "interrupted": ("orange", ":material/link_off:"),
}


def train(config: RunConfig) -> None:
    """A new run with these settings."""
    with shell.problems_kept():
        estimates.refuse_absurd(config)
        run = shell.store().create(config)
        controls.show(run)
        shell.engine().submit(run)
        expected = estimates.cost(config, estimates.load_costs()).seconds_per_epoch
        if expected and expected <= QUICK_SECONDS:
            shell.store().await_epoch(run.id, patience=2 * QUICK_SECONDS)


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
        if run is None or not (run.active or run.resumable):
            st.button("Train", icon=":material/play_arrow:", type="primary", key=f"{where}.train", width=WIDTH[where],
                      on_click=train, args=(config,), disabled=not usable)  # fmt: skip
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


def where_it_stands(run: Run, costs) -> str:
    """One line: name, epoch, time left or time taken."""
    done, total = run.epochs_done, run.config.epochs
    if run.status == "running":
        cost = estimates.cost(run.config, costs, [run]).seconds_per_epoch
        left = f", {formats.duration(max(0, cost * (total - done - run.progress)))} left" if cost else ""
        return f"{run.name}: epoch {min(done + 1, total)} of {total}{left}"
    if run.status == "queued":
        return f"{run.name}: waiting for a free core" if shell.engine().up else f"{run.name}: starting"
    return f"{run.name}: {done} of {total} epochs, {formats.duration(run.seconds)}"


def outcome(run: Run) -> None:
    """What a run that is over has to say."""
    if run.status == "failed":
        st.error(run.error or "The training failed.", icon=":material/error:")
    elif run.status == "interrupted":
        reason = f" {run.error}" if run.error else ""
        st.warning(
            f"Training was interrupted after epoch {run.epochs_done}.{reason} Resume goes on from there.",
            icon=":material/link_off:",
        )
    elif run.status == "finished" and run.last_accuracy is not None:
        samples = DATASETS[run.config.dataset].test_samples
        low, high = accuracy_interval(run.last_accuracy, samples)
        st.markdown(
            f"Reached **{formats.percent(run.last_accuracy)}** of {formats.count(samples)} test images in "
            f"{formats.duration(run.seconds)}. 95 % interval: {100 * low:.2f} to {formats.percent(high)}."
        )


def figures(run: Run, epochs) -> None:
    """Four figures of equal height."""
    test = [e.test_accuracy for e in epochs]
    best = [max(test[: i + 1]) for i in range(len(test))]
    last = epochs[-1] if epochs else None
    margin = "–"
    if last:
        low, high = accuracy_interval(last.test_accuracy, DATASETS[run.config.dataset].test_samples)
        margin = f"± {50 * (high - low):.2f}"
    mean = run.seconds / run.epochs_done if run.epochs_done else None
    cards = (
        ("Test accuracy", formats.percent(last and last.test_accuracy), margin, test),
        ("Best", formats.percent(run.best_accuracy), f"epoch {run.best_epoch or '–'}", best),
        ("Test loss", formats.loss(last and last.test_loss), f"train {formats.loss(last and last.train_loss)}",
         [e.test_loss for e in epochs]),
        ("An epoch", formats.duration(mean), f"{formats.duration(run.seconds)} in all", [e.seconds for e in epochs]),
    )  # fmt: skip
    colour = charts.run_colour(run.number, shell.dark())
    columns = [inner for outer in st.columns(2) for inner in outer.columns(2, wrap=False)]  # two by two when narrow
    for column, (label, value, below, curve) in zip(columns, cards, strict=True):
        with column.container(border=True, gap="xsmall"):
            st.metric(label, value, below, delta_color="off", delta_arrow="off")
            st.image(sparkline(curve, colour), width="stretch")


def greeting(config: RunConfig) -> None:
    """What there is to see before anything was trained."""
    data = datasets.load(config.dataset)
    st.markdown(
        f"A network that learns to read {formats.count(data.about.train_samples)} handwritten digits. "
        "Move the sliders, press Train, and watch its accuracy grow."
    )
    shell.picture(digit_strip(data.test[0][:GREETING], rows=4, side=28, ink=shell.ink()), width="stretch")


def curves(run: Run | None, config: RunConfig, epochs) -> None:
    """Accuracy and loss per epoch; before there is a run, the frame that they will be drawn in.

    (The frame also has the browser fetch what it draws with, before the machine is busy training.)
    """
    data = charts.history(epochs)
    colour = charts.run_colour(run.number if run else 1, shell.dark())
    ranges = (("accuracy", charts.accuracy_floor(data), 1.0), ("loss", 0.0, charts.loss_ceiling(data)))
    for column, (metric, low, high) in zip(st.columns(2), ranges, strict=True):
        with column:
            st.markdown(f"**{metric.capitalize()}**")
            if run and not epochs:  # its axes settle with the first epoch: drawn once, not twice
                st.container(height=charts.HEIGHT, border=False)
                continue
            spec = charts.epoch_chart(metric, colour, (run.config if run else config).epochs, low, high)
            alt = f"{metric} per epoch, test and train"
            st.vega_lite_chart(data, spec, key=f"chart.{metric}", width="stretch", alt=alt)


def live(before: Run | None, config: RunConfig, usable: bool, costs) -> None:
    """Everything that changes while a run trains; `before` is the run as the whole page last saw it."""
    run = None
    measured_now = costs is None and estimates.load_costs() is not None
    if measured_now or controls.shown_id() != (before and before.id):
        st.rerun()
    with shell.problems_said():
        if before:
            shell.store().notice_stale()
            run, epochs = shell.store().get(before.id), shell.store().epochs(before.id)
            if (run.active, run.resumable) != (before.active, before.resumable):
                st.rerun()  # the controls outside of this part change with it
    shell.say_kept()
    heading(run, config, usable)
    if run is None:
        greeting(config)
        curves(None, config, [])
        return
    st.progress(min(1.0, (run.epochs_done + run.progress) / run.config.epochs), text=where_it_stands(run, costs))
    if run.active and shell.engine().problem:
        st.error(shell.engine().problem, icon=":material/error:")
    outcome(run)
    figures(run, epochs)
    curves(run, run.config, epochs)


shell.enter()
with shell.problems_said():
    store = shell.store()
    shell.engine()
    store.notice_stale()
    run = controls.follow_link(store)
    recent = store.latest(HISTORY)
costs = estimates.load_costs()
with st.sidebar:
    refusal = None
    config = controls.draw()
    try:
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
            "Train as a new run", key="side.new", width="stretch", on_click=train, args=(config,), disabled=not usable
        )
controls.write_link(config)
for problem in controls.problems_of_link():
    st.warning(problem, icon=":material/link_off:")
if refusal:  # in the body, since a narrow page folds the sidebar away
    st.error(refusal, icon=":material/error:")
st.fragment(run_every=TICK_SECONDS if (run and run.active) or costs is None else None, key="live")(live)(
    run, config, usable, costs
)
table_tick = TABLE_TICK_SECONDS if any(run.active for run in recent) else None
st.fragment(run_every=table_tick, key="table")(run_table)(store, run.id if run else None)

"""How a run goes, for people: its line of progress, its outcome, its figures, its curves."""

import time

import streamlit as st

from .. import datasets, formats
from ..analysis.evaluation import accuracy_interval
from ..runs import estimates
from ..runs.config import RunConfig
from ..runs.store import LATE_SECONDS, Run
from . import charts, shell
from .images import digit_strip, sparkline
from .wording import set_up

GREETING = 96  # images
INSIDE = "live.inside"  # the key of the part that is folded


def bar(run: Run, costs) -> None:
    """How far the run is, and what it was told."""
    done = 1.0 if run.status == "finished" else (run.epochs_done + run.progress) / run.config.epochs
    st.progress(min(1.0, done), text=where_it_stands(run, costs))
    st.caption(set_up(run.config))


def where_it_stands(run: Run, costs) -> str:
    """One line: name, epoch, time left or time taken."""
    done, total, name = run.epochs_done, run.config.epochs, formats.plain(run.name)
    if run.status == "running" and (waiting := _waits(run)):
        return f"{name}: epoch {min(done + 1, total)} of {total}, {waiting}"
    if run.status == "running":
        cost = estimates.cost(run.config, costs, [run]).seconds_per_epoch
        left = f", {formats.duration(max(0, cost * (total - done - run.progress)))} left" if cost else ""
        if run.config.patience:
            left = left.replace(", ", ", at most ")
        return f"{name}: epoch {min(done + 1, total)} of {total}{left}"
    if run.status == "queued":
        return f"{name}: waiting for a free core" if shell.engine().up else f"{name}: starting"
    return f"{name}: {done} of {total} epochs, {formats.duration(run.seconds)}"


def _waits(run):
    """What keeps a run that is not heard of, or an epoch that is computed but not kept; None while all is well."""
    silent = time.time() - run.heartbeat
    if not 0 <= silent < LATE_SECONDS:
        silent = shell.store().silence(run.id)  # by the database's clock: ours may be another
    if silent < LATE_SECONDS and run.progress < 1:
        return None
    if obstacle := shell.store().obstacle(estimates.room_needed(run.config)):
        return f"waits for {obstacle}"
    return f"not heard of for {formats.duration(silent)}" if silent >= LATE_SECONDS else None


def outcome(run: Run) -> None:
    """What a run that is over has to say."""
    if run.status == "failed":
        st.error(formats.inert(run.error or "The training failed."), icon=":material/error:")
    elif run.status == "interrupted":
        reason = f" {formats.inert(run.error)}" if run.error else ""
        st.warning(
            f"Training was interrupted after epoch {run.epochs_done}.{reason} Resume goes on from there.",
            icon=":material/link_off:",
        )
    elif run.status == "finished" and run.accuracy is not None:
        st.markdown(_reached(run))
        st.page_link("pages/mistakes.py", label="See the images that it misreads", icon=":material/arrow_forward:",
                     query_params={"run": run.id})  # fmt: skip


def _reached(run):
    """The test accuracy with its uncertainty, after what validation chose, where images were held out."""
    samples = formats.count(datasets.about(run.config.dataset).test_samples)
    low, high = accuracy_interval(run.accuracy, datasets.about(run.config.dataset).test_samples)
    chosen, apart = "", ""
    if run.best_validation is not None:
        held_out = f"{formats.percent(run.best_validation)} of {formats.count(run.config.validation)} held-out images"
        chosen, apart = (
            f"Validation chose **epoch {run.best_epoch}**, with {held_out}. ",
            ", which had no part in that,",
        )
    if run.config.patience and run.epochs_done < run.config.epochs:
        chosen = f"Stopped early: no better epoch among the last {run.config.patience}. {chosen}"
    return (
        f"{chosen}Reached **{formats.percent(run.accuracy)}** of {samples} test images{apart} in "
        f"{formats.duration(run.seconds)}. 95 % interval: {100 * low:.2f} to {formats.percent(high)}."
    )


def figures(run: Run, epochs) -> None:
    """Four figures of equal height."""
    colour = charts.run_colour(run.number, shell.dark())
    columns = [inner for outer in st.columns(2) for inner in outer.columns(2, wrap=False)]  # two by two when narrow
    for column, (label, value, below, curve) in zip(columns, _cards(run, epochs), strict=True):
        with column.container(border=True, gap="xsmall"):
            st.metric(label, value, below, delta_color="off", delta_arrow="off")
            st.image(sparkline(curve, colour), width="stretch", alt=f"{label} over the epochs")


def _cards(run, epochs):
    """(label, value, what stands below it, curve) of each figure."""
    last = epochs[-1] if epochs else None
    test = [e.test_accuracy for e in epochs]
    mean = run.seconds / run.epochs_done if run.epochs_done else None
    return (
        *(_accuracies if run.best_validation is None else _chosen)(run, epochs, test),
        ("Test loss", formats.loss(last and last.test_loss), f"train {formats.loss(last.train_loss)}" if last else "–",
         [e.test_loss for e in epochs]),
        ("An epoch", formats.duration(mean), f"{formats.duration(run.seconds)} in all" if last else "–",
         [e.seconds for e in epochs]),
    )  # fmt: skip


def _accuracies(run, epochs, test):
    margin = "–"
    if epochs:
        low, high = accuracy_interval(test[-1], datasets.about(run.config.dataset).test_samples)
        margin = f"± {50 * (high - low):.2f}"
    best = [max(test[: i + 1]) for i in range(len(test))]
    return (
        ("Test accuracy", formats.percent(test[-1] if test else None), margin, test),
        ("Best", formats.percent(run.best_accuracy), f"epoch {run.best_epoch}" if run.best_epoch else "–", best),
    )


def _chosen(run, epochs, test):
    """With validation images: what they say, and the test accuracy where they say it is best."""
    held_out = [e.validation_accuracy for e in epochs]
    return (
        ("Test accuracy", formats.percent(run.best_accuracy), f"at epoch {run.best_epoch}", test),
        ("Best validation", formats.percent(run.best_validation), f"now {formats.percent(held_out[-1])}", held_out),
    )


def greeting(config: RunConfig) -> None:
    """What there is to see before anything was trained."""
    data = datasets.load(config.dataset)
    what = "handwritten digits" if data.about.noun == "digit" else f"images of {data.about.classes} classes"
    st.markdown(
        f"A network that learns to read {formats.count(data.about.train_samples)} {what}. "
        "Move the sliders, press Train, and watch its accuracy grow."
    )
    rows = min(4, len(data.test[0]))
    shown = data.test[0][: min(GREETING, len(data.test[0]) // rows * rows)]
    shell.picture(
        digit_strip(shown, rows=rows, shape=data.about.shape, ink=shell.ink()), "Some test images", width="stretch"
    )


def curves(run: Run | None, config: RunConfig, epochs, ghost=()) -> None:
    """Accuracy and loss per epoch, over the pale test curve of `ghost`, the epochs of the run before.

    Before there is a run: the frame that they will be drawn in.

    (The frame also has the browser fetch what it draws with, before the machine is busy training.)
    """
    data = charts.history(epochs, ghost)
    colour = charts.run_colour(run.number if run else 1, shell.dark())
    ranges = (("accuracy", charts.accuracy_floor(data), 1.0), ("loss", 0.0, charts.loss_ceiling(data)))
    for column, (metric, low, high) in zip(st.columns(2), ranges, strict=True):
        with column:
            st.markdown(f"**{metric.capitalize()}**")
            if run and not epochs:  # its axes settle with the first epoch: drawn once, not twice
                st.container(height=charts.HEIGHT, border=False)
                continue
            spec = charts.epoch_chart(metric, colour, config.epochs, low, high, bool(config.validation), bool(ghost))
            alt = f"{metric} per epoch, {'test, validation' if config.validation else 'test'} and train"
            st.vega_lite_chart(data, spec, key=f"chart.{metric}", width="stretch", alt=alt)


def inside(run: Run, epochs) -> None:
    """The diagnostics of each layer, folded; while they are, nothing is drawn and a tick costs nothing."""
    part = st.expander("Inside the network", key=INSIDE, on_change="rerun")
    if not part.open:
        return
    with part:
        data = charts.diagnostics(epochs)
        if data.empty:
            st.caption("The figures come with the first epoch.")
            return
        st.caption(f"From pale to strong: {', '.join(data['layer'].unique())}.")
        colour = charts.run_colour(run.number, shell.dark())
        columns = [*st.columns(3), *st.columns(3)]
        for column, metric in zip(columns, charts.DIAGNOSTICS, strict=False):
            with column:
                title, about = charts.DIAGNOSTICS[metric]
                st.markdown(f"**{title}**", help=about)
                spec = charts.diagnostics_chart(metric, colour, run.config.epochs, data)
                st.vega_lite_chart(
                    data, spec, key=f"chart.{metric}", width="stretch", alt=f"{title} per epoch, by layer"
                )

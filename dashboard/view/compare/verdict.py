"""Which run is better, by how much, is that more than noise; and what may be the cause. In words."""

from collections.abc import Sequence

import streamlit as st

from ... import datasets, formats
from ...analysis import answers, evaluation, reproduction
from ...analysis.comparison import differing, interval, one_change, standing
from ...runs.config import LABELS
from ...runs.run import Run
from .. import shell
from ..presses import once
from ..wording import worded
from .actions import queue, show_queued

MOST_QUEUED = 12  # one-change runs at a press


def verdict(runs: Sequence[Run], everything: Sequence[Run], baseline: Run | None) -> None:
    """The sentences above the curves."""
    if len({run.config.dataset for run in runs}) > 1:
        st.markdown("**These runs were trained on different data sets: their figures can't be compared.**")
        return
    names = {run.id: run for run in everything}
    for run in runs:
        if run.origin == "reproduction" and run.parent in names:
            st.markdown(f"**{formats.plain(reproduction.verdict(shell.store(), names[run.parent], run))}**")
    if len(runs) == 2 and not any(run.origin == "reproduction" for run in runs):
        _pair(*_ordered(runs, baseline))
    elif len(runs) != 2:
        _field(runs)
    if len(runs) > 1:
        _what_changed(runs, everything, baseline)


def _ordered(runs, baseline):
    """The baseline, or else the older run, first: the other one is what was changed."""
    first = baseline if baseline in runs else min(runs, key=lambda run: run.number)
    return first, next(run for run in runs if run is not first)


def _pair(first, second):
    """The paired verdict on the same images, once both rest."""
    if any(run.active or not run.trained for run in (first, second)):
        st.markdown("The verdict on these two follows when both have trained.")
        return
    labels = datasets.load(first.config.dataset).test[1]
    before, after = (answers.outputs(shell.store(), run).argmax(axis=1) for run in (first, second))
    pair = (formats.plain(first.name), formats.plain(second.name))
    st.markdown(f"**{evaluation.compare(before, after, labels, pair).sentence}**")
    st.page_link("pages/mistakes.py", label="See the images of both groups", icon=":material/arrow_forward:",
                 query_params={"run": second.id, "vs": first.id})  # fmt: skip


def _field(runs):
    """Who leads, and who can't be told from the leader."""
    found = standing(runs)
    if found is None:
        return
    leader, close = found
    low, high = interval(leader)
    sentence = (f"**{formats.plain(leader.name)}** leads with {formats.percent(leader.accuracy)} "
                f"(95 % interval {100 * low:.2f} to {formats.percent(high)}).")  # fmt: skip
    if close:
        them = formats.plain(close[0].name) if len(close) == 1 else f"{formats.count(len(close))} others"
        sentence += f" {them} {'lies' if len(close) == 1 else 'lie'} within it: choose two for a sharper test."
    st.markdown(sentence)


def _what_changed(runs, everything, baseline):
    """The settings in which the runs differ; with more than one, the runs that would tell the causes apart."""
    names = differing([run.config for run in runs])
    if not names:
        st.caption("They have the same settings.")
        return
    if len(names) == 1:
        st.caption(f"What changed: {_change(runs, names[0])}.")
        return
    first = baseline or min(runs, key=lambda run: run.number)
    known = {run.config for run in everything}
    missing = dict.fromkeys(c for run in runs for c in one_change(first.config, run.config, known))
    changes = "; ".join(_change(runs, name) for name in names)
    st.caption(f"What changed: {changes}. More than one setting: the cause can't be told apart.")
    if missing:
        queued = list(missing)[:MOST_QUEUED]
        what = "the missing one-change run" if len(queued) == 1 else f"{len(queued)} missing one-change runs"
        st.button(f"Queue {what}", icon=":material/add:", key="do.one_change",
                  on_click=once(queue, show_queued), args=(queued, runs),
                  help=f"{first.name} with one of these settings changed at a time")  # fmt: skip


def _change(runs, name):
    values = list(dict.fromkeys(worded(name, getattr(run.config, name)) for run in runs))
    shown = " → ".join(values) if len(runs) == 2 else ", ".join(values[:6]) + (" …" if len(values) > 6 else "")
    return f"{LABELS[name].lower()} {formats.plain(shown)}"

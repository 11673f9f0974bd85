"""What can be done with the chosen runs: name, repeat, match, fork, reproduce, delete and take back."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from mlpcore import TrainingState

from ... import formats
from ...analysis.comparison import further_seeds, matching_width
from ...errors import UserError
from ...runs.config import RunConfig
from ...runs.run import Run
from .. import shell
from ..presses import once
from . import choice

DELETED = "compare.deleted"  # ids and names, until the next deletion
MOST_REPEATS = 20


def actions(chosen: Sequence[Run], everything: Sequence[Run]) -> None:
    """One row of buttons; each acts on the chosen runs, or asks which of them."""
    none = not chosen
    with st.container(horizontal=True, gap="small"):
        with st.popover("Name and note", icon=":material/edit:", disabled=none):
            if chosen:
                _edit(_one(chosen, "edit"))
        with st.popover("Repeat", icon=":material/repeat:", disabled=none):
            if chosen:
                _repeat(chosen, everything)
        with st.popover("Match parameters", icon=":material/balance:", disabled=none):
            if chosen:
                _match(_one(chosen, "match"))
        with st.popover("Fork", icon=":material/fork_right:", disabled=none):
            if chosen:
                _fork(_one(chosen, "fork"))
        with st.popover("Reproduce", icon=":material/replay:", disabled=none):
            if chosen:
                _reproduce(_one(chosen, "reproduce"))
        st.button("Delete", icon=":material/delete:", disabled=none, on_click=delete, args=(chosen,), key="do.delete")
    with st.container():  # a place of its own: what follows must not move up into it
        _undo()


def _one(chosen, what):
    """The run that is meant: asked for when several are chosen."""
    if len(chosen) == 1:
        return chosen[0]
    names = {run.id: run.name for run in chosen}
    run_id = st.selectbox("Run", list(names), format_func=names.__getitem__, key=f"do.{what}.run")
    return next(run for run in chosen if run.id == run_id)


def _edit(run):
    with st.form(f"do.edit.{run.id}", border=False):
        name = st.text_input("Name", run.name, key=f"do.name.{run.id}")
        note = st.text_area("Note", run.note, key=f"do.note.{run.id}", placeholder="What is it for? What did you see?")
        if st.form_submit_button("Save", type="primary"):
            with shell.problems_shown():
                shell.store().rename(run.id, name)
                shell.store().annotate(run.id, note)
                st.rerun()


def _repeat(chosen, everything):
    st.caption("Trains the same settings with other seeds, to see how much is luck.")
    count = int(st.number_input("Further seeds", 1, MOST_REPEATS, 4, key="do.repeat.count"))
    configs = further_seeds([run.config for run in chosen], count, (run.config for run in everything))
    st.button(f"Queue {len(configs)} runs", type="primary", key="do.repeat", on_click=once(queue, show_queued),
              args=(configs, chosen))  # fmt: skip


def _match(run):
    width = matching_width(run.config)
    if len(run.config.hidden) < 2:
        st.caption(
            f"{formats.plain(run.name)} has fewer than two hidden layers. Choose a deeper run, and this proposes the "
            "one wide layer with as many parameters."
        )
        return
    shallow = replace(run.config, hidden=(width,))
    st.caption(
        f"One hidden layer of {formats.count(width)} units has {formats.count(shallow.parameters)} parameters; "
        f"{run.config.architecture} has {formats.count(run.config.parameters)}. Everything else stays the same."
    )
    st.button(f"Queue {shallow.architecture}", type="primary", key="do.match", on_click=once(queue, show_queued),
              args=([shallow], [run]))  # fmt: skip


def _fork(run):
    kept = shell.store().snapshots(run.id)
    if not kept:
        st.caption(f"{formats.plain(run.name)} has no weights yet to begin with.")
        return
    st.caption("A new run that begins with the weights of this one.")
    at = f"do.fork.{run.id}"
    epoch = st.select_slider("After epoch", kept, kept[-1], key=f"{at}.epoch") if len(kept) > 1 else kept[0]
    lr = st.number_input("Learning rate", 0.0001, 100.0, run.config.lr, format="%g", key=f"{at}.lr")
    batch_size = st.number_input("Batch size", 1, None, run.config.batch_size, key=f"{at}.batch")
    epochs = st.number_input("Further epochs", 1, 1000, run.config.epochs, key=f"{at}.epochs")
    seed = st.number_input("Seed", 0, 2**32 - 1, run.config.seed, key=f"{at}.seed")
    changes = {"lr": lr, "batch_size": int(batch_size), "epochs": int(epochs), "seed": int(seed)}
    st.button(
        "Queue the fork", type="primary", key="do.fork", on_click=once(fork, show_fork), args=(run, epoch, changes)
    )


def _reproduce(run):
    if run.origin not in ("trained", "reproduction"):
        st.caption("Only a run that was trained here from its own seed can be trained again.")
        return
    st.caption(
        f"Trains {formats.plain(run.name)} again from its settings and its seed, and says whether it is the same."
    )
    st.button(
        "Train again", type="primary", key="do.reproduce", on_click=once(reproduce, show_reproduction), args=(run,)
    )


def queue(configs: Sequence[RunConfig], _beside: Sequence[Run]) -> list[Run]:
    """Queue new runs; returns those that were not refused."""
    new: list[Run] = []
    with shell.problems_kept():
        for config in configs:
            new.append(shell.train_new(config))  # what comes before one that is refused is kept
    return new


def show_queued(new: Sequence[Run], _configs: Sequence[RunConfig], beside: Sequence[Run]) -> None:
    """Choose them beside the others."""
    if new:
        choice.add(new, beside)


def fork(run: Run, epoch: int, changes: dict) -> Run | None:
    """Queue a run that begins with the weights of `run` after `epoch`; None where it was refused."""
    with shell.problems_kept():
        state = shell.store().state(run.id, epoch)
        if state is None:
            raise UserError(f"The weights of {run.name} after epoch {epoch} are no longer kept.")
        start = TrainingState(0, state.weights, {}, {})
        config = replace(run.config, **changes)
        return shell.train_new(config, origin="fork", parent=run.id, parent_epoch=epoch, start=start)
    return None


def show_fork(new: Run | None, run: Run, _epoch: int, _changes: dict) -> None:
    """Choose it beside the run that it comes from."""
    if new is not None:
        choice.add([new], [run])


def reproduce(run: Run) -> Run | None:
    """Train the run again; None where that was refused."""
    with shell.problems_kept():
        return shell.train_new(run.config, origin="reproduction", parent=run.id)
    return None


def show_reproduction(new: Run | None, run: Run) -> None:
    """Choose the two."""
    if new is not None:
        choice.choose([run.id, new.id])


def delete(chosen: Sequence[Run]) -> None:
    """Take the runs away; `_undo` offers them back."""
    with shell.problems_kept():
        shell.store().delete([run.id for run in chosen])
        st.session_state[DELETED] = [(run.id, run.name) for run in chosen]
        choice.choose([])


def _undo():
    if gone := st.session_state.get(DELETED):
        what = formats.plain(gone[0][1]) if len(gone) == 1 else f"{formats.count(len(gone))} runs"
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"Deleted {what}.", width="content")
            st.button("Undo", icon=":material/undo:", type="tertiary", key="do.undo", on_click=undo)


def undo() -> None:
    """Bring back what was deleted last."""
    with shell.problems_kept():
        ids = [run_id for run_id, _ in st.session_state.pop(DELETED, [])]
        if ids:
            shell.store().restore(ids)
            choice.choose(ids)

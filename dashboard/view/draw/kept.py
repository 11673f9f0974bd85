"""One's own digits: kept with one press, measured by runs, made into a data set."""

import numpy as np
import streamlit as st

from ... import datasets, formats
from ...analysis import answers, drawing
from ...analysis.evaluation import accuracy_interval, predictions
from ...limits import LEAST_IMAGES
from ...runs.run import Run
from ...uploads import assemble
from .. import shell
from ..components.gallery import gallery

PICKED, SAVED = "draw.picked", "draw.saved"


def keep(label: int, strokes: list[list[float]]) -> bool:
    """Keep a drawing as that digit; whether it was kept."""
    with shell.problems_kept():
        shell.store().keep_drawing(label, strokes)
        return True
    return False


def digits(runs: list[Run]) -> None:
    """The kept digits, how many of them each run reads, and what can be done with them."""
    held = shell.store().drawings()
    if not held:
        return
    strokes, labels = [each.strokes for each in held], np.array([str(each.label) for each in held])
    shapes = [datasets.about(run.config.dataset).shape for run in runs]
    prepared = {shape: drawing.prepared(strokes, shape) for shape in set(shapes)}
    reads = [_read(run, prepared[shape]) for run, shape in zip(runs, shapes, strict=True)]
    st.markdown(f"**Your digits: {formats.count(len(held))}**")
    for run, read in zip(runs, reads, strict=True):
        _measured(run, labels, read)
    ids = [each.id for each in held]
    gallery(
        prepared[shapes[0]], ids, [_caption(a, b) for a, b in zip(labels, reads[0], strict=True)],
        [f"Your {a}, read as {b}" for a, b in zip(labels, reads[0], strict=True)],
        shape=shapes[0], selected=st.session_state.get(PICKED), key="draw.gallery", on_pick=_pick,
    )  # fmt: skip
    picked = st.session_state.get(PICKED)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Remove the picked one", icon=":material/delete:", on_click=_remove, disabled=picked not in ids)
        st.button("Save as a data set", icon=":material/dataset:", on_click=_save, args=(runs[0],),
                  disabled=len(held) < LEAST_IMAGES or len(set(labels.tolist())) < 2,
                  help=f"From {LEAST_IMAGES} digits of two kinds on: to train on them and look at them.")  # fmt: skip
    if title := st.session_state.pop(SAVED, None):
        st.caption(f"Saved as {formats.plain(title)}: it can be chosen on Train and Data.")


def _measured(run, labels, read):
    """How many of the digits that are classes of the run's data set it has read."""
    name = formats.plain(run.name)
    known = np.isin(labels, datasets.about(run.config.dataset).names)
    count, others = int(known.sum()), int((~known).sum())
    if not count:
        st.markdown(f"{name} has no class for any of them.")
        return
    right = int((read == labels)[known].sum())
    low, high = accuracy_interval(right / count, count)
    st.markdown(
        f"{name} reads **{formats.count(right)} of {formats.count(count)}**, "
        f"{formats.percent(right / count)} (95 % interval: {100 * low:.0f} to {100 * high:.0f} %)."
        + (f" It has no class for the other {formats.count(others)}." if others else "")
    )


def _read(run, images):
    """The names of the classes that the run's network reads in the images."""
    names = np.array(datasets.about(run.config.dataset).names)
    return names[predictions(answers.network(shell.store(), run), images).argmax(axis=1)]


def _caption(label, read):
    return label if label == read else f"{label} \u2192 {read}"


def _pick(drawing_id):
    st.session_state[PICKED] = drawing_id


def _remove():
    with shell.problems_kept():
        shell.store().remove_drawing(st.session_state.pop(PICKED))


def _save(run):
    with shell.problems_kept():
        held = shell.store().drawings()
        shape = datasets.about(run.config.dataset).shape
        images = drawing.prepared([each.strokes for each in held], shape).reshape(-1, *shape)
        batch = assemble.Batch(images, np.array([each.label for each in held]))
        parts = assemble.assemble(batch, None)
        known = shell.store().own_sets().get(parts.name)  # from before, and perhaps renamed
        title = known.title if known else f"My {len(held)} digits"
        if known is None:
            shell.store().add_set(parts, title)
        st.session_state[SAVED] = title

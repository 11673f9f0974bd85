"""What a run shows and what may help, and the run as a script."""

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from .. import datasets
from ..analysis.hints import Hint, hints
from ..exports.script import PARENT, beginning, script, set_file
from ..runs.config import LABELS, RunConfig
from ..runs.store import Run
from ..uploads import npz
from . import shell
from .presses import once
from .wording import worded

CODE = "live.code"  # the key of the part that is folded


def advice(run: Run, epochs, train: Callable[[Run, RunConfig], None]) -> None:
    """The hints of a run that is over, each with its reason and a button that trains with the remedy."""
    if run.active:
        return
    for number, hint in enumerate(hints(run, epochs)):
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{hint.title}.** {hint.evidence}", width="stretch")
            with st.container(horizontal=True, vertical_alignment="center", width="content"):
                with st.popover("Why"):
                    st.markdown(hint.why)
                if hint.remedy:
                    st.button(label(hint), key=f"hint.{number}", on_click=once(train),
                              args=(run, replace(run.config, **hint.remedy)))  # fmt: skip


def label(hint: Hint) -> str:
    """Train with learning rate 0.3; Train with 12 epochs; Train with all training images"""
    return f"Train with {', '.join(_changed(name, value) for name, value in hint.remedy.items())}"


def _changed(name, value):
    said = worded(name, value)
    if name == "epochs":
        return f"{said} epochs"
    if not value and name == "subset":
        return "all training images"
    name = LABELS[name] if name == "l2" else LABELS[name].lower()
    return f"no {name}" if value == 0 else f"{name} {said}"


def code(run: Run) -> None:
    """The script that does this run, folded, ready to be copied, with the files that it needs."""
    part = st.expander("The code of this run", key=CODE, on_change="rerun")
    if part.open:
        with part:
            forked = run.origin == "fork"
            if run.origin == "imported":
                st.caption("This run was imported: these are the settings that its file claims, and nothing here was "
                           "trained with them. Other weights come of them.")  # fmt: skip
            else:
                threads = (run.environment or {}).get("blas_threads") or 1
                st.caption("The numbers of this run, bit for bit. Save it in this app's folder as run.py, and run it "
                           f"with as many threads as here: `OPENBLAS_NUM_THREADS={threads} python run.py`")  # fmt: skip
            _files(run, forked)
            st.code(script(run.config, forked=forked), language="python")


def _files(run, forked):
    """What the script reads, to be put beside it."""
    file = set_file(run.config)
    if file:
        st.download_button(file, lambda: npz.write(datasets.load(run.config.dataset)), file, key="code.set",
                           icon=":material/download:", on_click="ignore",
                           help="The data set, to be kept beside the script.")  # fmt: skip
    if forked:
        store = shell.store()  # a download's function can't ask who is looking
        st.download_button(PARENT, lambda: beginning(store, run), PARENT, key="code.parent",
                           icon=":material/download:", on_click="ignore",
                           help="The weights that this fork began with, to be kept beside the script.")  # fmt: skip

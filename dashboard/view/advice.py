"""What a run shows and what may help, and the run as a script."""

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from ..analysis.hints import Hint, hints
from ..exports.script import script
from ..runs.config import LABELS, RunConfig
from ..runs.store import Run
from .wording import worded

CODE = "live.code"  # the key of the part that is folded


def advice(run: Run, epochs, train: Callable[[RunConfig], None]) -> None:
    """The hints of a run that is over, each with its reason and a button that trains with the remedy."""
    if run.active:
        return
    for number, hint in enumerate(hints(run, epochs)):
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{hint.title}.** {hint.evidence}", width="stretch")
            with st.popover("Why", type="tertiary"):
                st.markdown(hint.why)
            if hint.remedy:
                st.button(label(hint), key=f"hint.{number}", on_click=train,
                          args=(replace(run.config, **hint.remedy),))  # fmt: skip


def label(hint: Hint) -> str:
    """Train with learning rate 0.3; Train with 12 epochs"""
    changes = [
        f"{worded(name, value)} epochs" if name == "epochs" else f"{LABELS[name].lower()} {worded(name, value)}"
        for name, value in hint.remedy.items()
    ]
    return f"Train with {', '.join(changes)}"


def code(config: RunConfig) -> None:
    """The script that does this run, folded, ready to be copied."""
    part = st.expander("The code of this run", key=CODE, on_change="rerun")
    if part.open:
        with part:
            st.caption("The same numbers, bit for bit with the same number of BLAS threads. Run it beside this app.")
            st.code(script(config), language="python")

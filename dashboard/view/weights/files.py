"""Weights as files: every form to take them home in, and the way back."""

from functools import partial

import streamlit as st

from mlpcore import MLP

from ... import exports, formats
from ...errors import UserError
from ...exports import adoption
from ...limits import MAX_FILE_BYTES, MIB
from ...runs.run import Run
from .. import shell

COUNT, REFUSED = "weights.uploads", "weights.refused"


def downloads(run: Run, net: MLP, epoch: int) -> None:
    """Every form that the weights can be taken home in."""
    history = [result for result in shell.store().epochs(run.id) if result.epoch <= epoch]
    name = f"{run.name} epoch {epoch}" if epoch else run.name
    with st.popover("Download", icon=":material/download:", width="stretch"):
        for kind, form in exports.FORMATS.items():
            st.download_button(
                form.title,
                partial(exports.write, kind, net, run.config, history, name),
                exports.filename(kind, name),
                form.mime,
                key=f"weights.download.{kind}",
                on_click="ignore",
                width="stretch",
            )


def upload(picker: str) -> None:
    """A file becomes a run, and `picker`, the key of the page's picker of runs, is turned to it."""
    key = f"{COUNT}.{st.session_state.setdefault(COUNT, 0)}"  # a new widget after each file: the old one is emptied
    st.file_uploader(
        "Weights that were saved here: .npz, .safetensors or the bundle .zip",
        type=list(exports.READERS),
        key=key,
        max_upload_size=MAX_FILE_BYTES // MIB,
        on_change=_take,
        args=(key, picker),
    )


def say_refused() -> None:
    """Why the last upload was refused, once."""
    if sentence := st.session_state.pop(REFUSED, None):
        st.error(formats.plain(sentence), icon=":material/error:")


def _take(key, picker):
    file = st.session_state[key]
    if file is None:
        return
    st.session_state[COUNT] += 1
    try:
        run = adoption.adopt(shell.store(), file.getvalue(), file.name)
    except UserError as error:
        st.session_state[REFUSED] = str(error)
        return
    st.session_state[picker] = run.id

"""Which data set is looked at, and one's own: added from files or from OpenML, looked over, saved, removed."""

import numpy as np
import streamlit as st

from ... import apart, datasets, exports, formats
from ...datasets import openml
from ...errors import UserError
from ...exports.refusal import ImportRefused
from ...limits import MAX_FILE_BYTES, MIB
from ...uploads import assemble, npz
from .. import images, shell
from ..presses import once

SET, WANTED = "data.set", "data.wanted"
COLUMNS = {"auto": "As the file tells", "first": "First column", "last": "Last column"}
BUILT_IN = ("mnist", "digits", "mnist_784")
PREVIEW = 20  # images
SETS = (
    "MNIST from OpenML is fetched when it is chosen here, Fashion-MNIST under Add; files of your own are added there, "
    "too. What is here can be chosen on the Train page."
)


def choose() -> str:
    """The picker of the data set, in step with the link's `set`."""
    state, own = st.session_state, shell.store().own_sets()
    names = [*BUILT_IN, *own]
    asked = state.pop(WANTED, None) or (st.query_params.get("set") if SET not in state else None)
    if asked is not None:
        if asked in names:
            state[SET] = asked
        else:
            st.warning(formats.inert(f"There is no data set {asked[:60]!r} here."), icon=":material/link_off:")
    if state.get(SET, names[0]) not in names:
        del state[SET]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox("Data set", names, key=SET, format_func=lambda name: datasets.about(name).title,
                              width=280, persist_state="session", on_change=_forget, help=SETS)  # fmt: skip
        st.button("Add", icon=":material/add:", on_click=_open)
    if state.pop("data.adding", False):
        add()
    st.query_params["set"] = chosen
    return chosen


def actions(name: str) -> None:
    """Take a set home; remove an own one, as long as no run uses it."""
    shell.say_kept()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "Download", lambda: npz.write(datasets.load(name)), exports.filename("npz", datasets.about(name).title),
            key="data.download", on_click="ignore", icon=":material/download:",
            help="An .npz with x_train, y_train, x_test and y_test, as Keras has them.",
        )  # fmt: skip
        if not datasets.is_own(name):
            return
        count = shell.store().runs_on(name)
        st.caption(f"Used by {formats.count(count)} {'run' if count == 1 else 'runs'}.", width="content")
        st.button("Remove", icon=":material/delete:", on_click=once(_remove), args=(name,), disabled=count > 0,
                  help="A data set can be removed when no run uses it." if count else None)  # fmt: skip


@st.dialog("Add a data set", width="medium")
def add() -> None:
    """Files, what was understood of them, and Save; or Fashion-MNIST from OpenML."""
    given = st.file_uploader(
        "IDX files of images and labels (plain or .gz), one .npz, or one CSV with a label column",
        accept_multiple_files=True, key="data.files", max_upload_size=MAX_FILE_BYTES // MIB,
    )  # fmt: skip
    if not given:
        _from_openml()
        return
    column = "auto"
    if given[0].name.lower().endswith(".csv"):
        column = st.segmented_control("The label is in", list(COLUMNS), default="auto", required=True,
                                      key="data.column", format_func=COLUMNS.__getitem__)  # fmt: skip
    try:
        parts = _read(tuple((file.file_id, file.name) for file in given), column, given)
    except ImportRefused as error:
        st.error(formats.plain(str(error)), icon=":material/error:")
        return
    _look_over(parts, given[0].name.split(".")[0])


def _look_over(parts, title):
    height, width = parts.shape
    test = len(parts.labels) - parts.train_samples
    st.markdown(f"**{formats.count(parts.train_samples)}** training and **{formats.count(test)}** test images, "
                f"{height} x {width} pixels, {len(parts.class_names)} classes.")  # fmt: skip
    first = np.linspace(0, parts.train_samples - 1, PREVIEW).astype(int)
    strip = images.digit_strip(parts.images[first], 2, parts.shape, shell.ink(), scale=max(1, 56 // height))
    shell.picture(strip, "Some of the images", width="content")
    known = shell.store().own_sets().get(parts.name)
    if known is not None:
        title = known.title
        st.caption("These images are here already. Saved again, they can get another title and other class names.")
    found = ", ".join(known.names if known else parts.class_names)
    title = st.text_input("Title", title, max_chars=60, key=f"data.title.{title}")  # another file, another one
    names = st.text_input("Class names, with commas between them", found, key=f"data.names.{found}")
    if not st.button("Save", type="primary", icon=":material/check:"):
        return
    try:
        named = assemble.rename(parts, names.split(","))
        st.session_state[WANTED] = shell.store().add_set(named, title)
    except UserError as error:
        st.error(formats.plain(str(error)), icon=":material/error:")
        return
    _forget()
    st.rerun()


def _from_openml():
    st.caption("Or a published set, fetched once and kept here:")
    if not st.button("Fashion-MNIST from OpenML", icon=":material/download:"):
        return
    try:
        with st.spinner("Asking OpenML"):
            parts = openml.fashion_mnist()
        st.session_state[WANTED] = shell.store().add_set(parts, "Fashion-MNIST")
    except UserError as error:
        st.error(formats.inert(str(error)), icon=":material/error:")
        return
    _forget()
    st.rerun()


@st.cache_data(max_entries=2, show_spinner="Reading")
def _read(files, column, _given):
    """The set in the files; `files`, their ids, tell one upload from another."""
    return apart.read_set([(file.name, file.getvalue()) for file in _given], column)


def _open():
    st.session_state["data.adding"] = True


def _forget():
    """What was picked among the images of another set."""
    for key in ("digit", "data.picked", "data.page", "data.run"):
        st.session_state.pop(key, None)


def _remove(name: str) -> None:
    with shell.problems_kept():
        shell.store().remove_set(name)
        _forget()

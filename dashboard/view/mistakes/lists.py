"""The lists of images: misread, barely right, how two runs differ, missed by every run; sorted and filtered."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from ... import datasets, formats
from ...runs.run import Run
from .. import images, shell
from ..components.gallery import gallery

ALL = "All"
SORTS = {
    "Most confident": ("confidence", False),
    "Least confident": ("confidence", True),
    "Highest loss": ("loss", False),
    "Index": ("index", True),
}
NAMES = {
    "wrong": "Misread",
    "unsure": "Right, least sure",
    "fixes": "Fixed",
    "breaks": "Broken",
    "both_wrong": "Wrong in both",
    "missed": "Missed by every run",
}
SHOWN = 1000  # images in the gallery at once
LIST, PICKED, PAGE = "mistakes.list", "mistakes.picked", "mistakes.page"
TRUE, READ = "mistakes.true", "mistakes.read"


@dataclass(frozen=True)
class Lists:
    """The images of one run: `table` has a row an image, from evaluation.judged; `groups` of a second run beside it."""

    table: pd.DataFrame
    groups: dict[str, np.ndarray]
    missed: Callable[[], tuple[np.ndarray, int]]  # the images that every run misses, and the number of runs

    def indices(self, name: str) -> np.ndarray:
        """The images of a list of NAMES."""
        if name == "missed":
            return self.missed()[0]
        if name in self.groups:
            return self.groups[name]
        return np.flatnonzero(self.table["correct"] if name == "unsure" else ~self.table["correct"])

    def title(self, name: str) -> str:
        """The list's name and how many images it has; the runs are asked only when a person wants to know."""
        if name in ("missed", "unsure"):
            return NAMES[name]
        return f"{NAMES[name]}: {formats.count(len(self.indices(name)))}"


def narrow(label: int | None, predicted: int | None) -> None:
    """In a callback: show the images of one cell of the confusion matrix, or of all."""
    st.session_state[TRUE] = ALL if label is None else label
    st.session_state[READ] = ALL if predicted is None else predicted
    if label is not None:
        st.session_state[LIST] = "unsure" if label == predicted else "wrong"


def choose(lists: Lists, about: datasets.About) -> pd.DataFrame:
    """The rows that the controls leave, sorted."""
    names = [name for name in NAMES if name in ("wrong", "unsure", "missed", *lists.groups)]
    if st.session_state.get(LIST) not in names:
        st.session_state[LIST] = names[0]
    name = st.pills("Show", names, key=LIST, required=True, wrap=True, format_func=lists.title,
                    label_visibility="collapsed") or names[0]  # fmt: skip
    order, true, read, least = st.columns([3, 2, 2, 4])
    by = order.selectbox("Sort by", list(SORTS), key="mistakes.sort", disabled=name == "unsure")
    digits = [ALL, *sorted(lists.table["label"].unique().tolist())]
    label = true.selectbox(about.noun.capitalize(), digits, key=TRUE, format_func=_named(about))
    predicted = read.selectbox("Read as", digits, key=READ, format_func=_named(about))
    confidence = least.slider("Confidence", 0.0, 1.0, (0.0, 1.0), step=0.05, key="mistakes.confidence")
    table = lists.table.loc[lists.indices(name)]
    if name == "missed":
        _say_missed(len(table), lists.missed()[1])
    if label != ALL:
        table = table[table["label"] == label]
    if predicted != ALL:
        table = table[table["predicted"] == predicted]
    table = table[table["confidence"].between(*confidence)]
    column, ascending = ("confidence", True) if name == "unsure" else SORTS[by]
    return table.sort_values(column, ascending=ascending, kind="stable")


def large(run: Run, split: str, row: pd.Series, outputs: np.ndarray) -> None:
    """One image, large, beside its outputs."""
    index, label, predicted = int(row["index"]), int(row["label"]), int(row["predicted"])
    data = datasets.load(run.config.dataset)
    digits, names = getattr(data, split)[0], data.about.names
    picture, bars = st.columns([1, 2], vertical_alignment="center")
    with picture:
        shell.picture(
            images.digit_strip(digits[index][None], 1, data.about.shape, shell.ink(), scale=8),
            f"Image {index}",
            width=180,
        )
    with bars:
        st.markdown(f"A **{formats.plain(names[label])}**, "
                    f"read as **{formats.plain(names[predicted])}** with {formats.percent(float(row['confidence']))}. "
                    f"Image {formats.count(index)}.")  # fmt: skip
        st.html(shell.outputs(run, outputs[index], label, names))


def pictures(run: Run, split: str, chosen: pd.DataFrame) -> None:
    """The images themselves, a thousand at a time; a click picks one."""
    pages = max(1, -(-len(chosen) // SHOWN))
    if st.session_state.get(PAGE, 1) > pages:
        st.session_state[PAGE] = 1
    noun = "image" if len(chosen) == 1 else "images"
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(f"{formats.count(len(chosen))} {noun}", width="content")
        page = st.pagination(pages, key=PAGE, width="content") if pages > 1 else 1
    chosen = chosen.iloc[(page - 1) * SHOWN : page * SHOWN]
    data = datasets.load(run.config.dataset)
    digits, names = getattr(data, split)[0], data.about.names
    pairs = list(zip(chosen["index"].tolist(), chosen["label"], chosen["predicted"], strict=True))
    gallery(
        digits[chosen["index"].to_numpy()], [i for i, *_ in pairs], [f"{names[a]} → {names[b]}" for _, a, b in pairs],
        [f"Image {i}: {names[a]}, read as {names[b]}" for i, a, b in pairs], shape=data.about.shape,
        selected=st.session_state.get(PICKED),
        key="mistakes.gallery", on_pick=_pick,
    )  # fmt: skip


def _named(about):
    return lambda label: label if label == ALL else about.names[label]


def _say_missed(count, runs):
    if runs == 1:
        st.caption("Only this run has read these images so far: with more runs the list gets shorter and surer.")
    else:
        st.caption(f"None of {runs} runs reads these {formats.count(count)} as labelled: the chosen one and the newest "
                   f"{runs - 1} finished ones of the same images. The likely label errors are among them.")  # fmt: skip


def _pick(index):
    st.session_state[PICKED] = index

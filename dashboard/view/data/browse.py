"""The images themselves: a gallery by digit and split, and one of them large with its neighbours."""

import numpy as np
import streamlit as st

from ... import datasets, formats
from ...analysis import pixels
from .. import images, shell
from ..components.gallery import gallery

SHOWN = 500  # images in the gallery at once
NEIGHBOURS = 12
ONE_HOT = 10  # outputs shown
PICKED, PAGE = "data.picked", "data.page"


def indices(labels: np.ndarray, digit: int | None) -> np.ndarray:
    """The images of a digit, or all."""
    return np.arange(len(labels)) if digit is None else np.flatnonzero(labels == digit)


def pictures(data: datasets.Dataset, split: str, chosen: np.ndarray) -> None:
    """The chosen images of a split, some hundred at a time; a click picks one."""
    X, y = getattr(data, split)
    pages = max(1, -(-len(chosen) // SHOWN))
    if st.session_state.get(PAGE, 1) > pages:
        st.session_state[PAGE] = 1
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(f"{formats.count(len(chosen))} images", width="content")
        page = st.pagination(pages, key=PAGE, width="content") if pages > 1 else 1
    ids = chosen[(page - 1) * SHOWN : page * SHOWN]
    names = data.about.names
    gallery(X[ids], ids.tolist(), [names[label] for label in y[ids]], [f"Image {i}: a {names[y[i]]}" for i in ids],
            shape=data.about.shape, selected=st.session_state.get(PICKED),
            key="data.gallery", on_pick=_pick)  # fmt: skip


def one(dataset: str, split: str, chosen: np.ndarray) -> None:
    """The picked image, or the first of the chosen: large, as the network gets it, and what is nearest to it."""
    data = datasets.load(dataset)
    X, y = getattr(data, split)
    picked = st.session_state.get(PICKED, -1)
    index = int(picked if picked in chosen else chosen[0])
    label, names = int(y[index]), data.about.names
    name = formats.plain(names[label])
    picture, about = st.columns([2, 3], vertical_alignment="center", gap="medium")
    with picture:
        shell.picture(
            images.digit_strip(X[index][None], 1, data.about.shape, shell.ink(), scale=8), f"Image {index}", width=200
        )
    with about:
        lit = int((X[index] > 0).sum())
        st.markdown(f"Image {formats.count(index)}, a **{name}**. {formats.count(lit)} of "
                    f"{formats.count(data.about.inputs)} pixels are lit.")  # fmt: skip
        st.caption("Its label as the network learns it, one-hot: 1 for the right output, 0 for all others.")
        st.markdown(_one_hot(label, names))
    st.markdown("**Nearest training images**")
    near, distances = _nearest(dataset, split, index)
    labels = data.train[1]
    same = int((labels[near] == label).sum())
    st.caption(f"{same} of {NEIGHBOURS} are a {name} too. Below each: {data.about.noun} and distance, the root of the "
               "summed squares of the pixels' differences.")  # fmt: skip
    gallery(data.train[0][near], near.tolist(),
            [f"{names[labels[i]]} · {d:.1f}" for i, d in zip(near, distances, strict=True)],
            [f"Training image {i}: a {names[labels[i]]}, distance {d:.2f}"
             for i, d in zip(near, distances, strict=True)],
            shape=data.about.shape, selected=None, key="data.near", on_pick=_ignore)  # fmt: skip


@st.cache_data(max_entries=500, show_spinner=False)
def _nearest(dataset, split, index):
    """Neighbours in the training set; an image of it is not its own."""
    data = datasets.load(dataset)
    itself = split == "train"
    near, distances = pixels.nearest(data.train[0], getattr(data, split)[0][index], NEIGHBOURS + itself)
    others = [i for i, each in enumerate(near) if not (itself and each == index)][:NEIGHBOURS]
    return near[others], distances[others]


def _one_hot(label, names):
    """A table of the classes; of many, the ones around the label."""
    first = max(0, min(label - ONE_HOT // 2, len(names) - ONE_HOT))
    shown = range(first, min(first + ONE_HOT, len(names)))
    head = " | ".join(formats.plain(names[each]) for each in shown)
    row = " | ".join("**1**" if each == label else "0" for each in shown)
    return f"| {head} |\n|{':-:|' * len(shown)}\n| {row} |"


def _pick(index):
    st.session_state[PICKED] = index


def _ignore(_index):
    """A neighbour is looked at, not picked: it may be of the other split."""

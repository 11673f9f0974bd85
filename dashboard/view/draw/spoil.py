"""A test image, spoiled as much as one likes: what runs still read in it, and their accuracy as all are spoiled."""

import numpy as np
import streamlit as st

from ... import datasets, formats
from ...analysis import answers, spoiling
from ...runs.run import Run
from ...runs.store import open_store
from .. import charts, images, shell
from . import answer

WAY, INDEX = "spoil.way", "spoil.image"


def show(runs: list[Run]) -> None:
    """What to spoil and how; both pictures; the answers; and accuracy against strength."""
    data = datasets.load(runs[0].config.dataset)
    others = [run for run in runs if not answers.same_images(runs[0], run)]
    runs = [run for run in runs if run not in others]
    controls, pictures, said = st.columns([3, 2, 5], gap="large")
    with controls:
        index, way, strength = _choose(data)
    before, label = data.test[0][index], data.about.names[int(data.test[1][index])]
    after = spoiling.spoiled(before[None], data.about.shape, way, strength)[0]
    with pictures:
        _picture(before, data.about.shape, "The test image", f"A {formats.plain(label)}, as it is")
        _picture(after, data.about.shape, "The spoiled image", "Spoiled")
    with said:
        store = shell.store()
        answer.side_by_side(runs, [answers.network(store, run) for run in runs], [after] * len(runs))
        if others:
            names = ", ".join(formats.plain(run.name) for run in others)
            st.caption(f"Not asked: {names}. Only runs on the same images can be laid side by side.")
    _against_strength(runs, data, way, strength)


def _choose(data):
    """(index of the image, way, strength)."""
    last = len(data.test[1]) - 1
    if st.session_state.get(INDEX, 0) > last:
        st.session_state[INDEX] = 0
    with st.container(horizontal=True, vertical_alignment="bottom"):
        index = st.number_input("Test image", 0, last, key=INDEX, persist_state="session")
        st.button("Another", icon=":material/shuffle:", on_click=_another, args=(last,))
    way = st.pills("Spoiled by", list(spoiling.WAYS), default="rotate", required=True, wrap=True, key=WAY,
                   format_func=lambda each: spoiling.WAYS[each].title, bind="query-params") or "rotate"  # fmt: skip
    about = spoiling.WAYS[way]
    low, *_, high = about.strengths
    some = about.strengths[-(len(about.strengths) // 3) - 1]  # enough to see
    strength = st.slider(f"{about.title}, {about.unit}", int(low), int(high), int(some), key=f"spoil.{way}")
    st.caption(about.what)
    return int(index), way, strength


def _another(last):
    st.session_state[INDEX] = int(np.random.default_rng().integers(last + 1))


def _picture(pixels, shape, alt, caption):
    scale = max(1, 168 // max(shape))
    shell.picture(images.digit_strip(pixels[None], 1, shape, shell.ink(), scale=scale), alt, width=scale * shape[1])
    st.caption(caption)


def _against_strength(runs, data, way, strength):
    about, strengths = spoiling.WAYS[way], spoiling.WAYS[way].strengths
    st.markdown(f"**All {formats.count(len(data.test[1]))} test images spoiled like this**")
    found = np.stack([_accuracies(shell.store().url, run.id, run.shown_epoch, way) for run in runs])
    names = [run.name for run in runs]
    colours = [charts.run_colour(run.number, shell.dark()) for run in runs]
    chart = charts.spoiling_chart(names, colours, f"{about.title}, {about.unit}", strengths, strength)
    st.vega_lite_chart(charts.spoiling_data(names, strengths, found), chart, key="spoil.chart",
                       alt="Test accuracy against the strength of the spoiling")  # fmt: skip
    near = int(np.argmin(np.abs(np.array(strengths) - strength)))
    whole = strengths.index(about.none)
    st.caption(" ".join(
        f"{formats.plain(run.name)}: {formats.percent(row[whole])} as they are, {formats.percent(row[near])} at "
        f"{strengths[near]} {about.unit}." for run, row in zip(runs, found, strict=True)
    ))  # fmt: skip


@st.cache_data(max_entries=200, show_spinner="Reading every test image")
def _accuracies(url, run, epoch, way):
    """The accuracies (strengths,) of one run after `epoch`."""
    store = open_store(url)
    found = store.get(run)
    data = datasets.load(found.config.dataset)
    images, labels = data.test
    return spoiling.accuracies([answers.network(store, found, epoch)], images, labels, data.about.shape, way)[0]

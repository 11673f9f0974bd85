"""Images as points of a plane: near each other where their pixels, or a network's hidden layer, are alike."""

import numpy as np
import streamlit as st

from ... import datasets, formats
from ...analysis import answers, maps
from ...runs.run import Run
from .. import charts, images, shell

POINTS = 2000
TICK_SECONDS = 0.7
METHODS = {"pca": "PCA", "tsne": "t-SNE"}
HELP = (
    "PCA: the two directions in which the images differ most; distances are true to scale. "
    "t-SNE: neighbours stay neighbours; distances between groups mean little."
)


def map_of_images(dataset: str, split: str) -> None:
    """Choices on top, the map below; t-SNE ticks until it is there."""
    st.markdown("**A map of images**")
    method, of = st.columns([2, 5], vertical_alignment="bottom")
    with method:
        chosen = st.segmented_control("Method", list(METHODS), default="pca", required=True, key="data.method",
                                      format_func=METHODS.__getitem__, help=HELP)  # fmt: skip
    with of:
        run = shell.pick_run("Of the pixels, or of what a run makes of them", "data.run", "run", optional=True)
    if run is not None and run.config.dataset != dataset:
        st.markdown("This run was trained on another data set: it can't place these images.")
        return
    layer = 0
    if run is not None and len(run.config.hidden) > 1:
        layer = st.segmented_control("Hidden layer", range(len(run.config.hidden)), required=True,
                                     default=len(run.config.hidden) - 1, key=f"data.layer.{run.id}",
                                     format_func=lambda each: str(each + 1))  # fmt: skip
    if _alike(dataset, split, run and run.id, run and run.shown_epoch, layer):
        st.markdown("What is to be mapped is the same for every image, as where every unit is dead: there is no map.")
        return
    job = _job(dataset, split, run, layer) if chosen == "tsne" else None
    tick = TICK_SECONDS if job is not None and not job.over else None
    st.fragment(run_every=tick, key=f"data.map.{tick}")(_map)(dataset, split, run, layer, job, tick is not None)


def _map(*what):
    with shell.problems_said():
        _draw(*what)


def _draw(dataset, split, run, layer, job, waiting):
    if job is None:
        placed, shares = _pca(dataset, split, run and run.id, run and run.shown_epoch, layer)
        first, second = (f"Component {i + 1}, {formats.percent(shares[i])} of the variance" for i in (0, 1))
    elif job.placed is None:
        if job.problem:
            st.error(formats.inert(job.problem), icon=":material/error:")
        else:
            text = "t-SNE begins" if job.progress == 0 else f"t-SNE, {100 * job.progress:.0f} % of its steps"
            st.progress(job.progress, text=text)
        return
    elif waiting:
        st.rerun()
    else:
        placed, first, second = job.placed, "", ""
    index = maps.sample(getattr(datasets.load(dataset), split)[1], POINTS)
    names, labels = datasets.about(dataset).names, getattr(datasets.load(dataset), split)[1][index]
    data = charts.map_data(placed, [names[label] for label in labels], _tips(dataset, split))
    spec = charts.map_chart(data, names, (first, second), shell.dark())
    st.vega_lite_chart(data, spec, key=f"data.plane.{job is None}",
                       alt="Each image as a point in the colour of its class")  # fmt: skip
    st.caption(f"{formats.count(len(index))} images drawn at random. Point at one to see it; click on a class of the "
               "legend to see it alone.")  # fmt: skip


def _features(dataset, split, run_id, layer) -> np.ndarray:
    X, y = getattr(datasets.load(dataset), split)
    chosen = X[maps.sample(y, POINTS)]
    if run_id is None:
        return chosen / np.float32(255)
    store = shell.store()
    return maps.hidden(answers.network(store, store.get(run_id)), chosen, layer)


@st.cache_data(max_entries=20, show_spinner=False)
def _alike(dataset, split, run_id, epoch, layer):
    return maps.alike(_features(dataset, split, run_id, layer))


@st.cache_data(max_entries=20, show_spinner=False)
def _pca(dataset, split, run_id, epoch, layer):
    """(placed, shares) of the sample; `epoch` tells one state of a run from another."""
    placed, shares = maps.pca(_features(dataset, split, run_id, layer))
    if placed.shape[1] < 2:  # of a layer with a single unit
        placed, shares = np.column_stack([placed, np.zeros(len(placed))]), np.append(shares, 0)
    return placed, shares


def _job(dataset: str, split: str, run: Run | None, layer: int) -> maps.Embedding:
    """The t-SNE that this choice asks for, begun once a server; anew when it failed, as on a full disk."""
    what = dataset, split, run and run.id, run and run.shown_epoch, layer
    if _embedding(*what).problem:
        _embedding.clear(*what)
    return _embedding(*what)


@st.cache_resource(max_entries=20, show_spinner=False)
def _embedding(dataset, split, run_id, epoch, layer):
    return maps.Embedding(_features(dataset, split, run_id, layer))


@st.cache_data(max_entries=8, show_spinner=False)
def _tips(dataset, split):
    """The sample's images as URLs, for tooltips: black on white."""
    X, y = getattr(datasets.load(dataset), split)
    index = maps.sample(y, POINTS)
    return [images.data_url(255 - image.reshape(datasets.about(dataset).shape)) for image in X[index]]

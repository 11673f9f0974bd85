"""What runs answer to a drawing: outputs of each, what the hidden layers do, and the pixels that decided.

Each part is one piece of HTML: for a browser, an answer is as slow as it has elements of Streamlit's.
"""

import html

import numpy as np
import streamlit as st

from mlpcore import MLP

from ... import datasets, formats
from ...analysis import answers, drawing
from ...runs.run import Run
from .. import images, shell

ACROSS = 32  # units in a row
INTO = "draw.into"  # the key of the run that is looked into
TITLE = '<p style="margin:0 0 0.6rem;overflow-wrap:anywhere"><b>{}</b></p>'
SAID = '<p style="margin:0 0 0.4rem;overflow-wrap:anywhere">{}</p>'
SMALL = '<p style="margin:0.6rem 0 1.2rem;font-size:0.875rem;opacity:0.75">{}</p>'
BARS = 210  # pixels: two runs stand side by side


def prepared(image: np.ndarray, shape: tuple[int, int]) -> None:
    """The drawing as the networks get it."""
    picture = images.digit_strip(image[None], 1, shape, shell.ink(), scale=6)
    boxed = " x ".join(str(round(drawing.BOX * side)) for side in shape)
    said = f"Scaled into {boxed} pixels, then placed with its centre of mass in the middle of {shape[0]} x {shape[1]}, "
    st.html(
        TITLE.format("What the network gets")
        + images.tag(picture, "The prepared drawing", 168)
        + SMALL.format(f"{said}as MNIST's digits were.")
    )


def side_by_side(runs: list[Run], nets: list[MLP], prepared: list[np.ndarray | None]) -> None:
    """The answer of each run, by its network, to the image prepared for it; two in a row where there is room."""
    each = "".join(_by_run(*one) for one in zip(runs, nets, prepared, strict=True))
    columns = f"repeat(auto-fill, minmax(min(100%, max({BARS}px, 34%)), 1fr))"
    st.html(f'<div style="display:grid;grid-template-columns:{columns};gap:1rem">{each}</div>')


def _by_run(run, net, image):
    """HTML of one run's answer, by its network, and its outputs as bars; "" where nothing is left of the drawing."""
    if image is None:  # too little is left of it in so few pixels
        return ""
    outputs = answers.one_output(net, image)
    answer, names = int(outputs.argmax()), datasets.about(run.config.dataset).names
    said = (
        f"<b>{html.escape(run.name)}</b> reads a <b>{html.escape(names[answer])}</b>, "
        f"with {formats.percent(float(outputs[answer]))}"
    )
    return f"<div>{SAID.format(said)}{shell.outputs(run, outputs, answer, names, width=BARS)}</div>"


def looked_into(runs: list[Run]) -> int:
    """Which of the runs is looked into: what was chosen, as long as it is asked, or else the first."""
    alike = {run.name for run in runs if [other.name for other in runs].count(run.name) > 1}
    names = {run.id: formats.plain(f"{run.name} ({run.number})" if run.name in alike else run.name) for run in runs}
    if len(names) == 1:
        return 0
    if st.session_state.get(INTO) not in names:
        st.session_state[INTO] = runs[0].id
    st.segmented_control("Look into", list(names), key=INTO, required=True, format_func=names.__getitem__,
                         persist_state="session")  # fmt: skip
    return list(names).index(st.session_state[INTO])


def inside(run: Run, net: MLP, image: np.ndarray) -> None:
    """What speaks for and against the answer, and the activations of each hidden layer."""
    answer, about = int(answers.one_output(net, image).argmax()), datasets.about(run.config.dataset)
    found = drawing.evidence(net, image, answer)
    strongest = float(abs(found).max())
    why, layers = st.columns([2, 5], gap="large")
    why.html(
        TITLE.format(f"For and against a {html.escape(about.names[answer])}")
        + images.tag(images.receptive_fields(found[None], about.shape, 1, 6, strongest), "Pixels for and against", 180)
        + images.tag(images.signed_legend(), "From against to for", 168)
        + SMALL.format("Blue pixels speak for it, orange ones against: pixel times the slope of the answer's sum.")
    )
    above = "0.5" if run.config.activation == "sigmoid" else "0"
    if shown := "".join(_layer(*each, above) for each in enumerate(drawing.activations(net, image), start=1)):
        layers.html(shown)


def _layer(number, a, above):
    """HTML of the activations of one hidden layer."""
    on, strongest = int((a > float(above)).sum()), float(abs(a).max())
    grid = np.zeros(-(-len(a) // ACROSS) * ACROSS, a.dtype)
    grid[: len(a)] = a
    wide = grid.reshape(-1, ACROSS)[:, : len(a)]
    return (
        TITLE.format(f"Hidden layer {number}")
        + images.tag(images.matrix(wide, 14, strongest), f"Activations of hidden layer {number}", 14 * wide.shape[1])
        + SMALL.format(f"{on} of {len(a)} units above {above}, the strongest {strongest:.3g}.")
    )

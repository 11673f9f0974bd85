"""What runs answer to a drawing: outputs of each, what the hidden layers do, and the pixels that decided."""

import numpy as np
import streamlit as st

from ... import datasets, formats
from ...analysis import answers, drawing
from ...runs.run import Run
from .. import charts, images, shell

ACROSS = 32  # units in a row


def prepared(image: np.ndarray, shape: tuple[int, int]) -> None:
    """The drawing as the networks get it."""
    st.markdown("**What the network gets**")
    shell.picture(images.digit_strip(image[None], 1, shape, shell.ink(), scale=7), "The prepared drawing", width=168)
    boxed = " x ".join(str(round(drawing.BOX * side)) for side in shape)
    st.caption(f"Scaled into {boxed} pixels, then placed with its centre of mass in the middle of {shape[0]} x "
               f"{shape[1]}, as MNIST's digits were.")  # fmt: skip


def by_run(run: Run, image: np.ndarray | None) -> None:
    """One run's answer and its outputs as bars."""
    if image is None:  # too little is left of it in so few pixels
        return
    outputs = answers.one_output(answers.network(shell.store(), run), image)
    answer, names = int(outputs.argmax()), datasets.about(run.config.dataset).names
    st.markdown(
        f"**{formats.plain(run.name)}** reads a **{formats.plain(names[answer])}**, "
        f"with {formats.percent(float(outputs[answer]))}"
    )
    chart = charts.outputs_chart(charts.run_colour(run.number, shell.dark()))
    st.vega_lite_chart(charts.outputs_data(outputs, answer, names), chart, key=f"draw.outputs.{run.id}",
                       alt=f"The outputs of {run.name}")  # fmt: skip


def inside(run: Run, image: np.ndarray) -> None:
    """What speaks for and against the answer, and the activations of each hidden layer."""
    net = answers.network(shell.store(), run)
    answer, about = int(answers.one_output(net, image).argmax()), datasets.about(run.config.dataset)
    found = drawing.evidence(net, image, answer)
    why, layers = st.columns([2, 5], gap="large")
    with why:
        st.markdown(f"**For and against a {formats.plain(about.names[answer])}**")
        strongest = float(abs(found).max())
        shell.picture(
            images.receptive_fields(found[None], about.shape, 1, 7, strongest), "Pixels for and against", width=168
        )
        shell.picture(images.signed_legend(), "From against to for", width=168)
        st.caption("Blue pixels speak for it, orange ones against: pixel times the slope of the answer's sum.")
    with layers:
        for number, a in enumerate(drawing.activations(net, image), start=1):
            on = int((a > 0.5).sum()) if run.config.activation == "sigmoid" else int((a > 0).sum())
            st.markdown(f"**Hidden layer {number}**")
            rows = -(-len(a) // ACROSS)
            grid = np.zeros(rows * ACROSS, a.dtype)
            grid[: len(a)] = a
            wide = grid.reshape(rows, ACROSS)[:, : len(a)]
            shell.picture(
                images.matrix(wide, 14, float(abs(a).max())),
                f"Activations of hidden layer {number}",
                width=14 * wide.shape[1],
            )
            above = "0.5" if run.config.activation == "sigmoid" else "0"
            st.caption(f"{on} of {len(a)} units above {above}, the strongest {float(abs(a).max()):.3g}.")

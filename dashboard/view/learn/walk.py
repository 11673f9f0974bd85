"""The way of one image in steps, forward and back: which step, which unit, and what stands above the numbers."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from ... import formats
from ...analysis.steps import Trace
from ...datasets import About
from .. import images, shell

STEP, UNIT = "learn.step", "learn.unit"
ACROSS = 25  # units in a row


@dataclass(frozen=True)
class Step:
    """One thing that is computed. `layer` counts from 0."""

    kind: str  # sum, activation, cost, delta, gradient or update
    layer: int
    title: str


def steps(count: int) -> list[Step]:
    """Every step through `count` layers, forward, the cost, and back."""
    forward = [
        step
        for i in range(count)
        for step in (Step("sum", i, f"Layer {i + 1}: sum z"), Step("activation", i, f"Layer {i + 1}: activation a"))
    ]
    back = [
        step
        for i in reversed(range(count))
        for step in (Step("delta", i, f"Layer {i + 1}: delta δ"), Step("gradient", i, f"Layer {i + 1}: gradient"))
    ]
    return [*forward, Step("cost", count - 1, "The cost C"), *back, Step("update", count - 1, "The update")]


def choose(all_steps: list[Step]) -> Step:
    """Back, the step's name, and Next."""
    titles = [step.title for step in all_steps]
    if st.session_state.get(STEP) not in titles:
        st.session_state[STEP] = titles[0]
    at = titles.index(st.session_state[STEP])
    back, slider, on = st.columns([1, 6, 1], vertical_alignment="bottom")
    back.button("Back", icon=":material/arrow_back:", disabled=at == 0, on_click=_go, args=(titles[max(0, at - 1)],),
                width="stretch")  # fmt: skip
    with slider:
        chosen = st.select_slider("Step", titles, key=STEP)
    on.button("Next", icon=":material/arrow_forward:", disabled=at == len(titles) - 1, type="primary",
              on_click=_go, args=(titles[min(len(titles) - 1, at + 1)],), width="stretch")  # fmt: skip
    return all_steps[titles.index(chosen)]


def choose_layer(step: Step, count: int) -> int:
    """The step's layer; the update is of all, and shows one."""
    if step.kind != "update":
        return step.layer
    return st.segmented_control("Layer", range(count), default=count - 1, required=True, key=f"learn.layer.{count}",
                                format_func=lambda each: str(each + 1))  # fmt: skip


def choose_unit(found: Trace, layer: int, about: About, label: int) -> int:
    """A unit of the layer; first the most telling: the output of the label, or the most active hidden one."""
    last = layer == len(found.layers) - 1
    a = found.layers[layer].a
    key = f"{UNIT}.{layer}.{len(a)}"
    st.session_state.setdefault(key, label if last else int(np.abs(a).argmax()))
    st.session_state[key] = min(st.session_state[key], len(a) - 1)
    if last and len(a) <= 100:
        return st.selectbox(
            f"Output ({about.noun})",
            range(len(a)),
            key=key,
            format_func=about.names.__getitem__,
            width=240,
            persist_state="session",
        )
    return st.number_input(f"Unit of layer {layer + 1}", 0, len(a) - 1, key=key, width=240, persist_state="session")


def overview(found: Trace, step: Step, image: np.ndarray, about: About) -> None:
    """The image and each layer as the step finds it: activations on the way forward, deltas on the way back."""
    columns = st.columns([2, *[3] * len(found.layers)], gap="medium")
    with columns[0]:
        st.caption(f"Input a⁰, {formats.count(len(image))} pixels")
        shell.picture(images.digit_strip(image[None], 1, about.shape, shell.ink(), scale=4), "The image", width=112)
    backward = step.kind in ("delta", "gradient", "update")
    for number, (column, layer) in enumerate(zip(columns[1:], found.layers, strict=True), start=1):
        known = step.layer < number if backward else number <= step.layer + 1
        values = layer.delta if backward else layer.a
        here = "**" if number == step.layer + 1 else ""
        with column:
            symbol = "δ" if backward and known else "a"
            if step.kind == "sum" and number == step.layer + 1:
                symbol, values = "z", layer.z
            if backward and not known:
                values = layer.a
            st.caption(f"{here}Layer {number}: {symbol}, {formats.count(len(values))} units{here}")
            if not backward and not known:
                st.caption("not computed yet")
                continue
            shell.picture(_row(values), f"{symbol} of layer {number}", width=min(ACROSS, len(values)) * 9)
            st.caption(f"from {values.min():.3g} to {values.max():.3g}")


def _row(values):
    rows = -(-len(values) // ACROSS)
    grid = np.zeros(rows * ACROSS)
    grid[: len(values)] = values
    return images.matrix(grid.reshape(rows, ACROSS)[:, : len(values)], 9, float(np.abs(values).max()))


def _go(title):
    st.session_state[STEP] = title

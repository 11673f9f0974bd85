"""The first layer: each hidden unit as a picture of what it looks for, and one of them large."""

import streamlit as st

from mlpcore import MLP

from ... import datasets, formats
from ...analysis import answers
from ...runs.run import Run
from .. import charts, images, shell
from ..components.gallery import gallery, signed_pixels

UNIT, IMAGE = "weights.unit", "weights.image"
EXCITING = 12  # images
SORTS = {"norm": "Strongest first", "index": "In order"}


def legend(strongest: float) -> None:
    """What the colours say."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(f"−{strongest:.2f}", width="content")
        shell.picture(images.signed_legend(), "From negative to positive weights", width=140)
        st.caption(f"+{strongest:.2f}", width="content")


def first_layer(run: Run, net: MLP) -> None:
    """Every unit of the first layer; a click shows one large."""
    W, norms = net.layers[0].W, answers.norms(net)
    strongest = float(abs(W).max())
    what, noun = ("hidden units", "Unit") if len(net.layers) > 1 else ("outputs", "Digit")
    st.markdown(f"**First layer**: what each of its {formats.count(len(W))} {what} looks for")
    order, scale = st.columns([6, 5], gap="large", vertical_alignment="center")
    sort = order.segmented_control("Order", list(SORTS), default="norm", required=True, key="weights.sort",
                                   format_func=SORTS.__getitem__, label_visibility="collapsed")  # fmt: skip
    with scale:
        legend(strongest)
    units = norms.argsort()[::-1].tolist() if sort == "norm" else list(range(len(W)))
    if st.session_state.get(UNIT) not in units:
        st.session_state[UNIT] = units[0]
    fields, about = st.columns([6, 5], gap="large")
    with fields:
        titles = [f"{noun} {unit}, norm {norms[unit]:.2f}" for unit in units]
        gallery(signed_pixels(W[units], strongest), units, [str(unit) for unit in units], titles, signed=True,
                shape=datasets.about(run.config.dataset).shape, key="weights.fields",
                selected=st.session_state[UNIT], on_pick=_pick_unit)  # fmt: skip
    with about:
        _one_unit(run, net, st.session_state[UNIT], noun, strongest)


def _one_unit(run, net, unit, noun, strongest):
    """A unit large: its field, bias, outgoing weights, and what excites it most."""
    data = datasets.load(run.config.dataset)
    layer, (test, labels), shape, names = net.layers[0], data.test, data.about.shape, data.about.names
    field, about = st.columns([4, 5], vertical_alignment="center")
    with field:
        shell.picture(
            images.receptive_fields(layer.W[unit][None], shape, 1, 8, strongest), f"Weights of {noun} {unit}", width=240
        )
    with about:
        bias = "no bias" if layer.b is None else f"bias {layer.b[unit]:+.3f}".replace("-", "−")
        st.markdown(f"**{noun} {unit}**")
        st.markdown(f"Norm {answers.norms(net)[unit]:.2f}, {bias}")
    if len(net.layers) > 1:
        last = len(net.layers) == 2
        data = charts.outgoing_data(net.layers[1].W[:, unit])
        st.caption(f"Outgoing weights, to the {'classes' if last else 'units of hidden layer 2'}")
        st.vega_lite_chart(data, charts.outgoing_chart(data, "Class" if last else "Unit"), key="weights.outgoing",
                           alt=f"Outgoing weights of unit {unit}")  # fmt: skip
    best = answers.most_exciting(net, test, unit, EXCITING)
    st.caption("Test images that excite it most; a click follows one below")
    gallery(test[best], best.tolist(), [names[labels[i]] for i in best],
            [f"Image {i}: a {names[labels[i]]}" for i in best], shape=shape,
            key="weights.exciting", selected=st.session_state.get(IMAGE), on_pick=_pick_image)  # fmt: skip


def one_image(run: Run, net: MLP, epoch: int) -> None:
    """One test image's ten outputs at this epoch."""
    data = datasets.load(run.config.dataset)
    (test, labels), names = data.test, data.about.names
    st.markdown("**One image**: its outputs at this epoch")
    pick, picture, bars = st.columns([3, 2, 6], vertical_alignment="center", gap="large")
    st.session_state[IMAGE] = min(st.session_state.get(IMAGE, 0), len(test) - 1)  # of a run on fewer images, perhaps
    with pick:
        index = st.number_input("Test image", 0, len(test) - 1, key=IMAGE, width=180, persist_state="session")
        outputs = answers.one_output(net, test[index])
        guess = int(outputs.argmax())
        st.markdown(f"A **{formats.plain(names[labels[index]])}**, read as **{formats.plain(names[guess])}** "
                    f"with {formats.percent(float(outputs[guess]))}"
                    + (f" after epoch {epoch}." if epoch else "."))  # fmt: skip
    with picture:
        shell.picture(
            images.digit_strip(test[index][None], 1, data.about.shape, shell.ink(), scale=6),
            f"Image {index}",
            width=168,
        )
    with bars:
        st.html(shell.outputs(run, outputs, int(labels[index]), names))


def _pick_unit(unit):
    st.session_state[UNIT] = unit


def _pick_image(index):
    st.session_state[IMAGE] = index

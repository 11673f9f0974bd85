"""Weights: what did the first layer learn?"""

from functools import partial

import streamlit as st

from dashboard import datasets, exports, formats
from dashboard.analysis import answers
from dashboard.runs.store import Run
from dashboard.view import charts, images, shell

EPOCH = "weights.epoch"
COLUMNS, SCALE = 12, 3
EXCITING = 12  # images
SORTS = {"norm": "Strongest first", "index": "In order"}


def downloads(run: Run, net, epoch: int) -> None:
    """Every form that the weights can be taken home in."""
    history = [result for result in shell.store().epochs(run.id) if result.epoch <= epoch]
    name = f"{run.name} epoch {epoch}"
    with st.popover("Download", icon=":material/download:"):
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


def legend(strongest: float) -> None:
    """What the colours say."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(f"−{strongest:.2f}", width="content")
        shell.picture(images.signed_legend(), width=160)
        st.caption(f"+{strongest:.2f}", width="content")


def one_unit(run: Run, net, unit: int, strongest: float) -> None:
    """A unit of the first layer, large: its field, bias, outgoing weights, and what excites it most."""
    layer, data = net.layers[0], datasets.load(run.config.dataset)
    field, about = st.columns([1, 2], gap="large")
    with field:
        shell.picture(images.receptive_fields(layer.W[unit][None], 28, 1, 9, strongest), width=260)
    with about:
        bias = "no bias" if layer.b is None else f"bias {layer.b[unit]:+.3f}"
        st.markdown(f"**Unit {unit}**: norm {answers.norms(net)[unit]:.2f}, {bias}")
        if len(net.layers) > 1:
            outgoing = net.layers[1].W[:, unit][None]
            st.caption(f"Outgoing weights, to the {outgoing.shape[1]} units of the next layer")
            shell.picture(images.matrix(outgoing, max(4, 360 // outgoing.shape[1]), float(abs(outgoing).max())))
        st.caption("The test images that excite it most")
        best = answers.most_exciting(net, data.test[0], unit, EXCITING)
        shell.picture(images.digit_strip(data.test[0][best], 1, 28, shell.ink(), scale=1), width=28 * EXCITING)


def first_layer(run: Run, net) -> None:
    """Each unit of the first layer as a picture of what it looks for."""
    W = net.layers[0].W
    strongest = float(abs(W).max())
    title, order = st.columns([3, 2], vertical_alignment="bottom")
    with title:
        st.markdown(f"**First layer**: what each of its {formats.count(len(W))} units looks for")
        legend(strongest)
    sort = order.segmented_control("Order", list(SORTS), default="norm", required=True, key="weights.sort",
                                   format_func=SORTS.__getitem__, label_visibility="collapsed")  # fmt: skip
    norms = answers.norms(net)
    units = norms.argsort()[::-1] if sort == "norm" else list(range(len(W)))
    shell.picture(images.receptive_fields(W[units], 28, min(COLUMNS, len(W)), SCALE, strongest))
    unit = st.selectbox("Unit", [int(u) for u in units], key="weights.unit",
                        format_func=lambda u: f"Unit {u}, norm {norms[u]:.2f}", width=240)  # fmt: skip
    one_unit(run, net, unit, strongest)


def every_layer(run: Run, net) -> None:
    """Each layer's weights as a histogram, and the deeper ones as a matrix."""
    st.markdown("**Every layer**")
    colour = charts.run_colour(run.number, shell.dark())
    for column, (number, layer) in zip(st.columns(len(net.layers)), enumerate(net.layers, start=1), strict=True):
        with column:
            st.caption(f"Layer {number}, {layer.din} to {layer.dout}: norm {(layer.W**2).sum() ** 0.5:.1f}")
            data = charts.histogram_data(layer.W)
            alt = f"Histogram of the weights of layer {number}"
            st.vega_lite_chart(data, charts.histogram_chart(data, colour), key=f"weights.h{number}", alt=alt)
            if number > 1:
                strongest = float(abs(layer.W).max())
                shell.picture(images.matrix(layer.W, max(1, 600 // layer.din), strongest))
                legend(strongest)


shell.enter()
with shell.problems_said():
    first, second, third = st.columns([3, 4, 1.4], vertical_alignment="bottom")
    with first:
        run = shell.pick_run("Run", "weights.run", "run")
    if run is None:
        shell.nothing_yet("what it learned is shown here")
    kept = shell.store().snapshots(run.id)
    wanted = st.query_params.get("epoch", "")
    if EPOCH not in st.session_state or st.session_state[EPOCH] not in kept:
        st.session_state[EPOCH] = int(wanted) if wanted.isdecimal() and int(wanted) in kept else kept[-1]
    with second:
        epoch = st.select_slider("Epoch", kept, key=EPOCH) if len(kept) > 1 else kept[0]
    st.query_params["epoch"] = str(epoch)
    net = answers.network(shell.store(), run, epoch)
    with third:
        downloads(run, net, epoch)
    first_layer(run, net)
    every_layer(run, net)

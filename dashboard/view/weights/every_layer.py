"""Every layer: its figures, the spread of its weights now and over the epochs, and the deeper ones as heat maps."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from mlpcore import MLP

from ... import datasets, formats
from ...analysis import layers
from ...runs.run import Run
from .. import charts, shell
from ..components.heat_map import heat_map
from ..tables import table

ACROSS = 3  # layers beside each other


def title(number: int, count: int) -> str:
    """What layer `number` of `count`, from 1, leads to."""
    return "Output layer" if number == count else f"Hidden layer {number}"


def deeper(net: MLP) -> None:
    """The matrix of each layer after the first, with its biases."""
    count = len(net.layers)
    if count == 1:
        return
    st.markdown("**Deeper layers**: each row is a unit, each column what it listens to")
    for number, layer in list(enumerate(net.layers, start=1))[1:]:
        digits = number == count
        place = st.container()
        titles = (f"from the {formats.count(layer.din)} units of hidden layer {number - 1}",
                  "digit" if digits else "unit")  # fmt: skip
        strongest, biases = heat_map(layer.W, layer.b, row="digit" if digits else "unit", column="unit",
                                     titles=titles, key=f"weights.matrix{number}")  # fmt: skip
        said = f"{title(number, count)}: blue to +{strongest:.2f}, orange to −{strongest:.2f}"
        place.caption(said if layer.b is None else f"{said}; its biases b to ±{biases:.2f}")


def figures(run: Run, net: MLP) -> None:
    """Norm, saturated and dead units of each layer as a table."""
    st.markdown("**Every layer**")
    found = layers.figures(net, datasets.load(run.config.dataset).test[0])
    rows = pd.DataFrame(
        {
            "Layer": title(number, len(found)),
            "Weights": f"{formats.count(layer.din)} to {formats.count(layer.dout)}",
            "Norm": f"{layer.norm:.2f}",
            "Norm of biases": "–" if layer.bias_norm is None else f"{layer.bias_norm:.2f}",
            "Saturated": "–" if layer.saturated is None else f"{100 * layer.saturated:.1f} %",
            "Dead units": "–" if layer.dead is None else formats.count(round(layer.dead * layer.dout)),
        }
        for number, layer in enumerate(found, start=1)
    )
    right = st.column_config.TextColumn(alignment="right")
    figures = ("Norm", "Norm of biases", "Saturated", "Dead units")
    table(rows, key="weights.figures", height="content",
                 column_config=dict.fromkeys(figures, right))  # fmt: skip
    st.caption("Saturated: activations, over 500 test images, where the slope is nearly flat. "
               "Dead: units that are saturated for every one of them.")  # fmt: skip


def spreads(run: Run, net: MLP, kept: Sequence[int], epoch: int) -> None:
    """Each layer's weights as a histogram at this epoch, and how they moved over the epochs."""
    colour = charts.run_colour(run.number, shell.dark())
    moved = layers.spread(shell.store(), run, kept)
    epochs = moved["epoch"].nunique()
    st.markdown("**Spread of the weights**: at this epoch" + (", and over the epochs" if epochs > 1 else ""))
    count = len(net.layers)
    for start in range(0, count, ACROSS):
        for column, number in zip(st.columns(min(ACROSS, count)), range(start + 1, count + 1), strict=False):
            with column:
                data = charts.histogram_data(net.layers[number - 1].W)
                st.caption(title(number, count))
                st.vega_lite_chart(data, charts.histogram_chart(data, colour), key=f"weights.h{number}",
                                   alt=f"Histogram of the weights of layer {number}")  # fmt: skip
                if epochs > 1:
                    mine = moved[moved["layer"] == number]
                    st.vega_lite_chart(mine, charts.spread_chart(mine, colour, epoch, shell.ink()),
                                       key=f"weights.s{number}",
                                       alt=f"Spread of the weights of layer {number} over the epochs")  # fmt: skip
    if epochs > 1:
        st.caption("Bands, from dark to light: the middle half of the weights, the middle 90 %, all of them. "
                   "The line is the median, the dashed one this epoch.")  # fmt: skip

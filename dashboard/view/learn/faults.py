"""What was wrong in naive code, as two small experiments that are carried out here."""

import streamlit as st

from ...analysis import experiments
from .. import charts, shell

WIDE, NARROW = 30, 6


def faults() -> None:
    """Unscaled test images, and frozen biases; each trained when it is asked for."""
    st.markdown("**Two faults of naive code**")
    if not st.toggle("Carry them out", key="learn.faults",
                     help="Small networks, 10,000 images, 5 epochs: a few seconds."):  # fmt: skip
        return
    first, second = st.columns(2, gap="large")
    with first:
        st.markdown("Test images are not scaled")
        found = _unscaled()
        _draw({"Scaled to 0 to 1, as in training": found.right, "From 0 to 255": found.wrong}, "unscaled")
        st.caption(f"The same weights, judged by raw pixels, lose {100 * found.damage:.1f} points of accuracy after "
                   f"the last epoch and {100 * (found.right[0] - found.wrong[0]):.1f} after the first: sums 255 times "
                   "as large saturate every unit, and nuances are gone.")  # fmt: skip
    with second:
        units = st.segmented_control("Hidden units", [NARROW, WIDE], default=NARROW, required=True, key="learn.units")
        st.markdown("Biases never learn")
        found = _frozen(units)
        _draw({"Biases learn": found.right, "Biases stay at 0": found.wrong}, "frozen")
        st.caption(f"Without its biases the network with {units} hidden units is {100 * found.damage:.1f} points "
                   "worse, the mean of three seeds. In a wide network other weights do their work: such a fault is "
                   "easily overlooked.")  # fmt: skip


def _draw(curves, key):
    data = charts.two_curves_data(curves)
    st.vega_lite_chart(data, charts.two_curves_chart(data, shell.dark()), key=f"learn.{key}",
                       alt="Test accuracy per epoch, right and wrong")  # fmt: skip


@st.cache_data(show_spinner="Training")
def _unscaled():
    return experiments.unscaled_test_images()


@st.cache_data(show_spinner="Training")
def _frozen(units):
    return experiments.frozen_biases(units)

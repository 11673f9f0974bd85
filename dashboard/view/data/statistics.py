"""What the images have in common: mean and variance, class balance, pixel values before and after scaling."""

import numpy as np
import streamlit as st

from ... import datasets, formats
from ...analysis import pixels
from .. import charts, images, shell


@st.cache_data(max_entries=50, show_spinner=False)
def measured(dataset: str, split: str, digit: int | None) -> pixels.Pixels:
    """The figures of the images of a digit, or of all."""
    X, y = getattr(datasets.load(dataset), split)
    return pixels.measure(X if digit is None else X[y == digit])


def statistics(dataset: str, split: str, digit: int | None) -> None:
    """Three columns: the mean and the variance image, the classes, the pixels."""
    found = measured(dataset, split, digit)
    data = datasets.load(dataset)
    about = data.about
    whose = "all images" if digit is None else f"every {formats.plain(about.names[digit])}"
    mean, balance, values = st.columns([5, 4, 5], gap="large")
    with mean:
        st.markdown("**Mean and variance**")
        with st.container(horizontal=True, gap="medium"):
            _picture(found.mean, about.shape, f"Mean of {whose}")
            most = float(found.variance.max())
            _picture(found.variance * (255 / (most or 1)), about.shape, f"Variance, at most {most / 255**2:.2g}")
        st.caption(f"{found.never_lit} of {data.about.inputs} pixels are dark in {whose}: weights from there never "
                   "learn.")  # fmt: skip
    with balance:
        st.markdown("**Class balance**")
        counts = charts.balance_data(pixels.balance(getattr(data, split)[1], data.about.classes), about.names)
        chosen = None if digit is None else about.names[digit]
        fewest, most = int(counts["images"].min()), int(counts["images"].max())
        st.vega_lite_chart(counts, charts.balance_chart(_colour(), chosen, most), key="data.balance",
                           alt="Images of each class")  # fmt: skip
        st.caption(
            f"From {formats.count(fewest)} to {formats.count(most)} images a {about.noun}"
            + (
                ": accuracy is a fair figure."
                if most < 2 * fewest
                else ": a network that knows the frequent ones alone has a high accuracy."
            )
        )
    with values:
        _values(found)


def _values(found):
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown("**Pixel values**", width="content")
        scaled = st.toggle("Divided by 255", key="data.scaled", value=True,
                           help="What the network gets. Values up to 255 would push the first layer's sums far into "
                           "the flat ends of its activation, where it hardly learns.")  # fmt: skip
    scale = 1 / 255 if scaled else 1.0
    st.vega_lite_chart(charts.pixel_data(found.histogram, scale), charts.pixel_chart(_colour(), 256 * scale),
                       key=f"data.pixels.{scaled}", alt="How many pixels have each value")  # fmt: skip
    mean, deviation = (number * scale for number in found.overall)
    st.caption(f"Mean {mean:.3g}, standard deviation {deviation:.3g}; {formats.percent(found.dark)} of the pixels are "
               "zero.")  # fmt: skip


def _picture(values: np.ndarray, shape: tuple[int, int], text: str) -> None:
    with st.container(width="content"):
        shell.picture(
            images.digit_strip(values.astype(np.uint8)[None], 1, shape, shell.ink(), scale=5), text, width=140
        )
        st.caption(text)


def _colour():
    return charts.run_colour(1, shell.dark())

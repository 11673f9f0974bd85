"""The chart of several runs, and charts as files."""

import io
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from dashboard.view import charts

LINES = [charts.Line("shallow", "#2f62d0"), charts.Line('deep "two" </svg>', "#d95f0e")]
DATA = charts.overlay_data(
    {"x": np.array([1.0, 2, 3]), "s0": np.array([0.9, 0.95, 0.96]), "s1": np.array([np.nan, 0.91, 0.97])}
)


def values(spec):
    """The layer that draws the lines."""
    return next(layer for layer in spec["layer"] if "fold" in str(layer.get("transform")))


def test_every_scale_has_a_domain_even_without_data():
    empty = charts.overlay_data({"x": np.empty(0)})
    for data, lines in ((empty, []), (DATA, LINES)):
        for metric in ("accuracy", "loss", "error"):
            spec = charts.overlay_chart(data, lines, metric, "epochs")
            low, high = values(spec)["encoding"]["y"]["scale"]["domain"]
            assert low < high
            assert spec["encoding"]["x"]["scale"]["domain"][0] < spec["encoding"]["x"]["scale"]["domain"][1]


def test_error_has_a_logarithmic_axis_that_never_reaches_zero():
    data = DATA.assign(s0=[0.1, 0.05, 0.0])
    scale = values(charts.overlay_chart(data, LINES, "error", "epochs"))["encoding"]["y"]["scale"]
    assert scale["type"] == "log"
    assert scale["domain"][0] > 0


def test_hover_shows_every_run():
    rule = charts.overlay_chart(DATA, LINES, "accuracy", "epochs")["layer"][-1]
    assert [entry["title"] for entry in rule["encoding"]["tooltip"]] == ["Epochs", "shallow", 'deep "two" </svg>']


@pytest.mark.parametrize("metric", ["accuracy", "loss", "error"])
def test_a_chart_is_a_png_with_both_colours(metric):
    png = charts.picture(charts.overlay_chart(DATA, LINES, metric, "epochs"), DATA, "png")
    picture = np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).reshape(-1, 3)
    for colour in ((0x2F, 0x62, 0xD0), (0xD9, 0x5F, 0x0E)):
        assert (picture == colour).all(axis=1).sum() > 100


def test_a_chart_is_an_svg_with_legend_and_axes():
    svg = charts.picture(charts.overlay_chart(DATA, LINES, "accuracy", "epochs"), DATA, "svg").decode()
    texts = {text.text for text in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")}
    assert {"shallow", 'deep "two" </svg>', "Epochs", "Test accuracy"} <= texts


def test_a_band_is_drawn_for_repeats_and_the_raw_values_under_smoothed_ones():
    data = DATA.assign(s0_low=[0.8, 0.9, 0.95], s0_high=[0.95, 0.96, 0.97], s1_raw=DATA["s1"])
    spec = charts.overlay_chart(data, LINES, "accuracy", "epochs")
    assert [layer["mark"]["type"] for layer in spec["layer"]] == ["area", "line", "line", "rule"]
    charts.picture(spec, data, "svg")


def test_the_legend_names_every_run():
    names = [f"number {i}" for i in range(40)]
    data = charts.overlay_data({"x": np.array([1.0, 2]), **{f"s{i}": np.array([0.8, 0.9]) for i in range(len(names))}})
    chart = charts.overlay_chart(data, [charts.Line(name, "#2f62d0") for name in names], "accuracy", "epochs")
    svg = charts.picture(chart, data, "svg").decode()
    assert set(names) <= {text.text for text in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")}

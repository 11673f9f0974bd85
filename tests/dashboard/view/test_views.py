"""Charts, pictures and formats: what they make of numbers."""

import csv
import io
import json
import re
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from dashboard import formats
from dashboard.analysis.evaluation import accuracy_interval
from dashboard.runs.config import RunConfig
from dashboard.view import charts, images
from dashboard.view.compare import run_list
from dashboard.view.components import gallery, heat_map
from mlpcore import EpochResult

HISTORY = [EpochResult(1, 0.3, 0.71, 0.2, 0.91, 1.0), EpochResult(2, 0.2, 0.90, 0.1, 0.94, 1.0)]


def test_history_has_a_row_for_each_epoch_and_set():
    data = charts.history(HISTORY)
    assert data.to_dict("records")[2] == {"epoch": 2, "set": "test", "accuracy": 0.94, "loss": 0.1}
    assert len(data) == 4
    assert list(charts.history([]).columns) == ["epoch", "set", "accuracy", "loss"]


def test_axes_settle_with_the_first_epoch_and_stand_still():
    first, both = charts.history(HISTORY[:1]), charts.history(HISTORY)
    assert charts.accuracy_floor(first) == charts.accuracy_floor(both) == 0.9
    assert charts.loss_ceiling(first) == charts.loss_ceiling(both) == pytest.approx(0.3)
    assert charts.accuracy_floor(charts.history([])) == 0.0


@pytest.mark.parametrize("highest", [1e-7, 0.004, 0.099, 0.1, 0.74, 1.0, 3.7, 12, 950])
def test_the_loss_axis_ends_a_little_above_the_largest_loss(highest):
    data = charts.history([EpochResult(1, highest, 0.5, highest / 2, 0.5, 1.0)])
    assert highest <= charts.loss_ceiling(data) <= 2 * highest + 1e-9


def test_a_chart_is_plain_json_with_fixed_domains():
    spec = json.loads(json.dumps(charts.epoch_chart("accuracy", "#123456", 16, 0.9, 1.0)))
    assert spec["encoding"]["x"]["scale"]["domain"] == [1, 16]
    assert spec["layer"][0]["encoding"]["y"]["scale"]["domain"] == [0.9, 1.0]
    assert spec["layer"][0]["mark"]["color"] == "#123456"


def test_a_run_keeps_its_colour_and_neighbours_differ():
    assert charts.run_colour(3) == charts.run_colour(13)
    assert len({charts.run_colour(number) for number in range(1, 11)}) == 10
    theme = tomllib.loads((Path(__file__).parents[3] / ".streamlit" / "config.toml").read_text())["theme"]
    assert tuple(theme["light"]["chartCategoricalColors"]) == charts.LIGHT
    assert tuple(theme["dark"]["chartCategoricalColors"]) == charts.DARK


def test_a_sparkline_goes_from_its_lowest_to_its_highest():
    svg = images.sparkline([1.0, 3.0, 2.0], "#123456")
    assert 'points="0.0,37.0 120.0,3.0 240.0,20.0"' in svg
    assert "nan" not in images.sparkline([], "#123456") + images.sparkline([5.0, 5.0], "#123456")


def drawn_bars(values, strong, names):
    """[(name, per cent, length, opacity)] of the picture, top to bottom."""
    picture = ElementTree.fromstring(images.bars(np.array(values), strong, names, "#123456", 'the "outputs"', 330))
    assert (picture.get("role"), picture.get("aria-label")) == ("img", 'the "outputs"')
    rows = list(picture)
    return [
        (
            name.text,
            said.text,
            float(re.search(r"width:max\(1px, calc\(\(100% - 4em\) \* ([\d.]+)\)\)", bar.get("style"))[1]),
            re.search(r"opacity:([\d.]+)", bar.get("style"))[1],
        )
        for name, (bar, said) in zip(rows[::2], rows[1::2], strict=True)
    ]


def test_outputs_are_bars_in_the_order_of_their_classes():
    (cat, dog) = drawn_bars([0.25, 0.75], 1, ["cat", "<b>dog</b> & more of it"])
    assert cat[:2] == ("cat", "25.0 %")
    assert dog[:2] == ("<b>dog</b> & \u2026", "75.0 %")
    assert dog[2] == pytest.approx(3 * cat[2], rel=0.01)
    assert (cat[3], dog[3]) == ("0.45", "1")


def test_of_many_outputs_the_largest_are_shown():
    values = np.arange(100) / 1000
    shown = drawn_bars(values, 99, [f"class {number}" for number in range(100)])
    assert [name for name, *_ in shown] == [f"class {number}" for number in range(99, 89, -1)]


def test_a_digit_strip_places_each_image():
    digits = np.zeros((4, 4), np.uint8)
    digits[3, 0] = 200  # the last image's first pixel
    strip = images.digit_strip(digits, rows=2, shape=(2, 2), ink="#010203", scale=3)
    assert strip.shape == (12, 12, 4)
    assert (strip[6:9, 6:9] == [1, 2, 3, 200]).all()
    assert strip[..., 3].sum() == 9 * 200


def test_receptive_fields_are_blue_above_zero_orange_below_and_clear_between():
    W = np.array([[1.0, -0.5, 0.0, 0.0], [0.0, 0.0, 0.0, -1.0], [0.0] * 4])
    picture = images.receptive_fields(W, shape=(2, 2), columns=2, scale=3, strongest=1.0)
    assert picture.shape == (24, 24, 4)
    assert (picture[3:6, 3:6] == [*images.ABOVE, 255]).all()
    assert (picture[3:6, 6:9] == [*images.BELOW, 127]).all()
    assert (picture[6:9, 18:21] == [*images.BELOW, 255]).all()
    assert np.count_nonzero(picture[..., 3]) == 3 * 9


def test_receptive_fields_have_the_shape_of_their_images():
    W = np.zeros((3, 54))
    W[1, 6 * 8 + 5] = 1.0  # the lowest pixel on the right of 9 x 6
    picture = images.receptive_fields(W, shape=(9, 6), columns=2, scale=4, strongest=1.0)
    assert picture.shape == (2 * 11 * 4, 2 * 8 * 4, 4)
    lit = np.argwhere(picture[..., 3])
    assert lit.min(axis=0).tolist() == [9 * 4, (8 + 6) * 4]
    assert len(lit) == 16


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (formats.percent(0.97124), "97.12 %"),
        (formats.percent(None), "–"),
        (formats.loss(0.012345), "0.0123"),
        (formats.loss(2.0), "2.00"),
        (formats.loss(123.0), "123"),
        (formats.count(89610), "89,610"),
        (formats.duration(0.412), "0.41 s"),
        (formats.duration(7.04), "7.0 s"),
        (formats.duration(9.96), "10 s"),
        (formats.duration(125), "2 min 5 s"),
        (formats.duration(120), "2 min"),
        (formats.duration(4800), "1 h 20 min"),
        (formats.duration(7200), "2 h"),
        (formats.size(12_345_678), "12.3 MB"),
        (formats.size(500), "500 B"),
        (formats.size(2.5e12), "2,500 GB"),
    ],
)
def test_numbers_are_formatted_for_people(shown, expected):
    assert shown == expected


@pytest.mark.parametrize("name", ["www.example.org", "https://example.org", "a@example.org"])
def test_a_name_is_no_link(name):
    assert "\u2060" in formats.plain(name)  # a word joiner, which nobody sees, where a link would begin
    assert formats.plain(name).replace("\u2060", "").replace("\\", "") == name


def test_signed_pixels_are_128_at_zero_and_go_as_far_as_the_strongest():
    pixels = gallery.signed_pixels(np.array([[0, 0.5, -0.5, 0.25, 2.0, -2.0]]), 0.5)
    assert pixels.tolist() == [[128, 255, 1, 192, 255, 1]]
    assert gallery.signed_pixels(np.zeros(3), 0.0).tolist() == [128] * 3


@pytest.mark.parametrize(("rows", "height"), [(1, 54), (10, 180), (20, 360), (256, 440), (4096, 440)])
def test_a_heat_map_is_neither_tiny_nor_taller_than_a_screen(rows, height):
    assert heat_map.height(rows) == height


def test_the_spread_has_domains_of_its_own_data():
    row = {"layer": 1, "lowest": -1.0, "low": -0.5, "lower": -0.2, "median": 0, "upper": 0.2, "high": 0.5}
    data = pd.DataFrame([row | {"epoch": 2, "highest": 3.0}, row | {"epoch": 9, "highest": 2.0}])
    spec = json.loads(json.dumps(charts.spread_chart(data, "#123456", 2, "#000000")))
    assert spec["encoding"]["x"]["scale"]["domain"] == [2, 9]
    assert spec["layer"][0]["encoding"]["y"]["scale"]["domain"] == [-1.0, 3.0]


def test_outgoing_weights_name_their_units_while_there_is_room():
    few, many = (charts.outgoing_data(np.linspace(-2, 1, count)) for count in (10, 300))
    assert charts.outgoing_chart(few, "Digit")["encoding"]["y"]["scale"]["domain"] == [-2, 2]
    assert charts.outgoing_chart(few, "Digit")["encoding"]["x"]["axis"]["labels"]
    assert not charts.outgoing_chart(many, "Unit")["encoding"]["x"]["axis"]["labels"]


@pytest.mark.parametrize(("accuracy", "samples"), [(0.97, 10_000), (0.5, 20), (0.999, 10_000), (0.1, 100)])
def test_the_ends_of_the_interval_are_where_the_score_test_just_rejects(accuracy, samples):
    """Wilson's ends p solve (accuracy - p)^2 = z^2 p (1 - p) / n, with z the 97.5 % point of N(0, 1)."""
    low, high = accuracy_interval(accuracy, samples)
    assert low < accuracy < high
    for p in (low, high):
        assert (accuracy - p) ** 2 == pytest.approx(norm.ppf(0.975) ** 2 * p * (1 - p) / samples)


def test_the_interval_stays_between_nothing_and_everything():
    assert accuracy_interval(1.0, 10_000)[1] == 1.0
    assert accuracy_interval(0.0, 10)[0] == 0.0


def test_names_and_sentences_from_outside_are_inert_in_markdown():
    assert formats.plain("a_b **c** ![x](y)") == r"a\_b \*\*c\*\* \!\[x\]\(y\)"
    assert formats.inert("no run '![](//x)' here, 3 < 4") == r"no run '!\[\](//x)' here, 3 \< 4"
    assert formats.inert("see sqlite:///runs.db: 12:30") == "see sqlite:///runs.db: 12:30"
    assert formats.inert(":red[x] :home: &commat;") == ":\u2060red\\[x\\] :\u2060home: \\&commat;"
    broken = formats.inert("http://a.b HTTPS://a.b www.a.b me@a.b").replace("\u2060", "|")
    assert broken == "http|://a.b HTTP|S://a.b www|.a.b me@|a.b"


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0"])
def test_a_run_whose_name_is_a_formula_is_text_in_the_table_that_compare_gives(store, name):
    runs = [store.create(RunConfig(), name=name), store.create(RunConfig(lr=0.5), name="plain")]
    store.annotate(runs[0].id, f"{name}\n{name}")
    runs = [store.get(run.id) for run in runs]
    data = run_list.csv(runs, run_list.rows(runs, ("lr",), None, {}))
    first, second = csv.DictReader(io.StringIO(data.decode(), newline=""))
    assert (first["Run"], first["Note"], second["Run"]) == ("'" + name, f"'{name}\n{name}", "plain")
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in (first, second) for cell in row.values())

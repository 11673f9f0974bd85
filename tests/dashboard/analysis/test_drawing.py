"""From strokes to an image as MNIST has them, and the pixels that decided."""

import math

import numpy as np
import pytest

from dashboard import datasets
from dashboard.analysis import drawing
from mlpcore import MLP

SEVEN = [[20, 70, 60, 200, 60, 130, 230]]


def test_mnists_own_digits_drawn_ten_times_as_large_come_back_as_they_are(cache_dir):
    test = datasets.load("mnist").test[0][:1000]
    large = test.reshape(-1, 28, 28).repeat(10, axis=1).repeat(10, axis=2)
    np.testing.assert_array_equal([drawing.prepare(each) for each in large], test)


@pytest.mark.parametrize(("dx", "dy", "size"), [(0, 0, 1), (60, -30, 1), (-60, 40, 1), (0, 0, 0.5)])
def test_where_and_how_large_a_digit_is_drawn_does_not_matter(dx, dy, size):
    width, *numbers = SEVEN[0]
    points = np.array(numbers, float).reshape(-1, 2) * size + (dx, dy)
    moved = [[width * size, *points.reshape(-1)]]
    first, second = (drawing.prepare(drawing.raster(each)).astype(float) for each in (SEVEN, moved))
    assert np.corrcoef(first, second)[0, 1] > (0.999 if size == 1 else 0.95)


def test_a_prepared_digit_fills_the_box_around_its_centre_of_mass():
    image = drawing.prepare(drawing.raster(SEVEN)).reshape(28, 28).astype(float)
    rows = np.flatnonzero(image.any(axis=1))
    assert rows[-1] - rows[0] + 1 == 20
    for side in (0, 1):
        centre = image.sum(axis=1 - side) @ np.arange(28) / image.sum()
        assert abs(centre - 14) <= 0.5


@pytest.mark.parametrize("frame", [(9, 6), (6, 9), (64, 64), (28, 64)])
@pytest.mark.parametrize("stroke", [[20, 140, 20, 140, 260], [20, 20, 140, 260, 140], [30, 60, 60, 220, 220]])
def test_a_frame_of_another_shape_holds_the_drawing_with_its_proportions(frame, stroke):
    drawn = drawing.raster([stroke])
    image = drawing.prepare(drawn, frame).reshape(frame)
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    box = [side * 20 / 28 for side in frame]
    assert height <= round(box[0])
    assert width <= round(box[1])
    assert height == round(box[0]) or width == round(box[1])  # it fills its box one way
    tall, wide = (np.ptp(np.flatnonzero(drawn.any(axis=axis))) + 1 for axis in (1, 0))
    factor = min(box[0] / tall, box[1] / wide)
    assert abs(height - tall * factor) <= 1
    assert abs(width - wide * factor) <= 1
    for side, axis in zip(frame, (1, 0), strict=True):
        mass = image.sum(axis=axis, dtype=float)
        assert abs(mass @ np.arange(side) / mass.sum() - side / 2) <= 1


def test_a_dot_and_an_empty_pad():
    assert drawing.prepare(drawing.raster([])) is None
    assert drawing.prepare(drawing.raster([[20, 140, 140]])).max() == 255
    assert drawing.prepare(drawing.raster([[20, 900, 900, 950, 950]])) is None  # beside the pad


def test_a_pen_draws_as_wide_as_it_is_asked_to():
    lit = drawing.raster([[30, 50, 140, 230, 140]])[:, 140] > 0
    assert abs(int(lit.sum()) - 30) <= 1


@pytest.mark.parametrize(
    "sent",
    [None, "strokes", {"a": 1}, [3], [[1, 2]], [[1, 2, 3, 4]], [["a", 1, 2]], [[8, math.nan, 2]], [[8, 1e12, 0]],
     [[8, *[0] * 30_000]], [[8, 1, 2]] * 10_000],
)  # fmt: skip
def test_what_is_no_stroke_is_left_out(sent):
    assert drawing.strokes_of(sent) == []


def test_evidence_is_the_pixel_times_the_slope_of_the_answers_sum(rng):
    net = MLP([6, 5, 4, 3], activation="tanh", dtype=np.float64, rng=rng)
    image = rng.integers(1, 256, 6, dtype=np.uint8)

    def z(x):
        for layer in net.layers[:-1]:
            x = np.tanh(layer.W @ x + layer.b)
        return net.layers[-1].W @ x + net.layers[-1].b

    x, step = image / 255, 1e-6
    slopes = [(z(x + step * e)[2] - z(x - step * e)[2]) / (2 * step) for e in np.eye(6)]
    np.testing.assert_allclose(drawing.evidence(net, image, 2), x * slopes, rtol=1e-6)


def test_without_hidden_layers_the_evidence_and_the_bias_add_up_to_the_sum(rng):
    net = MLP([6, 3], dtype=np.float64, rng=rng)
    image = rng.integers(0, 256, 6, dtype=np.uint8)
    total = drawing.evidence(net, image, 1).sum() + net.layers[0].b[1]
    assert total == pytest.approx((net.layers[0].W @ (image / 255) + net.layers[0].b)[1])


def test_activations_are_those_of_the_network(rng):
    net = MLP([6, 5, 4, 3], activation="relu", rng=rng)
    image = rng.integers(0, 256, 6, dtype=np.uint8)
    first = np.maximum(net.layers[0].W @ (image / 255) + net.layers[0].b, 0)
    found = drawing.activations(net, image)
    np.testing.assert_allclose(found[0], first, rtol=1e-5)
    assert [len(each) for each in found] == [5, 4]

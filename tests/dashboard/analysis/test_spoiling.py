"""Spoiled images, against what the words of each way promise."""

import numpy as np
import pytest

from dashboard.analysis import spoiling
from dashboard.analysis.evaluation import predictions
from dashboard.analysis.spoiling import WAYS, spoiled
from mlpcore import MLP

SHAPE = (9, 6)


@pytest.fixture
def images(rng):
    return rng.integers(0, 256, (20, 54), dtype=np.uint8)


def as_pictures(images):
    return images.reshape(-1, *SHAPE).astype(int)


@pytest.mark.parametrize("way", WAYS)
def test_without_strength_nothing_changes(images, way):
    assert WAYS[way].none in WAYS[way].strengths
    np.testing.assert_array_equal(spoiled(images, SHAPE, way, WAYS[way].none), images)


@pytest.mark.parametrize("way", WAYS)
def test_each_strength_gives_images_of_the_same_kind_the_same_every_time(images, way):
    before = images.copy()
    for strength in WAYS[way].strengths:
        found = spoiled(images, SHAPE, way, strength)
        assert (found.shape, found.dtype) == (images.shape, np.uint8)
        np.testing.assert_array_equal(found, spoiled(images, SHAPE, way, strength))
        if strength != WAYS[way].none:
            assert (found != images).any()
    np.testing.assert_array_equal(images, before)


def test_shifted_to_the_right_with_nothing_coming_in(images):
    found = as_pictures(spoiled(images, SHAPE, "shift", 2))
    np.testing.assert_array_equal(found[:, :, 2:], as_pictures(images)[:, :, :-2])
    assert not found[:, :, :2].any()


def test_a_quarter_turn_is_clockwise(rng):
    square = rng.integers(0, 256, (5, 49), dtype=np.uint8)
    found = spoiled(square, (7, 7), "rotate", 90).reshape(-1, 7, 7)
    np.testing.assert_array_equal(found, np.rot90(square.reshape(-1, 7, 7), -1, axes=(1, 2)))
    back = spoiled(spoiled(square, (7, 7), "rotate", 90), (7, 7), "rotate", -90)
    np.testing.assert_array_equal(back, square)


def test_between_pixels_the_mean_of_the_neighbours_counts():
    image = np.zeros((1, 9), np.uint8)
    image[0, 4] = 200
    found = spoiled(image, (3, 3), "rotate", 45).reshape(3, 3)
    assert found[1, 1] == 200
    near = 1 - np.sqrt(0.5)  # how far the turned corner of the neighbour's place is from the middle, along each side
    assert found[0, 1] == pytest.approx(200 * near**2, abs=0.5)


def test_scaled_about_the_middle():
    y, x = np.indices((21, 21)) - 10
    image = (255 * np.exp(-(x**2 + y**2) / 18)).astype(np.uint8)  # a round blot
    half = spoiled(image.reshape(1, -1), (21, 21), "scale", 50).reshape(21, 21)
    assert half.sum() / image.sum() == pytest.approx(0.25, rel=0.05)
    np.testing.assert_array_equal(half, half[::-1, ::-1])
    larger = spoiled(image.reshape(1, -1), (21, 21), "scale", 150).reshape(21, 21)
    assert larger.sum() / image.sum() == pytest.approx(2.25, rel=0.05)


def test_thickened_by_the_pixels_that_share_a_side():
    image = np.zeros((5, 5), np.uint8)
    image[2, 2] = 90
    found = spoiled(image.reshape(1, -1), (5, 5), "thicken", 1).reshape(5, 5)
    assert found.sum() == 5 * 90
    assert found[1, 2] == found[2, 1] == found[3, 2] == found[2, 3] == found[2, 2] == 90
    assert (spoiled(image.reshape(1, -1), (5, 5), "thicken", 2) > 0).sum() == 13


def test_thickened_images_do_not_run_into_one_another():
    pair = np.zeros((2, 25), np.uint8)
    pair[0] = 255
    assert not spoiled(pair, (5, 5), "thicken", 3)[1].any()


def test_noise_has_the_deviation_that_it_says():
    grey = np.full((500, 54), 128, np.uint8)
    noise = spoiled(grey, SHAPE, "noise", 10).astype(float) - 128
    assert noise.std() == pytest.approx(25.5, rel=0.02)
    assert abs(noise.mean()) < 0.5


def test_erased_is_one_box_of_that_share_of_each_side(images):
    images = np.maximum(images, 1)
    holes = as_pictures(spoiled(images, SHAPE, "erase", 50)) == 0
    assert (holes.sum(axis=(1, 2)) == 4 * 3).all()
    assert (holes.any(axis=2).sum(axis=1) == 4).all()
    assert len({hole.tobytes() for hole in holes}) > 5  # places differ
    assert not spoiled(images, SHAPE, "erase", 100).any()


def test_accuracies_are_those_of_the_spoiled_images(images, rng):
    nets = [MLP([54, 5, 3], rng=rng) for _ in range(2)]
    labels = predictions(nets[0], images).argmax(axis=1)
    found = spoiling.accuracies(nets, images, labels, SHAPE, "noise")
    assert found.shape == (2, len(WAYS["noise"].strengths))
    assert found[0, 0] == 1
    worst = spoiled(images, SHAPE, "noise", 100)
    assert found[1, -1] == (predictions(nets[1], worst).argmax(axis=1) == labels).mean()

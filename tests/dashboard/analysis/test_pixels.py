"""A data set in figures, against NumPy on the whole and scikit-learn's neighbours."""

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from dashboard import datasets
from dashboard.analysis import pixels


@pytest.fixture
def images(rng):
    drawn = rng.integers(0, 256, (5001, 12), dtype=np.uint8)
    drawn[:, 3] = 0
    return drawn


def test_mean_variance_and_histogram_are_numpys(images):
    found = pixels.measure(images)
    np.testing.assert_allclose(found.mean, images.mean(axis=0), rtol=1e-10)
    np.testing.assert_allclose(found.variance, images.var(axis=0), rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(found.histogram, np.bincount(images.reshape(-1), minlength=256))
    np.testing.assert_allclose(found.overall, (images.mean(), images.std()), rtol=1e-10)
    assert found.dark == pytest.approx((images == 0).mean())
    assert (found.count, found.never_lit) == (5001, 1)


def test_mnist_has_the_mean_and_deviation_that_everybody_normalises_by(cache_dir):
    """0.1307 and 0.3081, as in PyTorch's example for MNIST."""
    mean, deviation = pixels.measure(datasets.load("mnist").train[0]).overall
    assert (round(mean / 255, 4), round(deviation / 255, 4)) == (0.1307, 0.3081)


def test_balance_counts_every_class_even_one_without_images():
    np.testing.assert_array_equal(pixels.balance(np.array([0, 2, 2]), 4), [1, 0, 2, 0])


def test_neighbours_are_those_of_scikit_learn(images):
    index, distances = pixels.nearest(images, images[17], 6)
    by_sklearn = NearestNeighbors(n_neighbors=6, algorithm="brute").fit(images / 255).kneighbors(images[17:18] / 255)
    np.testing.assert_array_equal(index, by_sklearn[1][0])
    np.testing.assert_allclose(distances, by_sklearn[0][0], atol=1e-5)
    assert (index[0], distances[0]) == (17, 0)

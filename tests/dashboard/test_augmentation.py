import numpy as np
import pytest

from dashboard.datasets.augmentation import Augmentation
from mlpcore import MLP, SGD, train


def spot(n, row, column, shape=(9, 9)):
    x = np.zeros((n, *shape), np.float32)
    x[:, row, column] = 1
    return x.reshape(n, -1)


def test_shift_moves_a_spot_by_every_whole_number_of_pixels_allowed(rng):
    moved = Augmentation(shift=2, shape=(9, 9))(spot(500, 4, 4), rng=rng).reshape(-1, 9, 9)
    places = {tuple(map(int, place[1:])) for place in np.argwhere(moved == 1)}
    assert places == {(row, column) for row in range(2, 7) for column in range(2, 7)}
    assert (moved.sum(axis=(1, 2)) == 1).all()


def test_what_is_moved_out_is_gone_and_what_comes_in_is_empty(rng):
    moved = Augmentation(shift=1, shape=(9, 9))(np.ones((200, 81)), rng=rng).reshape(-1, 9, 9)
    sums = {int(total) for total in moved.sum(axis=(1, 2))}
    assert sums == {81, 72, 64}


def test_rotation_turns_about_the_centre_within_its_limit(rng):
    x = np.zeros((300, 9, 9))
    x[:, 4, 8] = 1
    turned = Augmentation(rotation=30, shape=(9, 9))(x.reshape(300, 81), rng=rng).reshape(-1, 9, 9)
    rows, columns = np.indices((9, 9)) - 4
    mass = turned.sum(axis=(1, 2))
    angles = np.degrees(np.arctan2((turned * rows).sum(axis=(1, 2)) / mass, (turned * columns).sum(axis=(1, 2)) / mass))
    assert 25 < np.abs(angles).max() < 34
    assert abs(angles.mean()) < 4
    centre = Augmentation(rotation=30, shape=(9, 9))(spot(50, 4, 4), rng=rng).reshape(-1, 9, 9)
    np.testing.assert_allclose(centre[:, 4, 4], 1, atol=1e-5)


def test_a_quarter_turn_is_exact():
    class Quarter:
        def uniform(self, low, high, size):
            return np.full(size, 90.0)

    image = np.arange(49.0).reshape(7, 7) / 49
    turned = Augmentation(rotation=90, shape=(7, 7))(image.reshape(1, 49), rng=Quarter()).reshape(7, 7)
    assert np.allclose(turned, np.rot90(image), atol=1e-6) or np.allclose(turned, np.rot90(image, -1), atol=1e-6)


def test_noise_has_its_standard_deviation_and_stays_in_range(rng):
    noisy = Augmentation(noise=0.05)(np.full((50, 784), 0.5, np.float32), rng=rng)
    assert abs(noisy.std() - 0.05) < 0.001
    assert noisy.dtype == np.float32
    noisy = Augmentation(noise=1.0)(np.full((5, 784), 0.5, np.float32), rng=rng)
    assert (noisy.min(), noisy.max()) == (0, 1)


def test_augmentation_leaves_the_data_set_as_it_is(rng):
    X = rng.random((12, 784), dtype=np.float32)
    kept = X.copy()
    more = Augmentation(shift=2, rotation=10, noise=0.1)
    list(train(MLP([784, 3], rng=rng), SGD(0.1), (X, np.zeros(12, int)), epochs=1, batch_size=5, rng=rng,
               augmentation=more))  # fmt: skip
    np.testing.assert_array_equal(X, kept)


def test_a_setting_out_of_range_is_named():
    with pytest.raises(ValueError, match="shift must be at least 0, got -1"):
        Augmentation(shift=-1)

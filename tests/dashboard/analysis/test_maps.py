"""Maps: PCA against its definition, hidden layers against the network, t-SNE in its own process."""

from functools import partial

import numpy as np
import pytest

from dashboard.analysis import maps
from mlpcore import MLP
from tests import support

wait_for = partial(support.wait_for, patience=60)


@pytest.fixture
def groups(rng):
    """Three well-parted groups of 30 points in 60 dimensions, and whose each is."""
    labels = np.repeat([0, 1, 2], 30)
    return (rng.normal(size=(3, 60))[labels] * 10 + rng.normal(size=(90, 60))).astype(np.float32), labels


def test_pca_finds_the_directions_of_the_largest_variance(groups):
    points, _ = groups
    placed, shares = maps.pca(points)
    values = np.linalg.eigvalsh(np.cov(points.astype(float).T))[::-1]
    np.testing.assert_allclose(placed.var(axis=0, ddof=1), values[:2], rtol=1e-6)
    np.testing.assert_allclose(shares, values[:2] / values.sum(), rtol=1e-6)


def test_the_hidden_layers_are_those_of_the_network(rng):
    net = MLP([20, 7, 5, 3], activation="tanh", rng=rng)
    images = rng.integers(0, 256, (4, 20), dtype=np.uint8)
    first = np.tanh(images / 255 @ net.layers[0].W.T + net.layers[0].b)
    second = np.tanh(first @ net.layers[1].W.T + net.layers[1].b)
    np.testing.assert_allclose(maps.hidden(net, images, 0), first, atol=1e-5)
    np.testing.assert_allclose(maps.hidden(net, images, 1), second, atol=1e-5)


def test_the_sample_is_always_the_same_and_has_no_image_twice():
    labels = np.arange(50)
    first = maps.sample(labels, 20)
    np.testing.assert_array_equal(first, maps.sample(labels, 20))
    assert len(set(first)) == 20
    np.testing.assert_array_equal(maps.sample(labels, 99), labels)


def test_t_sne_parts_the_groups_tells_its_progress_and_is_kept(groups, cache_dir):
    points, labels = groups
    job = maps.Embedding(points)
    seen = set()
    wait_for(lambda: seen.add(job.progress) or job.over, "the map")
    assert (job.problem, job.progress) == ("", 1.0)
    assert len(seen) > 2, "progress between the beginning and the end"
    centres = np.array([job.placed[labels == group].mean(axis=0) for group in range(3)])
    to_centres = np.linalg.norm(job.placed[:, None] - centres, axis=2)
    np.testing.assert_array_equal(to_centres.argmin(axis=1), labels)
    again = maps.Embedding(points)
    np.testing.assert_array_equal(again.placed, job.placed)  # at once, from the file
    left = [path.name for path in job.file.parent.iterdir() if ".from." in path.name or ".part." in path.name]
    assert (job.file.exists(), left) == (True, [])


def test_a_layer_of_one_unit_has_a_map_and_a_dead_one_is_told(rng, cache_dir):
    points = rng.random((40, 1), np.float32)
    assert not maps.alike(points)
    job = maps.Embedding(points)
    wait_for(lambda: job.over, "the end")
    assert job.problem == ""
    assert np.isfinite(job.placed).all()
    assert maps.alike(np.full((40, 9), 0.5, np.float32))


def test_a_folder_that_can_not_be_written_is_said(groups, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MLP_CACHE_DIR", str(tmp_path / "file"))
    job = maps.Embedding(groups[0])
    wait_for(lambda: job.over, "the end")
    assert job.problem.startswith("The t-SNE map could not be computed: Not a directory")


def test_a_process_that_dies_is_said(groups, cache_dir):
    job = maps.Embedding(np.full_like(groups[0], np.nan))  # scikit-learn refuses them
    wait_for(lambda: job.over, "the end")
    assert job.problem == "The t-SNE map could not be computed: its process ended early."

"""What trained runs answer: whom every list asks."""

import numpy as np

from dashboard.analysis import answers
from dashboard.runs.config import RunConfig


def test_what_every_run_misses_is_asked_of_the_run_and_the_newest_finished_ones(store, trained, monkeypatch):
    first, second, third = trained(), trained(seed=1), trained(seed=2)
    store.create(RunConfig())  # queued: it has no answer
    assert [run.id for run in answers.judges(store, first)] == [first.id, third.id, second.id]
    monkeypatch.setattr(answers, "JUDGES", 2)
    assert [run.id for run in answers.judges(store, first)] == [first.id, third.id]
    store.delete([third.id])
    assert [run.id for run in answers.judges(store, first)] == [first.id, second.id]


def test_the_images_that_every_run_misses_agree_with_a_loop(store, trained, small_mnist):
    runs = [trained(seed=seed) for seed in range(3)]
    labels = small_mnist.test[1]
    guesses = [answers.outputs(store, run).argmax(axis=1) for run in runs]
    expected = [i for i in range(100) if all(guess[i] != labels[i] for guess in guesses)]
    assert answers.missed_by_every(store, runs, "test", labels).tolist() == expected


def test_runs_of_the_same_images_under_two_names_are_comparable(store, cache_dir):
    assert answers.same_images(store.create(RunConfig()), store.create(RunConfig(dataset="mnist_784")))


def test_one_output_is_the_row_of_all_outputs(store, trained, small_mnist):
    run = trained()
    net = answers.network(store, run)
    np.testing.assert_allclose(
        answers.one_output(net, small_mnist.test[0][5]), answers.outputs(store, run)[5], atol=1e-6
    )

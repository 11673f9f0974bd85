"""The script of a run is run, and prints the run's own numbers."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from dashboard import datasets
from dashboard.exports.script import PARENT, beginning, script, set_file
from dashboard.runs.config import RunConfig
from dashboard.runs.trainer import results, train_run
from dashboard.uploads import npz
from mlpcore import MLP

ROOT = Path(__file__).parents[3]
EVERYTHING = RunConfig(
    hidden=(12, 10),
    activation="relu",
    cost="cross_entropy",
    init="he",
    optimizer="nesterov",
    momentum=0.8,
    schedule="cosine",
    lr=0.05,
    batch_size=64,
    epochs=3,
    seed=5,
    l2=1e-5,
    clip=1.0,
    dropout=0.1,
    validation=2000,
    subset=4000,
    patience=2,
    shift=1,
    rotation=5.0,
    noise=0.05,
)


DIGITS = RunConfig(dataset="digits", hidden=(12,), epochs=2, batch_size=16, shift=1)


def carried_out(text, folder, **environment):
    """The lines that the script prints, run in a process of its own in that folder."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), **environment}
    process = subprocess.run(
        [sys.executable, "-c", text], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, process.stderr
    return process.stdout.splitlines()


def lines(epochs):
    return [f"{epoch.epoch} {epoch.test_accuracy:.2%}" for epoch in epochs]


def same_weights(path, weights):
    return all((value == weights[name]).all() for name, value, _ in MLP.load(path).parameters())


@pytest.mark.parametrize(
    "config", [RunConfig(hidden=(16,), epochs=2), EVERYTHING, DIGITS], ids=["plain", "everything", "digits"]
)
def test_the_script_prints_the_numbers_of_the_run_and_saves_its_weights(config, tmp_path, cache_dir):
    printed = carried_out(script(config), tmp_path)
    with threadpool_limits(1, "blas"):
        trained = [(result, state) for result, state in results(config, None, iter)]
    assert printed == lines(result for result, _ in trained)
    if not config.patience:  # early stopping puts the best weights back at the end
        assert same_weights(tmp_path / "weights.npz", trained[-1][1].weights)


def test_the_script_of_an_own_set_reads_the_file_that_the_data_page_gives(tmp_path, store, cache_dir):
    rng = np.random.default_rng(3)
    images, labels = rng.integers(0, 256, (300, 30), np.uint8), np.arange(300).astype(np.uint8) % 3
    name = store.add_set(datasets.Parts(images, labels, (5, 6), 240, ("a", "b", "c")), "My: small/set")
    datasets.read_from(store)
    config = RunConfig(dataset=name, hidden=(8,), epochs=2, batch_size=16, subset=100)
    with threadpool_limits(1, "blas"):
        trained = list(results(config, None, iter))
    elsewhere, folder = tmp_path / "empty", tmp_path / "beside"
    folder.mkdir()
    (folder / set_file(config)).write_bytes(npz.write(datasets.load(name)))
    printed = carried_out(script(config), folder, MLP_CACHE_DIR=str(elsewhere))
    assert printed == lines(result for result, _ in trained)
    assert same_weights(folder / "weights.npz", trained[-1][1].weights)
    assert not elsewhere.exists()


def test_the_script_of_a_fork_begins_where_the_fork_began(tmp_path, store, cache_dir):
    """The weights come from the parent, and what is drawn for each epoch from the fork's own seed."""
    with threadpool_limits(1, "blas"):
        parent = store.create(RunConfig(dataset="digits", hidden=(12,), epochs=1, batch_size=16))
        train_run(parent.id, parent.submission, store.url)
        start = replace(store.state(parent.id, 1), epoch=0, optimizer={}, stopping={})
        config = RunConfig(dataset="digits", hidden=(12,), epochs=2, batch_size=16, seed=9, lr=0.5, dropout=0.1)
        fork = store.create(config, origin="fork", parent=parent.id, parent_epoch=1, start=start)
        train_run(fork.id, fork.submission, store.url)
    (tmp_path / PARENT).write_bytes(beginning(store, store.get(fork.id)))
    assert carried_out(script(config, forked=True), tmp_path) == lines(store.epochs(fork.id))
    assert same_weights(tmp_path / "weights.npz", store.state(fork.id, 2).weights)
    assert carried_out(script(config), tmp_path) != lines(store.epochs(fork.id))


def test_a_plain_run_is_a_script_of_ten_lines():
    assert len([line for line in script(RunConfig()).splitlines() if line]) == 10

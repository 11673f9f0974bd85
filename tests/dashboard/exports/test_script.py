"""The script of a run is run, and prints the run's own numbers."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from threadpoolctl import threadpool_limits

from dashboard.exports.script import script
from dashboard.runs.config import RunConfig
from dashboard.runs.trainer import results
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


@pytest.mark.parametrize("config", [RunConfig(hidden=(16,), epochs=2), EVERYTHING], ids=["plain", "everything"])
def test_the_script_prints_the_numbers_of_the_run_and_saves_its_weights(config, tmp_path, cache_dir):
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    process = subprocess.run(
        [sys.executable, "-c", script(config)], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert process.returncode == 0, process.stderr
    with threadpool_limits(1, "blas"):
        trained = [(result, state) for result, state in results(config, None, iter)]
    assert process.stdout.splitlines() == [f"{r.epoch} {r.test_accuracy:.2%}" for r, _ in trained]
    if not config.patience:  # early stopping puts the best weights back at the end
        last = trained[-1][1].weights
        assert all((value == last[name]).all() for name, value, _ in MLP.load(tmp_path / "weights.npz").parameters())


def test_a_plain_run_is_a_script_of_about_ten_lines():
    assert len([line for line in script(RunConfig()).splitlines() if line]) <= 12

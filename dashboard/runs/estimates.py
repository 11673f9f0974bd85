"""What a run will cost: parameters, memory and time, from what this machine has measured."""

import json
import os
import statistics
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import psutil

from mlpcore import MLP, SGD, train
from mlpcore.training import EVALUATION_ROWS

from ..datasets import DATASETS, cache_folder
from ..formats import count, size
from .config import ConfigError, RunConfig
from .store import Run

MAX_PARAMETERS = 200_000_000  # a checkpoint must fit into one value of the database
BYTES_PER_PARAMETER = 6 * 4  # W, dW, the update, and a checkpoint on its way: copy, archive, row
PROBES = (((16,), 32), ((100, 100), 32), ((64, 64, 64, 64), 16), ((512, 256), 128), ((400,), 2), ((16,), 1024))


@dataclass(frozen=True)
class Cost:
    """What a run will take; `seconds_per_epoch` is None until this machine has been measured."""

    parameters: int
    bytes: int
    seconds_per_epoch: float | None


def cost(config: RunConfig, costs: Sequence[float] | None, runs: Iterable[Run] = ()) -> Cost:
    """The cost of `config`. Earlier runs of the same network and batch size on this machine count most."""
    return Cost(config.parameters, bytes_needed(config), _seconds(config, costs, runs))


def bytes_needed(config: RunConfig) -> int:
    """Memory of a training above the data set."""
    widest_layer = max(din * dout for din, dout in pairwise(config.sizes))
    activations = (3 * config.batch_size + 2 * EVALUATION_ROWS) * sum(config.sizes) * 4
    outputs = 4 * DATASETS[config.dataset].train_samples * config.sizes[-1] * 4
    return BYTES_PER_PARAMETER * config.parameters + 8 * widest_layer + activations + outputs


def refuse_absurd(config: RunConfig, memory: int | None = None) -> None:
    """ConfigError for a network that could not be trained here, before anything is allocated."""
    memory = memory or psutil.virtual_memory().total // (os.cpu_count() or 1)
    needed = bytes_needed(config)
    if needed > memory:
        raise ConfigError(
            f"This network needs {size(needed)} of memory to train, and one run here may use {size(memory)}. "
            "Make the hidden layers smaller."
        )
    if config.parameters > MAX_PARAMETERS:
        raise ConfigError(
            f"A network may have at most {count(MAX_PARAMETERS)} parameters, since its checkpoints are kept in the "
            f"database; this one has {count(config.parameters)}. Make the hidden layers smaller."
        )


def _seconds(config, costs, runs):
    same = [
        run.seconds / run.epochs_done
        for run in runs
        if run.epochs_done
        and (run.config.sizes, run.config.batch_size) == (config.sizes, config.batch_size)
        and (run.environment or {}).get("machine") == os.uname().nodename
    ]
    if same:
        return statistics.median(same)
    if costs is None:
        return None
    return float(np.dot(_features(config.sizes, config.batch_size, config.batches), costs))


def _features(sizes, batch_size, batches):
    """What the time is linear in: batches, layers passed, multiplications, parameters moved to and from memory."""
    layers = len(sizes) - 1
    weights = sum(din * dout for din, dout in pairwise(sizes))
    return [batches, batches * layers, batches * batch_size * weights, batches * weights]


def measure() -> list[float]:
    """Seconds for each feature, fitted to a few small trainings on random images. Takes about half a second."""
    from scipy.optimize import nnls  # 38 MB, and only needed in the worker that measures

    rng = np.random.default_rng(0)
    rows, seconds = [], []
    for hidden, batch_size in PROBES:
        batches = max(2, 1024 // batch_size // 4)
        X = rng.integers(0, 256, (batches * batch_size, 784), dtype=np.uint8)
        y = rng.integers(0, 10, len(X))
        net = MLP([784, *hidden, 10], rng=rng)
        epochs = list(train(net, SGD(0.1), (X, y), epochs=3, batch_size=batch_size, rng=rng))
        best = min(epoch.seconds for epoch in epochs)
        rows.append([value / best for value in _features(net.sizes, batch_size, batches)])
        seconds.append(1.0)  # each probe weighs the same, however long it took
    return nnls(np.array(rows), np.array(seconds))[0].tolist()


def _file():
    return cache_folder() / "costs.json"


def load_costs() -> list[float] | None:
    """What this machine has measured, or None."""
    try:
        costs = json.loads(_file().read_text())
    except (OSError, ValueError):
        return None
    usable = isinstance(costs, list) and len(costs) == 4 and all(isinstance(value, float) for value in costs)
    return costs if usable else None


def save_costs(costs: list[float]) -> None:
    """Keep the measurement for the next start."""
    part = _file().with_suffix(f".{os.getpid()}.{time.monotonic_ns()}")
    part.write_text(json.dumps(costs))
    os.replace(part, _file())

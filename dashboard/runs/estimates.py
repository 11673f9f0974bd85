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
from mlpcore.regularization import Dropout
from mlpcore.training import BLOCK_ROWS, EVALUATION_ROWS

from ..datasets import cache_folder
from ..datasets.augmentation import Augmentation
from ..formats import count, size
from .config import ConfigError, RunConfig
from .database import ROOM_BYTES
from .run import Run

MAX_PARAMETERS = 200_000_000  # a checkpoint must fit into one value of the database
FLOAT = 4  # bytes
SCRATCH = 2  # arrays beside each kept one: dW, and W before the step
ON_ITS_WAY = 3  # a checkpoint: copy, archive, row
REMEMBERS = {"sgd": 0, "momentum": 1, "nesterov": 1, "adam": 2}  # arrays like W that the optimizer keeps
WORKS_WITH = {"sgd": 0, "momentum": 0, "nesterov": 1, "adam": 1}  # and that it needs in a step
PASSES = {"sgd": 0, "momentum": 8, "nesterov": 15, "adam": 30}  # over an array in a step, beyond those of SGD; measured
AUGMENTED = {"shift": 4, "rotation": 40, "noise": 4}  # copies of a batch's images at the peak
COSTS = 9  # four features and five extras
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


def kept_arrays(config: RunConfig) -> int:
    """Arrays like the weights in each checkpoint: the weights, the optimizer's memory, the best weights so far."""
    return 1 + REMEMBERS[config.optimizer] + (1 if config.patience else 0)


def room_needed(config: RunConfig) -> int:
    """Room on the disk for the next epoch: its checkpoint, and the pages that a database writes beside it."""
    return 2 * FLOAT * kept_arrays(config) * config.parameters + ROOM_BYTES


def bytes_needed(config: RunConfig) -> int:
    """Memory of a training above the data set."""
    arrays = kept_arrays(config) * (1 + ON_ITS_WAY) + SCRATCH + WORKS_WITH[config.optimizer]
    widest_layer = max(din * dout for din, dout in pairwise(config.sizes))
    passes = 3 + (2 if config.dropout else 0)  # of a batch's activations that are kept at once
    activations = (passes * config.batch_size + 2 * EVALUATION_ROWS) * sum(config.sizes)
    outputs = 4 * config.samples * config.sizes[-1]
    rows = max(config.batch_size, BLOCK_ROWS)
    images = rows * config.sizes[0] * sum(times for name, times in AUGMENTED.items() if getattr(config, name))
    drawn = config.sizes[0] * (config.samples + config.validation) if config.validation or config.subset else 0
    return FLOAT * (arrays * config.parameters + 2 * widest_layer + activations + outputs + images) + 2 * drawn


def refuse_absurd(config: RunConfig, memory: int | None = None) -> None:
    """ConfigError for a network that could not be trained here, before anything is allocated."""
    memory = memory or psutil.virtual_memory().total // (os.cpu_count() or 1)
    needed = bytes_needed(config)
    if needed > memory:
        raise ConfigError(
            f"This network needs {size(needed)} of memory to train, and one run here may use {size(memory)}. "
            "Make the hidden layers smaller."
        )
    most = MAX_PARAMETERS // kept_arrays(config)
    if config.parameters > most:
        raise ConfigError(
            f"A network may have at most {count(most)} parameters with these settings, since its checkpoints are kept "
            f"in the database; this one has {count(config.parameters)}. Make the hidden layers smaller."
        )


def _seconds(config, costs, runs):
    same = [
        run.seconds / run.epochs_done
        for run in runs
        if run.epochs_done
        and _work(run.config) == _work(config)
        and (run.environment or {}).get("machine") == os.uname().nodename
    ]
    if same:
        return statistics.median(same)
    if costs is None:
        return None
    return float(np.dot([*_features(config.sizes, config.batch_size, config.batches), *_extras(config)], costs))


def _work(config):
    """What the time of an epoch depends on: configs with equal work take equally long."""
    size = (config.sizes, config.activation, config.cost, config.batch_size, config.samples, config.validation)
    switched = tuple(bool(getattr(config, name)) for name in ("l2", "clip", "dropout", "patience", *AUGMENTED))
    return *size, config.optimizer, *switched


def _features(sizes, batch_size, batches):
    """What the time is linear in: batches, layers passed, multiplications, parameters moved to and from memory."""
    layers = len(sizes) - 1
    weights = sum(din * dout for din, dout in pairwise(sizes))
    return [batches, batches * layers, batches * batch_size * weights, batches * weights]


def _extras(config):
    """What options add: numbers passed over by the optimizer, units that dropout draws for, images augmented."""
    passes = PASSES[config.optimizer] + 2 * bool(config.l2) + 2 * bool(config.clip)
    units = config.samples * sum(config.hidden) if config.dropout else 0
    augmented = [config.samples if getattr(config, name) else 0 for name in AUGMENTED]
    return [config.batches * config.parameters * passes, units, *augmented]


def measure() -> list[float]:
    """Seconds for each feature, fitted to a few small trainings on random images, and for each extra alone.

    Takes about half a second.
    """
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
    return nnls(np.array(rows), np.array(seconds))[0].tolist() + _measure_extras(rng)


def _measure_extras(rng):
    x = rng.random((BLOCK_ROWS, 784), dtype=np.float32)
    dropout = Dropout(0.5, rng=rng)
    augmentations = [Augmentation(shift=1), Augmentation(rotation=1), Augmentation(noise=1)]
    return [
        _best(lambda: np.multiply(x, 1.0, out=x)) / x.size,
        _best(lambda: dropout.backward(dropout.forward(x, 0), 0)) / x.size,
        *(_best(lambda change=change: change(x, rng=rng)) / len(x) for change in augmentations),
    ]


def _best(work):
    """Seconds of the quickest of a few calls."""
    seconds = []
    for _ in range(5):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def _file():
    return cache_folder() / "costs.json"


def load_costs() -> list[float] | None:
    """What this machine has measured, or None."""
    try:
        costs = json.loads(_file().read_text())
    except (OSError, ValueError):
        return None
    usable = isinstance(costs, list) and len(costs) == COSTS and all(isinstance(value, float) for value in costs)
    return costs if usable else None


def save_costs(costs: list[float]) -> None:
    """Keep the measurement for the next start."""
    part = _file().with_suffix(f".{os.getpid()}.{time.monotonic_ns()}")
    part.write_text(json.dumps(costs))
    os.replace(part, _file())

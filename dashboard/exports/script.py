"""A run as a Python script of a few lines over mlpcore: the same settings, the same seed, the same numbers."""

import numpy as np

from mlpcore import weights

from .. import datasets
from ..runs.config import RunConfig
from ..runs.run import Run
from ..runs.settings import WITH_MOMENTUM
from ..runs.store import RunStore, StoreError
from ..runs.trainer import SPLIT
from . import filename, write

OPTIMIZERS = {"sgd": "SGD", "momentum": "Momentum", "nesterov": "Nesterov", "adam": "Adam"}
PARENT = "parent.npz"  # the weights that a fork began with


def script(config: RunConfig, *, forked: bool = False) -> str:
    """The script; run where this app's folder is on Python's path, beside the files of `needed`.

    A fork makes the draws of its seed, as every run does, and then takes up the weights that it began with.
    """
    names = ["MLP", OPTIMIZERS[config.optimizer], *_needed(config), "train", *(["weights"] if forked else [])]
    lines = [
        "import numpy as np",
        f"from mlpcore import {', '.join(sorted(names, key=str.casefold))}",
        *_data(config),
        *_split(config),
        f"net = MLP({config.sizes}, activation={config.activation!r}, cost={config.cost!r}, "
        f"init={config.init!r}, rng=rng)",
        *([f'weights.fill(net, weights.read("{PARENT}")[1])'] if forked else []),
        f"optimizer = {_optimizer(config)}",
        f"for epoch in train(net, optimizer, training, test, epochs={config.epochs}, "
        f"batch_size={config.batch_size}, rng=rng{_further(config)}):",
        '    print(epoch.epoch, f"{epoch.test_accuracy:.2%}")',
        'net.save("weights.npz")',
    ]
    return "\n".join(lines) + "\n"


def set_file(config: RunConfig) -> str | None:
    """The file that the script reads its images from, as the Data page downloads it; None for a set it can load."""
    if not datasets.is_own(config.dataset):
        return None
    return filename("npz", datasets.about(config.dataset).title)


def beginning(store: RunStore, run: Run) -> bytes:
    """The weights that a fork began with, as mlpcore saves them: its file PARENT."""
    state = store.state(run.id, 0)
    if state is None:
        raise StoreError(f"The weights that {run.name} began with are not kept any more.")
    net = run.config.network(np.random.default_rng(0))
    weights.fill(net, state.weights)
    return write("npz", net, run.config, [], run.name)


def _data(config):
    generator = f"np.random.default_rng({config.seed})"
    file = set_file(config)
    names = ["Augmentation"] if config.shift or config.rotation or config.noise else []
    names += [] if file else ["load"]
    if names:
        yield f"from dashboard.datasets import {', '.join(names)}"
    if file is None:
        yield ""
        yield f"data, rng = load({config.dataset!r}), {generator}"
        yield "training, test = data.train, data.test"
        return
    yield ""
    yield f'data, rng = np.load("{file}"), {generator}'
    yield f'training, test = ((data[f"x_{{part}}"].reshape(-1, {config.sizes[0]}), data[f"y_{{part}}"])'
    yield '                  for part in ("train", "test"))'


def _needed(config):
    wanted = {
        "hold_out": config.validation,
        "subset": config.subset,
        "SCHEDULES": config.schedule != "constant",
        "Regularization": config.l2 or config.clip or config.dropout,
        "EarlyStopping": config.patience,
    }
    return [name for name, needed in wanted.items() if needed]


def _split(config):
    if config.validation or config.subset:
        yield f"drawing = np.random.default_rng([{config.seed}, {SPLIT}])"
    if config.validation:
        yield f"training, validation = hold_out(training, {config.validation}, rng=drawing)"
    if config.subset:
        yield f"training = subset(training, {config.subset}, rng=drawing)"


def _optimizer(config):
    momentum = f", momentum={config.momentum}" if config.optimizer in WITH_MOMENTUM else ""
    return f"{OPTIMIZERS[config.optimizer]}(lr={config.lr}{momentum})"


def _further(config):
    """The arguments of `train` that differ from its defaults."""
    regular = [f"{key}={getattr(config, key)}" for key in ("l2", "clip", "dropout") if getattr(config, key)]
    moved = [f"{key}={getattr(config, key)}" for key in ("shift", "rotation", "noise") if getattr(config, key)]
    shape = datasets.about(config.dataset).shape
    parts = {
        "validation": "validation" if config.validation else "",
        "schedule": f"SCHEDULES[{config.schedule!r}]" if config.schedule != "constant" else "",
        "regularization": f"Regularization({', '.join(regular)})" if regular else "",
        "augmentation": f"Augmentation({', '.join([*moved, f'shape={shape}'])})" if moved else "",
        "stopping": f"EarlyStopping({config.patience})" if config.patience else "",
    }
    return "".join(f",\n    {key}={value}" for key, value in parts.items() if value)

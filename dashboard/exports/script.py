"""A run as a Python script of a few lines over mlpcore: the same settings, the same seed, the same numbers."""

from .. import datasets
from ..runs.config import RunConfig
from ..runs.settings import WITH_MOMENTUM
from ..runs.trainer import SPLIT

OPTIMIZERS = {"sgd": "SGD", "momentum": "Momentum", "nesterov": "Nesterov", "adam": "Adam"}


def script(config: RunConfig) -> str:
    """The script; run where this app's folder is on Python's path."""
    names = ["MLP", OPTIMIZERS[config.optimizer], *_needed(config), "train"]
    lines = [
        "import numpy as np",
        f"from mlpcore import {', '.join(sorted(names, key=str.casefold))}",
        "from dashboard.datasets import load",
        "",
        f"data, rng = load({config.dataset!r}), np.random.default_rng({config.seed})",
        "training = data.train",
        *_split(config),
        f"net = MLP({config.sizes}, activation={config.activation!r}, cost={config.cost!r}, "
        f"init={config.init!r}, rng=rng)",
        f"optimizer = {_optimizer(config)}",
        f"for epoch in train(net, optimizer, training, data.test, epochs={config.epochs}, "
        f"batch_size={config.batch_size}, rng=rng{_further(config)}):",
        '    print(epoch.epoch, f"{epoch.test_accuracy:.2%}")',
        'net.save("weights.npz")',
    ]
    return "\n".join(lines) + "\n"


def _needed(config):
    wanted = {
        "hold_out": config.validation,
        "subset": config.subset,
        "SCHEDULES": config.schedule != "constant",
        "Regularization": config.l2 or config.clip or config.dropout,
        "Augmentation": config.shift or config.rotation or config.noise,
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

"""Settings in words: names of their values as people write them, and a run's set-up in a line."""

from .. import datasets
from ..runs.config import SETTINGS, RunConfig
from ..runs.settings import WITH_MOMENTUM

NAMES = {
    "activation": {"sigmoid": "Sigmoid", "tanh": "tanh", "relu": "ReLU", "leaky_relu": "Leaky ReLU"},
    "cost": {
        "quadratic": "Sigmoid, quadratic cost",
        "cross_entropy": "Softmax, cross-entropy",
        "binary_cross_entropy": "Sigmoid, binary cross-entropy",
    },
    "init": {"normal": "N(0, 1)", "xavier": "Xavier", "he": "He", "zero": "Zero"},
    "optimizer": {"sgd": "SGD", "momentum": "Momentum", "nesterov": "Nesterov momentum", "adam": "Adam"},
    "schedule": {
        "constant": "Constant",
        "step": "Step",
        "cosine": "Cosine",
        "warm_up": "Warm-up",
        "one_cycle": "One cycle",
    },
}

UNITS = {"shift": " px", "rotation": "°", "patience": " epochs"}
OFF = {"patience": "Off", "validation": "None", "subset": "All"}


def worded(name: str, value) -> str:
    """The value of a setting as people write it: ReLU, 5,000, 10°."""
    if name in NAMES:
        return NAMES[name][value]
    if name == "dataset":
        return datasets.about(value).title
    if isinstance(value, tuple):
        return "-".join(map(str, value)) or "none"
    if not value and name in ("l2", "dropout", "clip", "shift", "rotation", "noise", *OFF):
        return OFF.get(name, "Off")
    return (f"{value:,}" if isinstance(value, int) else f"{value:g}") + UNITS.get(name, "")


def set_up(config: RunConfig) -> str:
    """Learning rate, batch size, and what differs from the defaults, in a line."""
    plain = RunConfig()
    told = [f"Learning rate {config.lr:g}", f"batch size {config.batch_size:,}"]
    for name in ORDER:
        value = getattr(config, name)
        if value != getattr(plain, name) and (name != "momentum" or config.optimizer in WITH_MOMENTUM):
            text = worded(name, value)
            label = SETTINGS[name].label
            label = label if name == "l2" else label.lower()
            told.append(f"{text} {label}" if name in COUNTED else text if name in NAMES else f"{label} {text}")
    return " · ".join(told)


COUNTED = ("schedule", "validation", "subset")
ORDER = (
    "activation", "cost", "init", "optimizer", "momentum", "schedule", "clip", "l2", "dropout", "patience",
    "validation", "subset", "shift", "rotation", "noise", "seed",
)  # fmt: skip

"""What each setting of a run is: its name, its kind and limits, how it is written as text, and what it means."""

import math
import sys
from dataclasses import dataclass
from typing import Any

from mlpcore import ACTIVATIONS, COSTS, INITIALIZERS, OPTIMIZERS, SCHEDULES

from ..datasets import DATASETS, is_own
from ..errors import UserError

MAX_LAYERS = 20
MAX_EPOCHS = 1000
MAX_UNITS = 10**9  # only keeps the arithmetic sane; memory is what limits a size, see estimates.py
WITH_MOMENTUM = ("momentum", "nesterov")  # the optimizers that look at the setting
MAX_TEXT = 100  # characters of a setting in a link that are looked at


class ConfigError(UserError):
    """A setting that breaks its rule."""


@dataclass(frozen=True)
class Setting:
    """One field of RunConfig. `check` and `parse` say label, rule and value when something is wrong (ConfigError)."""

    label: str
    about: str  # a sentence, for help texts

    @property
    def rule(self) -> str:
        """What a value must be, to follow "must be"."""
        raise NotImplementedError

    def fits(self, value: Any) -> bool:
        """Whether `value` obeys the rule."""
        raise NotImplementedError

    def check(self, value: Any) -> Any:
        """The value; ConfigError when it breaks the rule."""
        if not self.fits(value):
            raise ConfigError(f"{self.label} must be {self.rule}, got {value!r}.")
        return value

    def read(self, text: str) -> Any:
        """The value that a text writes; ValueError when it writes none."""
        return text

    def parse(self, text: str) -> Any:
        """The value that a text writes, checked."""
        text = text[:MAX_TEXT]
        try:
            value = self.read(text)
        except ValueError:
            raise ConfigError(f"{self.label} must be {self.rule}, got {text!r}.") from None
        return self.check(value)


@dataclass(frozen=True)
class Choice(Setting):
    """One of a few names."""

    choices: tuple[str, ...]

    @property
    def rule(self):
        return f"one of {', '.join(self.choices)}"

    def fits(self, value):
        return value in self.choices


@dataclass(frozen=True)
class DataSet(Choice):
    """A data set that every installation knows, or the name of an own one."""

    @property
    def rule(self):
        return f"{super().rule} or an uploaded set"

    def fits(self, value):
        return isinstance(value, str) and (value in DATASETS or is_own(value))


@dataclass(frozen=True)
class Whole(Setting):
    """A whole number from `low` to `high`."""

    low: int
    high: float = math.inf

    @property
    def rule(self):
        return f"a whole number from {self.low}" + (f" to {self.high:,}" if self.high < math.inf else " upwards")

    def check(self, value):
        return super().check(int(value) if isinstance(value, float) and value.is_integer() else value)

    def fits(self, value):
        return isinstance(value, int) and not isinstance(value, bool) and self.low <= value <= self.high

    def read(self, text):
        return int(text)


@dataclass(frozen=True)
class Number(Setting):
    """A finite number from `low` to `high`; `above` and `below` leave the limits themselves out."""

    low: float = 0.0
    high: float = math.inf
    above: bool = False
    below: bool = False

    @property
    def rule(self):
        low = f"> {self.low:g}" if self.above else f"of at least {self.low:g}"
        high = f" and {'below' if self.below else 'at most'} {self.high:g}" if self.high < math.inf else ""
        return f"a number {low}{high}"

    def fits(self, value):
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= sys.float_info.max:
            return False
        over = value > self.low if self.above else value >= self.low
        return over and (value < self.high if self.below else value <= self.high)

    def read(self, text):
        return float(text)


@dataclass(frozen=True)
class Layers(Setting):
    """The units of each hidden layer, as text with commas between them; none is no hidden layer."""

    unit: Whole

    @property
    def rule(self):
        return "whole numbers with commas between them"

    def check(self, value):
        if len(value) > MAX_LAYERS:
            raise ConfigError(f"{self.label} must be at most {MAX_LAYERS}, got {len(value)}.")
        return tuple(self.unit.check(units) for units in value)

    def read(self, text):
        return tuple(int(part) for part in text.split(",")) if text else ()


SETTINGS: dict[str, Setting] = {
    "dataset": DataSet("Data set", "The images to learn from.", tuple(DATASETS)),
    "hidden": Layers("Hidden layers", "The units of each hidden layer.", Whole("Hidden layer size", "", 1, MAX_UNITS)),
    "activation": Choice("Activation", "What a hidden unit makes of its weighted input.", tuple(ACTIVATIONS)),
    "cost": Choice("Cost", "What training makes small; it decides what the output units are.", tuple(COSTS)),
    "init": Choice("Initialisation", "Where the weights start.", tuple(INITIALIZERS)),
    "lr": Number("Learning rate", "How far each step follows the gradient.", above=True),
    "batch_size": Whole("Batch size", "Images averaged for one step.", 1),
    "epochs": Whole("Epochs", "How often the training sees every image.", 1, MAX_EPOCHS),
    "seed": Whole("Seed", "The number that every random choice is drawn from.", 0, 2**32 - 1),
    "optimizer": Choice("Optimizer", "How a gradient becomes a step.", tuple(OPTIMIZERS)),
    "momentum": Number("Momentum", "How much of a step goes on into the next; for momentum and nesterov.",
                       0, 1, below=True),
    "schedule": Choice("Schedule", "How the learning rate changes from epoch to epoch.", tuple(SCHEDULES)),
    "l2": Number("L2 penalty", "Adds l2/2 times the sum of the squared weights to the cost."),
    "dropout": Number("Dropout", "The share of each hidden layer that a batch does without.", 0, 1, below=True),
    "clip": Number("Gradient clipping", "The norm that all gradients together may reach; 0 is no limit."),
    "patience": Whole("Patience", "Epochs without a better validation accuracy that end the training; 0 is never.",
                      0, MAX_EPOCHS),
    "validation": Whole("Validation images", "Training images held out to choose the best epoch by.", 0),
    "subset": Whole("Training images", "How many training images are used; 0 is all of them.", 0),
    "shift": Whole("Shift", "Pixels that each image is moved by at most, down and across.", 0, 14),
    "rotation": Number("Rotation", "Degrees that each image is turned by at most, either way.", 0, 180),
    "noise": Number("Noise", "Standard deviation of the noise on each pixel, 1 being full brightness.", 0, 1),
}  # fmt: skip

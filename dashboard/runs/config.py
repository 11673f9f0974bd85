"""RunConfig: everything that defines a run. To and from JSON, and to and from the query string of a link."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from itertools import pairwise

from mlpcore import ACTIVATIONS, COSTS, INITIALIZERS, MLP

from ..datasets import DATASETS
from ..errors import UserError

MAX_LAYERS = 20
MAX_EPOCHS = 1000
MAX_UNITS = 10**9  # only keeps the arithmetic sane; memory is what limits a size, see estimates.py


class ConfigError(UserError):
    """A setting that breaks its rule."""


@dataclass(frozen=True)
class RunConfig:
    """One run's settings; validated on creation (ConfigError)."""

    dataset: str = "mnist"
    hidden: tuple[int, ...] = (100,)  # units of each hidden layer
    activation: str = "sigmoid"
    cost: str = "quadratic"
    init: str = "xavier"
    lr: float = 3.0
    batch_size: int = 32  # samples
    epochs: int = 16
    seed: int = 0

    def __post_init__(self):
        object.__setattr__(self, "hidden", tuple(self.hidden))
        for name, known in (
            ("dataset", DATASETS),
            ("activation", ACTIVATIONS),
            ("cost", COSTS),
            ("init", INITIALIZERS),
        ):
            if getattr(self, name) not in known:
                raise ConfigError(f"{LABELS[name]} must be one of {', '.join(known)}, got {getattr(self, name)!r}.")
        if len(self.hidden) > MAX_LAYERS:
            raise ConfigError(f"Hidden layers must be at most {MAX_LAYERS}, got {len(self.hidden)}.")
        for units in self.hidden:
            _integer("Hidden layer size", units, 1, MAX_UNITS)
        if isinstance(self.lr, bool) or not isinstance(self.lr, int | float) or not 0 < self.lr < math.inf:
            raise ConfigError(f"Learning rate must be a number > 0, got {self.lr!r}.")
        _integer("Batch size", self.batch_size, 1, DATASETS[self.dataset].train_samples, "the training samples")
        _integer("Epochs", self.epochs, 1, MAX_EPOCHS)
        _integer("Seed", self.seed, 0, 2**32 - 1)

    @property
    def sizes(self) -> list[int]:
        """[inputs, hidden..., classes]."""
        about = DATASETS[self.dataset]
        return [about.inputs, *self.hidden, about.classes]

    @property
    def architecture(self) -> str:
        """As people write it: 784-100-10."""
        return "-".join(map(str, self.sizes))

    @property
    def parameters(self) -> int:
        """The number of weights and biases."""
        return sum((din + 1) * dout for din, dout in pairwise(self.sizes))

    @property
    def batches(self) -> int:
        """Batches in an epoch."""
        return math.ceil(DATASETS[self.dataset].train_samples / self.batch_size)

    def network(self, rng) -> MLP:
        """The untrained network, drawn from `rng`."""
        return MLP(self.sizes, activation=self.activation, cost=self.cost, init=self.init, rng=rng)

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "RunConfig":
        return cls(**json.loads(text))

    def to_query(self) -> dict[str, str]:
        """The settings as short strings for a link, all of them, so that a link never depends on a default."""
        return {key: _show(getattr(self, name)) for name, key in QUERY_KEYS.items()}

    @classmethod
    def from_query(cls, query: Mapping[str, str], base: "RunConfig | None" = None) -> tuple["RunConfig", list[str]]:
        """(config, problems): `base` with the settings in `query`; each unusable one is left out and named."""
        config, problems = base or cls(), []
        for name, key in QUERY_KEYS.items():
            if key in query:
                try:
                    config = replace(config, **{name: _parse(name, query[key])})
                except ConfigError as error:
                    problems.append(str(error))
        return config, problems


LABELS = {
    "dataset": "Data set",
    "hidden": "Hidden layers",
    "activation": "Activation",
    "cost": "Cost",
    "init": "Initialisation",
    "lr": "Learning rate",
    "batch_size": "Batch size",
    "epochs": "Epochs",
    "seed": "Seed",
}
QUERY_KEYS = {field.name: field.name for field in fields(RunConfig)} | {"batch_size": "batch"}


def _integer(label, value, low, high, what_high=None):
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        limit = f"{high:,}" + (f", {what_high}" if what_high else "")
        raise ConfigError(f"{label} must be a whole number from {low} to {limit}, got {value!r}.")


def _show(value):
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _parse(name, text):
    text = text[:100]
    try:
        if name == "hidden":
            return tuple(int(part) for part in text.split(",")) if text else ()
        if name == "lr":
            return float(text)
        if name in ("batch_size", "epochs", "seed"):
            return int(text)
    except ValueError:
        raise ConfigError(f"{LABELS[name]} must be {KINDS[name]}, got {text!r}.") from None
    return text


KINDS = {
    "hidden": "whole numbers with commas between them",
    "lr": "a number > 0",
    "batch_size": "a whole number",
    "epochs": "a whole number",
    "seed": "a whole number",
}

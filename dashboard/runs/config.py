"""RunConfig: everything that defines a run. To and from JSON, and to and from the query string of a link."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import Any

from mlpcore import MLP

from .. import datasets
from .settings import MAX_EPOCHS, MAX_LAYERS, SETTINGS, ConfigError

__all__ = ["LABELS", "MAX_EPOCHS", "MAX_LAYERS", "QUERY_KEYS", "SETTINGS", "ConfigError", "RunConfig", "parse", "show"]


@dataclass(frozen=True)
class RunConfig:
    """One run's settings, each described in SETTINGS; validated on creation (ConfigError)."""

    dataset: str = "mnist"
    hidden: tuple[int, ...] = (100,)  # units of each hidden layer
    activation: str = "sigmoid"
    cost: str = "quadratic"
    init: str = "xavier"
    lr: float = 3.0
    batch_size: int = 32  # samples
    epochs: int = 16
    seed: int = 0
    optimizer: str = "sgd"
    momentum: float = 0.9  # of the optimizers momentum and nesterov
    schedule: str = "constant"
    l2: float = 0.0
    dropout: float = 0.0  # share of each hidden layer
    clip: float = 0.0  # largest norm of the gradients; 0: no limit
    patience: int = 0  # epochs; 0: no early stopping
    validation: int = 0  # training samples held out
    subset: int = 0  # training samples used; 0: all that are not held out
    shift: int = 0  # pixels
    rotation: float = 0.0  # degrees
    noise: float = 0.0  # standard deviation, in units of full brightness

    def __post_init__(self):
        for name, setting in SETTINGS.items():
            object.__setattr__(self, name, setting.check(getattr(self, name)))
        self._check_together()

    def _check_together(self):
        """The rules that tie settings to each other and to the data set."""
        whole = datasets.about(self.dataset).train_samples
        if self.validation >= whole:
            raise ConfigError(
                f"Validation images must be fewer than the data set's {whole:,} training images, "
                f"got {self.validation:,}."
            )
        if self.subset > whole - self.validation:
            raise ConfigError(
                f"Training images must be at most the {whole - self.validation:,} that are not held out, "
                f"got {self.subset:,}."
            )
        if self.patience and not self.validation:
            raise ConfigError(f"Patience must be 0 without validation images to judge by, got {self.patience}.")
        if self.batch_size > self.samples:
            what = "training samples" if self.samples == whole else "training samples that remain"
            raise ConfigError(
                f"Batch size must be a whole number from 1 to {self.samples:,}, the {what}, got {self.batch_size}."
            )

    @property
    def sizes(self) -> list[int]:
        """[inputs, hidden..., classes]."""
        about = datasets.about(self.dataset)
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
    def samples(self) -> int:
        """Training samples in an epoch."""
        return self.subset or datasets.about(self.dataset).train_samples - self.validation

    @property
    def batches(self) -> int:
        """Batches in an epoch."""
        return math.ceil(self.samples / self.batch_size)

    def network(self, rng) -> MLP:
        """The untrained network, drawn from `rng`."""
        return MLP(self.sizes, activation=self.activation, cost=self.cost, init=self.init, rng=rng)

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "RunConfig":
        """The config in `text`; settings that an older version did not have are at their defaults."""
        return cls(**json.loads(text))

    def to_query(self) -> dict[str, str]:
        """The settings as short strings for a link, all of them, so that a link never depends on a default."""
        return {key: show(getattr(self, name)) for name, key in QUERY_KEYS.items()}

    @classmethod
    def from_query(cls, query: Mapping[str, str], base: "RunConfig | None" = None) -> tuple["RunConfig", list[str]]:
        """(config, problems): `base` with the settings in `query`; each unusable one is left out and named."""
        values: dict[str, Any] = {}
        problems = []
        for name, key in QUERY_KEYS.items():
            if key in query:
                try:
                    values[name] = parse(name, query[key])
                except ConfigError as error:
                    problems.append(str(error))
        config, refused = (base or cls())._with(values)
        return config, problems + refused

    def _with(self, values):
        """(config, problems): the settings in `values` that go together with each other and the rest of this one."""
        try:
            return replace(self, **values), []
        except ConfigError:
            config, waiting = self, values
        while True:  # one may only fit once another has been set
            problems = {}
            for name, value in waiting.items():
                try:
                    config = replace(config, **{name: value})
                except ConfigError as error:
                    problems[name] = str(error)
            if len(problems) == len(waiting):
                return config, list(problems.values())
            waiting = {name: waiting[name] for name in problems}


LABELS = {name: setting.label for name, setting in SETTINGS.items()}
QUERY_KEYS = {name: name for name in SETTINGS} | {"batch_size": "batch"}


def parse(name: str, text: str) -> Any:
    """The value of setting `name` that `text` writes; ConfigError when it breaks its rule."""
    return SETTINGS[name].parse(text)


def show(value: Any) -> str:
    """A setting's value as the text that `parse` reads."""
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)

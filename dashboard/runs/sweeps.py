"""SweepPlan: which settings a sweep tries, and how; Sweep: one as the database has it."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

from .. import datasets, formats
from .config import LABELS, SETTINGS, ConfigError, RunConfig
from .settings import Choice, Layers, Number, Whole

METHODS = ("grid", "random", "tpe")
FIXED = ("dataset", "seed", "validation")  # the same in all runs of a sweep, or the judge would change
LOG = ("lr", "l2", "batch_size", "subset")  # drawn so that each order of magnitude is equally likely
HELD_OUT = 10_000  # images to judge by, unless the plan says otherwise or the data set is small
HELD_OUTS = (2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, HELD_OUT, 20_000)  # to choose from
MAX_RUNS = 10_000
MAX_SEEDS = 100
FIRST_RUNG = 2  # epochs before halving judges first
SWEEP_STATUSES = ("running", "paused", "stopped", "finished")


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, for draws."""

    low: float
    high: float


@dataclass(frozen=True)
class SweepPlan:
    """What a sweep tries: `base` with other values for some settings. Validated on creation (ConfigError)."""

    base: RunConfig
    values: Mapping[str, tuple] = field(default_factory=dict)  # setting -> values to choose from
    ranges: Mapping[str, Range] = field(default_factory=dict)  # setting -> numbers to draw from; not for a grid
    method: str = "grid"
    draws: int = 20  # points, unless it is a grid
    seeds: int = 1  # runs a point, with base.seed and the ones after it
    halving: bool = False

    def __post_init__(self):
        _need(self.method in METHODS, f"The method must be one of {', '.join(METHODS)}, got {self.method!r}.")
        _whole("Draws", self.draws, MAX_RUNS)
        _whole("Seeds a point", self.seeds, MAX_SEEDS)
        _need(self.base.validation > 0, "A sweep needs validation images to judge by, got 0.")
        _need(self.values or self.ranges, "A sweep needs at least one setting to vary, got none.")
        for name in (*self.values, *self.ranges):
            _need(name in SETTINGS, f"A sweep can vary settings of a run only, got {name[:40]!r}.")
            _need(name not in FIXED, f"{LABELS.get(name)} must be the same in all runs of a sweep.")
        both = set(self.values) & set(self.ranges)
        _need(not both, f"A setting must have values or a range, got both for {', '.join(sorted(both))}.")
        values = {name: _checked(name, chosen) for name, chosen in self.values.items()}
        object.__setattr__(self, "values", values)
        self._check_ranges()
        self._check_halving()

    def _check_ranges(self):
        _need(not (self.ranges and self.method == "grid"), "A grid needs values, not ranges. Draw points instead.")
        for name, wanted in self.ranges.items():
            setting = SETTINGS[name]
            _need(isinstance(setting, Whole | Number), f"{setting.label} must have values; it has no range.")
            low, high = setting.check(wanted.low), setting.check(wanted.high)
            _need(low < high, f"The range of {setting.label} must go upwards, got {low:g} to {high:g}.")
            _need(name not in LOG or low > 0, f"The range of {setting.label} must begin above 0, got {low:g}.")

    def _check_halving(self):
        if self.halving:
            _need(self.method != "tpe", "TPE learns from whole trainings. Switch successive halving off.")
            _need("epochs" not in self.varied, "Successive halving needs the same number of epochs in all runs.")
            _need(self.base.epochs > 1, "Successive halving needs at least 2 epochs, got 1.")

    @property
    def varied(self) -> list[str]:
        """The settings that differ between points."""
        return [*self.values, *self.ranges]

    @property
    def count(self) -> int:
        """The number of points."""
        return math.prod(len(chosen) for chosen in self.values.values()) if self.method == "grid" else self.draws

    @property
    def runs(self) -> int:
        """The number of runs."""
        return self.count * self.seeds

    @cached_property
    def rungs(self) -> tuple[int, ...]:
        """The epochs at which halving judges, and the last: 2, 4, 8. One epoch shows little: see docs/sweeps.md."""
        last = self.base.epochs
        if not self.halving:
            return (last,)
        times = min(int(math.log2(max(self.count, 1))), int(math.log2(last / min(FIRST_RUNG, last // 2))))
        return tuple(last >> k for k in range(times, -1, -1))

    @property
    def shares(self) -> list[tuple[int, int]]:
        """(points, epochs) of each part between two rungs, without halving (all points, all epochs)."""
        points, before, parts = self.count, 0, []
        for rung in self.rungs:
            parts.append((points, rung - before))
            points, before = math.ceil(points / 2), rung
        return parts

    def configs(self, point: RunConfig) -> list[RunConfig]:
        """The runs of one point, one a seed."""
        return [replace(point, seed=self.base.seed + i) for i in range(self.seeds)]

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "SweepPlan":
        """The plan in `text`."""
        held = json.loads(text)
        base = RunConfig(**held.pop("base"))
        ranges = {name: Range(**wanted) for name, wanted in held.pop("ranges").items()}
        return cls(base, ranges=ranges, **held)


@dataclass(frozen=True)
class Sweep:
    """One sweep as the database has it; times in seconds since 1970."""

    id: str
    number: int
    name: str
    plan: SweepPlan
    status: str
    step: int
    created: float
    ended: float | None
    owner: str | None = None

    @property
    def active(self) -> bool:
        """Whether there is more to do, and it may be done."""
        return self.status == "running"

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Sweep":
        """The sweep in a row of the table."""
        return cls(**{**row, "name": formats.clean(row["name"]), "plan": SweepPlan.from_json(row["plan"])})


def held_outs(dataset: str) -> list[int]:
    """How many training images of a data set may well be held out: from a hundredth to a half of them."""
    whole = datasets.about(dataset).train_samples
    return [number for number in HELD_OUTS if min(1000, whole / 100) <= number < whole / 2]


def held_out(dataset: str) -> int:
    """How many are unless somebody says otherwise: about a sixth, and at most HELD_OUT."""
    sixth = min(HELD_OUT, datasets.about(dataset).train_samples / 6)
    return min(held_outs(dataset), key=lambda number: abs(number - sixth))


def value_of(name: str, text: str) -> Any:
    """The value of a setting that a person wrote: layers as 100-100, everything else as RunConfig reads it."""
    text = text.strip()
    return SETTINGS[name].parse(text.replace("-", ",") if isinstance(SETTINGS[name], Layers) else text)


def values_of(name: str, text: str) -> tuple:
    """The values that a text lists, with commas or spaces between them."""
    return tuple(value_of(name, part) for part in text.replace(",", " ").split())


def is_choice(name: str) -> bool:
    """Whether the setting is one of a few names."""
    return isinstance(SETTINGS[name], Choice)


def is_numeric(name: str) -> bool:
    """Whether the setting can be drawn from a range."""
    return isinstance(SETTINGS[name], Whole | Number)


def _checked(name, values):
    label, unique = LABELS[name], []
    _need(not isinstance(values, str) and len(values), f"{label} must have at least one value to try, got none.")
    for value in values:
        value = SETTINGS[name].check(tuple(value) if isinstance(value, list) else value)
        if value not in unique:
            unique.append(value)
    return tuple(unique)


def _whole(what, value, high):
    good = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= high
    _need(good, f"{what} must be a whole number from 1 to {high:,}, got {value!r}.")


def _need(condition, sentence):
    if not condition:
        raise ConfigError(sentence)

"""A sweep's points as rows, and its settings as axes to draw them on."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..runs.config import RunConfig
from ..runs.points import by_point, score
from ..runs.run import Run
from ..runs.settings import Layers
from ..runs.sweeps import LOG, SETTINGS, SweepPlan, is_choice

BINS = 8  # of a range, where cells are drawn


@dataclass(frozen=True)
class Point:
    """One point: its runs, one a seed, and what they reached on average; None before the first epoch."""

    config: RunConfig
    runs: list[Run]
    validation: float | None
    test: float | None
    status: str

    @property
    def epochs(self) -> int:
        """Epochs trained, of all its runs."""
        return sum(run.epochs_done for run in self.runs)


def ranking(runs: Sequence[Run]) -> list[Point]:
    """The points of a sweep, the best validation accuracy first, those without one last."""
    found = [_point(config, its_runs) for config, its_runs in by_point(runs).items()]
    return sorted(found, key=lambda point: -1 if point.validation is None else point.validation, reverse=True)


def _point(config, runs):
    reached = score(runs)
    tests = [run.best_accuracy for run in runs]
    known = reached >= 0 and all(test is not None for test in tests)
    test = sum(test for test in tests if test is not None) / len(tests) if known else None
    return Point(config, runs, reached if known else None, test, _status(runs))


def _status(runs):
    for status in ("failed", "running", "interrupted", "paused", "queued", "stopped"):
        if any(run.status == status for run in runs):
            return "dropped" if status == "stopped" and all(_judged(run) for run in runs) else status
    return "finished"


def _judged(run):
    return run.until is not None and run.epochs_done >= run.until


@dataclass(frozen=True)
class Axis:
    """A setting as an axis: `values` in their order, or numbers from `low` to `high`, perhaps logarithmic."""

    name: str
    values: tuple = ()
    low: float = 0.0
    high: float = 1.0
    log: bool = False

    def place(self, value: Any) -> float:
        """Where a value lies, from 0 to 1."""
        if self.values:
            return self.values.index(value) / (len(self.values) - 1) if len(self.values) > 1 else 0.5
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def cell(self, value: Any) -> int:
        """The number of the cell that a value falls into."""
        return self.values.index(value) if self.values else min(BINS - 1, int(self.place(value) * BINS))

    @property
    def cells(self) -> list[Any]:
        """What stands for each cell: the value, or the middle of its part of the range."""
        if self.values:
            return list(self.values)
        middles = [(i + 0.5) / BINS for i in range(BINS)]
        if self.log:
            return [float(f"{self.low * (self.high / self.low) ** part:.2g}") for part in middles]
        return [float(f"{self.low + (self.high - self.low) * part:.3g}") for part in middles]


def axes(plan: SweepPlan) -> list[Axis]:
    """The settings that the plan varies, numbers ascending and layers by their size."""
    listed = [Axis(name, _ordered(name, values)) for name, values in plan.values.items()]
    drawn = [Axis(name, (), wanted.low, wanted.high, name in LOG) for name, wanted in plan.ranges.items()]
    return listed + drawn


def _ordered(name, values):
    if is_choice(name):
        return values
    return tuple(sorted(values, key=(lambda v: (sum(v), v)) if isinstance(SETTINGS[name], Layers) else None))

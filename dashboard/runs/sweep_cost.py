"""What a sweep will take, and which one is refused before it starts."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

from .. import formats
from . import estimates, points
from .config import ConfigError, RunConfig
from .run import Run
from .store import RunStore
from .sweeps import MAX_RUNS, Sweep, SweepPlan

MAX_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True)
class SweepCost:
    """Runs, their epochs in all, and seconds on `workers` cores (None until this machine has been measured)."""

    runs: int
    epochs: int
    seconds: float | None


def expected(plan: SweepPlan, configs: Sequence[RunConfig], costs, workers: int) -> SweepCost:
    """The cost of a sweep over `configs`, one a point; that of TPE, whose points come later, by its middle."""
    configs = configs or [middle(plan)]
    each = [estimates.cost(config, costs).seconds_per_epoch for config in configs]
    epochs = sum(number * length for number, length in plan.shares) * plan.seeds
    if "epochs" in plan.varied:
        epochs = round(sum(config.epochs for config in configs) / len(configs) * plan.runs)
    known = [seconds for seconds in each if seconds is not None]
    if len(known) < len(each):
        return SweepCost(plan.runs, epochs, None)
    weighed = sum(seconds * config.epochs for seconds, config in zip(known, configs, strict=True))
    whole = sum(config.epochs for config in configs)
    return SweepCost(plan.runs, epochs, weighed / whole * epochs / workers)


def middle(plan: SweepPlan) -> RunConfig:
    """The point in the middle of every list and range."""
    chosen = {name: values[len(values) // 2] for name, values in plan.values.items()}
    for name, wanted in plan.ranges.items():
        whole = float(wanted.low).is_integer() and isinstance(getattr(plan.base, name), int)
        centre = (wanted.low + wanted.high) / 2
        chosen[name] = int(centre) if whole else centre
    return replace(plan.base, **chosen)


def checked_points(plan: SweepPlan, costs, workers: int | None = None) -> tuple[list[RunConfig], SweepCost]:
    """(points, cost) of a plan that can be carried out; ConfigError for one that is absurd."""
    if plan.runs > MAX_RUNS:
        raise ConfigError(f"A sweep may have at most {MAX_RUNS:,} runs; this one has {plan.runs:,}. Try fewer values.")
    if plan.method == "tpe":
        points.optuna_or_refuse()
    chosen = points.points(plan)
    for config in chosen or points.largest(plan):
        estimates.refuse_absurd(config)
    cost = expected(plan, chosen, costs, workers or os.cpu_count() or 1)
    if cost.seconds is not None and cost.seconds > MAX_SECONDS:
        raise ConfigError(
            f"A sweep may take at most {formats.duration(MAX_SECONDS)}; this one would take about "
            f"{formats.duration(cost.seconds)}. Try fewer values, fewer epochs, or successive halving."
        )
    return chosen, cost


def first_configs(plan: SweepPlan, chosen: Sequence[RunConfig]) -> list[RunConfig]:
    """The runs that a sweep begins with, one a point and seed; TPE has none until it is asked.

    Seed by seed, since a seed decides what is held out, and a worker keeps the images of its last run; within a seed
    the longest first, so that the last to end is a short one and no core waits for it.
    """
    longest_first = sorted(chosen, key=lambda config: config.parameters * config.epochs, reverse=True)
    return [config for of_seed in zip(*map(plan.configs, longest_first), strict=True) for config in of_seed]


def begin(store: RunStore, plan: SweepPlan, name: str | None = None, workers: int | None = None) -> Sweep:
    """A new sweep of a plan, for an engine to find; ConfigError for one that can't be carried out."""
    chosen, _ = checked_points(plan, estimates.load_costs(), workers)
    return store.create_sweep(plan, first_configs(plan, chosen), name)


def seconds_left(plan: SweepPlan, runs: Sequence[Run], costs, workers: int) -> float | None:
    """What is left of a sweep, at the pace of its runs so far; None when nothing is known."""
    epochs_left = total_epochs(plan, runs) - sum(run.epochs_done for run in runs)
    seen = [run for run in runs if run.epochs_done]
    expected_so_far = _work(seen, costs)
    if not seen and costs is None:
        return None
    if plan.halving or plan.method == "tpe" or expected_so_far is None:
        if not seen:
            return expected(plan, [], costs, workers).seconds
        pace = sum(run.seconds for run in seen) / sum(run.epochs_done for run in seen)
        return max(0, epochs_left) * pace / workers
    ahead = [(run.config, run.config.epochs - run.epochs_done - run.progress) for run in runs if run.active]
    work = sum((estimates.cost(config, costs).seconds_per_epoch or 0) * epochs for config, epochs in ahead)
    slower = sum(run.seconds for run in seen) / expected_so_far if seen and expected_so_far else 1.0
    return work * slower / min(workers, max(1, len(ahead)))


def total_epochs(plan: SweepPlan, runs: Sequence[Run]) -> int:
    """The epochs of the whole sweep."""
    if "epochs" in plan.varied:
        return sum(run.config.epochs for run in runs)
    return sum(number * length for number, length in plan.shares) * plan.seeds


def _work(runs, costs):
    each = [(estimates.cost(run.config, costs).seconds_per_epoch, run.epochs_done) for run in runs]
    return None if any(seconds is None for seconds, _ in each) else sum(s * n for s, n in each if s is not None)

"""What a sweep does next, decided from its runs alone: any process may ask, at any time, and gets the same answer."""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from .config import RunConfig
from .points import ask, by_point, score
from .run import Run
from .sweeps import SweepPlan

IN_FLIGHT = max(2, os.cpu_count() or 1)  # points of TPE under way at once


@dataclass(frozen=True)
class Step:
    """New runs to queue, runs that go on until a further epoch (None: their last), runs that are dropped; the end."""

    create: list[RunConfig] = field(default_factory=list)
    promote: dict[str, int | None] = field(default_factory=dict)
    drop: list[str] = field(default_factory=list)
    over: bool = False

    def __bool__(self):
        return bool(self.create or self.promote or self.drop or self.over)


def decide(plan: SweepPlan, runs: Sequence[Run]) -> Step:
    """The next step of a sweep that has these runs; an empty one while it must wait for them."""
    if plan.method == "tpe" and (create := _asked(plan, runs)):
        return Step(create=create)
    if plan.halving and (step := _judged(plan, runs)):
        return step
    return Step(over=not any(_open(run) for run in runs))


def _open(run):
    return run.active or run.status == "interrupted"


def _asked(plan, runs):
    points = by_point(runs)
    under_way = sum(any(_open(run) for run in its_runs) for its_runs in points.values())
    count = min(IN_FLIGHT - under_way, plan.draws - len(points))
    return [config for point in (ask(plan, runs, count) if count > 0 else []) for config in plan.configs(point)]


def _judged(plan, runs):
    """Successive halving (Jamieson and Talwalkar 2016), eta = 2: at each rung the worse half of the points ends."""
    for here, then in zip(plan.rungs, plan.rungs[1:], strict=False):
        waiting = [run for run in runs if run.until == here and _open(run)]
        if not waiting:
            continue
        if any(run.status != "queued" or run.epochs_done < here for run in waiting):
            return Step()
        return _halved(by_point([run for run in runs if run.until == here]), waiting, then, plan.rungs[-1])
    return Step()


def _halved(points, waiting, then, last):
    ranked = sorted(points.values(), key=lambda its_runs: (-score(its_runs), min(run.number for run in its_runs)))
    kept = {run.id for its_runs in ranked[: math.ceil(len(ranked) / 2)] for run in its_runs}
    until = None if then == last else then
    return Step(
        promote={run.id: until for run in waiting if run.id in kept},
        drop=[run.id for run in waiting if run.id not in kept],
    )

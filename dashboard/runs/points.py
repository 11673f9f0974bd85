"""The points of a sweep: every combination, random draws, or what Optuna's TPE asks for."""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from itertools import product

from .config import SETTINGS, ConfigError, RunConfig
from .run import Run
from .settings import Number, Whole
from .sweeps import LOG, SweepPlan

DIGITS = 3  # of a drawn number: enough to differ, few enough to read
TRIES = 20  # at a draw that was drawn before


def points(plan: SweepPlan) -> list[RunConfig]:
    """The points that are known beforehand; none for TPE. ConfigError for a combination that can't be."""
    from sklearn.model_selection import ParameterGrid  # a second to import

    if plan.method == "grid":
        return [_point(plan, chosen) for chosen in ParameterGrid({name: list(v) for name, v in plan.values.items()})]
    return _drawn(plan) if plan.method == "random" else []


def _drawn(plan):
    """The first different points of a stream of draws that the base's seed begins."""
    from sklearn.model_selection import ParameterSampler

    space = {name: list(values) for name, values in plan.values.items()}
    space |= {name: _distribution(name, wanted) for name, wanted in plan.ranges.items()}
    if not plan.ranges:  # a list is sampled without repetition
        most = _combinations(plan)
        draws = list(ParameterSampler(space, min(plan.draws, most), random_state=plan.base.seed))
    else:
        draws = ParameterSampler(space, plan.draws * TRIES, random_state=plan.base.seed)
    found: dict[RunConfig, None] = {}
    for chosen in draws:
        found[_point(plan, chosen)] = None
        if len(found) == plan.draws:
            return list(found)
    raise ConfigError(f"Draws must be at most the {len(found):,} different points that there are, got {plan.draws:,}.")


def _combinations(plan):
    count = 1
    for values in plan.values.values():
        count *= len(values)
    return count


def _distribution(name, wanted):
    from scipy import stats

    if name in LOG:
        return stats.loguniform(wanted.low, wanted.high)
    if isinstance(SETTINGS[name], Whole):
        return stats.randint(int(wanted.low), int(wanted.high) + 1)
    return stats.uniform(wanted.low, wanted.high - wanted.low)


def _point(plan, chosen):
    return replace(plan.base, **{name: _tidy(plan, name, value) for name, value in chosen.items()})


def _tidy(plan, name, value):
    """A drawn number in few digits, inside its range."""
    wanted = plan.ranges.get(name)
    if wanted is None:
        return value
    if isinstance(SETTINGS[name], Whole):
        return int(min(max(round(value), wanted.low), wanted.high))
    return float(min(max(float(f"{value:.{DIGITS}g}"), wanted.low), wanted.high))


def largest(plan: SweepPlan) -> list[RunConfig]:
    """The points that take most: each hidden layers, optimizer and number of images, all else at its largest.

    ConfigError when these can't be, such as batches of more images than there are.
    """
    chosen: dict[str, tuple] = {name: (max(v) if _is_number(name) else v[0],) for name, v in plan.values.items()}
    chosen |= {name: (_tidy(plan, name, wanted.high),) for name, wanted in plan.ranges.items()}
    chosen |= {name: plan.values[name] for name in ("hidden", "optimizer", "subset") if name in plan.values}
    if "subset" in plan.ranges:
        chosen["subset"] = (int(plan.ranges["subset"].low), int(plan.ranges["subset"].high))
    return [replace(plan.base, **dict(zip(chosen, each, strict=True))) for each in product(*chosen.values())]


def _is_number(name):
    return isinstance(SETTINGS[name], Whole | Number)


def point_of(run: Run) -> RunConfig:
    """What the runs of a point have in common: all but the seed."""
    return replace(run.config, seed=0)


def by_point(runs: Sequence[Run]) -> dict[RunConfig, list[Run]]:
    """The runs of each point."""
    found: dict[RunConfig, list[Run]] = {}
    for run in runs:
        found.setdefault(point_of(run), []).append(run)
    return found


def score(runs: Sequence[Run]) -> float:
    """The validation accuracy of a point, the mean over its seeds; -1 when one of them failed."""
    reached = [run.best_validation for run in runs]
    if not reached or any(value is None for value in reached) or any(run.status == "failed" for run in runs):
        return -1.0
    return sum(value for value in reached if value is not None) / len(reached)


def ask(plan: SweepPlan, runs: Sequence[Run], count: int) -> list[RunConfig]:
    """The next points that TPE would try, after all that is known of `runs`; the study is told anew each time.

    Bergstra et al. 2011; points under way count as bad ones (constant liar), so that two workers look at two places.
    """
    optuna = optuna_or_refuse()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    known = by_point(runs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        sampler = optuna.samplers.TPESampler(seed=plan.base.seed + len(known), constant_liar=True)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    space = _space(optuna, plan)
    for point, its_runs in known.items():
        study.add_trial(_trial(optuna, plan, space, point, its_runs))
    asked: list[RunConfig] = []
    for _ in range(count * TRIES):
        point = _point(plan, {name: _value(plan, name, value) for name, value in study.ask(space).params.items()})
        if replace(point, seed=0) not in known and point not in asked:
            asked.append(point)
        if len(asked) == count:
            break
    return asked


def optuna_or_refuse():
    """The module, ConfigError when it is not installed."""
    try:
        import optuna
    except ModuleNotFoundError as error:
        raise ConfigError("TPE needs Optuna: pip install -r requirements-optuna.txt.") from error
    return optuna


def _space(optuna, plan):
    d = optuna.distributions
    space = {name: d.CategoricalDistribution(list(range(len(values)))) for name, values in plan.values.items()}
    for name, wanted in plan.ranges.items():
        whole = isinstance(SETTINGS[name], Whole)
        kind = d.IntDistribution if whole else d.FloatDistribution
        low, high = (int(wanted.low), int(wanted.high)) if whole else (wanted.low, wanted.high)
        space[name] = kind(low, high, log=name in LOG)
    return space


def _value(plan, name, value):
    return plan.values[name][value] if name in plan.values else value


def _trial(optuna, plan, space, point, runs):
    states = optuna.trial.TrialState
    over = all(not run.active and not run.resumable for run in runs)
    reached = score(runs)
    params = {name: getattr(point, name) for name in plan.ranges}
    params |= {name: values.index(getattr(point, name)) for name, values in plan.values.items()}
    state = states.RUNNING if not over else states.COMPLETE if reached >= 0 else states.FAIL
    value = reached if state is states.COMPLETE else None
    return optuna.trial.create_trial(state=state, value=value, params=params, distributions=space)

"""Several runs side by side: in which settings they differ, which of them lead, and which runs are still missing."""

import itertools
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import islice

from .. import datasets
from ..runs.config import LABELS, ConfigError, RunConfig
from ..runs.run import Run
from .evaluation import accuracy_interval


def differing(configs: Sequence[RunConfig]) -> list[str]:
    """The names of the settings in which the configs differ."""
    return [name for name in LABELS if len({getattr(config, name) for config in configs}) > 1]


def one_change(base: RunConfig, other: RunConfig, known: Collection[RunConfig] = frozenset()) -> list[RunConfig]:
    """What is missing to tell causes apart: `base` with each of `other`'s differing settings alone, unless `known`.

    Empty when the two differ in fewer than two settings. A change that `base` can't have by itself is left out, and
    so is the seed: another one is a repeat, not a cause.
    """
    names = differing([base, other])
    if len(names) < 2:
        return []
    changed = []
    for name in names:
        if name == "seed":
            continue
        try:
            changed.append(replace(base, **{name: getattr(other, name)}))
        except ConfigError:
            continue
    return [config for config in dict.fromkeys(changed) if config not in known]


def repeats(runs: Sequence[Run]) -> list[list[Run]]:
    """The runs in groups that differ in their seed alone, in the order of their first members."""
    groups: dict[tuple, list[Run]] = {}
    for run in runs:
        groups.setdefault(_but_for_the_seed(run.config), []).append(run)
    return list(groups.values())


def further_seeds(configs: Sequence[RunConfig], count: int, known: Iterable[RunConfig]) -> list[RunConfig]:
    """Each of `configs` with `count` seeds that no config of `known` has been trained with."""
    taken: dict[tuple, set[int]] = {}
    for config in (*known, *configs):
        taken.setdefault(_but_for_the_seed(config), set()).add(config.seed)
    found = []
    for config in configs:
        seeds = taken[_but_for_the_seed(config)]
        fresh = list(islice((seed for seed in itertools.count() if seed not in seeds), count))
        seeds.update(fresh)
        found += [replace(config, seed=seed) for seed in fresh]
    return found


@lru_cache(maxsize=4096)
def _but_for_the_seed(config):
    return tuple(getattr(config, name) for name in LABELS if name != "seed")


def matching_width(config: RunConfig) -> int:
    """The width of the one hidden layer that gives a network as many parameters as `config`'s, as near as can be.

    (din + 1) h + (h + 1) dout = P, so h = (P - dout) / (din + dout + 1).
    """
    about = datasets.about(config.dataset)
    return max(1, round((config.parameters - about.classes) / (about.inputs + about.classes + 1)))


def standing(runs: Sequence[Run]) -> tuple[Run, list[Run]] | None:
    """(the run with the highest test accuracy, the others whose accuracy lies within its 95 % interval)."""
    trained = [run for run in runs if run.accuracy is not None]
    if not trained:
        return None
    leader = max(trained, key=lambda run: run.accuracy or 0.0)
    low, _ = interval(leader)
    return leader, [run for run in trained if run is not leader and (run.accuracy or 0.0) >= low]


def interval(run: Run) -> tuple[float, float]:
    """The 95 % interval of the run's test accuracy."""
    return accuracy_interval(run.accuracy or 0.0, datasets.about(run.config.dataset).test_samples)

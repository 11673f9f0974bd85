"""The curves of several runs, laid on one x-axis: values, differences to a baseline, means of repeats, smoothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mlpcore import EpochResult

from ..runs.run import Run
from ..runs.store import FIGURES, RunStore
from .comparison import repeats

METRICS = {  # from the columns of a run's figures
    "accuracy": lambda figures: figures["test_accuracy"],
    "loss": lambda figures: figures["test_loss"],
    "error": lambda figures: 1 - figures["test_accuracy"],
}
AXES = ("epochs", "updates", "seconds")
MOST_POINTS = 400  # on the x-axis
MOST_SPARKS, SPARK_POINTS = 20_000, 24
MOST_WATCHED = 100  # runs whose epochs are kept

Figures = dict[str, np.ndarray]  # the columns of one run, an array each, an element an epoch


@dataclass(frozen=True)
class Curve:
    """A line of the chart: of one run, or the mean of several repeats with the range that they span."""

    name: str
    number: int  # of the run, or the first of them: its colour
    x: np.ndarray
    y: np.ndarray
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    raw: np.ndarray | None = None  # y before it was smoothed


def figures(store: RunStore, runs: Sequence[Run]) -> dict[str, Figures]:
    """The figures of each run, by id; runs without epochs are left out."""
    rows = store.figures([run.id for run in runs])
    found: dict[str, list[tuple]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(row[1:])
    return {run: dict(zip(FIGURES[1:], np.array(part, float).T, strict=True)) for run, part in found.items()}


def curves(
    runs: Sequence[Run],
    figures: Mapping[str, Figures],
    *,
    metric: str = "accuracy",
    axis: str = "epochs",
    grouped: bool = False,
    smoothing: float = 0.0,
    baseline: Run | None = None,
) -> list[Curve]:
    """One curve a run, or a group of repeats when `grouped`. With a baseline, its curve is taken off each."""
    runs = [run for run in runs if run.id in figures]
    groups = repeats(runs) if grouped else [[run] for run in runs]
    lines = [_line(group, figures, metric, axis) for group in groups]
    if smoothing:
        lines = [_smoothed(line, smoothing) for line in lines]
    if baseline is not None and baseline.id in figures:
        ground = _line([baseline], figures, metric, axis)
        ground = _smoothed(ground, smoothing) if smoothing else ground
        lines = [_difference(line, ground) for line in lines]
    return lines


def table(lines: Sequence[Curve]) -> dict[str, np.ndarray]:
    """The curves as columns over one x: x, s0, s1, ... and, where a curve has them, s0_low, s0_high, s0_raw.

    Between its own points a curve is interpolated, beyond them it is NaN.
    """
    if not lines:
        return {"x": np.empty(0)}
    x = np.unique(np.concatenate([line.x for line in lines]))
    if len(x) > MOST_POINTS:
        x = np.linspace(x[0], x[-1], MOST_POINTS)
    columns = {"x": x}
    for i, line in enumerate(lines):
        for suffix, values in (("", line.y), ("_low", line.low), ("_high", line.high), ("_raw", line.raw)):
            if values is not None:
                columns[f"s{i}{suffix}"] = _at(x, line.x, values)
    return columns


def _at(x, places, values):
    """The values at x (n,), interpolated between the places where they are known, NaN beyond and where none is."""
    if not len(places):  # the baseline reached nowhere where this run has been
        return np.full(len(x), np.nan)
    return np.interp(x, places, values, left=np.nan, right=np.nan)


def smooth(values: np.ndarray, weight: float) -> np.ndarray:
    """The exponential moving average of `values` (n,), freed of the bias towards its beginning. Weight 0 is none.

    m_t = w m_(t-1) + (1 - w) v_t, divided by 1 - w^t (Kingma and Ba 2015, section 3).
    """
    mean, result = 0.0, np.empty(len(values))
    for t, value in enumerate(values, start=1):
        mean = weight * mean + (1 - weight) * value
        result[t - 1] = mean / (1 - weight**t)
    return result


def _line(group, figures, metric, axis):
    length = min(len(figures[run.id]["epoch"]) for run in group)  # as far as every repeat has come
    x = np.mean([_x(run, figures[run.id], axis)[:length] for run in group], axis=0)
    y = np.array([METRICS[metric](figures[run.id])[:length] for run in group])
    if len(group) == 1:
        return Curve(group[0].name, group[0].number, x, y[0])
    first = min(group, key=lambda run: run.number)
    return Curve(f"{first.name} × {len(group)}", first.number, x, y.mean(axis=0), y.min(axis=0), y.max(axis=0))


def _x(run, figures, axis):
    if axis == "seconds":
        return np.cumsum(figures["seconds"])
    return figures["epoch"] * (run.config.batches if axis == "updates" else 1)


def _smoothed(line, weight):
    low, high = (None if edge is None else smooth(edge, weight) for edge in (line.low, line.high))
    return Curve(line.name, line.number, line.x, smooth(line.y, weight), low, high, raw=line.y)


def _difference(line, ground):
    """The line less the baseline's value at the same x, as far as the baseline reaches."""
    inside = (line.x >= ground.x[0]) & (line.x <= ground.x[-1])
    below = np.interp(line.x[inside], ground.x, ground.y)
    low, high, raw = (None if part is None else part[inside] - below for part in (line.low, line.high, line.raw))
    return Curve(line.name, line.number, line.x[inside], line.y[inside] - below, low, high, raw)


_epochs: dict[tuple, tuple[int, int, list[EpochResult]]] = {}  # by run: attempt and epochs, and what they reached


def epochs(store: RunStore, run: Run) -> list[EpochResult]:
    """The epochs of the run as it is now, read once, whoever looks."""
    key, now = (store.url, run.id), (run.attempt, run.epochs_done)
    known = _epochs.get(key)
    if known is not None and known[:2] == now:
        return known[2]
    found = store.epochs(run.id)
    if len(found) == run.epochs_done:  # not when another was committed meanwhile
        _epochs.pop(key, None)
        _epochs[key] = (*now, found)
        for oldest in list(_epochs)[:-MOST_WATCHED]:
            _epochs.pop(oldest, None)
    return found


_sparks: dict[tuple, list[float]] = {}  # by run and how far it is; what was read once is not read again


def sparks(store: RunStore, runs: Sequence[Run]) -> dict[str, list[float]]:
    """A few test accuracies of each run, by id, from its first epoch to its last."""
    if len(_sparks) > MOST_SPARKS:
        _sparks.clear()
    keys = {run.id: (store.url, run.id, run.attempt, run.epochs_done) for run in runs}
    known = {run.id: _sparks.get(keys[run.id]) for run in runs}
    missing = [run for run in runs if known[run.id] is None]
    found = figures(store, [run for run in missing if run.epochs_done]) if missing else {}
    for run in missing:
        accuracies = found[run.id]["test_accuracy"] if run.id in found else np.empty(0)
        last = len(accuracies) - 1
        places = [*range(0, last, max(1, len(accuracies) // SPARK_POINTS)), last] if last >= 0 else []
        known[run.id] = _sparks[keys[run.id]] = accuracies[places].round(4).tolist()
    return {run: spark or [] for run, spark in known.items()}

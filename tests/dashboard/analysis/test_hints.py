"""Each hint: on a run that shows it, and not on one that does not. The presets are trained for real."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from threadpoolctl import threadpool_limits

from dashboard.analysis.hints import hints
from dashboard.runs.config import RunConfig
from dashboard.runs.presets import PRESETS
from dashboard.runs.trainer import results
from mlpcore import Diverged, EpochResult


def run(status="finished", error=None, **settings):
    return SimpleNamespace(status=status, error=error, config=RunConfig(**settings))


def epoch(number, test, train=None, loss=0.1, saturated=0.1, dead=0.0):
    layers = {
        "fc1": {"saturated": saturated, "dead": dead},
        "fc2": {"saturated": None, "dead": None},
    }
    return EpochResult(number, 0.1, test if train is None else train, loss, test, 1.0, None, None, {"layers": layers})


def titles(run, *epochs):
    return [hint.title for hint in hints(run, epochs)]


GOOD = [epoch(i, accuracy) for i, accuracy in enumerate((0.95, 0.97, 0.975, 0.976), 1)]


def test_a_run_that_went_well_gets_no_hint():
    assert titles(run(), *GOOD) == []


def test_a_young_run_gets_none_either():
    assert titles(run("running"), epoch(1, 0.1), epoch(2, 0.1)) == []


def test_a_diverged_run_is_told_to_go_slower():
    (hint,) = hints(run("failed", "Training diverged in epoch 1, batch 7: the outputs …", lr=5.0), [])
    assert (hint.title, hint.remedy) == ("It diverged", {"lr": 0.5})
    assert "epoch 1, batch 7" in hint.evidence
    assert hints(run("failed", "The machine ran out of memory."), []) == []


def test_dead_units_are_named_with_their_layer_and_share():
    epochs = [epoch(i, 0.3, dead=0.8) for i in (1, 2, 3)]
    hint = hints(run(activation="relu"), epochs)[0]
    assert (hint.title, hint.evidence) == (
        "Dead units",
        "In hidden layer 1, 80% of the units give the same flat answer to every image.",
    )


def test_saturation_counts_for_sigmoid_and_tanh_alone():
    epochs = [epoch(i, 0.6 + i / 100, saturated=0.7) for i in (1, 2, 3)]
    assert titles(run(init="normal"), *epochs)[0] == "Saturated units"
    assert "Saturated units" not in titles(run(activation="relu"), *epochs)
    assert hints(run(init="normal"), epochs)[0].remedy == {"init": "xavier"}


def test_overfitting_is_a_distance_and_a_turned_loss():
    turned = [epoch(i, 0.9, train=0.99, loss=loss) for i, loss in enumerate((0.3, 0.2, 0.3), 1)]
    hint = hints(run(), turned)[0]
    assert hint.title == "Overfitting"
    assert "lowest in epoch 2" in hint.evidence
    falling = [epoch(i, 0.9, train=0.99, loss=loss) for i, loss in enumerate((0.3, 0.25, 0.24), 1)]
    assert "Overfitting" not in titles(run(), *falling)


def test_still_improving_is_for_runs_that_are_over():
    epochs = [epoch(i, 0.90 + i / 100) for i in range(1, 7)]
    assert titles(run(), *epochs) == ["Still improving"]
    assert titles(run("running"), *epochs) == []


SHOWN = {
    "Learning rate too high": "Dead units",
    "Saturated start": "Saturated units",
    "Vanishing gradient": "It hardly learns",
    "Overfitting 1,000 images": "Overfitting",
    "A bottleneck of two units": "Underfitting",
    "Zero initialisation": "Underfitting",
}


@pytest.mark.parametrize("name", SHOWN)
def test_the_bad_presets_show_what_they_are_there_for(name, cache_dir):
    config = PRESETS[name].config
    if name == "Vanishing gradient":
        config = replace(config, epochs=5)  # while it lasts
    with threadpool_limits(1, "blas"):
        epochs = [result for result, _ in results(config, None, iter)]
    found = hints(SimpleNamespace(status="finished", error=None, config=config), epochs)
    assert SHOWN[name] in [hint.title for hint in found]
    for hint in found:
        replace(config, **hint.remedy)  # the remedy can be applied


def test_a_run_that_diverges_for_real_gets_its_hint(cache_dir):
    config = RunConfig(hidden=(30,), activation="relu", cost="cross_entropy", lr=1e30, epochs=1)
    with pytest.raises(Diverged) as diverged, threadpool_limits(1, "blas"):
        list(results(config, None, iter))
    error = f"Training diverged in epoch {diverged.value.epoch}, batch {diverged.value.batch}: …"
    assert titles(SimpleNamespace(status="failed", error=error, config=config)) == ["It diverged"]


def test_batch_sizes_do_what_their_presets_say(cache_dir):
    with threadpool_limits(1, "blas"):
        small, large = (
            next(results(PRESETS[name].config, None, iter))[0] for name in ("Batch size 1", "Batch size 1,024")
        )
    assert small.test_accuracy > 0.9 > 0.5 > large.test_accuracy
    assert small.seconds > 3 * large.seconds  # 60,000 steps beside 59

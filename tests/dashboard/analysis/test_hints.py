"""Each hint: on a run that shows it, and not on one that does not. The presets are trained for real."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from dashboard import datasets
from dashboard.analysis.hints import hints
from dashboard.runs.config import RunConfig
from dashboard.runs.presets import PRESETS
from dashboard.runs.trainer import results
from mlpcore import Diverged, EpochResult

CHECKSUM = "0123456789abcdef"


def run(status="finished", error=None, **settings):
    """A run that is over; of three epochs unless said otherwise."""
    return SimpleNamespace(status=status, error=error, config=RunConfig(**{"epochs": 3} | settings))


def epoch(number, test, train=None, loss=0.1, saturated=0.1, dead=0.0, cost=0.1):
    layers = {
        "fc1": {"saturated": saturated, "dead": dead},
        "fc2": {"saturated": None, "dead": None},
    }
    return EpochResult(number, cost, test if train is None else train, loss, test, 1.0, None, None, {"layers": layers})


def steady(test, **figures):
    """Three epochs that are all alike."""
    return [epoch(number, test, **figures) for number in (1, 2, 3)]


def titles(run, *epochs):
    return [hint.title for hint in hints(run, epochs)]


def few(classes):
    """The name of a set of so many classes that is not here."""
    return f"own-28x28-{classes}-1000-500-{CHECKSUM}"


DIVERGED = "Training diverged in epoch 1, batch 7: the outputs …"
GOOD = [epoch(i, accuracy) for i, accuracy in enumerate((0.95, 0.97, 0.975, 0.976), 1)]
TURNED = [epoch(i, 0.90, train=0.94, loss=loss) for i, loss in enumerate((0.2, 0.2, 0.221), 1)]
RISING = [epoch(i, accuracy) for i, accuracy in enumerate((0.90, 0.90, 0.9051), 1)]

# title: (a run that has it, just so; a run that has it not, just so)
SIDES = {
    "It diverged": ((run("failed", DIVERGED), []), (run("failed", "The machine ran out of memory."), [])),
    "Dead units": ((run(), steady(0.97, dead=0.51)), (run(), steady(0.97, dead=0.5))),
    "Saturated units": (
        (run(init="normal"), steady(0.95, saturated=0.51)),
        (run(init="normal"), steady(0.95, saturated=0.5)),
    ),
    "It hardly learns": ((run(), steady(0.2021)), (run(), steady(0.2022))),  # 1,135 of the 10,000 test images are 1
    "Overfitting": ((run(), TURNED), (run(), [*TURNED[:2], epoch(3, 0.90, train=0.94, loss=0.219)])),
    "Underfitting": ((run(), steady(0.77, train=0.778)), (run(), steady(0.77, train=0.779))),
    "Still improving": ((run(), RISING), (run(), [*RISING[:2], epoch(3, 0.9049)])),
}


@pytest.mark.parametrize("title", SIDES)
def test_a_hint_begins_at_its_limit(title):
    (has, epochs), (has_not, others) = SIDES[title]
    assert title in titles(has, *epochs)
    assert title not in titles(has_not, *others)


@pytest.mark.parametrize(("classes", "hardly", "some"), [(2, 0.549, 0.551), (3, 0.399, 0.401), (100, 0.1089, 0.1091)])
def test_how_little_is_too_little_follows_the_number_of_classes(classes, hardly, some):
    assert "It hardly learns" in titles(run(dataset=few(classes)), *steady(hardly))
    assert "It hardly learns" not in titles(run(dataset=few(classes)), *steady(some))
    assert titles(run(dataset=few(classes)), *steady(0.999)) == []


def test_a_class_that_most_test_images_belong_to_is_what_guessing_gets(store):
    labels = np.array([0, 1] * 50 + [0] * 18 + [1] * 2, np.uint8)
    images = np.arange(120 * 16, dtype=np.uint8).reshape(120, 16)
    name = store.add_set(datasets.Parts(images, labels, (4, 4), 100, ("no", "yes")), "Nearly all no")
    datasets.read_from(store)
    (hint,) = hints(run(dataset=name), steady(0.90))
    assert hint.title == "It hardly learns"
    assert "always naming one class gets 90.00 %" in hint.evidence
    assert "It hardly learns" not in titles(run(dataset=name), *steady(0.92))


def test_why_a_run_hardly_learns_depends_on_the_run():
    def hint(*epochs, **settings):
        return hints(run(**settings), epochs or steady(0.12))[0]

    deep = hint(hidden=(30,) * 5)
    assert "in each of the 5 hidden layers" in deep.why
    assert deep.remedy["activation"] == "relu"
    shallow = hint(hidden=(30,), lr=0.01)
    assert "hidden layers" not in shallow.why
    assert shallow.remedy == {"lr": 0.03}
    assert hint(hidden=(30,) * 5, activation="relu", init="he", lr=0.1).remedy == {"lr": 0.1 * 3}
    assert hint(hidden=(30,), init="zero").remedy == {"init": "xavier"}
    growing = [epoch(i, 0.12, cost=cost) for i, cost in enumerate((1.0, 3.0, 9.0), 1)]
    assert hint(*growing, lr=50.0).remedy == {"lr": 1.0}


def test_a_run_that_is_good_for_its_images_is_not_called_underfitting():
    fashion = [epoch(i, test, train=train) for i, (test, train) in enumerate(((0.88, 0.885),) * 4, 1)]
    assert titles(run(epochs=4), *fashion) == []


def test_underfitting_needs_both_accuracies_low_close_and_at_rest():
    assert titles(run(), *steady(0.5)) == ["Underfitting"]
    assert "Underfitting" not in titles(run(), *steady(0.5, train=0.54))  # apart: something else is wrong
    rising = [epoch(i, 0.5, train=train) for i, train in enumerate((0.49, 0.49, 0.51), 1)]
    assert "Underfitting" not in titles(run(), *rising)


def test_what_holds_a_network_back_is_taken_away_before_it_is_made_wider():
    assert hints(run(l2=0.1), steady(0.5))[0].remedy == {"l2": 0.0}
    assert hints(run(dropout=0.7), steady(0.5))[0].remedy == {"dropout": 0.0}
    assert hints(run(hidden=(2, 20)), steady(0.5))[0].remedy == {"hidden": (30, 40)}


def test_a_run_that_went_well_gets_no_hint():
    assert titles(run(epochs=4), *GOOD) == []


def test_a_young_run_gets_none_either():
    assert titles(run("running"), epoch(1, 0.1), epoch(2, 0.1)) == []


def test_a_diverged_run_is_told_where_and_to_go_slower():
    (hint,) = hints(run("failed", DIVERGED, lr=5.0), [])
    assert hint.remedy == {"lr": 0.5}
    assert "epoch 1, batch 7" in hint.evidence
    assert hints(run("failed", DIVERGED, lr=1e30), [])[0].remedy == {"lr": 1.0}  # not 28 presses more


def test_dead_units_are_named_with_their_layer_and_share():
    hint = hints(run(activation="relu"), steady(0.3, dead=0.8))[0]
    assert hint.evidence == "In hidden layer 1, 80 % of the units give the same flat answer to every image."
    assert hints(run(activation="relu", init="zero"), steady(0.3, dead=1.0))[0].remedy == {"init": "he"}


def test_saturation_counts_for_sigmoid_and_tanh_alone_and_names_its_cause():
    epochs = steady(0.6, saturated=0.76)
    assert "Saturated units" not in titles(run(), *steady(0.6, saturated=0.75))
    assert "Saturated units" not in titles(run(activation="relu"), *epochs)
    born = hints(run(init="normal"), epochs)[0]
    assert ("N(0, 1)" in born.why, born.remedy) == (True, {"init": "xavier"})
    driven = hints(run(init="xavier", lr=3.0), epochs)[0]
    assert ("N(0, 1)" in driven.why, driven.remedy) == (False, {"lr": 1.0})


def test_where_the_cause_is_known_its_effects_are_not_told_beside_it():
    assert titles(run(), *steady(0.12)) == ["It hardly learns"]
    assert titles(run(init="normal"), *steady(0.12, saturated=0.7)) == ["Saturated units"]
    assert titles(run(activation="relu"), *steady(0.12, dead=1.0)) == ["Dead units"]
    assert titles(run(init="normal"), *steady(0.5, saturated=0.7)) == ["Saturated units"]


def test_overfitting_is_a_distance_and_a_turned_loss_or_all_by_heart():
    assert "lowest in epoch 1, and has risen" in hints(run(), TURNED)[0].evidence
    assert "Overfitting" in titles(run(), *steady(0.9, train=0.999))
    assert "Overfitting" not in titles(run(), *steady(0.9, train=0.998))
    assert "Overfitting" not in titles(run(), *[epoch(i, 0.975, train=0.999) for i in (1, 2, 3)])


def test_still_improving_is_for_runs_that_went_to_their_end():
    assert titles(run("running"), *RISING) == []
    assert titles(run(epochs=10, patience=2, validation=1000), *RISING) == []  # it stopped early: more are no use
    assert hints(run(), RISING)[0].remedy == {"epochs": 6}


def test_the_longest_run_that_still_improves_is_told_so_without_a_remedy():
    rising = [epoch(i, 0.9 + i / 20_000) for i in range(1, 1001)]
    (hint,) = hints(run(epochs=1000), rising)
    assert (hint.title, hint.remedy) == ("Still improving", {})


UNLIKE = [
    {},
    {"hidden": ()},
    {"hidden": (30,) * 5},
    {"hidden": (30,) * 5, "activation": "relu", "init": "he", "lr": 0.1},
    {"init": "zero", "activation": "relu"},
    {"init": "normal"},
    {"lr": 1e-300},
    {"lr": 1e308},
    {"lr": 5e-324},
    {"dropout": 0.5, "shift": 2},
    {"dropout": 0.2, "shift": 1, "l2": 1e-4},
    {"subset": 1000},
    {"l2": 0.1},
    {"optimizer": "adam", "lr": 0.01},
    {"hidden": (10**9,)},
    {"epochs": 1000},
]


@pytest.mark.parametrize("settings", UNLIKE, ids=str)
@pytest.mark.parametrize("title", SIDES)
def test_every_remedy_changes_the_run_to_one_that_can_be_had(title, settings):
    (shown, epochs), _ = SIDES[title]
    shown = run(shown.status, shown.error, **settings)
    for hint in hints(shown, epochs):
        changed = replace(shown.config, **hint.remedy)  # ConfigError if it could not be had
        assert (changed != shown.config) == bool(hint.remedy)
        assert changed.dropout >= shown.config.dropout or hint.title == "Underfitting"


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
    assert all(replace(config, **hint.remedy) != config for hint in found)


def test_a_run_that_diverges_for_real_gets_its_hint(cache_dir):
    config = RunConfig(hidden=(30,), activation="relu", cost="cross_entropy", lr=1e30, epochs=1)
    with pytest.raises(Diverged) as diverged, threadpool_limits(1, "blas"):
        list(results(config, None, iter))
    error = f"Training diverged in epoch {diverged.value.epoch}, batch {diverged.value.batch}: …"
    assert titles(SimpleNamespace(status="failed", error=error, config=config)) == ["It diverged"]

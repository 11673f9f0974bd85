import json
import math
from dataclasses import asdict, fields

import pytest

from dashboard.runs.config import LABELS, SETTINGS, ConfigError, RunConfig, parse, show
from dashboard.runs.presets import PRESETS


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"hidden": (0,)}, "Hidden layer size must be a whole number from 1 to 1,000,000,000, got 0."),
        ({"hidden": (-5,)}, "Hidden layer size must be a whole number from 1 to 1,000,000,000, got -5."),
        ({"hidden": (1.5,)}, "Hidden layer size must be a whole number"),
        ({"hidden": (True,)}, "Hidden layer size must be a whole number"),
        ({"hidden": (1,) * 21}, "Hidden layers must be at most 20, got 21."),
        ({"lr": 0}, "Learning rate must be a number > 0, got 0."),
        ({"lr": -0.1}, "Learning rate must be a number > 0, got -0.1."),
        ({"lr": math.nan}, "Learning rate must be a number > 0, got nan."),
        ({"lr": math.inf}, "Learning rate must be a number > 0, got inf."),
        (
            {"batch_size": 60_001},
            "Batch size must be a whole number from 1 to 60,000, the training samples, got 60001",
        ),
        ({"batch_size": 0}, "Batch size must be a whole number from 1"),
        ({"epochs": 0}, "Epochs must be a whole number from 1 to 1,000, got 0."),
        ({"seed": -1}, "Seed must be a whole number from 0"),
        ({"init": "zeros"}, "Initialisation must be one of normal, xavier, he, zero, got 'zeros'."),
        ({"optimizer": "rprop"}, "Optimizer must be one of sgd, momentum, nesterov, adam, got 'rprop'."),
        ({"momentum": 1.0}, "Momentum must be a number of at least 0 and below 1, got 1.0."),
        ({"momentum": -0.1}, "Momentum must be a number of at least 0 and below 1, got -0.1."),
        ({"schedule": "sine"}, "Schedule must be one of constant, step, cosine, warm_up, one_cycle, got 'sine'."),
        ({"l2": -1e-9}, "L2 penalty must be a number of at least 0, got -1e-09."),
        ({"l2": math.inf}, "L2 penalty must be a number of at least 0, got inf."),
        ({"dropout": 1}, "Dropout must be a number of at least 0 and below 1, got 1."),
        ({"clip": math.nan}, "Gradient clipping must be a number of at least 0, got nan."),
        ({"clip": True}, "Gradient clipping must be a number of at least 0, got True."),
        ({"patience": -1, "validation": 1000}, "Patience must be a whole number from 0 to 1,000, got -1."),
        ({"patience": 3}, "Patience must be 0 without validation images to judge by, got 3."),
        ({"validation": 60_000}, "Validation images must be fewer than the data set's 60,000 training images, got 60"),
        ({"subset": 60_001}, "Training images must be at most the 60,000 that are not held out, got 60,001."),
        (
            {"subset": 55_001, "validation": 5000},
            "Training images must be at most the 55,000 that are not held out, got 55,001.",
        ),
        (
            {"subset": 100, "batch_size": 128},
            "Batch size must be a whole number from 1 to 100, the training samples that remain, got 128.",
        ),
        (
            {"validation": 59_990, "batch_size": 11},
            "Batch size must be a whole number from 1 to 10, the training samples that remain, got 11.",
        ),
        ({"shift": 1.5}, "Shift must be a whole number from 0 to 14, got 1.5."),
        ({"rotation": 181}, "Rotation must be a number of at least 0 and at most 180, got 181."),
        ({"noise": 1.1}, "Noise must be a number of at least 0 and at most 1, got 1.1."),
        ({"lr": 10**400}, "Learning rate must be a number > 0, got 1000"),
        ({"dataset": "cats"}, "Data set must be one of mnist, digits, mnist_784 or an uploaded set, got 'cats'."),
    ],
)
def test_a_setting_that_breaks_its_rule_is_named_with_rule_and_value(settings, sentence):
    with pytest.raises(ConfigError) as caught:
        RunConfig(**settings)
    assert sentence in str(caught.value)


EVERYTHING = RunConfig(
    activation="leaky_relu", cost="cross_entropy", init="he", lr=0.001, optimizer="adam", momentum=0.5, schedule="step",
    l2=1e-4, dropout=0.25, clip=5.0, patience=3, validation=5000, subset=2000, shift=2, rotation=12.5, noise=0.1,
)  # fmt: skip


@pytest.mark.parametrize(
    "config", [RunConfig(), EVERYTHING, RunConfig(hidden=(), lr=1e-4), *(p.config for p in PRESETS.values())]
)
def test_json_and_links_round_trip(config):
    assert RunConfig.from_json(config.to_json()) == config
    assert RunConfig.from_query(config.to_query()) == (config, [])


def test_garbage_in_a_link_is_named_and_the_rest_is_kept():
    query = {"hidden": "9,x", "lr": "fast", "batch": "1e3", "epochs": "7", "seed": "", "init": "<b>", "what": "ever"}
    config, problems = RunConfig.from_query(query)
    assert config == RunConfig(epochs=7)
    assert problems == [
        "Hidden layers must be whole numbers with commas between them, got '9,x'.",
        "Initialisation must be one of normal, xavier, he, zero, got '<b>'.",
        "Learning rate must be a number > 0, got 'fast'.",
        "Batch size must be a whole number from 1 upwards, got '1e3'.",
        "Seed must be a whole number from 0 to 4,294,967,295, got ''.",
    ]


def test_a_link_a_million_characters_long_gets_a_short_answer():
    _, problems = RunConfig.from_query({"hidden": "9" * 1_000_000, "lr": "x" * 1_000_000})
    assert all(len(problem) < 300 for problem in problems)
    assert len(problems) == 2


def test_figures_of_the_notebooks_deeper_model():
    config = RunConfig(hidden=(100, 100))
    assert config.architecture == "784-100-100-10"
    assert config.parameters == 89_610
    assert config.batches == 1875


def test_every_field_has_its_description_and_the_default_obeys_it():
    assert list(SETTINGS) == list(LABELS) == [field.name for field in fields(RunConfig)]
    for name, setting in SETTINGS.items():
        assert setting.label
        assert setting.about.endswith(".")
        assert parse(name, show(getattr(EVERYTHING, name))) == getattr(EVERYTHING, name)


def test_a_config_stored_before_there_were_more_settings_is_read_with_their_defaults():
    early = dict(list(asdict(RunConfig(lr=0.5)).items())[:9])
    assert list(early)[-1] == "seed"
    assert RunConfig.from_json(json.dumps(early)) == RunConfig(lr=0.5)


def test_a_whole_number_may_be_written_as_a_float():
    config = RunConfig(shift=1.0)
    assert config == RunConfig(shift=1)
    assert isinstance(config.shift, int)


def test_figures_with_images_held_out_or_left_away():
    assert RunConfig(validation=10_000, batch_size=100).batches == 500
    assert RunConfig(validation=10_000, subset=1001, batch_size=100).batches == 11
    assert RunConfig(validation=10_000, subset=1001).parameters == 79_510


def test_settings_of_a_link_that_only_fit_together_are_taken_together():
    base = RunConfig(validation=5000, patience=3)
    assert RunConfig.from_query({"validation": "0", "patience": "0"}, base) == (RunConfig(), [])
    assert RunConfig.from_query({"patience": "3", "validation": "5000"}) == (base, [])
    query = {"validation": "0", "patience": "0", "lr": "fast", "batch": "70000"}
    config, problems = RunConfig.from_query(query, base)
    assert config == RunConfig()
    assert problems == [
        "Learning rate must be a number > 0, got 'fast'.",
        "Batch size must be a whole number from 1 to 60,000, the training samples, got 70000.",
    ]

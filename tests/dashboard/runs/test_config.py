import math

import pytest

from dashboard.runs.config import ConfigError, RunConfig
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
        ({"dataset": "cats"}, "Data set must be one of mnist, mnist_784, got 'cats'."),
    ],
)
def test_a_setting_that_breaks_its_rule_is_named_with_rule_and_value(settings, sentence):
    with pytest.raises(ConfigError) as caught:
        RunConfig(**settings)
    assert sentence in str(caught.value)


@pytest.mark.parametrize("config", [RunConfig(), RunConfig(hidden=(), lr=1e-4), *(p.config for p in PRESETS.values())])
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
        "Batch size must be a whole number, got '1e3'.",
        "Seed must be a whole number, got ''.",
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

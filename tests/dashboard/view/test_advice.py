"""What a hint's button says that it will do."""

import pytest

from dashboard.analysis.hints import Hint
from dashboard.view.advice import label


@pytest.mark.parametrize(
    ("remedy", "said"),
    [
        ({"lr": 0.3}, "Train with learning rate 0.3"),
        ({"epochs": 1000}, "Train with 1,000 epochs"),
        ({"subset": 0}, "Train with all training images"),
        ({"dropout": 0.0}, "Train with no dropout"),
        ({"l2": 0.0}, "Train with no L2 penalty"),
        ({"l2": 3e-4}, "Train with L2 penalty 0.0003"),
        ({"dropout": 0.2, "shift": 1}, "Train with dropout 0.2, shift 1 px"),
        ({"activation": "relu", "init": "he"}, "Train with activation ReLU, initialisation He"),
        ({"hidden": (60, 30)}, "Train with hidden layers 60-30"),
    ],
)
def test_a_remedy_in_words(remedy, said):
    assert label(Hint("", "", "", remedy)) == said

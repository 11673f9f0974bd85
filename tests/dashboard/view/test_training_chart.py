"""The curves of a run over the ghost of the one before."""

from dashboard.view import charts
from mlpcore import EpochResult

GOOD = [EpochResult(1, 0.1, 0.95, 0.1, 0.96, 1.0), EpochResult(2, 0.1, 0.96, 0.1, 0.97, 1.0)]
POOR = [EpochResult(1, 0.5, 0.2, 0.5, 0.31, 1.0), EpochResult(2, 0.4, 0.3, 0.4, 0.47, 1.0)]


def test_the_axes_make_room_for_a_ghost_that_was_far_worse():
    data = charts.history(GOOD, POOR)
    assert charts.accuracy_floor(charts.history(GOOD)) == 0.95
    assert charts.accuracy_floor(data) <= 0.31
    assert charts.loss_ceiling(data) >= 0.5


def test_a_ghost_of_a_single_epoch_is_a_point_since_a_line_of_one_is_nothing():
    spec = charts.epoch_chart("accuracy", "#123456", 16, 0.0, 1.0, ghost=True)
    assert spec["layer"][0]["mark"]["point"]["opacity"] == spec["layer"][0]["mark"]["opacity"]


def test_the_ghost_is_told_as_the_run_before_at_its_last_epoch_in_sight():
    told = charts.epoch_chart("loss", "#123456", 3, 0.0, 1.0, ghost=True)["layer"][1]
    assert told["mark"]["text"] == "run before"
    assert told["transform"][0]["filter"].endswith("datum.epoch <= 3")

"""Runs side by side: settings, repeats, matching widths, curves by hand, reproductions."""

from dataclasses import replace

import numpy as np
import pytest

from dashboard.analysis import curves, reproduction
from dashboard.analysis.comparison import (
    differing,
    further_seeds,
    matching_width,
    one_change,
    repeats,
    standing,
)
from dashboard.analysis.curves import Curve, smooth, table
from dashboard.runs.config import RunConfig
from dashboard.runs.trainer import train_run
from mlpcore import EpochResult

BASE = RunConfig(hidden=(8,), epochs=3, batch_size=20)


def test_differing_names_the_settings_that_differ():
    assert differing([BASE, replace(BASE, lr=0.1, seed=3), replace(BASE, hidden=(9,))]) == ["hidden", "lr", "seed"]
    assert differing([BASE, BASE]) == []


def test_one_change_gives_each_difference_alone_but_for_the_seed_and_what_is_known():
    other = replace(BASE, lr=0.1, hidden=(9,), seed=5)
    alone = [replace(BASE, hidden=(9,)), replace(BASE, lr=0.1)]
    assert one_change(BASE, other) == alone
    assert one_change(BASE, other, {alone[0]}) == [alone[1]]
    assert one_change(BASE, replace(BASE, lr=0.1)) == []


def test_further_seeds_are_new_ones():
    known = [BASE, replace(BASE, seed=1), replace(BASE, seed=2, lr=0.1)]
    assert [config.seed for config in further_seeds([BASE], 3, known)] == [2, 3, 4]
    twins = further_seeds([BASE, replace(BASE, seed=1)], 2, known)
    assert [config.seed for config in twins] == [2, 3, 4, 5]


@pytest.mark.parametrize("hidden", [(100, 100), (30, 20, 10), (512, 256)])
def test_no_width_matches_better_than_the_proposed_one(hidden):
    deep = replace(BASE, hidden=hidden)
    width = matching_width(deep)

    def miss(h):
        return abs(replace(BASE, hidden=(h,)).parameters - deep.parameters)

    assert miss(width) == min(miss(h) for h in range(max(1, width - 3), width + 4))


def test_smoothing_by_hand():
    np.testing.assert_allclose(
        smooth(np.array([1.0, 2.0, 4.0]), 0.5), [1, (0.25 + 1) / 0.75, (0.125 + 0.5 + 2) / 0.875]
    )
    np.testing.assert_array_equal(smooth(np.array([3.0, 1.0]), 0.0), [3, 1])
    np.testing.assert_allclose(smooth(np.full(50, 0.7), 0.95), 0.7)


def finished(store, accuracies, seconds=1.0, **settings):
    """A run with these test accuracies, `seconds` an epoch."""
    run = store.create(replace(BASE, epochs=len(accuracies), **settings))
    run = store.take_up(run.id, run.submission, {})
    for number, accuracy in enumerate(accuracies, start=1):
        store.commit_epoch(
            run.id, run.attempt, EpochResult(number, 0.1, 0.5, 1 - accuracy, accuracy, seconds), b"state"
        )
    store.settle(run.id, run.attempt, "finished")
    return store.get(run.id)


def lines(store, runs, **how):
    return curves.curves(runs, curves.figures(store, runs), **how)


def test_a_curve_over_epochs_updates_and_seconds(store):
    run = finished(store, [0.5, 0.8])
    assert [lines(store, [run], axis=axis)[0].x.tolist() for axis in curves.AXES] == [[1, 2], [3000, 6000], [1, 2]]
    np.testing.assert_allclose(lines(store, [run], metric="error")[0].y, [0.5, 0.2])
    np.testing.assert_allclose(lines(store, [run], metric="loss")[0].y, [0.5, 0.2])


def test_repeats_become_their_mean_and_the_range_as_far_as_all_have_come(store):
    runs = [finished(store, [0.5, 0.8, 0.9]), finished(store, [0.7, 0.8], seed=1), finished(store, [0.1, 0.2], lr=9.0)]
    assert [len(group) for group in repeats(runs)] == [1, 1, 1]  # three epochs and two are not the same settings
    runs[1] = finished(store, [0.7, 0.8, 0.7], seed=1)
    first, second = lines(store, runs, grouped=True)
    assert (first.name, first.number, second.name) == ("Run 1 × 2", 1, "Run 3")
    np.testing.assert_allclose([first.y, first.low, first.high], [[0.6, 0.8, 0.8], [0.5, 0.8, 0.7], [0.7, 0.8, 0.9]])


def test_a_baseline_is_taken_off_at_the_same_x_and_as_far_as_it_reaches(store):
    ground, long = finished(store, [0.5, 0.8]), finished(store, [0.4, 0.9, 0.95], lr=1.0)
    first, second = lines(store, [ground, long], baseline=ground)
    np.testing.assert_allclose(first.y, [0, 0])
    np.testing.assert_allclose(second.y, [-0.1, 0.1])


def test_a_run_that_was_never_where_the_baseline_was_has_no_difference(store):
    quick, slow = finished(store, [0.5, 0.8], seconds=0.1), finished(store, [0.4, 0.9], lr=1.0)
    both = lines(store, [quick, slow], axis="seconds", baseline=quick)
    assert [len(line.x) for line in both] == [2, 0]
    columns = table(both)
    assert np.isnan(columns["s1"]).all()
    assert columns["s0"].tolist() == [0, 0]


def test_one_table_has_every_curve_at_every_x():
    columns = table([Curve("a", 1, np.array([1.0, 3.0]), np.array([0.0, 1.0])),
                     Curve("b", 2, np.array([2.0, 3.0]), np.array([5.0, 6.0]))])  # fmt: skip
    assert columns["x"].tolist() == [1, 2, 3]
    np.testing.assert_allclose(columns["s0"], [0, 0.5, 1])
    np.testing.assert_allclose(columns["s1"], [np.nan, 5, 6])
    assert len(table([])["x"]) == 0


def test_runs_within_the_leaders_interval_are_named(store):
    runs = [finished(store, [accuracy], lr=lr) for accuracy, lr in ((0.97, 1.0), (0.969, 2.0), (0.9, 3.0))]
    leader, close = standing(runs)
    assert (leader.name, [run.name for run in close]) == ("Run 1", ["Run 2"])
    assert standing([store.create(BASE)]) is None


def test_a_run_trained_again_is_identical_to_the_last_bit(store, trained):
    first = trained()
    again = store.create(first.config, origin="reproduction", parent=first.id)
    assert "nothing can be said" in reproduction.verdict(store, first, again)
    train_run(again.id, again.submission, store.url)
    assert reproduction.verdict(store, first, store.get(again.id)) == (
        "Run 2 is identical to Run 1: all 3 epochs, and every weight to the last bit."
    )


def test_a_run_that_comes_out_otherwise_says_where_and_what_may_be_the_reason(store):
    first, again = finished(store, [0.5, 0.8]), finished(store, [0.5, 0.7])
    again = replace(again, environment={"numpy": "2.2", "pid": 1})
    first = replace(first, environment={"numpy": "2.4", "pid": 2})
    assert reproduction.verdict(store, first, again) == (
        "Run 2 first differs from Run 1 in epoch 2: test loss 0.3 instead of 0.2. "
        "The environments differ in numpy 2.2 instead of 2.4."
    )


def test_small_curves_are_read_once(store, monkeypatch):
    runs = [finished(store, [0.5, 0.8]), finished(store, [0.25]), store.create(BASE)]
    expected = {runs[0].id: [0.5, 0.8], runs[1].id: [0.25], runs[2].id: []}
    assert curves.sparks(store, runs) == expected
    monkeypatch.setattr(type(store), "figures", None)
    assert curves.sparks(store, runs) == expected

"""Plans, points, halving, TPE and the runs of a sweep, trained in this process."""

import os
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from distributed import Reschedule

from dashboard.runs import estimates, sweep_worker
from dashboard.runs.config import ConfigError, RunConfig
from dashboard.runs.halving import decide
from dashboard.runs.points import ask, point_of, points, score
from dashboard.runs.store import StoreError
from dashboard.runs.sweep_cost import checked_points, expected, first_configs, middle, seconds_left, total_epochs
from dashboard.runs.sweep_file import plan_of, read_plan
from dashboard.runs.sweep_worker import advance, train_waiting
from dashboard.runs.sweeps import Range, SweepPlan, held_out, held_outs, values_of
from tests import support

SMALL = RunConfig(hidden=(8,), epochs=2, batch_size=20, validation=100)
WIDTHS, LRS = ((4,), (8,), (12,), (16,)), (0.5, 3.0)


def grid(base=SMALL, **further):
    return SweepPlan(base, {"hidden": WIDTHS, "lr": LRS}, **further)


@pytest.fixture(autouse=True)
def small(small_mnist):
    sweep_worker.made_way.clear()
    return small_mnist


@pytest.fixture
def sweep(store):
    """Make a sweep of a plan."""
    return lambda plan: store.create_sweep(plan, first_configs(plan, points(plan)))


def statuses(store, sweep):
    return sorted(run.status for run in store.runs_of(sweep.id))


def test_a_grid_has_every_combination_once():
    found = points(grid())
    assert {(config.hidden, config.lr) for config in found} == {(w, lr) for w in WIDTHS for lr in LRS}
    assert len(found) == 8
    assert all(replace(config, hidden=SMALL.hidden, lr=SMALL.lr) == SMALL for config in found)


def test_draws_are_different_inside_their_ranges_and_the_same_again():
    ranges = {"lr": Range(0.01, 10), "batch_size": Range(8, 256), "dropout": Range(0, 0.5)}
    plan = SweepPlan(SMALL, {"hidden": WIDTHS}, ranges, method="random", draws=200)
    found = points(plan)
    assert found == points(plan)
    assert len(set(found)) == 200
    assert all(0.01 <= c.lr <= 10 and 8 <= c.batch_size <= 256 and 0 <= c.dropout <= 0.5 for c in found)
    below = np.mean([config.lr < 0.316 for config in found])  # the middle of the range's orders of magnitude
    assert 0.4 < below < 0.6
    assert {config.hidden for config in found} == set(WIDTHS)


def test_more_draws_than_there_are_points_are_refused():
    plan = SweepPlan(SMALL, {"lr": LRS}, method="random", draws=3)
    with pytest.raises(ConfigError, match="at most the 2 different points that there are, got 3"):
        points(plan)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"method": "best"}, "method must be one of grid, random, tpe, got 'best'"),
        ({"base": replace(SMALL, validation=0)}, "needs validation images to judge by, got 0"),
        ({"values": {}}, "at least one setting to vary"),
        ({"values": {"seed": (1, 2)}}, "Seed must be the same in all runs"),
        ({"values": {"colour": (1,)}}, "settings of a run only, got 'colour'"),
        ({"values": {"lr": ()}}, "Learning rate must have at least one value"),
        ({"values": {"lr": (0.1, -1)}}, "Learning rate must be a number > 0, got -1"),
        ({"values": {"epochs": (2, 4)}, "halving": True}, "same number of epochs in all runs"),
        ({"method": "tpe", "halving": True}, "Switch successive halving off"),
        ({"ranges": {"lr": Range(1, 2)}, "values": {}}, "A grid needs values, not ranges"),
        ({"ranges": {"lr": Range(2, 1)}, "values": {}, "method": "random"}, "must go upwards, got 2 to 1"),
        ({"ranges": {"l2": Range(0, 1)}, "values": {}, "method": "random"}, "must begin above 0, got 0"),
        ({"seeds": 0}, "Seeds a point must be a whole number from 1 to 100, got 0"),
    ],
)
def test_a_plan_that_can_not_be_is_refused_with_a_sentence(wrong, sentence):
    with pytest.raises(ConfigError, match=sentence):
        SweepPlan(**({"base": SMALL, "values": {"lr": LRS}} | wrong))


def test_a_plan_survives_its_json():
    plan = SweepPlan(SMALL, {"hidden": WIDTHS}, {"lr": Range(0.1, 1)}, method="random", seeds=2)
    assert SweepPlan.from_json(plan.to_json()) == plan


def test_an_absurd_sweep_is_refused_before_it_starts():
    many = SweepPlan(SMALL, {"lr": tuple(np.linspace(0.1, 5, 1000)), "batch_size": tuple(range(1, 21))})
    with pytest.raises(ConfigError, match="at most 10,000 runs; this one has 20,000"):
        checked_points(many, None)
    huge = SweepPlan(SMALL, {"hidden": ((8,), (10**8,))})
    with pytest.raises(ConfigError, match="Make the hidden layers smaller"):
        checked_points(huge, None)
    slow = [1.0] * 9
    with pytest.raises(ConfigError, match="may take at most 168 h; this one would take about"):
        checked_points(grid(), slow)


def test_the_cost_counts_runs_epochs_and_cores():
    costs = [1e-4] + [0.0] * 8  # seconds a batch
    plan = grid(replace(SMALL, epochs=8), seeds=2)
    cost = expected(plan, points(plan), costs, workers=2)
    assert (cost.runs, cost.epochs) == (16, 128)
    assert cost.seconds == pytest.approx(128 * 25 * 1e-4 / 2)
    assert (
        expected(grid(replace(SMALL, epochs=8), halving=True), points(plan), costs, 2).epochs == 8 * 2 + 4 * 2 + 2 * 4
    )


def test_values_are_read_as_people_write_them():
    assert values_of("hidden", "16, 100-100") == ((16,), (100, 100))
    assert values_of("lr", "0.1 1e-2") == (0.1, 0.01)
    with pytest.raises(ConfigError, match="Learning rate must be a number > 0, got 'fast'"):
        values_of("lr", "fast")


def test_a_file_holds_a_plan(tmp_path):
    file = tmp_path / "sweep.toml"
    file.write_text(
        'name = "Rates"\nmethod = "random"\ndraws = 5\nhalving = true\n[base]\npreset = "98 % in seconds"\nepochs = 4\n'
        'validation = 100\nbatch_size = 20\n[vary]\nhidden = [16, "100-50", [8, 8]]\nlr = { from = 0.1, to = 1 }\n'
    )
    plan, name = read_plan(file)
    assert (name, plan.method, plan.draws, plan.halving) == ("Rates", "random", 5, True)
    assert plan.values == {"hidden": ((16,), (100, 50), (8, 8))}
    assert plan.ranges == {"lr": Range(0.1, 1)}
    assert (plan.base.epochs, plan.base.activation) == (4, "relu")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("vary = 3", r"\[vary\] must be a table"),
        ("[vary]\nlr = {low = 1}", "The range of lr must have from and to, got low"),
        ("[base]\nspeed = 1", r"\[base\] may have .* got 'speed'"),
        ("grid = 1", "A sweep file may have name, .* got 'grid'"),
        ("lr =", "must be TOML"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_a_sentence(tmp_path, text, sentence):
    file = tmp_path / "sweep.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=sentence):
        read_plan(file)
    with pytest.raises(ConfigError, match="No such file"):
        read_plan(tmp_path / "none.toml")


@pytest.mark.parametrize(("whole", "number"), [(16, 2), (249, 50), (1498, 200), (60_000, 10_000), (100_000, 10_000)])
def test_about_a_sixth_is_held_out_unless_the_plan_says_otherwise(whole, number):
    name = f"own-4x3-3-{whole}-60-{16 * '0'}"
    assert held_out(name) == number
    assert max(held_outs(name)) < whole / 2
    plan, _ = plan_of({"base": {"dataset": name, "batch_size": 8}, "vary": {"lr": [1, 3]}})
    assert plan.base.validation == number
    plan, _ = plan_of({"base": {"dataset": name, "batch_size": 8, "validation": 3}, "vary": {"lr": [1, 3]}})
    assert plan.base.validation == 3


def test_a_file_with_a_data_set_that_is_none_is_refused():
    with pytest.raises(ConfigError, match="Data set must be one of"):
        plan_of({"base": {"dataset": 5}, "vary": {"lr": [1, 3]}})


def test_every_point_is_trained_once_and_the_sweep_ends(store, sweep):
    made = sweep(grid(seeds=2))
    train_waiting(store.url)
    runs = store.runs_of(made.id)
    assert len(runs) == 16
    assert {(run.status, run.attempt, run.epochs_done) for run in runs} == {("finished", 1, 2)}
    assert len({run.config for run in runs}) == 16
    assert store.sweep(made.id).status == "finished"
    assert [run.number for run in runs] == list(range(1, 17))


def test_two_workers_never_take_the_same_run(store, sweep):
    made = sweep(grid())
    taken = [store.claim(made.id, {}).id for _ in range(8)]
    assert len(set(taken)) == 8
    assert store.claim(made.id, {}) is None


def test_halving_ends_the_worse_half_at_each_rung(store, sweep):
    plan = grid(replace(SMALL, epochs=8), halving=True)
    assert plan.rungs == (2, 4, 8)
    made = sweep(plan)
    train_waiting(store.url)
    runs = store.runs_of(made.id)
    assert sorted(run.epochs_done for run in runs) == [2] * 4 + [4] * 2 + [8] * 2
    assert sum(run.epochs_done for run in runs) == total_epochs(plan, runs) == 32
    at_two = {run.id: max(e.validation_accuracy for e in store.epochs(run.id)[:2]) for run in runs}
    kept = [at_two[run.id] for run in runs if run.epochs_done > 2]
    dropped = [at_two[run.id] for run in runs if run.epochs_done == 2]
    assert min(kept) >= max(dropped)
    assert {run.status for run in runs if run.epochs_done < 8} == {"stopped"}
    assert store.sweep(made.id).status == "finished"


def test_a_run_that_went_through_rungs_is_the_run_without_them(store, sweep, trained):
    made = sweep(grid(replace(SMALL, epochs=8), halving=True))
    train_waiting(store.url)
    best = next(run for run in store.runs_of(made.id) if run.epochs_done == 8)
    alone = trained(**vars(best.config))
    assert store.state(best.id, 8).digest == store.state(alone.id, 8).digest


def test_halving_waits_for_the_last_of_a_rung(store, sweep):
    made = sweep(grid(replace(SMALL, epochs=8), halving=True))
    claimed = store.claim(made.id, {})
    train_waiting(store.url)
    assert statuses(store, made) == ["queued"] * 7 + ["running"]
    assert not decide(made.plan, store.runs_of(made.id))
    store.settle(claimed.id, claimed.attempt, "failed", "Diverged.")
    assert advance(store, made.id)
    after = store.runs_of(made.id)
    assert sorted(run.until or 0 for run in after) == [2, 2, 2, 2, 4, 4, 4, 4]
    assert next(run for run in after if run.id == claimed.id).status == "failed"


def test_a_step_is_taken_once_however_many_decide_it(store, sweep):
    made = sweep(SweepPlan(SMALL, {"lr": LRS, "hidden": WIDTHS}, method="tpe", draws=4))
    before = store.sweep(made.id)
    step = decide(made.plan, [])
    assert store.apply(before, step)
    assert not store.apply(before, step)
    assert len(store.runs_of(made.id)) == len(step.create)


def test_tpe_tries_as_many_points_as_asked_and_ends(store, sweep):
    plan = SweepPlan(SMALL, {"hidden": WIDTHS}, {"lr": Range(0.1, 10)}, method="tpe", draws=6, seeds=2)
    made = sweep(plan)
    assert store.runs_of(made.id) == []
    train_waiting(store.url)
    runs = store.runs_of(made.id)
    assert len(runs) == 12
    assert len({point_of(run) for run in runs}) == 6
    assert {run.status for run in runs} == {"finished"}
    assert store.sweep(made.id).status == "finished"


def test_tpe_learns_where_the_best_points_are(trained):
    plan = SweepPlan(SMALL, {}, {"lr": Range(0.001, 10)}, method="tpe", draws=60)
    run = trained(**vars(SMALL))
    told = [
        replace(run, id=str(i), config=replace(SMALL, lr=lr), best_validation=1 - abs(np.log(lr / 3)) / 20)
        for i, lr in enumerate(np.geomspace(0.001, 10, 25).tolist())
    ]
    asked = ask(plan, told, 12)
    assert np.median([abs(np.log10(config.lr / 3)) for config in asked]) < 0.5


HUGE = (60_000, 60_000)


@pytest.mark.parametrize(
    ("values", "ranges"),
    [
        ({"hidden": (HUGE, (8,), (16,))}, {}),
        ({"hidden": ((8,), (16,), HUGE), "lr": LRS}, {}),
        ({"optimizer": ("adam", "sgd")}, {}),
        ({}, {"batch_size": Range(1, 500)}),
    ],
    ids=["first", "last", "optimizer", "range"],
)
def test_tpe_is_refused_for_the_largest_that_it_may_ask_for(values, ranges, monkeypatch):
    """With as much memory as the middle of the plan needs, which used to be all that was looked at."""
    plan = SweepPlan(replace(SMALL, hidden=(2000, 2000)), values, ranges, method="tpe", draws=4)
    enough = estimates.bytes_needed(middle(plan)) + 1000
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(total=(os.cpu_count() or 1) * enough))
    estimates.refuse_absurd(middle(plan))
    with pytest.raises(ConfigError, match=r"This network needs [\d.,]+ [MG]B of memory"):
        checked_points(plan, None)


def test_tpe_is_refused_when_batches_may_have_more_images_than_there_are():
    plan = SweepPlan(SMALL, {"subset": (0, 300), "batch_size": (32, 400)}, method="tpe", draws=4)
    with pytest.raises(ConfigError, match=r"Batch size must be a whole number from 1 to 300.*, got 400"):
        checked_points(plan, None)


def test_tpe_over_ordinary_settings_is_not_refused():
    values = {"hidden": ((16,), (1024, 1024)), "optimizer": ("sgd", "adam"), "activation": ("relu", "sigmoid")}
    ranges = {"lr": Range(0.001, 10), "batch_size": Range(1, 100), "subset": Range(100, 400)}
    chosen, cost = checked_points(SweepPlan(SMALL, values, ranges, method="tpe", draws=4), None)
    assert (chosen, cost.runs) == ([], 4)


def test_tpe_without_optuna_is_refused_with_the_way_to_get_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "optuna", None)
    with pytest.raises(ConfigError, match=r"TPE needs Optuna: pip install -r requirements-optuna\.txt"):
        checked_points(SweepPlan(SMALL, {"lr": LRS}, method="tpe"), None)


def test_a_sweep_makes_way_once_for_a_run_that_a_person_started(store, sweep):
    made = sweep(grid())
    hand = store.create(SMALL)
    with pytest.raises(Reschedule):
        train_waiting(store.url)
    assert statuses(store, made) == ["queued"] * 8
    train_waiting(store.url)  # nobody came for it: the sweep goes on
    assert statuses(store, made) == ["finished"] * 8
    assert store.get(hand.id).status == "queued"


def test_a_run_under_way_makes_way_after_its_epoch_and_ends_the_same(store, sweep, trained, monkeypatch):
    made = sweep(SweepPlan(replace(SMALL, epochs=4), {"lr": (3.0,)}))
    looks = iter([False, False, True] + [False] * 9)
    monkeypatch.setattr(sweep_worker, "make_way", lambda store: next(looks))
    with pytest.raises(Reschedule):
        train_waiting(store.url)
    (run,) = store.runs_of(made.id)
    assert (run.status, run.epochs_done) == ("queued", 2)
    train_waiting(store.url)
    (run,) = store.runs_of(made.id)
    assert (run.status, run.attempt) == ("finished", 2)
    alone = trained(**vars(run.config))
    assert store.state(run.id, 4).digest == store.state(alone.id, 4).digest


def test_pause_resume_and_stop_reach_every_run(store, sweep):
    made = sweep(grid())
    under_way = store.claim(made.id, {})
    store.wish_sweep(made.id, "paused")
    assert store.get(under_way.id).wish == "pause"
    assert store.claim(made.id, {}) is None
    store.settle(under_way.id, under_way.attempt, "paused")
    assert not advance(store, made.id)
    store.wish_sweep(made.id, "running")
    assert statuses(store, made) == ["queued"] * 8
    store.wish_sweep(made.id, "stopped")
    assert statuses(store, made) == ["stopped"] * 8
    store.wish_sweep(made.id, "running")  # what is over stays over
    assert store.sweep(made.id).status == "stopped"


def test_a_run_whose_worker_was_lost_waits_for_another_one(store, sweep):
    made = sweep(grid())
    lost = store.claim(made.id, {})
    store._update([], heartbeat=0.0)
    support.wait_interrupted(store, lost.id)
    store.requeue_interrupted()
    assert store.get(lost.id).status == "queued"
    train_waiting(store.url)
    assert statuses(store, made) == ["finished"] * 8


def test_the_time_left_falls_to_nothing(store, sweep):
    costs = [1e-3] + [0.0] * 8
    made = sweep(grid())
    before = seconds_left(made.plan, store.runs_of(made.id), costs, 2)
    assert before == pytest.approx(8 * 2 * 25 * 1e-3 / 2)
    train_waiting(store.url)
    assert seconds_left(made.plan, store.runs_of(made.id), costs, 2) == 0


def test_a_point_with_a_failed_run_ranks_last(trained):
    run = trained(**vars(SMALL))
    assert score([run, replace(run, best_validation=0.5)]) == pytest.approx((run.best_validation + 0.5) / 2)
    assert score([run, replace(run, status="failed")]) == -1


def test_a_sweep_that_does_not_exist_is_said(store):
    with pytest.raises(StoreError, match="There is no sweep 'nothing' here"):
        store.sweep("nothing")

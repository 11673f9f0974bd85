"""Many people train at once, with real engines: who has many runs does not keep the others waiting."""

import os
import signal
from dataclasses import replace
from functools import partial

import pytest

from dashboard.runs import store as store_module
from dashboard.runs.config import RunConfig
from dashboard.runs.engine import Engine
from dashboard.runs.points import points
from dashboard.runs.store import RunStore
from dashboard.runs.sweep_cost import first_configs
from dashboard.runs.sweep_worker import next_run
from dashboard.runs.sweeps import SweepPlan
from tests import support

SHORT = RunConfig(hidden=(8,), epochs=1, subset=500, validation=500)
LONGER = replace(SHORT, epochs=20)  # a hundred of these are not over before twenty others have come
OTHERS = [f"person {number}" for number in range(19)]
MANY = 100
wait_for = partial(support.wait_for, patience=120, pause=0.1)


@pytest.fixture
def database_url(either_url):
    return either_url


@pytest.fixture
def engines():
    """Makes an engine on a store; all of them end with the test."""
    made = []

    def make(store):
        made.append(Engine(store))
        made[-1].start().join()
        assert made[-1].up
        return made[-1]

    yield make
    for engine in made:
        engine.close()


def plan(runs, base=SHORT):
    return SweepPlan(base, {"lr": tuple(0.5 + number / 100 for number in range(runs))})


def sweep_of(store, person, runs):
    made = plan(runs)
    return store.of(person).create_sweep(made, first_configs(made, points(made)))


def started(store):
    """The runs that have begun, in that order."""
    return sorted((run for run in store.latest(None) if run.started), key=lambda run: run.started)


def finished(store, sweep):
    return sum(run.status == "finished" for run in store.runs_of(sweep.id))


def stop_all(store):
    store.delete([run.id for run in store.latest(None) if run.active])


def test_one_with_a_hundred_runs_and_nineteen_with_one_each(store, engines):
    for _ in range(MANY):
        store.of("ada").create(SHORT)
    theirs = {store.of(person).create(SHORT).id for person in OTHERS}
    engine = engines(store)
    first = wait_for(lambda: len(runs := started(store)) >= engine.workers + 20 and runs, "the first starts")
    stop_all(store)
    assert theirs <= {run.id for run in first[: engine.workers + 20]}


def test_the_same_when_the_hundred_are_under_way_already(store, engines):
    engine = engines(store)
    for _ in range(MANY):
        engine.submit(store.of("ada").create(LONGER))
    wait_for(lambda: len(started(store)) > 3, "some starts")
    theirs = {}
    for person in OTHERS:
        run = store.of(person).create(SHORT)
        engine.submit(run)
        theirs[run.id] = run
    last = max(run.created for run in theirs.values())
    wait_for(lambda: all(store.get(run).started for run in theirs), "the start of every other person's run")
    order = started(store)
    stop_all(store)
    late = [run for run in order if run.started > last]
    assert theirs.keys() <= {run.id for run in order if run.started <= last} | {
        run.id for run in late[: engine.workers + 20]
    }
    assert sum(run.owner == "ada" for run in order) < MANY


def test_all_runs_of_a_person_are_trained_once_each(store, engines):
    engine = engines(store)
    for _ in range(12):
        engine.submit(store.of("ada").create(SHORT))
    wait_for(lambda: {run.status for run in store.latest(None)} == {"finished"}, "the end of all runs")
    assert {run.attempt for run in store.latest(None)} == {1}


def test_three_people_s_sweeps_go_on_side_by_side(store, engines):
    sweeps = [sweep_of(store, person, 40) for person in ("ada", "bob", "cleo")]
    engine = engines(store)

    def had():
        return [finished(store, sweep) for sweep in sweeps]

    before = wait_for(lambda: min(now := had()) and now, "a first end of each")  # a worker that comes up takes its time
    wait_for(lambda: sum(had()) >= sum(before) + 18, "more runs' end")
    more = [now - then for now, then in zip(had(), before, strict=True)]
    for sweep in sweeps:
        store.wish_sweep(sweep.id, "stopped")
    assert min(more) >= 6 - engine.workers


def test_a_person_s_line_and_another_s_sweep_take_turns(store, engines):
    sweep_of(store, "bob", 40)
    for _ in range(40):
        store.of("ada").create(SHORT)
    engine = engines(store)

    def had():
        done = [run for run in store.latest(None) if run.status == "finished"]
        single = sum(run.sweep is None for run in done)
        return single, len(done) - single

    before = wait_for(lambda: min(now := had()) and now, "a first end of each")
    wait_for(lambda: sum(had()) >= sum(before) + 20, "more runs' end")
    more = [now - then for now, then in zip(had(), before, strict=True)]
    stop_all(store)
    assert min(more) >= 8 - engine.workers


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_two_engines_on_one_database_share_the_turns(store, engines):
    both = [engines(store), engines(RunStore(str(store.url)))]
    sweeps = [sweep_of(store, person, 60) for person in ("ada", "bob")]
    for engine in both:
        engine.sweep()
    wait_for(lambda: sum(finished(store, sweep) for sweep in sweeps) >= 60, "half of the runs' end")
    runs = [run for sweep in sweeps for run in store.runs_of(sweep.id)]
    for sweep in sweeps:
        store.wish_sweep(sweep.id, "stopped")
    done = [run for run in runs if run.status == "finished"]
    assert len({run.environment["pid"] for run in done}) > 2  # workers of both
    assert {run.attempt for run in done} == {1}
    assert min(sum(run.sweep == sweep.id for run in done) for sweep in sweeps) >= 12


def test_a_run_whose_worker_is_killed_goes_on_by_itself(store, engines, monkeypatch):
    monkeypatch.setattr(store_module, "STALE_SECONDS", 2)
    engine = engines(store)
    run = store.of("ada").create(RunConfig(hidden=(60,), epochs=6))
    engine.submit(run)
    wait_for(lambda: store.get(run.id).epochs_done >= 2, "two epochs")
    os.kill(store.get(run.id).environment["pid"], signal.SIGKILL)
    got = wait_for(lambda: (now := store.get(run.id)).status == "finished" and now, "the end")
    assert got.attempt == 2
    assert [epoch.epoch for epoch in store.epochs(run.id)] == [1, 2, 3, 4, 5, 6]


def order_of_turns(store, count, end=True):
    """Whose run is taken up, one after another, by a single worker."""
    order = []
    for _ in range(count):
        run = next_run(store, {})
        order.append(run.owner if run.owner else run.sweep)
        if end:
            store.settle(run.id, run.attempt, "finished")
    return order


def test_one_worker_serves_everybody_in_turn(store):
    for person in ("ada", "ada", "bob", "cleo"):  # Ada's second sweep gives her no more turns
        sweep_of(store, person, 10)
    order = order_of_turns(store, 9)
    assert [sorted(order[turn : turn + 3]) for turn in (0, 3, 6)] == [["ada", "bob", "cleo"]] * 3


def test_whose_runs_are_under_way_waits_for_those_of_whom_none_is(store):
    for person in ("ada", "bob"):
        sweep_of(store, person, 10)
    order = order_of_turns(store, 6, end=False)
    assert order.count("ada") == order.count("bob") == 3


def test_where_nobody_signs_in_sweeps_take_turns_and_other_runs_keep_their_order(store):
    sweeps = [sweep_of(store, None, 10) for _ in range(3)]
    order = order_of_turns(store, 6)
    assert sorted(order[:3]) == sorted(order[3:]) == sorted(sweep.id for sweep in sweeps)
    single = [store.create(SHORT).id for _ in range(10)]
    assert [run.id for run in store.queued()] == single
    assert {line.sweep for line in store.lines()} == {sweep.id for sweep in sweeps}


def test_a_person_s_run_goes_before_their_sweep_but_not_before_others(store):
    sweep_of(store, "ada", 10)
    sweep_of(store, "bob", 10)
    for _ in range(3):
        store.of("ada").create(SHORT)
    taken = [next_run(store, {}) for _ in range(6)]
    assert [run.sweep is None for run in taken if run.owner == "ada"] == [True] * 3
    assert sum(run.owner == "bob" for run in taken) == 3


def test_a_run_whose_worker_was_lost_waits_for_another(store):
    store.of("ada").create(SHORT)
    lost = next_run(store, {})
    assert next_run(store, {}) is None
    store._update([], heartbeat=0.0)
    support.wait_interrupted(store, lost.id)
    store.requeue_interrupted()
    again = next_run(store, {})
    assert (again.id, again.attempt) == (lost.id, 2)


def test_way_is_made_for_a_person_who_has_nothing_under_way(store):
    ada, bob = store.of("ada"), store.of("bob")
    first = [ada.create(SHORT) for _ in range(3)]
    assert {run for run, _ in store.awaited()} == {run.id for run in first}
    taken = [next_run(store, {}) for _ in range(2)]
    assert store.awaited() == set()
    his = bob.create(SHORT)
    assert {run for run, _ in store.awaited()} == {his.id}
    assert store.has_several("ada")
    store.settle(taken[0].id, taken[0].attempt, "queued")  # it makes way
    assert not store.has_several("ada")
    assert next_run(store, {}).id == his.id

"""What one person may have at once: counted on every way to more, however many processes try."""

import subprocess
import sys
import time

import numpy as np
import pytest

from dashboard.datasets import Parts
from dashboard.runs import keeping, quotas, shared
from dashboard.runs.config import RunConfig
from dashboard.runs.points import points
from dashboard.runs.store import StoreError, open_store
from dashboard.runs.sweep_cost import first_configs
from dashboard.runs.sweeps import SweepPlan
from mlpcore import MLP, TrainingState
from tests.dashboard.runs.test_owned import database_url, people  # noqa: F401 - fixtures

CONFIG = RunConfig(hidden=(8,), epochs=4)
KEPT = keeping.kept_bytes(CONFIG)
TOO_MANY = r"At most 3 of your runs may wait or train at once, but there would be 4\. Let some end"
TOO_MUCH = r"What you keep here may take at most .* but with what your runs under way will keep it would be .*B\."


@pytest.fixture
def ada(people, monkeypatch):  # noqa: F811
    """Ada, who may have three runs at once."""
    monkeypatch.setattr(quotas, "MAX_ACTIVE", 3)
    return people[0]


def sweep_of(store, rates=(0.1, 0.2, 0.3, 0.4)):
    plan = SweepPlan(RunConfig(hidden=(8,), epochs=4, validation=5000), {"lr": rates})
    return store.create_sweep(plan, first_configs(plan, points(plan)))


def images(seed=0, count=300):
    rng = np.random.default_rng(seed)
    return Parts(rng.integers(0, 256, (count, 784), dtype=np.uint8), (np.arange(count) % 3).astype(np.uint8), (28, 28),
                 count - 30, ("a", "b", "c"))  # fmt: skip


def state(hidden=8):
    net = MLP([784, hidden, 10], rng=np.random.default_rng(0))
    return TrainingState(0, {name: value for name, value, _ in net.parameters()}, {}, {})


def paused(store):
    run = store.create(CONFIG)
    store.wish(run.id, "pause")
    return store.get(run.id)


def limit_bytes(monkeypatch, number):
    monkeypatch.setattr(quotas, "MAX_BYTES", number)


def test_a_run_too_many_is_refused_and_not_made(ada, people):  # noqa: F811
    for _ in range(3):
        ada.create(CONFIG)
    with pytest.raises(StoreError, match=TOO_MANY):
        ada.create(CONFIG)
    assert len(ada.latest(None)) == 3
    people[1].create(CONFIG)  # the others' share is theirs


def test_a_run_that_goes_on_counts(ada):
    rests = paused(ada)
    for _ in range(3):
        ada.create(CONFIG)
    with pytest.raises(StoreError, match=TOO_MANY):
        ada.requeue(rests.id, rests.submission)
    assert ada.get(rests.id) == rests


def test_a_sweep_too_large_is_refused_and_not_made(ada):
    with pytest.raises(StoreError, match=TOO_MANY):
        sweep_of(ada)
    assert ada.latest_sweeps(9) == ada.latest(None) == []


def test_a_sweep_that_goes_on_counts(ada, store):
    sweep = sweep_of(ada, (0.1, 0.2))
    for _ in range(2):  # its workers lay them down when it is paused
        store.claim(sweep.id, {})
    ada.wish_sweep(sweep.id, "paused")
    for run in ada.runs_of(sweep.id):
        store.settle(run.id, run.attempt, "paused")
    for _ in range(2):
        ada.create(CONFIG)
    with pytest.raises(StoreError, match=TOO_MANY):
        ada.wish_sweep(sweep.id, "running")
    assert ada.sweep(sweep.id).status == "paused"
    assert {run.status for run in ada.runs_of(sweep.id)} == {"paused"}


def test_a_run_under_way_reserves_what_its_checkpoints_will_take(ada, monkeypatch):
    limit_bytes(monkeypatch, 2 * KEPT + 100)
    ada.create(CONFIG)
    second = ada.create(CONFIG)
    with pytest.raises(StoreError, match=TOO_MUCH):
        ada.create(CONFIG)
    ada.wish(second.id, "stop")
    ada.create(CONFIG)


def test_the_reserve_of_a_run_covers_what_it_keeps_and_is_not_much_more(trained, store):
    for settings in ({"epochs": 5}, {"epochs": 30, "hidden": (300,), "optimizer": "adam", "lr": 0.01}):
        run = trained(subset=100, **settings)
        with store._engine.connect() as db:
            took = store._stored(db)
        assert took <= keeping.kept_bytes(run.config) < 1.5 * took + 50_000
        store.delete([run.id])
        store.purge(before=time.time() + 1)
    open_store(store.url).close()


def test_an_imported_run_counts_its_bytes(ada, monkeypatch):
    limit_bytes(monkeypatch, 1.5 * len(state().to_bytes()))
    ada.adopt(CONFIG, state(), 0.5, None, name="one")
    with pytest.raises(StoreError, match=TOO_MUCH):
        ada.adopt(CONFIG, state(), 0.5, None, name="two")
    assert [run.name for run in ada.latest(None)] == ["one"]


def test_a_run_that_goes_on_counts_its_bytes(ada, monkeypatch):
    rests = paused(ada)
    limit_bytes(monkeypatch, 1.5 * KEPT)
    ada.create(CONFIG)
    with pytest.raises(StoreError, match=TOO_MUCH):
        ada.requeue(rests.id, rests.submission)
    assert ada.get(rests.id) == rests


def test_a_data_set_counts_and_one_too_large_is_not_kept(ada, people, monkeypatch):  # noqa: F811
    size = 300 * 784
    limit_bytes(monkeypatch, 1.5 * size)
    name = ada.add_set(images(), "one")
    assert ada.add_set(images(), "again") == name
    with pytest.raises(StoreError, match=TOO_MUCH):
        ada.add_set(images(1), "two")
    assert list(ada.own_sets()) == [name]
    with pytest.raises(StoreError, match=TOO_MUCH):
        ada.adopt(RunConfig(hidden=(100,)), state(100), 0.5, None, name="x")
    people[1].add_set(images(1), "two")
    with pytest.raises(StoreError, match=TOO_MUCH):  # images that are kept already count for each who has them
        ada.add_set(images(1), "two")
    ada.remove_set(name)
    ada.add_set(images(1), "two")


def test_drawings_count(ada, monkeypatch):
    stroke = [20.0, *map(float, range(2000))]
    limit_bytes(monkeypatch, 20_000)
    ada.keep_drawing(3, [stroke])
    with pytest.raises(StoreError, match=TOO_MUCH):
        ada.keep_drawing(4, [stroke])
    assert len(ada.drawings()) == 1


def test_a_sweep_whose_points_come_by_and_by_reserves_for_all_of_them(ada, monkeypatch):
    base = RunConfig(hidden=(8,), epochs=4, validation=5000)
    plan = SweepPlan(base, {"hidden": ((8,), (64,))}, method="tpe", draws=10)
    limit_bytes(monkeypatch, 9 * keeping.kept_bytes(RunConfig(hidden=(64,), epochs=4)))
    with pytest.raises(StoreError, match=TOO_MUCH):
        ada.create_sweep(plan, [])
    monkeypatch.setattr(quotas, "MAX_BYTES", 11 * keeping.kept_bytes(RunConfig(hidden=(64,), epochs=4)))
    ada.create_sweep(plan, [])
    with pytest.raises(StoreError, match=TOO_MUCH):
        ada.create(RunConfig(hidden=(200,), epochs=4))


def test_a_run_is_shared_by_so_many_links_and_no_more(ada, monkeypatch):
    monkeypatch.setattr(shared, "MAX_LINKS", 2)
    run = ada.create(CONFIG)
    token = ada.share(run.id)
    ada.share(run.id)
    with pytest.raises(StoreError, match=r"at most 2 links\. Revoke one first"):
        ada.share(run.id)
    ada.revoke(token)
    assert ada.share(run.id) in ada.shares(run.id)


CREATING = """
import sys
from dashboard.runs import quotas
from dashboard.runs.config import RunConfig
from dashboard.runs.store import RunStore, StoreError
quotas.MAX_ACTIVE = 30
ada = RunStore(sys.argv[1]).of("ada")
print("ready", flush=True)
sys.stdin.readline()
made = 0
for _ in range(40):
    try:
        ada.create(RunConfig(hidden=(8,)))
        made += 1
    except StoreError as error:
        assert "At most 30 of your runs" in str(error), error
print(made)
"""


def test_two_processes_at_the_limit_do_not_pass_it_together(store):
    both = [
        subprocess.Popen([sys.executable, "-c", CREATING, str(store.url)], stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]  # fmt: skip
    for process in both:
        assert process.stdout.readline() == "ready\n"
    for process in both:
        process.stdin.write("go\n")
        process.stdin.flush()
    made = [int(process.communicate(timeout=120)[0]) for process in both]
    assert sum(made) == len(store.latest(None)) == 30


def test_a_person_may_have_five_hundred_runs_under_way(people):  # noqa: F811
    plan = SweepPlan(CONFIG.__class__(hidden=(8,), epochs=1, validation=5000),
                     {"lr": tuple(i / 100 for i in range(1, 501))})  # fmt: skip
    people[0].create_sweep(plan, first_configs(plan, points(plan)))
    assert people[0].create(CONFIG).number == 501


def test_on_one_s_own_machine_there_are_no_people_and_no_limits(store, monkeypatch):
    monkeypatch.setattr(quotas, "MAX_ACTIVE", 1)
    monkeypatch.setattr(quotas, "MAX_BYTES", 1)
    runs = [store.create(CONFIG) for _ in range(3)]
    assert {run.owner for run in runs} == {None}
    assert len(store.of(None).latest(None)) == 3

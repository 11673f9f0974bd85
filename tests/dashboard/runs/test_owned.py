"""Whose a run is: a stranger sees nothing and changes nothing, whatever method is asked; a link shares one run."""

import inspect

import numpy as np
import pytest
from sqlalchemy import select

from dashboard.datasets import Parts
from dashboard.runs import schema
from dashboard.runs.config import RunConfig
from dashboard.runs.points import points
from dashboard.runs.store import RunStore, StoreError
from dashboard.runs.sweep_cost import first_configs
from dashboard.runs.sweeps import SweepPlan
from mlpcore import MLP, SGD, EpochResult, TrainingState

SERVER = {  # what only the server itself and its workers ask for; they have a store that belongs to nobody
    "close", "of", "purge", "tidy", "queued", "notice_stale", "lay_down", "probe", "silent", "take_up", "ping",
    "wished", "commit_epoch", "settle", "newest_state", "claim", "claim_single", "lines", "has_several", "under_way",
    "claimable", "awaited", "apply", "requeue_interrupted", "active_sweeps", "check_set", "obstacle", "look",
}  # fmt: skip


@pytest.fixture
def database_url(either_url):
    return either_url


@pytest.fixture
def people(store):
    return store.of("ada"), store.of("bob")


def parts(seed=0):
    rng = np.random.default_rng(seed)
    return Parts(rng.integers(0, 256, (30, 12), dtype=np.uint8), (np.arange(30) % 3).astype(np.uint8), (4, 3), 24,
                 ("a", "b", "c"))  # fmt: skip


@pytest.fixture
def hers(store, people):
    """What Ada has: (run with an epoch, sweep, set, drawing). And a run called "gone", which she has deleted."""
    ada, _ = people
    run = ada.create(RunConfig(hidden=(8,)), name="secret")
    taken = store.take_up(run.id, run.submission, {})
    rng = np.random.default_rng(0)
    state = TrainingState.take(MLP([4, 2], rng=rng), SGD(0.1), rng, 1).to_bytes()
    store.commit_epoch(run.id, taken.attempt, EpochResult(1, 0.1, 0.2, 0.3, 0.5, 0.5), state)
    store.settle(run.id, taken.attempt, "paused")
    ada.delete([ada.create(RunConfig(hidden=(8,)), name="gone").id])
    plan = SweepPlan(RunConfig(epochs=1, validation=5000), {"lr": (0.1, 0.2)})
    sweep = ada.create_sweep(plan, first_configs(plan, points(plan)), "secret")
    return ada.get(run.id), sweep, ada.add_set(parts(), "secret"), ada.keep_drawing(3, [[20, 1, 2, 3, 4]])


def everything(store, run, sweep, own_set):
    """All that can be read of it, by method."""
    return {
        "get": lambda: store.get(run.id),
        "several": lambda: store.several([run.id]),
        "latest": lambda: store.latest(None),
        "meant": lambda: store.meant("secret") + store.meant(run.id) + store.meant(str(run.number)),
        "epochs": lambda: store.epochs(run.id),
        "silence": lambda: store.silence(run.id),
        "figures": lambda: store.figures([run.id]),
        "snapshots": lambda: store.snapshots(run.id),
        "state": lambda: store.state(run.id, 1),
        "await_epoch": lambda: store.await_epoch(run.id, 0.1),
        "sweep": lambda: store.sweep(sweep.id),
        "latest_sweeps": lambda: store.latest_sweeps(9),
        "meant_sweeps": lambda: store.meant_sweeps("secret") + store.meant_sweeps(sweep.id),
        "runs_of": lambda: store.runs_of(sweep.id),
        "own_sets": store.own_sets,
        "set_about": lambda: store.set_about(own_set),
        "set_parts": lambda: store.set_parts(own_set),
        "runs_on": lambda: store.runs_on(own_set),
        "drawings": store.drawings,
        "shares": lambda: store.shares(run.id),
    }


def changes(store, run, sweep, own_set, drawing, token, gone):
    """All that can be done to it, by method."""
    return {
        "rename": lambda: store.rename(run.id, "mine now"),
        "annotate": lambda: store.annotate(run.id, "mine now"),
        "delete": lambda: store.delete([run.id]),
        "discard": lambda: store.discard(sweep_run(store, sweep)),
        "restore": lambda: store.restore([gone]),
        "wish": lambda: store.wish(run.id, "stop"),
        "requeue": lambda: store.requeue(run.id, run.submission),
        "wish_sweep": lambda: store.wish_sweep(sweep.id, "stopped"),
        "remove_set": lambda: store.remove_set(own_set),
        "remove_drawing": lambda: store.remove_drawing(drawing),
        "share": lambda: store.share(run.id),
        "revoke": lambda: store.revoke(token),
    }


def sweep_run(store, sweep):
    """The id of a run that waits, whoever asks."""
    return store.of(None).runs_of(sweep.id)[0].id


def rows(store):
    """Every row that a person could change, as it is."""
    return [
        [dict(row) for row in store._rows(select(table).order_by(*table.primary_key))]
        for table in (schema.runs, schema.sweeps, schema.sets, schema.set_owners, schema.drawings, schema.shares)
    ]


MAKING = {"create", "adopt", "create_sweep", "add_set", "keep_drawing", "follow"}


def test_every_method_is_thought_of(store, hers):
    run, sweep, own_set, drawing = hers
    done = changes(store, run, sweep, own_set, drawing, "x", "y")
    known = set(everything(store, run, sweep, own_set)) | set(done)
    public = {name for name, _ in inspect.getmembers(RunStore, inspect.isfunction) if not name.startswith("_")}
    assert public == known | SERVER | MAKING


def test_a_stranger_sees_nothing(people, hers):
    run, sweep, own_set, _ = hers
    looks = everything(people[1], run, sweep, own_set)
    for name in ("get", "await_epoch", "sweep", "set_parts"):
        with pytest.raises(StoreError, match=r"^There is no ") as refusal:
            looks.pop(name)()
        assert "secret" not in str(refusal.value)
    for name, look in looks.items():
        assert not look(), name


def test_a_stranger_changes_nothing_and_is_told(store, people, hers):
    ada, bob = people
    token, (gone,) = ada.share(hers[0].id), deleted(store)
    before = rows(store)
    for name, change in changes(bob, *hers, token, gone).items():
        with pytest.raises(StoreError, match=r"^Only whose (run|sweep|data set|drawing) it is can ") as refusal:
            change()
        assert "secret" not in str(refusal.value)
        assert rows(store) == before, name


def test_each_of_these_changes_something_when_its_owner_asks(store, people, hers):
    ada, _ = people
    run, sweep, own_set, drawing = hers
    token, (gone,) = ada.share(run.id), deleted(store)
    done = changes(ada, run, sweep, own_set, drawing, token, gone)
    asked = ("rename", "annotate", "requeue", "wish", "restore", "discard", "share", "revoke", "delete", "wish_sweep",
             "remove_set", "remove_drawing")  # fmt: skip
    assert set(asked) == set(done)
    for name in asked:
        before = rows(store)
        done[name]()
        assert rows(store) != before, name


def deleted(store):
    """The ids of the runs that are deleted and can be taken back."""
    return [row["id"] for row in store._rows(select(schema.runs.c.id).where(schema.runs.c.deleted.is_not(None)))]


def test_no_refusal_tells_what_a_stranger_s_set_is_called(people, hers):
    bob, config = people[1], RunConfig(dataset=hers[2], hidden=(5,), batch_size=4, validation=6)
    plan = SweepPlan(config, {"lr": (0.1, 0.2)})
    state = TrainingState(0, {}, {}, {})
    for make in (
        lambda: bob.create(config),
        lambda: bob.create_sweep(plan, first_configs(plan, points(plan))),
        lambda: bob.adopt(config, state, 0.5, None, name="x"),
        lambda: bob.set_parts(hers[2]),
        lambda: bob.remove_set(hers[2]),
    ):
        with pytest.raises(StoreError, match="data set") as refusal:
            make()
        assert "secret" not in str(refusal.value)


def test_what_a_person_makes_is_theirs_and_the_server_sees_all(store, people, hers):
    ada, bob = people
    mine = bob.create(RunConfig(hidden=(5,)))
    assert [run.id for run in bob.latest(None)] == [mine.id]
    assert {run.owner for run in ada.latest(None)} == {"ada"}
    assert len(store.latest(None)) == 4
    assert {run.id for run in store.queued()} == {mine.id}


def test_a_link_shares_one_run_to_look_at_until_it_is_revoked(store, people, hers):
    ada, bob = people
    run = hers[0]
    token = ada.share(run.id)
    with pytest.raises(StoreError, match="There is no run"):
        bob.get(run.id)
    assert bob.follow(token) == bob.follow(token) == run.id
    bob = store.of("bob")  # in another browser, or after a reload
    assert bob.get(run.id).name == "secret"
    assert len(bob.epochs(run.id)) == len(bob.snapshots(run.id)) == 1
    assert bob.state(run.id, 1) is not None
    assert bob.latest(None) == []
    assert bob.several([other.id for other in ada.latest(None)]).keys() == {run.id}
    for change in (bob.share, lambda run: bob.rename(run, "mine now"), lambda run: bob.wish(run, "stop"),
                   lambda _: bob.revoke(token)):  # fmt: skip
        with pytest.raises(StoreError, match="Only whose run it is"):
            change(run.id)
    assert (ada.get(run.id).name, ada.get(run.id).status, ada.shares(run.id)) == ("secret", "paused", [token])
    with pytest.raises(StoreError, match="There is no run"):
        store.of("eve").get(run.id)
    ada.revoke(token)
    ada.revoke(token)
    assert bob.follow(token) is None
    with pytest.raises(StoreError, match="There is no run"):
        bob.get(run.id)


def test_a_link_of_any_text_shares_nothing(people):
    for token in ("", "x" * 10_000, "' OR 1=1 --", "\u202e", "%"):
        assert people[1].follow(token) is None


def test_the_same_images_may_be_two_people_s(store, people, hers):
    ada, bob = people
    name = hers[2]
    with pytest.raises(StoreError, match="is not in the database here"):
        bob.create(RunConfig(dataset=name, hidden=(5,), batch_size=4))
    assert bob.add_set(parts(), "other") == name
    run = bob.create(RunConfig(dataset=name, hidden=(5,), batch_size=4))
    ada.remove_set(name)
    assert ada.own_sets() == {}
    assert list(bob.own_sets()) == [name]
    assert store.set_parts(name).train_samples == 24
    with pytest.raises(StoreError, match="only be removed when no run uses it, but 1 do"):
        bob.remove_set(name)
    bob.delete([run.id])
    store.purge(before=9e9)
    bob.remove_set(name)
    assert store.set_about(name) is None


def test_a_set_stays_under_the_runs_of_whoever_else_uses_it(store, people):
    """Such as those that were made before people had to sign in, which are nobody's."""
    ada, _ = people
    name = ada.add_set(parts(), "secret")
    run = store.create(RunConfig(dataset=name, hidden=(5,), batch_size=4))
    ada.remove_set(name)
    assert ada.own_sets() == {}
    assert store.set_parts(name).train_samples == 24
    store.delete([run.id])
    store.purge(before=9e9)
    store.remove_set(name)
    assert store.set_about(name) is None


def test_a_set_stays_under_the_sweeps_of_whoever_else_uses_it(store, people):
    ada, _ = people
    name = ada.add_set(parts(), "secret")
    plan = SweepPlan(RunConfig(dataset=name, hidden=(5,), batch_size=4, validation=6), {"lr": (0.1, 0.2)})
    store.create_sweep(plan, [])
    ada.remove_set(name)
    assert store.set_parts(name).train_samples == 24


def test_runs_deleted_before_their_first_epoch_do_not_hold_a_set(people):
    ada, _ = people
    name = ada.add_set(parts(), "secret")
    run = ada.create(RunConfig(dataset=name, hidden=(5,), batch_size=4))
    assert ada.runs_on(name) == 1
    ada.delete([run.id])
    assert ada.runs_on(name) == 0
    ada.remove_set(name)
    assert ada.own_sets() == {}

"""A scheduler that ends and comes back, soon or late: what waited, a sweep and what is begun meanwhile are trained."""

import pytest

from dashboard.runs import engine as engine_module
from dashboard.runs.config import RunConfig
from dashboard.runs.engine import Engine
from dashboard.runs.points import points
from dashboard.runs.sweep_cost import first_configs
from dashboard.runs.sweeps import SweepPlan
from tests.cluster.machines import Cluster, wait_for
from tests.cluster.test_cluster import finished, start

SHORT = {"hidden": (8,), "epochs": 1, "subset": 500, "validation": 500}


@pytest.fixture
def clusters(tmp_path):
    """Start a scheduler with a worker, at the address of an earlier one if there was one; all of them end."""
    made = []

    def cluster():
        address = made[0].address if made else None
        made.append(Cluster(tmp_path / f"cluster{len(made)}", 1, address=address))
        return made[-1].wait()

    yield cluster
    for each in made:
        each.end()


@pytest.mark.parametrize("late", [True, False], ids=["given up", "within Dask's patience"])
def test_what_waits_goes_on_when_the_scheduler_is_back(store, clusters, monkeypatch, late):
    monkeypatch.setattr(engine_module, "CONNECT_SECONDS", 1 if late else 600)
    cluster = clusters()
    engine = Engine(store, cluster.address)
    engine.start().join()
    client = engine._client
    long = start(engine, hidden=(1024, 1024), batch_size=8)
    wait_for(lambda: store.get(long.id).progress > 0, "progress of the run that keeps the worker busy")
    waiting = start(engine, **SHORT)
    plan = SweepPlan(RunConfig(**SHORT), {"lr": (0.5, 0.6)})
    sweep = store.create_sweep(plan, first_configs(plan, points(plan)))
    cluster.end()
    wait_for(lambda: client.status == ("closed" if late else "connecting"), "the loss of the scheduler")
    meanwhile = start(engine, **SHORT)
    assert store.get(waiting.id).status == store.get(meanwhile.id).status == "queued"
    store.wish(long.id, "stop")
    clusters()
    for run in (waiting, meanwhile, *store.runs_of(sweep.id)):
        finished(engine, run)
    assert {run.attempt for run in store.latest(None) if run.id != long.id} == {1}
    engine.close()


@pytest.fixture
def database_url(postgres):
    return postgres.new_database()

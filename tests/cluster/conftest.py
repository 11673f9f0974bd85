import pytest

from dashboard.runs.engine import Engine
from dashboard.runs.store import RunStore
from tests.cluster.machines import Cluster


@pytest.fixture(scope="module")
def cluster(postgres, tmp_path_factory):
    """A scheduler and three workers without a shared folder."""
    cluster = Cluster(tmp_path_factory.mktemp("cluster"), workers=3)
    yield cluster.wait()
    cluster.end()


@pytest.fixture
def database_url(postgres):
    return postgres.new_database()


@pytest.fixture
def engine(database_url, cluster):
    """What a page server has: the store on PostgreSQL, and the cluster's client."""
    store = RunStore(database_url)
    engine = Engine(store, cluster.address)
    engine.start().join()
    assert engine.problem is None
    yield engine
    engine.close()
    store.close()

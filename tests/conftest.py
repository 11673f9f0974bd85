import os

import numpy as np
import pytest
from threadpoolctl import threadpool_limits
from xdist.scheduler import LoadScopeScheduling

from dashboard import datasets
from dashboard.runs.config import RunConfig
from dashboard.runs.store import RunStore, close_stores
from dashboard.runs.trainer import train_run
from tests.postgres import Postgres, programs
from tests.support import Disk, chromium, gcc, mounted, nginx

pytest.register_assert_rewrite("tests.reliability.training")  # its assertions tell their values, too


def pytest_configure(config):
    """A program that is missing is a failure in CI, and elsewhere a reason to skip."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        threadpool_limits(1)  # two tests at once, with two BLAS threads each on two cores, would wait for each other
    needed = {"chromium": chromium(), "postgresql": programs(), "nginx": nginx(), "gcc": gcc()}
    missing = [package for package, found in needed.items() if found is None]
    if os.environ.get("CI") == "true" and missing:
        raise pytest.UsageError(f"CI needs these packages of Debian: {' '.join(missing)}")


def pytest_collection_modifyitems(items):
    if chromium() is None:
        for item in items:
            if of_the_browser(item.nodeid):
                item.add_marker(pytest.mark.skip(reason="Chromium is not installed"))


def of_the_browser(nodeid):
    return nodeid.startswith("tests/browser/")


class BesideTheBrowser(LoadScopeScheduling):
    """Two at once (-n 2) are one test of the browser and one of the others, which stay together by file: two browsers
    use up in waiting what they gain."""

    def _split_scope(self, nodeid):
        return "browser" if of_the_browser(nodeid) else nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config, log):
    return BesideTheBrowser(config, log)


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture(scope="session", autouse=True)
def cache_dir(tmp_path_factory):
    """One cache folder for all tests of this process: MNIST is unpacked once."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("MLP_CACHE_DIR", str(folder))
        yield folder


@pytest.fixture
def database_url(tmp_path):
    return f"sqlite:///{tmp_path / 'runs.db'}"


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server for all tests of this process."""
    if programs() is None:
        pytest.skip("PostgreSQL is not installed")
    server = Postgres().start()
    yield server
    server.remove()


@pytest.fixture(params=["sqlite", "postgresql"])
def either_url(request, tmp_path):
    """A new database of each kind. Where everything has to hold on both, `database_url` is this one."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgres").new_database()
    return f"sqlite:///{tmp_path / 'runs.db'}"


@pytest.fixture
def store(database_url):
    store = RunStore(database_url)
    yield store
    store.close()
    close_stores()


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 3 MB."""
    with mounted(tmp_path / "disk", megabytes=3) as folder:
        yield folder


@pytest.fixture
def failing_disk(small_disk, tmp_path):
    """The small disk, as one that can fail."""
    if gcc() is None:
        pytest.skip("gcc is not installed")
    return Disk(tmp_path, small_disk)


@pytest.fixture
def small_mnist(monkeypatch):
    """MNIST cut to 600 training and 100 test images, for tests that need a run rather than a result."""
    whole = datasets.load("mnist")
    about = datasets.About("MNIST", 600, 100, 784, 10, *datasets.MNIST_SHA256)
    images = np.concatenate([whole.train[0][:600], whole.test[0][:100]])
    labels = np.concatenate([whole.train[1][:600], whole.test[1][:100]])
    small = datasets.Dataset(about, images, labels)
    monkeypatch.setitem(datasets.DATASETS, "mnist", about)
    monkeypatch.setattr(datasets, "load", lambda name: small)
    return small


@pytest.fixture
def trained(store, small_mnist):
    """Make runs and train them at once in this process."""

    def make(**settings):
        run = store.create(RunConfig(**({"hidden": (8,), "epochs": 3, "batch_size": 20} | settings)))
        train_run(run.id, run.submission, store.url)
        return store.get(run.id)

    return make

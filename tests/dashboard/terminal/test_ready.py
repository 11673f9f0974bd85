"""The readiness check, with each thing missing in turn."""

import sqlite3
import time

import pytest

from dashboard.runs.config import RunConfig
from tests.browser.proxy import Proxy
from tests.browser.server import Server
from tests.cluster.machines import Cluster
from tests.support import free_port, nginx


def refused(done, words):
    assert done.returncode == 1
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_fresh_installation_is_ready(lab, store):
    done = lab("ready")
    assert (done.returncode, done.stdout) == (0, "Ready: database written, every run heard of.\n")


def test_a_database_that_can_not_be_written_is_said(lab, store, environment):
    environment["MLP_DATABASE_URL"] = f"sqlite:///file:{store.url.removeprefix('sqlite:///')}?mode=ro&uri=true"
    refused(lab("ready"), "is read-only")


def test_a_scheduler_that_does_not_answer_is_said(lab, store, environment):
    environment["MLP_SCHEDULER"] = f"tcp://127.0.0.1:{free_port()}"
    refused(lab("ready"), "does not answer. Start it, or unset MLP_SCHEDULER.")


@pytest.fixture
def cluster(tmp_path):
    """Start a scheduler with so many workers."""
    started = []

    def cluster(workers):
        started.append(Cluster(tmp_path / f"cluster{len(started)}", workers))
        return started[-1].wait()

    yield cluster
    for each in started:
        each.end()


def test_a_scheduler_with_workers_is_told(lab, store, environment, cluster):
    environment["MLP_SCHEDULER"] = cluster(2).address
    assert lab("ready").stdout == "Ready: database written, scheduler answered, 2 workers, every run heard of.\n"


def test_a_scheduler_without_workers_is_said(lab, store, environment, cluster):
    environment["MLP_SCHEDULER"] = address = cluster(0).address
    refused(lab("ready"), f"The Dask scheduler at {address} has no worker. Start some")


def test_a_run_that_is_not_heard_of_is_named(lab, store):
    run = store.create(RunConfig(), name="lost")
    store.take_up(run.id, run.submission, {})
    store._update([], heartbeat=time.time() + 3600)  # a terminal that starts slowly finds it well, too
    assert lab("ready").returncode == 0
    with sqlite3.connect(store.url.removeprefix("sqlite:///")) as db:
        db.execute("UPDATE runs SET heartbeat = ?", (time.time() - 60,))
    db.close()
    refused(lab("ready"), "1 of the runs under way is not heard of: lost.")


def test_a_page_server_is_asked(lab, store, tmp_path):
    refused(lab("ready", "--server", f"http://127.0.0.1:{free_port()}"), "does not answer")
    with Server(store.url, tmp_path / "log") as server:
        done = lab("ready", "--server", server.url)
    assert done.stdout == "Ready: database written, every run heard of, pages served.\n"


@pytest.mark.skipif(nginx() is None, reason="nginx is not installed")
def test_page_servers_are_asked_through_nginx(lab, store, tmp_path):
    with Server(store.url, tmp_path / "log") as server:
        proxy = Proxy(tmp_path, [server, server])
        assert lab("ready", "--server", proxy.url).stdout.endswith("pages served.\n")
    refused(lab("ready", "--server", proxy.url), f"The page server at {proxy.url} does not answer: HTTP Error 502")
    proxy.end()

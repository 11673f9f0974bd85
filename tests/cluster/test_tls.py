"""A scheduler and workers that speak TLS alone: with a certificate of theirs a run is as ever, without one refused."""

import os
import subprocess
import sys

import pytest

from dashboard.runs.store import RunStore
from tests.cluster.certificates import Authority
from tests.cluster.machines import ROOT, Cluster, wait_for
from tests.cluster.test_cluster import assert_as_bare

TLS = "DASK_DISTRIBUTED__COMM__TLS__"
ENCRYPTED = {"DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION": "True"}
CLIENT = """
import os, sys
from dashboard.runs.config import RunConfig
from dashboard.runs.engine import Engine, EngineError, workers_at
from dashboard.runs.store import RunStore
try:
    print(workers_at(sys.argv[1]), "workers")
except EngineError as error:
    sys.exit(f"EngineError: {error}")
store = RunStore(sys.argv[2])
engine = Engine(store, sys.argv[1])
engine.start().join()
engine.submit(store.create(RunConfig(hidden=(30,), epochs=3)))
sys.stdin.read()
engine.close()
"""


def options(authority, name):
    certificate, key = authority.issue(name)
    return ["--tls-ca-file", authority.ca, "--tls-cert", certificate, "--tls-key", key]


def variables(authority, name):
    """What docs/scaling.md has a page server set."""
    certificate, key = map(str, authority.issue(name))
    return {
        f"{TLS}CA_FILE": str(authority.ca),
        f"{TLS}CLIENT__CERT": certificate,
        f"{TLS}CLIENT__KEY": key,
        **ENCRYPTED,
    }


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("tls") / "ours")


@pytest.fixture(scope="module")
def cluster(postgres, authority, tmp_path_factory):
    security = list(map(str, options(authority, "cluster")))
    cluster = Cluster(tmp_path_factory.mktemp("secure"), 2, protocol="tls", security=security, **ENCRYPTED)
    yield cluster
    cluster.end()


@pytest.fixture
def store(postgres):
    store = RunStore(postgres.new_database())
    yield store
    store.close()


@pytest.fixture
def client(cluster, store):
    """Start what a page server does, in a process with these variables."""
    started = []

    def client(**settings):
        others = {name: value for name, value in os.environ.items() if not name.startswith("DASK_")}
        command = [sys.executable, "-c", CLIENT, cluster.address, store.url]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        started.append(subprocess.Popen(command, env={**others, "PYTHONPATH": str(ROOT), **settings}, **pipes))
        return started[-1]

    yield client
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_a_run_over_tls_ends_as_a_bare_one(client, store, authority):
    client(**variables(authority, "pages"))
    run = wait_for(lambda: next(iter(store.latest(1)), None), "a run")
    wait_for(lambda: store.get(run.id).status == "finished", "the end of the run")
    assert_as_bare(store, run)


def refused(process):
    """The one line that it ends with."""
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 1
    return said.splitlines()[0]


def test_who_has_no_certificate_is_refused(client, cluster):
    said = refused(client())
    assert said.startswith(f"EngineError: The Dask scheduler at {cluster.address} asks for a certificate. Name one in")


def test_who_has_a_certificate_of_another_authority_is_refused(client, cluster, tmp_path):
    said = refused(client(**variables(Authority(tmp_path / "theirs"), "stranger")))
    assert f"The Dask scheduler at {cluster.address} does not answer, or does not trust our certificate." in said


def test_who_speaks_without_encryption_is_refused_by_the_scheduler(client, cluster, monkeypatch):
    monkeypatch.setattr(cluster, "address", cluster.address.replace("tls://", "tcp://"))
    assert "does not answer. Start it" in refused(client())


def test_an_address_without_encryption_is_refused_where_encryption_is_asked_for(client, cluster, monkeypatch):
    monkeypatch.setattr(cluster, "address", cluster.address.replace("tls://", "tcp://"))
    assert "its address must begin with tls://." in refused(client(**ENCRYPTED))

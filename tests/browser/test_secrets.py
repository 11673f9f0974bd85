"""No secret in a log: people sign in, follow a link and meet what fails, with every log of every process read."""

import urllib.error
import urllib.parse
import urllib.request
from contextlib import suppress
from types import SimpleNamespace

import pytest
from distributed import Client
from playwright.sync_api import expect

from dashboard.runs.store import RunStore
from dashboard.runs.trainer import train_run
from tests.browser.server import wait_for
from tests.browser.signed import CLIENT_SECRET, COOKIE_SECRET, SignedServer, running_provider, sign_in_at
from tests.browser.test_two_servers import Proxy
from tests.browser.train_page import button, press_train, status
from tests.cluster.machines import Cluster
from tests.postgres import PASSWORD
from tests.support import free_port, nginx

SHARED_SECRET = "one secret for all servers"


@pytest.fixture
def cluster(tmp_path):
    cluster = Cluster(tmp_path, workers=1).wait()
    yield cluster
    cluster.end()


@pytest.fixture
def server(postgres, cluster, tmp_path):
    settings = {"MLP_SCHEDULER": cluster.address, "STREAMLIT_SERVER_COOKIE_SECRET": SHARED_SECRET}
    with (
        running_provider() as provider,
        SignedServer(postgres.new_database(), tmp_path, provider, **settings) as server,
    ):
        yield server


@pytest.fixture
def proxy(server, tmp_path):
    """nginx before that server and one that is gone: what it says of the latter may name what was asked."""
    if nginx() is None:
        pytest.skip("nginx is not installed")
    proxy = Proxy(tmp_path, [server, SimpleNamespace(port=free_port())])
    yield proxy
    proxy.end()


def test_no_log_has_a_secret(server, proxy, cluster, postgres, chrome):
    context = chrome.new_context()
    page = context.new_page()
    sign_in_at(server.url, page, "ada")
    expect(button(page, "Train")).to_be_visible()
    run = press_train(page)
    expect(status(page, "Finished")).to_be_visible(timeout=60_000)
    store = RunStore(server.database_url)
    token = store.of(store.get(run).owner).share(run)
    page.goto(f"{server.url}/?share={token}")
    expect(status(page, "Finished")).to_be_visible()
    context.close()
    for path in [f"/?share={token}"] * 20 + [f"/oauth2callback?code=x&state={token}", f"/media/{token}"]:
        with suppress(urllib.error.HTTPError):  # each under another seat: some are meant for the server that is gone
            proxy.get(path).close()
    with Client(cluster.address, set_as_default=False) as client:  # a task that fails is logged with its arguments
        failing = client.submit(train_run, run, "no number", store.url, pure=False)
        assert failing.exception(timeout=60) is not None
    store.close()

    logs = {machine.folder.name: machine.log for machine in (cluster.scheduler, *cluster.workers)}
    logs |= {"server": server.log, "nginx": proxy.log, "PostgreSQL": postgres.folder / "log"}
    wait_for(lambda: "Compute Failed" in logs["worker0"].read_text(), "word of the task that failed")
    secrets = (token, PASSWORD, urllib.parse.quote(PASSWORD), COOKIE_SECRET, CLIENT_SECRET, SHARED_SECRET)
    for name, log in logs.items():
        text = log.read_text()
        for secret in secrets:
            assert secret not in text, name

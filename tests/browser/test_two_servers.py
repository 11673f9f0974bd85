"""Two page servers over PostgreSQL and a Dask cluster without a shared folder: one is killed, and the pages go on."""

import re
import signal
import socket

import pytest
from playwright.sync_api import expect
from threadpoolctl import threadpool_limits

from dashboard.runs.config import RunConfig
from dashboard.runs.points import points
from dashboard.runs.store import RunStore
from dashboard.runs.sweep_cost import first_configs
from dashboard.runs.sweeps import SweepPlan
from dashboard.runs.trainer import results, train_run
from tests.browser import test_accessible
from tests.browser.proxy import Proxy
from tests.browser.server import Server, go_to, wait_for
from tests.browser.train_page import button, epoch
from tests.cluster.machines import Cluster
from tests.support import nginx

SHOWS = test_accessible.SHOWS | {
    "Compare": "The latest 2 runs.",
    "Sweep": "Try many settings at once",
    "Draw": "Nothing is drawn yet",
}

WIDTHS = tuple((width,) for width in (8, 16, 24, 32, 48, 64, 96, 128))
RATES = (0.3, 1.0, 2.0, 3.0, 5.0)
SETTINGS = {"STREAMLIT_SERVER_COOKIE_SECRET": "one secret for both"}


@pytest.fixture
def servers(postgres, tmp_path):
    """Two page servers with one database and one scheduler."""
    if nginx() is None:
        pytest.skip("nginx is not installed")
    url = postgres.new_database()
    cluster = Cluster(tmp_path, workers=4).wait()
    settings = {**SETTINGS, "MLP_SCHEDULER": cluster.address}
    servers = [Server(url, tmp_path / f"pages{i}.log", **settings).start() for i in range(2)]
    yield servers
    for server in servers:
        server.end()
        assert "Traceback" not in server.log.read_text()
    cluster.end()


@pytest.fixture
def proxy(servers, tmp_path):
    proxy = Proxy(tmp_path, servers)
    yield proxy
    proxy.end()


@pytest.fixture
def page(chrome, proxy):
    """A tab, whose console may tell of the server that was killed."""
    context = chrome.new_context(viewport={"width": 1400, "height": 900})
    yield context.new_page()
    context.close()


def serving(servers):
    """The one server that has a page's websocket."""

    def sockets(server):
        connections = server.family()[0].net_connections("tcp")
        return sum(each.laddr.port == server.port and each.status == "ESTABLISHED" for each in connections)

    return wait_for(lambda: next((server for server in servers if sockets(server)), None), "a page's connection")


def test_a_page_goes_on_through_the_other_server_when_its_own_is_killed(servers, proxy, page):
    store = RunStore(servers[0].database_url)
    page.goto(f"{proxy.url}/?hidden=100&epochs=300")
    button(page, "Train").click()
    page.wait_for_url("**run=*")
    run = page.url.split("run=")[1].partition("&")[0]
    wait_for(lambda: store.get(run).epochs_done >= 2, "two epochs")
    wait_for(lambda: epoch(page) >= 2, "the run on the page")

    killed = serving(servers)
    killed.end(signal.SIGKILL)
    other = next(server for server in servers if server is not killed)
    before = store.get(run).epochs_done
    wait_for(lambda: epoch(page) > before + 2, "the browser's return, and the run going on before its eyes")
    assert serving([other]) is other
    button(page, "Stop").click()
    wait_for(lambda: store.get(run).status == "stopped", "the stop, asked of the other server")
    assert store.get(run).attempt == 1  # the worker has not noticed anything

    page.reload()
    expect(page.get_by_text("Run 1", exact=False).first).to_be_visible()
    go_to(page, "Compare")
    expect(page.get_by_test_id("stVegaLiteChart").first).to_be_visible()
    store.close()


def test_a_sweep_of_forty_runs_on_four_workers_is_shown_by_both_servers_and_outlives_one(servers, chrome):
    plan = SweepPlan(RunConfig(epochs=3, validation=10_000), {"hidden": WIDTHS, "lr": RATES})
    store = RunStore(servers[0].database_url)
    context = chrome.new_context(viewport={"width": 1400, "height": 900})
    pages = [context.new_page() for _ in servers]
    for page, server in zip(pages, servers, strict=True):
        page.goto(f"{server.url}/sweep")
    sweep = store.create_sweep(plan, first_configs(plan, points(plan)), "Forty")
    store.wish_sweep(sweep.id, "paused")  # until both show it
    for page in pages:
        page.reload()
        expect(page.get_by_role("heading", name="Forty")).to_be_visible()
        expect(page.get_by_text("of 40 runs")).to_be_visible()
    button(pages[1], "Resume").click()

    wait_for(lambda: done(store, sweep) >= 5, "the first runs' end")
    servers[0].end(signal.SIGKILL)
    before = done(store, sweep)
    assert before < 40
    wait_for(lambda: shown_done(pages[1]) > before, "more runs on the page of the server that is left")
    expect(pages[1].get_by_text("40 of 40 runs")).to_be_visible(timeout=90_000)
    context.close()

    runs = store.runs_of(sweep.id)
    assert store.sweep(sweep.id).status == "finished"
    assert [(run.status, run.epochs_done) for run in runs] == [("finished", 3)] * 40
    assert len({run.environment["pid"] for run in runs}) == 4
    with threadpool_limits(1):
        for run in runs[::13]:
            *_, (last, _) = results(run.config, None, iter)
            kept = store.epochs(run.id)[-1]
            assert (kept.validation_accuracy, kept.test_accuracy) == (last.validation_accuracy, last.test_accuracy)
    store.close()


def done(store, sweep):
    return sum(run.status == "finished" for run in store.runs_of(sweep.id))


def shown_done(page):
    """The finished runs that the page tells of."""
    found = re.search(r"(\d+) of 40 runs", page.get_by_test_id("stMain").inner_text())
    return int(found[1]) if found else 0


HEADERS = {
    "Content-Security-Policy": "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def test_every_page_draws_under_the_headers_of_the_proxy(servers, proxy, open_page):
    """The console, which open_page keeps empty, would tell of anything that the policy forbids."""
    store = RunStore(servers[0].database_url)
    for seed in range(2):
        run = store.create(RunConfig(hidden=(8,), epochs=2, subset=2000, seed=seed))
        with threadpool_limits(1, "blas"):
            train_run(run.id, run.submission, store.url)
    store.close()
    answer = proxy.get("/")
    for name, value in HEADERS.items():
        assert value in answer.headers[name]
    assert "nginx/" not in answer.headers["Server"]
    page = open_page(proxy.url)
    for title in set(SHOWS) - {"Train"}:
        go_to(page, title)
        expect(page.get_by_text(SHOWS[title]).locator("visible=true").first).to_be_visible()
    go_to(page, "Mistakes")
    expect(page.get_by_test_id("stVegaLiteChart").first).to_be_visible()


@pytest.mark.parametrize(("host", "taken"), [("127.0.0.1", True), ("localhost", True), ("evil.example", False)])
def test_a_websocket_under_another_name_is_refused(servers, host, taken):
    """As a browser sends it that a forged name has led here."""
    port = servers[0].port
    request = (
        f"GET /_stcore/stream HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Origin: http://{host}:{port}\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request.encode())
        assert (b" 101 " in connection.recv(200).split(b"\r\n")[0]) is taken


def test_a_browser_keeps_its_seat_and_many_browsers_have_many(proxy):
    def seat(**headers):
        cookies = proxy.get("/_stcore/health", **headers).headers.get_all("Set-Cookie")
        return next(cookie for cookie in cookies if cookie.startswith("mlp_lab=")).partition(";")[0]

    seats = {seat() for _ in range(20)}
    assert len(seats) == 20
    mine = seats.pop()
    assert {seat(Cookie=mine) for _ in range(5)} == {mine}

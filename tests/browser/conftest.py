from contextlib import contextmanager

import pytest

from dashboard.runs.store import RunStore
from tests.browser.server import Server, browser


@pytest.fixture(scope="session")
def chrome():
    with browser() as started:
        yield started


@contextmanager
def served(database_url, folder):
    """A server whose log must stay free of warnings and tracebacks."""
    server = Server(database_url, folder / "server.log").start()
    yield server
    server.end()
    log = server.log.read_text()
    assert "Traceback" not in log, log
    assert "Warning" not in log, log


@pytest.fixture
def server(database_url, tmp_path):
    """A server of its own."""
    with served(database_url, tmp_path) as server:
        yield server


@pytest.fixture(scope="module")
def lasting_server(tmp_path_factory):
    """One server for all tests of a file that leave its runs as they are."""
    folder = tmp_path_factory.mktemp("served")
    with served(f"sqlite:///{folder / 'runs.db'}", folder) as server:
        yield server


@pytest.fixture
def database(server):
    """The server's store, as another process sees it."""
    store = RunStore(server.database_url)
    yield store
    store.close()


@pytest.fixture
def open_page(chrome):
    """Open tabs, each a session of its own; the console must stay empty."""
    messages, contexts = [], []

    def open_page(url, width=1400, height=900, scheme="light"):
        context = chrome.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: messages.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: messages.append(str(error)))
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not messages

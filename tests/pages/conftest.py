"""Pages by AppTest: the real store and a real cluster, one for the session."""

import contextlib
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard.runs.engine import Engine
from dashboard.runs.store import RunStore, StoreError, close_stores
from dashboard.view import shell

APP = str(Path(__file__).parents[2] / "streamlit_app.py")


@pytest.fixture(scope="session")
def scheduler(tmp_path_factory):
    """The address of a cluster that every page test shares."""
    store = RunStore(f"sqlite:///{tmp_path_factory.mktemp('cluster') / 'runs.db'}")
    engine = Engine(store)
    engine.start().join()
    yield engine._client.scheduler.address
    engine.close()
    store.close()


@pytest.fixture
def open_app(database_url, scheduler, monkeypatch):
    """Open the app as a new session, at a link's query."""
    monkeypatch.setenv("MLP_DATABASE_URL", database_url)
    monkeypatch.setenv("MLP_SCHEDULER", scheduler)

    def open_app(page=None, **query):
        app = AppTest.from_file(APP, default_timeout=30)
        if page:
            app.run()
            app.query_params.clear()
            app.switch_page(page)
        for key, value in query.items():
            app.query_params[key] = value
        return app.run()

    yield open_app
    with contextlib.suppress(StoreError):  # of the tests that have a bad database
        shell.engine().close()
    st.cache_resource.clear()
    close_stores()

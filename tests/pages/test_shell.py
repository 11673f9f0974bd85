"""What every page begins with."""

from streamlit.testing.v1 import AppTest

from dashboard.runs.config import RunConfig
from tests.support import wait_for


def some_page():
    """One that starts no training."""
    import streamlit as st

    from dashboard.view import shell

    st.session_state[shell.ROUTED] = True
    shell.enter()
    shell.store()


def test_what_the_server_before_left_goes_on_whichever_page_is_opened_first(open_app, store, cache_dir):
    run = store.create(RunConfig(hidden=(8,), epochs=1, subset=600))
    app = AppTest.from_function(some_page).run()
    assert not app.exception
    wait_for(lambda: store.get(run.id).status == "finished", "the end of the run", patience=60)

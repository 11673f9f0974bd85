"""What every page shares: the way in, the store and the engine of this server, and how a problem is said."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from .engine import Engine
from .errors import UserError
from .store import RunStore, database_url, open_store

ROUTED = "routed"
SAID = "said"  # a problem met in a callback, to be shown on the next run


def navigation() -> StreamlitPage:
    """The pages of the app; called by the router on every run."""
    st.session_state[ROUTED] = True
    return st.navigation([st.Page("pages/train.py", title="Train", default=True)], position="top")


def enter() -> None:
    """Begin a page. A server that has not met its router yet runs a deep-linked page alone: go through the router."""
    if ROUTED not in st.session_state:
        navigation()
        st.rerun()


@contextmanager
def problems_said() -> Iterator[None]:
    """At the edge of a page: a UserError becomes its sentence, and the page ends there. Bugs surface as bugs."""
    try:
        yield
    except UserError as error:
        st.error(str(error), icon=":material/error:")
        st.stop()


@contextmanager
def problems_kept() -> Iterator[None]:
    """In a callback, which can't draw: the sentence is kept for `say_kept`."""
    try:
        yield
    except UserError as error:
        st.session_state[SAID] = str(error)


def say_kept() -> None:
    """Show the problem of the callback that led to this run, once."""
    if sentence := st.session_state.pop(SAID, None):
        st.error(sentence, icon=":material/error:")


def dark() -> bool:
    """Whether the page is shown in the dark theme."""
    return st.context.theme.type == "dark"


def store() -> RunStore:
    """The run store of this server; StoreError when its database can't be opened."""
    return open_store(database_url())


def engine() -> Engine:
    """The engine of this server, starting up in the background when this is the first call."""
    return _engine(database_url())


@st.cache_resource(show_spinner=False)
def _engine(url):
    engine = Engine(open_store(url), os.environ.get("MLP_SCHEDULER"))
    engine.start()
    return engine

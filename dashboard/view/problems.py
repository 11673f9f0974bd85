"""How a problem is said, at the edge of a page or of a part of it."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import streamlit as st
from streamlit.runtime.scriptrunner import StopException, get_script_run_ctx

from .. import formats
from ..errors import UserError
from ..runs.store import database_url, open_store
from . import pace

WAIT_SECONDS = 2  # between two looks at whether a problem has passed
CUT_SHORT = "problems.cut short"  # whether a problem that passes has ended the page, of which parts may live on
SAID = "said"  # a problem met in a callback, to be shown on the next run


def begin() -> None:
    """At the beginning of a whole page."""
    st.session_state.pop(CUT_SHORT, None)


@contextmanager
def problems_said() -> Iterator[None]:
    """At the edge of a page: a UserError becomes its sentence, and the page ends there. Bugs surface as bugs.

    Where the problem may pass by itself, the whole page comes again when it has.
    """
    context = get_script_run_ctx()
    whole = context is None or not context.fragment_ids_this_run
    try:
        yield
    except UserError as error:
        st.error(formats.inert(str(error)), icon=":material/error:")
        if error.passes:
            if whole:
                st.session_state[CUT_SHORT] = True
            wait = WAIT_SECONDS * pace.slower()
            st.fragment(run_every=wait)(_again)(time.monotonic() + wait / 2)
        raise StopException from None  # st.stop would drop what was pressed while the database was waited for
    if not whole and st.session_state.get(CUT_SHORT):
        _again()


def _again(earliest=-math.inf):
    """Begin the page anew once the database can be read; not where this is drawn at first."""
    if time.monotonic() > earliest:
        with suppress(UserError):
            open_store(database_url()).look()
            st.rerun()


@contextmanager
def problems_shown() -> Iterator[None]:
    """A UserError becomes its sentence, and the page goes on without."""
    try:
        yield
    except UserError as error:
        st.warning(formats.inert(str(error)), icon=":material/link_off:")


@contextmanager
def problems_kept() -> Iterator[None]:
    """In a callback, which can't draw: the sentence is kept for `say_kept`."""
    try:
        yield
    except UserError as error:
        st.session_state[SAID] = str(error)


def say_kept() -> None:
    """Show the problem of the callback that led to this run, once; in a place that is kept while there is none."""
    with st.container():
        if sentence := st.session_state.pop(SAID, None):
            st.error(formats.inert(sentence), icon=":material/error:")

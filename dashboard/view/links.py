"""What stands in the address bar: a link that somebody followed, or the page's own writing?

A browser that looks again just as the page writes its link still sends the link of before. Taken for a link that
somebody followed, it would undo what was just done.
"""

import time
from typing import Any

import streamlit as st

ECHO_SECONDS = 2


def is_news(name: str, query: Any) -> bool:
    """Whether `query` is something else than what was written last under `name`, or replaced a moment ago."""
    written, before, replaced = st.session_state.get(name, (None, None, 0.0))
    echo = query == before and time.monotonic() - replaced < ECHO_SECONDS
    return query != written and not echo


def written(name: str, query: Any) -> None:
    """Note that the page itself has written `query` into the address bar."""
    last, before, replaced = st.session_state.get(name, (None, None, 0.0))
    if query != last:
        before, replaced = last, time.monotonic()
    st.session_state[name] = (query, before, replaced)

"""How often a live part looks again: less often the more sessions look, so that the cores are left to training."""

import time

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

AT_EASE = 16  # sessions that look as often as they like
MOST = 5  # times as long as these, at most
GONE_SECONDS = 30  # after its last look
KEPT = "pace"  # how much slower this session looks

_looks: dict[str, float] = {}  # by session, when it looked last


def slower() -> float:
    """How many times as long as alone a session waits between two looks; to ask is to look."""
    now, context = time.monotonic(), get_script_run_ctx()
    if context is not None:
        _looks[context.session_id] = now
    for session, at in list(_looks.items()):
        if at < now - GONE_SECONDS:
            _looks.pop(session, None)
    return min(MOST, max(1.0, len(_looks) / AT_EASE))


def tick(seconds: float, live: bool) -> float | None:
    """How long this session waits between two looks, who would wait so many seconds alone; None when nothing is live.

    Asked at each run of a page, live or not: what `changed` compares with is always of this page.
    """
    st.session_state[KEPT] = slower()
    return seconds * st.session_state[KEPT] if live else None


def changed() -> bool:
    """Whether the session should look much more often by now, or much less."""
    return not 0.5 < slower() / st.session_state.get(KEPT, 1.0) < 2

"""Which runs are chosen and which one is the baseline: kept in the session, and in the address bar as a link."""

from collections.abc import Sequence

import streamlit as st

from ...runs.run import Run
from .. import links, shell

CHOSEN, BASELINE, WRITTEN = "compare.chosen", "compare.baseline", "compare.written"  # ids
MOST_IN_LINK = 100  # runs


def follow_link() -> None:
    """Take the choice from the address bar when it holds something new; a bare address keeps the session's."""
    state, query = st.session_state, (st.query_params.get("runs"), st.query_params.get("baseline"))
    if CHOSEN not in state or (any(query) and links.is_news(WRITTEN, query)):
        state[CHOSEN] = [part for part in (query[0] or "").split(",") if part][:MOST_IN_LINK]
        state[BASELINE] = query[1]
        links.written(WRITTEN, query)


def write_link() -> None:
    """Put the choice into the address bar."""
    runs, baseline = ",".join(st.session_state[CHOSEN]) or None, st.session_state[BASELINE]
    for name, value in (("runs", runs), ("baseline", baseline)):
        if value is None:
            st.query_params.pop(name, None)
        elif st.query_params.get(name) != value:
            st.query_params[name] = value
    links.written(WRITTEN, (runs, baseline))


def chosen(listed: Sequence[Run]) -> list[Run]:
    """The chosen runs, the oldest first. Those that are gone are said, once, and leave the choice."""
    known = {run.id: run for run in listed}
    found = []
    for run_id in st.session_state[CHOSEN]:
        with shell.problems_shown():
            found.append(known.get(run_id) or shell.store().get(run_id))
    found.sort(key=lambda run: run.number)
    st.session_state[CHOSEN] = [run.id for run in found]
    return found


def choose(runs: Sequence[str]) -> None:
    """Make these the chosen runs; for callbacks."""
    st.session_state[CHOSEN] = list(dict.fromkeys(runs))


def add(runs: Sequence[Run], beside: Sequence[Run] = ()) -> None:
    """Choose further runs beside those that are chosen, or beside `beside` when none is."""
    now = st.session_state[CHOSEN] or [run.id for run in beside]
    choose([*now, *(run.id for run in runs)])


def baseline(runs: Sequence[Run]) -> Run | None:
    """The baseline, when it is one of these runs."""
    return next((run for run in runs if run.id == st.session_state[BASELINE]), None)


def changed(drawn: Sequence[Run]) -> bool:
    """Whether other runs are chosen now than those that are drawn."""
    return set(st.session_state[CHOSEN]) != {run.id for run in drawn}

"""What every page shares: the way in, the store and the engine of this server, and how a problem is said."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, NoReturn

import numpy as np
import streamlit as st
from streamlit.navigation.page import StreamlitPage

from .. import formats
from ..errors import UserError
from ..runs import estimates
from ..runs.config import RunConfig
from ..runs.engine import Engine
from ..runs.run import Run
from ..runs.store import RunStore, database_url, open_store
from . import images

ROUTED = "routed"
UNDO_SECONDS = 7 * 24 * 3600  # a deleted run can be taken back for so long at least
PICKABLE = 200  # runs in a picker
LEGIBLE = """<style>
[data-testid="stButtonGroup"] [data-selected="true"] p, [data-testid="stSliderThumbValue"] p { color: #a9c4ff }
</style>"""  # in the dark the primary colour can't be legible both under white text and as text: the latter is lighter
SAID = "said"  # a problem met in a callback, to be shown on the next run


def navigation() -> StreamlitPage:
    """The pages of the app; called by the router on every run."""
    st.session_state[ROUTED] = True
    pages = {
        "": [st.Page("pages/train.py", title="Train", default=True)],
        "Understand": [
            st.Page("pages/compare.py", title="Compare"),
            st.Page("pages/mistakes.py", title="Mistakes"),
            st.Page("pages/weights.py", title="Weights"),
            st.Page("pages/learn.py", title="Learn"),
        ],
        "More": [
            st.Page("pages/sweep.py", title="Sweep"),
            st.Page("pages/data.py", title="Data"),
            st.Page("pages/draw.py", title="Draw"),
        ],
    }
    return st.navigation(pages, position="top")


def enter() -> None:
    """Begin a page. A server that has not met its router yet runs a deep-linked page alone: go through the router."""
    if ROUTED not in st.session_state:
        navigation()
        st.rerun()
    if dark():
        st.html(LEGIBLE)


@contextmanager
def problems_said() -> Iterator[None]:
    """At the edge of a page: a UserError becomes its sentence, and the page ends there. Bugs surface as bugs."""
    try:
        yield
    except UserError as error:
        st.error(formats.inert(str(error)), icon=":material/error:")
        st.stop()


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
    """Show the problem of the callback that led to this run, once."""
    if sentence := st.session_state.pop(SAID, None):
        st.error(formats.inert(sentence), icon=":material/error:")


def dark() -> bool:
    """Whether the page is shown in the dark theme."""
    return st.context.theme.type == "dark"


def ink() -> str:
    """The colour that digits and the text of charts are drawn in: the theme's text colour."""
    return "#e4e9f1" if dark() else "#10161f"


def picture(rgba: np.ndarray, alt: str, width: Literal["content", "stretch"] | int = "content") -> None:
    """Show a picture of images.py. It travels inside the page: a file could be gone when a browser asks for it."""
    st.image(images.data_url(rgba), width=width, alt=alt)


def train_new(config: RunConfig, **about) -> Run:
    """Queue a new run and have it trained; `about` as RunStore.create has it. ConfigError when it can't be trained."""
    estimates.refuse_absurd(config)
    run = store().create(config, **about)
    engine().submit(run)
    return run


def run_name(run: Run) -> str:
    """A run in a list: Run 12, 784-100-10, 97.65 %"""
    return f"{run.name}, {run.config.architecture}, {formats.percent(run.accuracy)}"


def pick_run(label: str, key: str, parameter: str, *, optional: bool = False) -> Run | None:
    """The picker of a run that has something to show, in step with the link's `parameter`; None when none is chosen.

    A link to a run that is gone says so. Without a choice it is the newest run, or none where that is `optional`.
    """
    runs = [run for run in store().latest(PICKABLE) if run.trained]
    wanted = st.query_params.get(parameter)
    if wanted and key not in st.session_state:
        if wanted not in [run.id for run in runs]:
            with problems_shown():
                found = store().get(wanted)
                runs = [found, *runs] if found.trained else runs
        st.session_state[key] = next((run.id for run in runs if run.id == wanted), None)
    if not runs:
        return None
    names = {run.id: run_name(run) for run in runs}
    if st.session_state.get(key) not in names and not optional:
        st.session_state[key] = runs[0].id
    chosen = st.selectbox(
        label, list(names), key=key, index=None, format_func=names.__getitem__, placeholder="None",
        persist_state="session",
    )  # fmt: skip
    if chosen:
        st.query_params[parameter] = chosen
    elif parameter in st.query_params:
        del st.query_params[parameter]
    return next((run for run in runs if run.id == chosen), None)


def pick_more(label: str, key: str, run: Run, most: int) -> list[Run]:
    """The picker of up to `most` trained runs besides `run`."""
    others = {other.id: other for other in store().latest(PICKABLE) if other.trained and other.id != run.id}
    if key in st.session_state:
        st.session_state[key] = [each for each in st.session_state[key] if each in others]
    chosen = st.multiselect(
        label, list(others), key=key, format_func=lambda each: run_name(others[each]), max_selections=most,
        persist_state="session", placeholder="None", disabled=not others,
    )  # fmt: skip
    return [others[each] for each in chosen]


def nothing_yet(what: str) -> NoReturn:
    """An empty page: says what is missing, and offers the way to it. The page ends here."""
    st.markdown(f"There is no trained run yet. Train one, and {what}.")
    st.page_link("pages/train.py", label="Train a network", icon=":material/play_arrow:")
    st.stop()


def store() -> RunStore:
    """The run store of this server; StoreError when its database can't be opened."""
    return open_store(database_url())


def engine() -> Engine:
    """The engine of this server, starting up in the background when this is the first call."""
    return _engine(database_url())


@st.cache_resource(show_spinner=False)
def _engine(url):
    open_store(url).purge(before=time.time() - UNDO_SECONDS)
    engine = Engine(open_store(url), os.environ.get("MLP_SCHEDULER"))
    engine.start()
    return engine

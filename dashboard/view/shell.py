"""What every page shares: the way in, the store and the engine of this server, and how a problem is said."""

import gc
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from typing import Literal, NoReturn

import numpy as np
import streamlit as st
from streamlit.navigation.page import StreamlitPage

from .. import formats
from ..errors import UserError
from ..runs import estimates
from ..runs.config import RunConfig
from ..runs.engine import Engine, work_waits
from ..runs.run import Run
from ..runs.store import RunStore, database_url, open_store
from . import charts, images, people, problems
from .components import scheme
from .problems import problems_kept as problems_kept
from .problems import problems_said as problems_said
from .problems import problems_shown as problems_shown
from .problems import say_kept as say_kept

ROUTED = "routed"
PICKABLE = 200  # runs in a picker
LEGIBLE = """<style>
[data-testid="stButtonGroup"] [data-selected="true"] p, [data-testid="stSliderThumbValue"] p,
[kind="tertiary"]:hover :is(p, span) { color: #a9c4ff }
</style>"""  # in the dark the primary colour can't be legible both under white text and as text: the latter is lighter


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
    if people.required():
        leave = f"Sign out {formats.plain(people.name())}".strip() if people.signed_in() else "Sign out"
        pages["Account"] = [st.Page(people.sign_out, title=leave, url_path="sign-out")]
    return st.navigation(pages, position="top" if not people.required() or people.signed_in() else "hidden")


def enter() -> None:
    """Begin a page. A server that has not met its router yet runs a deep-linked page alone: go through the router."""
    if ROUTED not in st.session_state:
        navigation()
        st.rerun()
    problems.begin()
    if dark():
        st.html(LEGIBLE)
    scheme.follow_the_theme()
    people.admit()
    _freeze(len(sys.modules) // 100)


@st.cache_resource(show_spinner=False)
def _go_on(url):
    """Once a server: what the one before left under way goes on, whichever page is opened first."""
    if work_waits(open_store(url)):
        engine()


@cache
def _freeze(_hundreds_of_modules):
    """What the libraries are made of is there to stay: garbage collection, which would walk all of it every few seconds
    and stand in the way of a stroke for 50 ms, leaves it out from now on."""
    gc.freeze()


def dark() -> bool:
    """Whether the page is shown in the dark theme."""
    return st.context.theme.type == "dark"


def ink() -> str:
    """The colour that digits and the text of charts are drawn in: the theme's text colour."""
    return "#e4e9f1" if dark() else "#10161f"


def picture(rgba: np.ndarray, alt: str, width: Literal["content", "stretch"] | int = "content") -> None:
    """Show a picture of images.py. It travels inside the page: a file could be gone when a browser asks for it."""
    st.image(images.data_url(rgba), width=width, alt=alt)


def outputs(run: Run, values: np.ndarray, strong: int, names: Sequence[str], width: int = 330) -> str:
    """HTML of a run's outputs (n,) for one image, as bars; the one at `strong` is filled."""
    best = np.argsort(-values, kind="stable")[:3]
    said = ", ".join(f"{names[i]} {formats.percent(float(values[i]))}" for i in best)
    colour = charts.run_colour(run.number, dark())
    return images.bars(values, strong, names, colour, f"The outputs of {run.name}, the largest: {said}", width)


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
    """The run store as who is looking may see it; StoreError when its database can't be opened."""
    held = people.store()
    with suppress(UserError):  # what the page asks of it says so better
        _go_on(database_url())
    return held


def engine() -> Engine:
    """The engine of this server, starting up in the background when this is the first call."""
    return _engine(database_url())


@st.cache_resource(show_spinner=False)
def _engine(url):
    engine = Engine(open_store(url), os.environ.get("MLP_SCHEDULER"))
    engine.start()
    return engine

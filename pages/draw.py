"""Draw: what do networks read in a digit of your own?"""

import streamlit as st

from dashboard import datasets
from dashboard.analysis import answers, drawing
from dashboard.runs.run import Run
from dashboard.view import shell
from dashboard.view.components.pad import pad
from dashboard.view.draw import answer, kept, spoil

MOST = 3  # runs asked besides the first
DIGITS = list("0123456789")  # names of classes
PAD = "draw.pad"  # its key
MODES = {"draw": "Draw a digit", "spoil": "Spoil a test image"}


@st.fragment
def show(runs: list[Run]) -> None:
    """The pad, what the networks get of it, and their answers; runs anew with every bit of a stroke."""
    with shell.problems_said():
        hand, eye, mouth = st.columns([3, 2, 5], gap="large")
        digits = set(datasets.about(runs[0].config.dataset).names) <= set(DIGITS)
        with hand:
            strokes = pad(PAD, DIGITS if digits else [], kept.keep)
            drawn = drawing.raster(strokes)
        shapes = [datasets.about(run.config.dataset).shape for run in runs]
        prepared = {shape: drawing.prepare(drawn, shape) for shape in set(shapes)}
        image = prepared[shapes[0]]
        if image is None:
            with mouth:
                st.markdown("Nothing is drawn yet. Draw a digit on the pad: the answer appears while you draw.")
                st.caption("With the keyboard: arrow keys move the pen, space lowers and lifts it, Delete clears.")
                shell.say_kept()
            if digits:
                kept.digits(runs)
            return
        with hand:
            shell.say_kept()
        with eye:
            answer.prepared(image, shapes[0])
        with mouth:
            store = shell.store()
            nets = [answers.network(store, run) for run in runs]
            answer.side_by_side(runs, nets, [prepared[shape] for shape in shapes])
        at = answer.looked_into(runs)
        if (seen := prepared[shapes[at]]) is not None:
            answer.inside(runs[at], nets[at], seen)


@st.fragment
def show_spoiled(runs: list[Run]) -> None:
    """A test image instead of a drawing; runs anew with every move of the slider."""
    with shell.problems_said():
        spoil.show(runs)


shell.enter()
with shell.problems_said():
    with st.sidebar:  # here as on Train: a sidebar that went away would move the pad under the pen
        run = shell.pick_run("Run", "draw.run", "run")
        others = shell.pick_more("Ask as well", "draw.more", run, MOST) if run else []
    if run is None:
        shell.nothing_yet("it reads here what you draw")
    mode = st.segmented_control("What is read", list(MODES), default="draw", required=True, key="draw.mode",
                                format_func=MODES.__getitem__, label_visibility="collapsed")  # fmt: skip
    (show_spoiled if mode == "spoil" else show)([run, *others])

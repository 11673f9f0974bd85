"""Learn: how does a network compute its answer, and how does it learn from one image?"""

import streamlit as st

from dashboard import datasets, formats
from dashboard.analysis import answers, steps
from dashboard.runs.run import Run
from dashboard.view import shell
from dashboard.view.learn import faults, numbers, update, walk

IMAGE = "learn.image"


@st.fragment
def show(run: Run) -> None:
    """One image, step by step."""
    with shell.problems_said():
        data = datasets.load(run.config.dataset)
        about, (test, labels) = data.about, data.test
        st.session_state[IMAGE] = min(st.session_state.get(IMAGE, 0), len(test) - 1)
        index = st.number_input("Test image", 0, len(test) - 1, key=IMAGE, width=180, persist_state="session")
        label = int(labels[index])
        found = steps.trace(answers.network(shell.store(), run), test[index], label)
        guess = int(found.layers[-1].a.argmax())
        st.markdown(f"A **{formats.plain(about.names[label])}**, read as **{formats.plain(about.names[guess])}**. "
                    f"Follow it through {run.config.architecture}, and the error back.")  # fmt: skip
        step = walk.choose(walk.steps(len(found.layers)))
        walk.overview(found, step, test[index], about)
        layer = walk.choose_layer(step, len(found.layers))
        if step.kind == "cost":
            numbers.cost(found, about, label)
            return
        unit = walk.choose_unit(found, layer, about, label)
        if step.kind == "update":
            update.update(found, layer, unit, run.config)
        else:
            draw = {"sum": numbers.sum_, "activation": numbers.activation, "delta": numbers.delta,
                    "gradient": numbers.gradient}[step.kind]  # fmt: skip
            draw(found, layer, unit)


shell.enter()
with shell.problems_said():
    first, _ = st.columns([1, 1])
    with first:
        run = shell.pick_run("Run", "learn.run", "run")
    if run is None:
        shell.nothing_yet("its numbers are followed here, step by step")
    show(run)
    st.divider()
    faults.faults()

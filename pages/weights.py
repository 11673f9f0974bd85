"""Weights: what did the first layer learn?"""

import streamlit as st

from dashboard.analysis import answers
from dashboard.exports import adoption
from dashboard.runs.run import Run
from dashboard.view import shell
from dashboard.view.weights import every_layer, files, first_layer

RUN, EPOCH = "weights.run", "weights.epoch"


def pick_epoch(kept: list[int]) -> int:
    """The epoch to look at, among those whose weights are kept, in step with the link."""
    wanted = st.query_params.get("epoch", "")
    if st.session_state.get(EPOCH) not in kept:
        linked = int(wanted) if wanted.isdecimal() and len(wanted) < 9 else None
        st.session_state[EPOCH] = linked if linked in kept else kept[-1]
    epoch = st.select_slider("Epoch", kept, key=EPOCH) if len(kept) > 1 else kept[0]
    st.query_params["epoch"] = str(epoch)
    return epoch


def show(run: Run, kept: list[int], epoch: int) -> None:
    """The page for one run as it was after `epoch`."""
    net = answers.network(shell.store(), run, epoch)
    with st.container():  # what comes and goes has a place of its own: what follows must not move up into it
        if run.origin == "imported":
            st.markdown(adoption.verdict(run))
    first_layer.first_layer(run, net)
    first_layer.one_image(run, net, epoch)
    with st.container():
        every_layer.deeper(net)
    every_layer.figures(run, net)
    every_layer.spreads(run, net, kept, epoch)


shell.enter()
with shell.problems_said():
    with st.container():
        files.say_refused()
    first, second, third, fourth = st.columns([3, 4, 1.3, 1.3], vertical_alignment="bottom")
    with first:
        run = shell.pick_run("Run", RUN, "run")
    if run is None:
        words, below = st.container(), st.container()
        with below:
            files.upload(RUN)
        with words:
            shell.nothing_yet("what it learned is shown here. Or upload weights that were saved before")
    with fourth, st.popover("Upload", icon=":material/upload:", width="stretch"):
        files.upload(RUN)
    kept = shell.store().snapshots(run.id)
    if not kept:
        st.markdown("The weights of this run are not kept.")
        st.stop()
    with second:
        epoch = pick_epoch(kept)
    with third:
        files.downloads(run, answers.network(shell.store(), run, epoch), epoch)
    show(run, kept, epoch)

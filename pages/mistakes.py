"""Mistakes: how many, and which confusions?"""

import streamlit as st

from dashboard import datasets, formats
from dashboard.analysis import answers, evaluation
from dashboard.runs.run import Run
from dashboard.view import shell
from dashboard.view.mistakes import confusions, lists


def beside(run: Run, other: Run, split: str) -> dict:
    """The paired verdict in words; returns the images of each group."""
    if not answers.same_images(run, other):
        st.markdown("These runs were trained on different data sets: their mistakes can't be compared.")
        return {}
    labels = getattr(datasets.load(run.config.dataset), split)[1]
    before, after = (answers.outputs(shell.store(), each, split).argmax(axis=1) for each in (other, run))
    names = (formats.plain(other.name), formats.plain(run.name))
    st.markdown(evaluation.compare(before, after, labels, names).sentence)
    groups = evaluation.paired_groups(before, after, labels)
    del groups["both_right"]
    return groups


@st.fragment
def show(run: Run, other: Run | None, split: str) -> None:
    """The page for one run, and a second one beside it."""
    with shell.problems_said():
        store, data = shell.store(), datasets.load(run.config.dataset)
        about, labels = data.about, getattr(data, split)[1]
        outputs = answers.outputs(store, run, split)
        table = evaluation.judged(outputs, labels, run.config.cost)
        wrong = int((~table["correct"]).sum())
        st.markdown(f"**{formats.count(wrong)}** of {formats.count(len(table))} images are misread "
                    f"({formats.percent(wrong / len(table))}).")  # fmt: skip
        with st.container():  # a place of its own: what follows must not move up into it
            groups = beside(run, other, split) if other is not None else {}

        def missed():
            runs = answers.judges(store, run)
            return answers.missed_by_every(store, runs, split, labels), len(runs)

        left, right = st.columns([5, 6], gap="large")
        with left:
            confusions.matrix(evaluation.confusion(labels, table["predicted"].to_numpy(), about.classes), about)
            confusions.scores(labels, table["predicted"].to_numpy(), about)
        with right:
            chosen = lists.choose(lists.Lists(table, groups, missed), about)
            picked = table[table["index"] == st.session_state.get(lists.PICKED)]
            if len(picked):
                lists.large(run, split, picked.iloc[0], outputs)
            lists.pictures(run, split, chosen)


shell.enter()
with shell.problems_said():
    first, second, third = st.columns([3, 3, 2])
    with first:
        run = shell.pick_run("Run", "mistakes.run", "run")
    if run is None:
        shell.nothing_yet("its mistakes are shown here")
    with second:
        other = shell.pick_run("Compare with", "mistakes.vs", "vs", optional=True)
    with third:
        split = st.segmented_control("Images", list(answers.SPLITS), default="test", required=True,
                                     key="mistakes.split", format_func=answers.SPLITS.__getitem__)  # fmt: skip
    show(run, other if other and other.id != run.id else None, split)

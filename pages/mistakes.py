"""Mistakes: how many, and which confusions?"""

import streamlit as st

from dashboard import datasets, formats
from dashboard.analysis import answers, evaluation
from dashboard.runs.store import Run
from dashboard.view import charts, images, shell
from dashboard.view.components.gallery import gallery

ALL = "All"
LISTS = {"wrong": "Misread", "unsure": "Right, least sure"}
SORTS = {
    "Most confident": ("confidence", False),
    "Least confident": ("confidence", True),
    "Highest loss": ("loss", False),
    "Index": ("index", True),
}
GROUPS = {"fixes": "Fixed", "breaks": "Broken", "both_wrong": "Wrong in both"}
SHOWN = 1000  # images in the gallery at once
CELL, PICKED, TRUE, READ = "mistakes.cell", "mistakes.picked", "mistakes.true", "mistakes.read"


def take_cell() -> None:
    """A click on a cell filters the gallery to it; a click on nothing lifts the filter."""
    cells = st.session_state[CELL].selection.get("cell") or []
    st.session_state[TRUE] = int(cells[0]["label"]) if cells else ALL
    st.session_state[READ] = int(cells[0]["predicted"]) if cells else ALL


def matrix(counts) -> None:
    """The confusion matrix, and what it says of each digit."""
    shown = st.segmented_control("Numbers", ["count", "share"], default="count", required=True, key="mistakes.numbers",
                                 format_func={"count": "Images", "share": "Per cent of the digit"}.__getitem__,
                                 label_visibility="collapsed")  # fmt: skip
    data = charts.confusion_data(counts)
    spec = charts.confusion_chart(shown, float(data["wrong"].max()), shell.ink())
    st.vega_lite_chart(data, spec, key=CELL, width="stretch", on_select=take_cell, selection_mode="cell",
                       alt="Confusion matrix: rows are digits, columns what they were read as")  # fmt: skip


def scores(labels, predicted) -> None:
    """Precision, recall and F1 for each digit."""
    table = 100 * evaluation.scores_by_class(labels, predicted)
    percent = st.column_config.NumberColumn(format="%.2f %%")
    with st.expander("Precision, recall and F1 for each digit"):
        st.dataframe(
            table[["precision", "recall", "f1"]].reset_index(),
            hide_index=True,
            height="content",
            column_config={"digit": "Digit", "precision": percent, "recall": percent, "f1": percent},
        )


def filters(table, groups):
    """The rows of `table` that the controls leave, sorted."""
    which, order = st.columns(2)
    options = LISTS if groups is None else LISTS | GROUPS
    chosen = which.selectbox("Show", list(options), key="mistakes.list", format_func=options.__getitem__)
    by = order.selectbox("Sort by", list(SORTS), key="mistakes.sort", disabled=chosen == "unsure")
    true, read, least = st.columns(3)
    digits = [ALL, *sorted(table["label"].unique().tolist())]
    label = true.selectbox("Digit", digits, key=TRUE)
    predicted = read.selectbox("Read as", digits, key=READ)
    confidence = least.slider("Confidence", 0.0, 1.0, (0.0, 1.0), step=0.05, key="mistakes.confidence")
    if chosen in GROUPS:
        table = table[table["index"].isin(groups[chosen])]
    else:
        table = table[table["correct"] if chosen == "unsure" else ~table["correct"]]
    if label != ALL:
        table = table[table["label"] == label]
    if predicted != ALL:
        table = table[table["predicted"] == predicted]
    table = table[table["confidence"].between(*confidence)]
    column, ascending = ("confidence", True) if chosen == "unsure" else SORTS[by]
    return table.sort_values(column, ascending=ascending, kind="stable")


def large(run: Run, data, row, outputs) -> None:
    """One image, large, beside its outputs."""
    index, label, predicted = int(row["index"]), int(row["label"]), int(row["predicted"])
    picture, bars = st.columns([1, 2], vertical_alignment="center")
    with picture:
        shell.picture(images.digit_strip(data[0][index][None], 1, 28, shell.ink(), scale=8), width=180)
    with bars:
        st.markdown(f"**{label}**, read as **{predicted}**. Image {formats.count(index)} of the set.")
        chart = charts.outputs_chart(charts.run_colour(run.number, shell.dark()))
        st.vega_lite_chart(charts.outputs_data(outputs[index], label), chart, key="mistakes.outputs",
                           alt="The ten outputs for this image")  # fmt: skip


def show(run: Run, other: Run | None, split: str) -> None:
    """The page for one run, and a second one beside it."""
    store = shell.store()
    data = getattr(datasets.load(run.config.dataset), split)
    outputs = answers.outputs(store, run, split)
    table = evaluation.judged(outputs, data[1], run.config.cost)
    guesses = table["predicted"].to_numpy()
    wrong = int((~table["correct"]).sum())
    st.markdown(f"**{formats.count(wrong)}** of {formats.count(len(table))} images are misread "
                f"({formats.percent(wrong / len(table))}).")  # fmt: skip
    groups = None
    if other is not None:
        others = answers.outputs(store, other, split).argmax(axis=1)
        verdict = evaluation.compare(others, guesses, data[1], (other.name, run.name))
        groups = evaluation.paired_groups(others, guesses, data[1])
        st.markdown(verdict.sentence)
    left, right = st.columns([5, 6], gap="large")
    with left:
        matrix(evaluation.confusion(data[1], guesses))
        scores(data[1], guesses)
    with right:
        chosen = filters(table, groups)
        picked = table[table["index"] == st.session_state.get(PICKED)]
        if len(picked):
            large(run, data, picked.iloc[0], outputs)
        more = f", the first {formats.count(SHOWN)} of them here" if len(chosen) > SHOWN else ""
        st.caption(f"{formats.count(len(chosen))} images{more}")
        chosen = chosen.head(SHOWN)
        pairs = list(zip(chosen["index"], chosen["label"], chosen["predicted"], strict=True))
        clicked = gallery(
            data[0][chosen["index"].to_numpy()], [i for i, *_ in pairs], [f"{a} → {b}" for _, a, b in pairs],
            [f"Image {i}: {a}, read as {b}" for i, a, b in pairs], selected=st.session_state.get(PICKED),
            key="mistakes.gallery",
        )  # fmt: skip
        if clicked is not None and clicked != st.session_state.get(PICKED):
            st.session_state[PICKED] = clicked
            st.rerun()


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

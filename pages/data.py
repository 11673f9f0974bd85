"""Data: what are these images, and what does a network get of them?"""

import streamlit as st

from dashboard import datasets, formats
from dashboard.analysis.answers import SPLITS
from dashboard.view import shell
from dashboard.view.data import browse, plane, statistics

DATASET = "mnist"
ALL = "All"

shell.enter()
with shell.problems_said():
    data = datasets.load(DATASET)
    about = data.about
    st.header(about.title, anchor=False)
    st.markdown(f"{formats.count(about.train_samples)} training and {formats.count(about.test_samples)} test images of "
                f"{about.classes} handwritten digits, 28 x 28 pixels each.")  # fmt: skip
    first, second = st.columns([1, 3])
    with first:
        split = st.segmented_control("Images", list(SPLITS), default="train", required=True, key="split",
                                     format_func=SPLITS.__getitem__, bind="query-params")  # fmt: skip
    with second:
        chosen = st.pills("Digit", [ALL, *map(str, range(about.classes))], default=ALL,
                          required=True, wrap=True, key="digit", bind="query-params")  # fmt: skip
    digit = None if chosen == ALL else int(chosen)
    labels = getattr(data, split)[1]
    indices = browse.indices(labels, digit)

    @st.fragment
    def browsing() -> None:
        """Gallery and the picked image answer each other without the rest."""
        left, right = st.columns([6, 5], gap="large")
        with right:
            browse.one(data, split, indices)
        with left:
            browse.pictures(data, split, indices)

    browsing()
    statistics.statistics(DATASET, split, digit)
    plane.map_of_images(DATASET, split)

"""Data: what are these images, and what does a network get of them?"""

import streamlit as st

from dashboard import datasets, formats
from dashboard.analysis.answers import SPLITS
from dashboard.view import shell
from dashboard.view.data import browse, own_sets, plane, statistics

ALL = "All"

shell.enter()
with shell.problems_said():
    dataset = own_sets.choose()
    data = datasets.load(dataset)
    about = data.about
    height, width = about.shape
    noun = "handwritten digits" if about.noun == "digit" else "classes"
    st.markdown(f"{formats.count(about.train_samples)} training and {formats.count(about.test_samples)} test images of "
                f"{about.classes} {noun}, {height} x {width} pixels each.")  # fmt: skip
    own_sets.actions(dataset)
    first, second = st.columns([1, 3])
    with first:
        split = st.segmented_control("Images", list(SPLITS), default="train", required=True, key="split",
                                     format_func=SPLITS.__getitem__, bind="query-params")  # fmt: skip
    with second:
        chosen = st.pills(about.noun.capitalize(), [ALL, *map(str, range(about.classes))], default=ALL, wrap=True,
                          required=True, key="digit", bind="query-params",
                          format_func=lambda each: each if each == ALL else formats.plain(about.names[int(each)]),
                          )  # fmt: skip
    digit = None if chosen == ALL else int(chosen)
    labels = getattr(data, split)[1]
    indices = browse.indices(labels, digit)
    if not len(indices):
        st.markdown("There is no image of this class here. The other images have some.")
        st.stop()

    @st.fragment
    def browsing() -> None:
        """Gallery and the picked image answer each other without the rest."""
        with shell.problems_said():
            left, right = st.columns([6, 5], gap="large")
            with right:
                browse.one(dataset, split, indices)
            with left:
                browse.pictures(data, split, indices)

    browsing()
    statistics.statistics(dataset, split, digit)
    plane.map_of_images(dataset, split)

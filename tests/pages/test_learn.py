"""Learn by AppTest: every step has its numbers, and a bare server says what to do."""

import numpy as np
import pytest

from dashboard import datasets
from dashboard.analysis import answers, steps
from dashboard.runs.config import RunConfig
from dashboard.runs.trainer import train_run


def text_of(app):
    kinds = ("markdown", "caption", "latex")
    return " ".join(str(element.value) for kind in kinds for element in app.get(kind))


@pytest.fixture
def run(store, cache_dir):
    run = store.create(RunConfig(hidden=(7, 5), epochs=1, subset=600))
    train_run(run.id, run.submission, store.url)
    return store.get(run.id)


def test_without_a_run_the_way_to_one_is_offered(open_app):
    app = open_app("pages/learn.py")
    assert not app.exception
    assert "There is no trained run yet" in text_of(app)


def test_every_step_shows_the_numbers_of_the_trace(open_app, run, store):
    app = open_app("pages/learn.py", run=run.id)
    test, labels = datasets.load("mnist").test
    found = steps.trace(answers.network(store, run), test[0], int(labels[0]))
    slider = app.select_slider(key="learn.step")
    assert len(slider.options) == 14
    assert slider.value == "Layer 1: sum z"
    unit = int(np.abs(found.layers[0].a).argmax())
    assert f"= {found.layers[0].z[unit]:.5f}" in text_of(app)
    for title in slider.options:
        app.select_slider(key="learn.step").set_value(title).run()
        assert not app.exception, title
    assert f"goes from **{found.cost:.6f}** to **{steps.cost_after(found, run.config.lr):.6f}**" in text_of(app)

    app.select_slider(key="learn.step").set_value("Layer 2: gradient").run()
    assert "backpropagation is right" in text_of(app)
    app.select_slider(key="learn.step").set_value("The cost C").run()
    assert f"C = {found.cost:.6f}" in text_of(app)


def test_next_and_back_walk_the_steps(open_app, run):
    app = open_app("pages/learn.py", run=run.id)
    buttons = {button.label: button for button in app.button}
    assert buttons["Back"].disabled
    buttons["Next"].click().run()
    assert app.select_slider(key="learn.step").value == "Layer 1: activation a"
    next(button for button in app.button if button.label == "Back").click().run()
    assert app.select_slider(key="learn.step").value == "Layer 1: sum z"


def test_a_link_to_a_run_that_is_gone_says_so(open_app, run):
    app = open_app("pages/learn.py", run="gone")
    assert not app.exception
    assert "There is no run" in app.warning[0].value

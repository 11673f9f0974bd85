"""Learn by AppTest: every step has its numbers, and a bare server says what to do."""

import numpy as np
import pytest

from dashboard import datasets
from dashboard.analysis import answers, moves, steps
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
    assert f"goes from **{found.cost:.6f}** to **{moves.first_step(found, run.config).cost:.6f}**" in text_of(app)

    app.select_slider(key="learn.step").set_value("Layer 2: gradient").run()
    assert "backpropagation is right" in text_of(app)
    app.select_slider(key="learn.step").set_value("The cost C").run()
    assert f"C = {found.cost:.6f}" in text_of(app)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"optimizer": "adam", "lr": 0.001}, r"\frac{m / (1 - \beta_1^t)}"),
        ({"optimizer": "momentum", "lr": 0.1}, r"W \leftarrow W - v"),
        ({"optimizer": "nesterov", "lr": 0.1, "schedule": "one_cycle"}, "the schedule (One cycle) changes η, here"),
        ({"l2": 1e-3, "clip": 0.001, "dropout": 0.25}, "dropout silences 25 % of the hidden units, here all"),
    ],
)
def test_the_update_is_that_of_the_runs_own_optimizer(open_app, store, cache_dir, settings, said):
    run = store.create(RunConfig(hidden=(7, 5), epochs=1, subset=600, **settings))
    train_run(run.id, run.submission, store.url)
    run = store.get(run.id)
    test, labels = datasets.load("mnist").test
    found = steps.trace(answers.network(store, run), test[0], int(labels[0]))
    move = moves.first_step(found, run.config)
    app = open_app("pages/learn.py", run=run.id)
    app.select_slider(key="learn.step").set_value("The update").run()
    assert not app.exception
    unit, source = int(labels[0]), int(np.abs(found.layers[2].input).argmax())
    before, after = found.layers[2].W[unit, source], move.W[2][unit, source]
    text = text_of(app)
    assert f"W_{{{unit},{source}}} = {before:.6f} - (" in text
    assert f" = {after:.6f}$" in text
    assert f"goes from **{found.cost:.6f}** to **{move.cost:.6f}**" in text
    assert said in text


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

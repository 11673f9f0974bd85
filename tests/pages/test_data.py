"""Data by AppTest: the figures of the chosen digit, and links that are wrong."""

from dataclasses import replace

import numpy as np
import pytest

from dashboard import datasets
from dashboard.runs.config import RunConfig
from dashboard.runs.presets import PRESETS
from dashboard.runs.trainer import train_run


def text_of(app):
    return " ".join(str(element.value) for kind in ("markdown", "caption") for element in app.get(kind))


def test_the_first_look_tells_what_the_set_is(open_app, cache_dir):
    app = open_app("pages/data.py")
    assert not app.exception
    assert app.selectbox(key="data.set").value == "mnist"
    text = text_of(app)
    assert "60,000 training and 10,000 test images of 10 handwritten digits" in text
    assert "Image 0, a **5**" in text
    assert "Mean 0.131, standard deviation 0.308; 80.88 % of the pixels are zero" in text


def test_a_link_opens_one_digit_of_the_test_set(open_app, cache_dir):
    app = open_app("pages/data.py", split="Test set", digit="3")
    labels = datasets.load("mnist").test[1]
    text = text_of(app)
    assert f"{(labels == 3).sum():,} images" in text
    assert f"Image {np.flatnonzero(labels == 3)[0]}, a **3**" in text


def test_a_link_that_is_wrong_opens_the_whole_set(open_app, cache_dir):
    app = open_app("pages/data.py", split="none", digit="11", run="gone")
    assert not app.exception
    assert "60,000 images" in text_of(app)


def test_the_map_follows_a_runs_hidden_layer(open_app, cache_dir, store):
    run = store.create(RunConfig(hidden=(9, 6), epochs=1, subset=600))
    train_run(run.id, run.submission, store.url)
    app = open_app("pages/data.py", run=run.id)
    assert not app.exception
    layers = next(control for control in app.button_group if control.label == "Hidden layer")
    assert layers.options == ["1", "2"]


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_a_layer_whose_units_are_all_dead_has_no_map_and_that_is_said(open_app, cache_dir, store, method):
    run = store.create(replace(PRESETS["Learning rate too high"].config, epochs=1, subset=10_000))
    train_run(run.id, run.submission, store.url)
    app = open_app("pages/data.py", run=run.id)
    app.segmented_control(key="data.method").set_value(method).run()
    assert not app.exception
    assert not app.error
    assert "the same for every image, as where every unit is dead: there is no map." in text_of(app)

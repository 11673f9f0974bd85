"""Draw by AppTest: empty, and with links that are wrong; what is drawn needs a browser."""

import re

import numpy as np

from dashboard.analysis import drawing
from dashboard.datasets.own import Parts
from dashboard.runs.config import RunConfig
from dashboard.runs.trainer import train_run


def text_of(app):
    return " ".join(str(element.value) for kind in ("markdown", "caption") for element in app.get(kind))


def test_without_a_run_it_says_what_is_missing(open_app):
    app = open_app("pages/draw.py")
    assert not app.exception
    assert "There is no trained run yet. Train one, and it reads here what you draw" in text_of(app)


def test_an_empty_pad_says_so_and_a_gone_run_too(open_app, store, cache_dir):
    run = store.create(RunConfig(hidden=(8,), epochs=1, subset=600))
    train_run(run.id, run.submission, store.url)
    app = open_app("pages/draw.py", run="gone")
    assert not app.exception
    assert "There is no run 'gone' here" in app.warning[0].value
    assert "Nothing is drawn yet" in text_of(app)
    assert app.multiselect[0].disabled


def test_a_run_without_hidden_layers_answers_too(open_app, store, cache_dir):
    run = store.create(RunConfig(hidden=(), epochs=1, subset=600))
    train_run(run.id, run.submission, store.url)
    app = open_app("pages/draw.py")
    app.session_state["draw.pad.held"] = {"sheet": 0, "strokes": [[20, 140, 40, 140, 240]]}
    app.run()
    assert not app.exception
    shown = " ".join(part.proto.body for part in app.get("html"))
    assert re.search(r"reads a <b>\d</b>, with", shown)
    assert "For and against a" in shown
    assert "Hidden layer" not in shown


def test_kept_digits_are_shown_while_the_pad_is_empty(open_app, store, cache_dir):
    run = store.create(RunConfig(hidden=(8,), epochs=1, subset=600))
    train_run(run.id, run.submission, store.url)
    store.keep_drawing(1, [[20, 140, 40, 140, 240]])
    app = open_app("pages/draw.py")
    assert not app.exception
    assert "Your digits: 1" in text_of(app)
    assert re.search(r"reads \*\*[01] of 1\*\*", text_of(app))
    assert app.button[1].disabled


def drawn(label, shift):
    """The strokes of a 1 or a 7."""
    down = [140 + shift, 40, 140 - shift, 240]
    return [[20, *down]] if label == 1 else [[20, 70, 40, 200 + shift, 40, 110, 240]]


def test_kept_digits_are_measured_by_what_a_run_s_classes_are_called(open_app, store, cache_dir):
    """A run on one's own ones and sevens has the classes 0 and 1; one on other things reads no digits."""
    labels = np.array([0, 1] * 20)
    for names, far in ((("1", "7"), 0), (("Bag", "Coat"), 1)):
        images = drawing.prepared([drawn((1, 7)[label], i + far) for i, label in enumerate(labels)], (28, 28))
        dataset = store.add_set(Parts(images, labels.astype(np.uint8), (28, 28), 30, names), " ".join(names))
        run = store.create(RunConfig(dataset=dataset, hidden=(8,), epochs=20, batch_size=5), name=names[0])
        train_run(run.id, run.submission, store.url)
        if names[0] == "1":
            digits = run
    for label, strokes in ((1, drawn(1, 3)), (7, drawn(7, 3)), (7, drawn(7, 9)), (3, drawn(7, 5))):
        store.keep_drawing(label, strokes)
    app = open_app("pages/draw.py", run=digits.id)
    app.multiselect[0].select(run.id).run()
    assert not app.exception
    assert "1 reads **3 of 3**, 100.00 % (95 % interval: 44 to 100 %). It has no class for the other 1." in text_of(app)
    assert "Bag has no class for any of them." in text_of(app)


def test_a_spoiled_image_is_one_of_the_run_s_own_test_images(open_app, store, cache_dir):
    run = store.create(RunConfig(dataset="digits", hidden=(8,), epochs=1))
    train_run(run.id, run.submission, store.url)
    app = open_app("pages/draw.py")
    app.segmented_control(key="draw.mode").set_value("spoil").run()
    assert not app.exception
    assert "test images spoiled like this" in text_of(app)
    app.pills(key="spoil.way").set_value("noise").run()
    assert not app.exception
    assert "at 70 %" in text_of(app)

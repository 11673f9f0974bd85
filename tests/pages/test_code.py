"""The script that does a run without the app."""

import numpy as np

from dashboard import datasets
from dashboard.runs.config import RunConfig
from mlpcore import TrainingState
from tests.pages.runs_shown import stored_run, text_of


def shown_code(open_app, run):
    """The page of the run with its code unfolded."""
    app = open_app(run=run.id)
    app.session_state["live.code"] = True
    app.run()
    assert not app.exception
    return app


def downloads(app):
    return [element.proto.label for element in app.get("download_button")]


def test_the_code_of_a_run_says_with_how_many_threads_its_numbers_come(open_app, store):
    app = shown_code(open_app, stored_run(store))
    assert "OPENBLAS_NUM_THREADS=" in text_of(app)
    assert "MLP([784, 16, 10]" in app.code[0].value
    assert downloads(app) == []


def test_the_code_of_a_fork_comes_with_the_weights_that_it_began_with(open_app, store, rng):
    config = RunConfig(hidden=(16,), epochs=3)
    start = TrainingState(0, {name: value for name, value, _ in config.network(rng).parameters()}, {}, {})
    parent = stored_run(store)
    fork = store.create(config, origin="fork", parent=parent.id, parent_epoch=3, start=start)
    app = shown_code(open_app, fork)
    assert downloads(app) == ["parent.npz"]
    assert 'weights.read("parent.npz")' in app.code[0].value


def test_the_code_of_an_imported_run_says_that_it_was_not_trained_so(open_app, store, rng):
    config = RunConfig(hidden=(16,), epochs=3)
    state = TrainingState(3, {name: value for name, value, _ in config.network(rng).parameters()}, {}, {})
    app = shown_code(open_app, store.adopt(config, state, 0.9, 0.91, name="From afar"))
    assert "the settings that its file claims" in text_of(app)
    assert "bit for bit" not in text_of(app)


def test_the_code_of_a_run_on_an_own_set_comes_with_the_set(open_app, store):
    images = np.zeros((60, 30), np.uint8)
    name = store.add_set(datasets.Parts(images, np.arange(60).astype(np.uint8) % 3, (5, 6), 50, ("a", "b", "c")),
                         "My set")  # fmt: skip
    app = shown_code(open_app, stored_run(store, dataset=name))
    assert downloads(app) == ["My-set.npz"]
    assert 'np.load("My-set.npz")' in app.code[0].value

"""Compare, Mistakes and Weights: empty, normal, and with links that are wrong."""

import numpy as np
import pytest

from dashboard import datasets
from dashboard.analysis import answers
from dashboard.runs.config import RunConfig
from dashboard.runs.trainer import train_run

PAGES = ("pages/compare.py", "pages/mistakes.py", "pages/weights.py")


@pytest.fixture
def two_runs(store, cache_dir):
    """A shallow and a wider run, really trained on MNIST."""
    runs = [store.create(RunConfig(hidden=hidden, epochs=2, batch_size=100)) for hidden in ((8,), (30,))]
    for run in runs:
        train_run(run.id, run.submission, store.url)
    return [store.get(run.id) for run in runs]


def text_of(app):
    return " ".join(str(element.value) for kind in ("markdown", "caption") for element in app.get(kind))


@pytest.mark.parametrize("page", PAGES)
def test_an_empty_store_says_what_is_missing(open_app, page):
    app = open_app(page)
    assert not app.exception
    assert "There is no trained run yet" in text_of(app)


@pytest.mark.parametrize("page", PAGES)
def test_a_link_to_a_run_that_is_gone_says_so_and_the_page_works(open_app, two_runs, page):
    app = open_app(page, run="gone", runs="gone,also")
    assert not app.exception
    assert "There is no run 'gone' here" in app.warning[0].value


@pytest.mark.parametrize("page", PAGES)
def test_a_run_without_epochs_is_no_reason_to_fail(open_app, store, page):
    run = store.create(RunConfig())
    app = open_app(page, run=run.id, runs=run.id)
    assert not app.exception
    assert "There is no trained run yet" in text_of(app)


def test_mistakes_counts_what_the_network_gets_wrong(open_app, store, two_runs):
    run = two_runs[1]
    labels = datasets.load("mnist").test[1]
    wrong = int(np.count_nonzero(answers.outputs(store, run).argmax(axis=1) != labels))
    assert wrong == round(10_000 * (1 - run.last_accuracy))
    app = open_app("pages/mistakes.py", run=run.id)
    assert f"**{wrong:,}** of 10,000 images are misread" in text_of(app)
    app.selectbox(key="mistakes.true").select(7).run()
    app.selectbox(key="mistakes.read").select(2).run()
    guesses = answers.outputs(store, run).argmax(axis=1)
    assert f"{np.count_nonzero((labels == 7) & (guesses == 2)):,} images" in text_of(app)


def test_mistakes_beside_a_second_run_gives_the_paired_verdict(open_app, two_runs):
    worse, better = two_runs
    app = open_app("pages/mistakes.py", run=better.id, vs=worse.id)
    assert f"{better.name} fixes" in text_of(app)
    assert "McNemar p" in text_of(app)
    app.selectbox(key="mistakes.list").select("breaks").run()
    assert not app.exception


def test_the_training_set_is_a_switch_away(open_app, two_runs):
    app = open_app("pages/mistakes.py", run=two_runs[0].id)
    app.segmented_control(key="mistakes.split").set_value("train").run()
    assert not app.exception
    assert "of 60,000 images are misread" in text_of(app)


def test_weights_follow_the_epoch_and_can_be_taken_home(open_app, store, two_runs):
    run = two_runs[0]
    app = open_app("pages/weights.py", run=run.id, epoch="1")
    assert not app.exception
    assert app.select_slider(key="weights.epoch").value == 1
    first = text_of(app)
    app.select_slider(key="weights.epoch").set_value(2).run()
    assert app.query_params["epoch"] == "2"
    assert text_of(app) != first
    assert len(app.get("download_button")) == 6

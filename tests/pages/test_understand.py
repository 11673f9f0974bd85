"""Compare, Mistakes and Weights: empty, normal, and with links that are wrong."""

import numpy as np
import pytest

from dashboard import datasets, exports, formats
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
    store.wish(run.id, "stop")  # or the app's own trainer might be quicker than the page
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


def test_mistakes_beside_a_second_run_gives_the_paired_verdict(open_app, store, two_runs):
    worse, better = two_runs
    app = open_app("pages/mistakes.py", run=better.id, vs=worse.id)
    assert f"{better.name} fixes" in text_of(app)
    assert "McNemar p" in text_of(app)
    labels = datasets.load("mnist").test[1]
    before, after = (answers.outputs(store, run).argmax(axis=1) == labels for run in two_runs)
    for name, count in (("breaks", np.sum(before & ~after)), ("fixes", np.sum(~before & after)),
                        ("both_wrong", np.sum(~before & ~after))):  # fmt: skip
        app.button_group(key="mistakes.list").set_value(name).run()
        assert not app.exception
        assert f"{count:,} image" in text_of(app)


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


def test_what_every_run_misses_is_a_list_that_says_whom_it_asked(open_app, store, two_runs):
    app = open_app("pages/mistakes.py", run=two_runs[0].id)
    app.button_group(key="mistakes.list").set_value("missed").run()
    assert not app.exception
    labels = datasets.load("mnist").test[1]
    wrong = [answers.outputs(store, run).argmax(axis=1) != labels for run in two_runs]
    missed = np.count_nonzero(wrong[0] & wrong[1])
    assert f"None of 2 runs reads these {missed:,} as labelled" in text_of(app)
    assert f"{missed:,} images" in text_of(app)


def test_a_name_that_is_markup_is_shown_as_it_is(open_app, store, two_runs):
    name = "**loud** :red[x] ![a](http://example.org/x.png)"
    store.rename(two_runs[1].id, name)
    app = open_app("pages/mistakes.py", run=two_runs[1].id, vs=two_runs[0].id)
    assert formats.plain(name) in text_of(app)
    assert name not in text_of(app)


def test_runs_of_different_images_are_not_compared(open_app, two_runs, monkeypatch):
    monkeypatch.setattr(answers, "same_images", lambda *_: False)
    app = open_app("pages/mistakes.py", run=two_runs[1].id, vs=two_runs[0].id)
    assert not app.exception
    assert "can't be compared" in text_of(app)
    assert "are misread" in text_of(app)


@pytest.mark.parametrize("page", PAGES[1:])
def test_a_run_that_is_deleted_while_it_is_looked_at_gives_way_to_another(open_app, store, two_runs, page):
    app = open_app(page, run=two_runs[0].id)
    store.delete([two_runs[0].id])
    app.run()
    assert not app.exception
    assert app.query_params["run"] == two_runs[1].id
    store.delete([two_runs[1].id])
    app.run()
    assert not app.exception
    assert "There is no trained run yet" in text_of(app)


def uploaded(app, name, data):
    app.file_uploader[0].set_value((name, data, "application/octet-stream")).run()
    assert not app.exception
    return app


def test_a_bundle_that_is_uploaded_becomes_a_run_with_what_it_claims(open_app, store, two_runs):
    run = two_runs[1]
    data = exports.write("zip", answers.network(store, run), run.config, store.epochs(run.id), run.name)
    app = uploaded(open_app("pages/weights.py", run=two_runs[0].id), "taken home.zip", data)
    figure = f"{100 * run.last_accuracy:.2f} %"
    assert f"Imported: measured {figure}, the file claims {figure}." in text_of(app)
    imported = store.latest(1)[0]
    assert (imported.name, app.query_params["run"]) == ("taken home", imported.id)
    assert app.query_params["epoch"] == "0"
    mistakes = open_app("pages/mistakes.py", run=imported.id)
    assert not mistakes.exception
    assert "are misread" in text_of(mistakes)


def test_an_empty_page_takes_weights_too(open_app, store, cache_dir):
    net = RunConfig(hidden=()).network(np.random.default_rng(0))
    app = uploaded(open_app("pages/weights.py"), "flat.npz", exports.write("npz", net, RunConfig(), [], "flat"))
    assert "the file claims nothing" in text_of(app)
    assert "what each of its 10 outputs looks for" in text_of(app)


def test_a_file_that_is_refused_is_said_and_makes_no_run(open_app, store, two_runs):
    app = uploaded(open_app("pages/weights.py"), "**x**.npz", b"PK not a zip")
    assert formats.plain("**x**.npz must be a zip file") in app.error[0].value
    assert store.latest(1)[0].id == two_runs[1].id
    app.run()
    assert not app.error


def test_every_layer_has_its_figures(open_app, store, cache_dir):
    run = store.create(RunConfig(hidden=(12, 7), epochs=2, batch_size=200, activation="relu", lr=0.1))
    train_run(run.id, run.submission, store.url)
    app = open_app("pages/weights.py", run=run.id)
    assert not app.exception
    table = app.dataframe[0].value
    assert table["Layer"].tolist() == ["Hidden layer 1", "Hidden layer 2", "Output layer"]
    assert table["Weights"].tolist() == ["784 to 12", "12 to 7", "7 to 10"]
    assert table["Dead units"].tolist()[-1] == "–"


def test_a_link_to_an_epoch_that_is_not_kept_shows_the_newest(open_app, two_runs):
    for epoch in ("77", "-1", "x", "9" * 50):
        app = open_app("pages/weights.py", run=two_runs[0].id, epoch=epoch)
        assert not app.exception
        assert app.select_slider(key="weights.epoch").value == 2

"""Draw by AppTest: empty, and with links that are wrong; what is drawn needs a browser."""

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

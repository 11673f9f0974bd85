"""Runs to show, and what a page says of them: for the tests of the pages."""

import time

from dashboard.runs.config import RunConfig
from dashboard.runs.trainer import environment
from mlpcore import EpochResult

PATIENCE = 60


def until(app, condition, what):
    """Run the page, as its ticks do, until `condition(app)`."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        app.run()
        assert not app.exception
        if condition(app):
            return
        time.sleep(0.05)
    raise AssertionError(f"{what} did not happen within {PATIENCE} s")


def text_of(app):
    return " ".join(str(element.value) for kind in ("header", "markdown", "caption") for element in app.get(kind))


def badge(app, status):
    return any(status in str(markdown.value) for markdown in app.markdown)


def stored_run(store, *, epochs=3, done=3, end="finished", error=None, **settings):
    run = store.create(RunConfig(hidden=(16,), epochs=epochs, **settings))
    run = store.take_up(run.id, run.submission, environment())
    for epoch in range(1, done + 1):
        store.commit_epoch(run.id, run.attempt, EpochResult(epoch, 0.1, 0.9, 0.1, 0.9 + epoch / 100, 0.5), b"-")
    if end:
        store.settle(run.id, run.attempt, end, error)
    return store.get(run.id)

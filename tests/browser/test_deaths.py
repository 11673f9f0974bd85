"""Three runs train and two browsers watch, while worker, scheduler, database and server are killed, one by one."""

import os
import signal
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from dashboard.runs.store import STALE_SECONDS
from tests.browser.server import PATIENCE, Server, wait_for
from tests.browser.train_page import button, press_train, status
from tests.reliability.training import assert_undisturbed, bare

LONG = (STALE_SECONDS + PATIENCE) * 1000
EPOCHS = 1000  # so that the runs are under way whatever is killed; they are stopped by hand in the end


@pytest.fixture
def database_url(either_url):
    return either_url


def scheduler(server):
    """The process with the scheduler, whose children are the workers."""
    return next(each for each in server.family() if "dashboard.runs.cluster" in each.cmdline())


def under_way(database, *runs):
    """The runs, every one of them being trained: what is killed now is killed in the middle."""
    got = [database.get(run) for run in runs]
    assert [run.status for run in got] == ["running"] * len(runs)
    return got


def await_training(database, *runs):
    """Until each of the runs has two epochs more."""
    before = [database.get(run).epochs_done for run in runs]

    def trained():
        now[:] = [database.get(run) for run in runs]
        return all(run.epochs_done >= done + 2 for run, done in zip(now, before, strict=True))

    now = []
    try:
        wait_for(trained, "two epochs", patience=60)
    except AssertionError as error:
        states = [(run.name, run.status, run.attempt, run.epochs_done, run.error) for run in now]
        raise AssertionError(f"{error}: {states}") from error


@pytest.fixture
def open_tab(chrome):
    """Open a link in a browser of its own, whose console may tell of a server that is gone."""
    contexts = []

    def open_tab(link):
        contexts.append(chrome.new_context(viewport={"width": 1400, "height": 900}))
        page = contexts[-1].new_page()
        page.goto(link)
        return page

    yield open_tab
    for context in contexts:
        context.close()


@pytest.fixture
def server(database_url, tmp_path):
    """A server that trains three runs at once, on however many cores."""
    with Server(database_url, tmp_path / "server.log", MLP_WORKERS="3") as server:
        yield server
    assert "Traceback" not in server.log.read_text()


def test_whatever_is_killed_under_three_runs_and_two_browsers_every_run_ends_as_without(
    server, database, open_tab, request
):
    link = f"{server.url}/?hidden=64&epochs={EPOCHS}"
    first, second, third = (open_tab(f"{link}&seed={seed}") for seed in (1, 2, 3))
    runs = [press_train(page) for page in (first, second, third)]
    third.close()

    await_training(database, *runs)
    killed = under_way(database, *runs)[0]
    os.kill(killed.environment["pid"], signal.SIGKILL)
    wait_for(lambda: database.get(runs[0]).attempt == 2, "another worker", patience=60)

    def resume_all():
        third = open_tab(f"{server.url}/?run={runs[2]}")
        for page in (first, second, third):
            expect(status(page, "Interrupted")).to_be_visible(timeout=LONG)
            button(page, "Resume").click()
            expect(status(page, "Running")).to_be_visible()
        third.close()
        await_training(database, *runs)

    await_training(database, *runs)
    under_way(database, *runs)
    scheduler(server).kill()
    resume_all()

    if not database.url.startswith("sqlite"):
        postgres = request.getfixturevalue("postgres")
        before = under_way(database, *runs)
        postgres.stop(signal.SIGQUIT)
        postgres.start()
        await_training(database, *runs)
        assert [run.attempt for run in under_way(database, *runs)] == [run.attempt for run in before]
        for page in (first, second):
            expect(status(page, "Running")).to_be_visible()

    under_way(database, *runs)
    server.end(signal.SIGKILL)
    server.start(server.port)
    resume_all()  # on the two pages that come back by themselves, and a new one

    for run in runs:
        database.wish(run, "stop")
    for page in (first, second):
        expect(status(page, "Stopped")).to_be_visible()
    wait_for(lambda: {database.get(run).status for run in runs} == {"stopped"}, "the end of all")
    done = [database.get(run) for run in runs]
    assert [run.attempt for run in done] == [4, 3, 3]
    for run in done:
        as_far = replace(run.config, epochs=run.epochs_done)
        assert_undisturbed(database, run, bare(as_far), status="stopped")

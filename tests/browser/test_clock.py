"""The clock of a server, its scheduler and its workers is set back: nothing is called interrupted."""

from dataclasses import replace

import pytest
from playwright.sync_api import expect

from tests.browser.server import Server, wait_for
from tests.browser.train_page import epoch, press_train, status, wait_for_epoch
from tests.reliability.training import assert_undisturbed, bare
from tests.support import Clock, gcc

HOUR = 3600


@pytest.fixture
def clock(tmp_path):
    """The server's clock."""
    if gcc() is None:
        pytest.skip("gcc is not installed")
    return Clock(tmp_path)


@pytest.fixture
def server(database_url, tmp_path, clock):
    with Server(database_url, tmp_path / "server.log", **clock.settings) as server:
        yield server
    assert "Traceback" not in server.log.read_text()


@pytest.mark.parametrize("back", [HOUR, 48 * HOUR])
def test_a_clock_set_back_interrupts_nothing(server, database, clock, open_page, back):
    page = open_page(f"{server.url}/?hidden=64&epochs=1000&subset=20000")
    run = press_train(page)
    wait_for_epoch(page, 3)
    before = database.get(run)
    assert before.status == "running"
    clock.set(-back)
    wait_for(lambda: database.get(run).heartbeat < before.heartbeat - back + 600, "a heartbeat by the other clock")
    seen = epoch(page)
    for tick in range(1, 3):  # the page looks, and the run goes on before its eyes
        wait_for(lambda tick=tick: epoch(page) >= seen + 2 * tick, "more epochs on the page")
        assert database.get(run).status == "running"
    other = open_page(f"{server.url}/?run={run}")
    database.wish(run, "stop")
    expect(status(other, "Stopped")).to_be_visible()
    got = database.get(run)
    assert (got.status, got.attempt) == ("stopped", 1)
    assert got.ended < before.heartbeat
    as_far = replace(got.config, epochs=got.epochs_done)
    assert_undisturbed(database, run=got, expected=bare(as_far), status="stopped")

"""A run that waits, for room, for the right to write or for its turn, says so on its page, and goes on by itself."""

import shutil
import signal
import sqlite3
import time
from contextlib import ExitStack, contextmanager

import pytest
from playwright.sync_api import expect

from dashboard.runs import schema
from dashboard.runs.store import GRACE_SECONDS, STALE_SECONDS
from tests.browser.server import Server, go_to, wait_for
from tests.browser.train_page import press_train, status
from tests.reliability.training import assert_undisturbed, bare
from tests.support import bound_by_rights, fill, holding

WAL = schema.wal_is_safe(sqlite3.sqlite_version_info)
SHOWS = {  # what is there when a page has been drawn
    "Train": "Recent runs",
    "Compare": "The latest",
    "Mistakes": "images are misread",
    "Weights": "Every layer",
    "Learn": "Two faults of naive code",
    "Sweep": "Try many settings at once",
    "Data": "of the variance",
    "Draw": "Nothing is drawn yet",
}
LOCKED = "is locked by another program"  # while a writer, who waits for a reader to end, lets no other one begin
EITHER = "is locked"  # that, or what the run waits for, while the page may read
LONG = STALE_SECONDS + GRACE_SECONDS + 2


@contextmanager
def full(path, _disk):
    """Not a byte is free on the disk.

    It fills while nobody writes: a transaction's journal, when that is over, would leave room for a heartbeat.
    """
    with locked(path):
        ballast = fill(path.parent)
    try:
        assert shutil.disk_usage(path.parent).free == 0
        yield
    finally:
        ballast.unlink()


@contextmanager
def read_only(path, _disk):
    """Neither the file nor its folder may be written.

    That begins while nobody writes: from a commit that is cut off, its journal is left, and nobody could read either.
    """
    with locked(path):
        path.chmod(0o444)
        path.parent.chmod(0o555)
    try:
        yield
    finally:
        path.parent.chmod(0o755)
        path.chmod(0o644)


def locked(path, _disk=None):
    """Another program writes."""
    return holding(path, "BEGIN IMMEDIATE")


def exclusive(path, _disk=None):
    """Another program lets nobody read."""
    return holding(path, "BEGIN EXCLUSIVE")


def read(path, _disk=None):
    """Another program reads."""
    return holding(path, "BEGIN", "SELECT count(*) FROM runs")


@contextmanager
def failing(path, disk):
    """Whatever is flushed there is an I/O error, for the server and its workers; from when nobody writes."""
    with ExitStack() as fault:
        with locked(path):
            fault.enter_context(disk.failing("flushed"))
        yield


@pytest.fixture
def database_url(small_disk):
    return f"sqlite:///{small_disk / 'runs.db'}"


@pytest.fixture
def server(database_url, failing_disk, tmp_path):
    """A server, with its workers, that files' rights bind, on a disk that can fail."""
    server = Server(database_url, tmp_path / "server.log", **failing_disk.settings)
    server.before = bound_by_rights()
    with server:
        yield server
    assert "Traceback" not in server.log.read_text()


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (full, "waits for room on the disk"),
        pytest.param(read_only, "waits for the right to write the database", marks=pytest.mark.skipif(
            WAL, reason="with a write-ahead log, whoever has the database open goes on writing it")),
        (locked, "waits for the database, which is locked"),
        pytest.param(read, EITHER, marks=pytest.mark.skipif(
            WAL, reason="with a write-ahead log, nobody waits for a reader")),
        (failing, "waits for the disk, which reports errors"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)  # fmt: skip
def test_a_run_that_waits_says_for_what_and_goes_on(
    server, database, small_disk, failing_disk, open_page, fault, words
):
    page = open_page(f"{server.url}/?hidden=16&epochs=25&subset=20000")
    run = press_train(page)
    wait_for(lambda: database.get(run).epochs_done >= 2, "two epochs", patience=60)
    with fault(small_disk / "runs.db", failing_disk):
        assert database.get(run).status == "running"
        expect(page.get_by_text(words).first).to_be_visible(timeout=60_000)
        since = time.time() - database.get(run).heartbeat
        wait_for(lambda: time.time() - database.get(run).heartbeat > max(LONG, since), "a long wait", patience=60)
        expect(page.get_by_text(words).first).to_be_visible()
        assert database.get(run).status == "running"
    expect(status(page, "Finished")).to_be_visible(timeout=90_000)
    expect(page.get_by_text("Recent runs")).to_be_visible()
    assert database.get(run).attempt == 1
    assert_undisturbed(database, database.get(run), bare(database.get(run).config))


@pytest.mark.skipif(WAL, reason="with a write-ahead log, everybody reads")
def test_pages_opened_while_the_database_is_locked_come_by_themselves(server, database, small_disk, open_page):
    """Whoever opens one in that moment is told, and need not press anything."""
    page = open_page(f"{server.url}/?hidden=16&epochs=1&subset=2000")
    run = press_train(page)
    wait_for(lambda: database.get(run).status == "finished", "a run", patience=60)
    pages = {title: open_page(server.url) for title in SHOWS}
    for page in pages.values():
        expect(page.get_by_text("Recent runs")).to_be_visible()
    with exclusive(small_disk / "runs.db"):
        for title, page in pages.items():
            page.reload() if title == "Train" else go_to(page, title)
        for page in pages.values():
            expect(page.get_by_text(LOCKED).first).to_be_visible(timeout=60_000)
    for title, page in pages.items():
        expect(page.get_by_text(SHOWS[title]).locator("visible=true").first).to_be_visible(timeout=60_000)
        expect(page.get_by_text(LOCKED)).to_have_count(0)


@pytest.mark.skipif(WAL, reason="with a write-ahead log, everybody reads")
def test_a_part_that_met_the_lock_when_something_was_pressed_comes_by_itself(server, database, small_disk, open_page):
    page = open_page(f"{server.url}/?hidden=16&epochs=1&subset=2000")
    run = press_train(page)
    wait_for(lambda: database.get(run).status == "finished", "a run", patience=60)
    go_to(page, "Mistakes")
    missed = page.get_by_text("Only this run has read these images so far")
    button = page.get_by_text("Missed by every run", exact=True)
    expect(button).to_be_visible()
    with exclusive(small_disk / "runs.db"):
        button.click()
        expect(page.get_by_text(LOCKED)).to_be_visible(timeout=60_000)
        expect(missed).to_have_count(0)
    expect(missed).to_be_visible(timeout=60_000)
    expect(page.get_by_text(LOCKED)).to_have_count(0)


def test_a_page_opened_while_postgresql_is_away_comes_by_itself(postgres, tmp_path, open_page):
    greeting = "60,000 handwritten digits"
    with Server(postgres.new_database(), tmp_path / "server.log") as server:
        page = open_page(server.url)
        expect(page.get_by_text(greeting)).to_be_visible()
        postgres.stop(signal.SIGQUIT)
        try:
            page.reload()
            expect(page.get_by_text("does not answer").first).to_be_visible(timeout=60_000)
        finally:
            postgres.start()
        expect(page.get_by_text(greeting)).to_be_visible(timeout=60_000)
        page.close()
    assert "Traceback" not in server.log.read_text()

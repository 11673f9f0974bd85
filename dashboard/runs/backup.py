"""A live SQLite database as one file, and back: by SQLite's online backup, https://www.sqlite.org/backup.html

The copy is one moment of the database, whoever writes meanwhile; writers wait for it, as they do for one another.
"""

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from .driver_errors import SQLITE
from .store import RunStore, StoreError

WAIT_SECONDS = 30  # for somebody who holds the database locked


def backup(url: str, path: str) -> int:
    """Copy the database at `url` to the file `path`, whole or not at all; returns its bytes.

    StoreError when the database is missing, damaged or no SQLite file, or when `path` can't be written.
    """
    source, target = _existing(url), Path(path)
    if target.exists() and target.samefile(source):
        raise StoreError(f"{path} is the database itself. Choose another name for its back-up.")
    part = Path(f"{path}.{os.getpid()}.part")
    try:
        _copy(source, part, source)
        _check(part)
        os.replace(part, target)
        _reach_disk(target.absolute().parent)
    except OSError as error:
        raise StoreError(f"{path} can't be written: {(error.strerror or str(error)).lower()}.") from error
    finally:
        part.unlink(missing_ok=True)
    return target.stat().st_size


def restore(path: str, url: str, *, replace: bool) -> str | None:
    """Make the database at `url` what the back-up `path` holds; returns where the one before was put, if there was one.

    Runs that were under way become "interrupted", and whoever trains them now writes nothing more. A server may be
    running: it sees the other runs at its next look. StoreError when `path` is no back-up, is damaged or newer than
    this app, or when there is a database already and `replace` is False; nothing is changed then.
    """
    if not Path(path).is_file():
        raise StoreError(f"{path} does not exist, or is no file.")
    target = _file(url)
    there = target.exists() and target.stat().st_size > 0
    if there and not replace:
        raise StoreError(f"{target} exists already. Put it aside and take the back-up instead with --replace.")
    with TemporaryDirectory(dir=target.parent, prefix=".restore-") as folder:
        copy = Path(folder) / "runs.db"
        _copy(Path(path), copy, Path(path))
        _check(copy)
        store = RunStore(f"sqlite:///{copy}")
        store.lay_down()
        store.close()
        before = None
        if there:
            before = f"{target}.before-{time.strftime('%Y%m%d-%H%M%S')}"
            backup(url, before)
        _copy(copy, target, target)
    return before


def _file(url):
    """The path of the SQLite file at `url`."""
    try:
        parts = make_url(url)
    except ArgumentError as error:
        raise StoreError("The database URL must be one that SQLAlchemy knows, such as sqlite:///runs.db.") from error
    if parts.get_backend_name() != "sqlite":
        raise StoreError(
            "Only a SQLite database is copied here. PostgreSQL brings its own commands: pg_dump and pg_restore, "
            "which docs/reliability.md shows."
        )
    if not parts.database or parts.database.startswith((":", "file:")):
        raise StoreError(f"The database must be a file, got {parts.database!r}.")
    return Path(parts.database)


def _existing(url):
    path = _file(url)
    if not path.is_file():
        raise StoreError(f"There is no database at {path}: nothing is kept yet.")
    return path


def _copy(source, target, meant):
    """All pages in one step: no other writer can come between them. The target's readers see the old or the new.

    `meant` is the one of the two that a person knows. The source is opened for writing where that is allowed: what a
    killed writer had begun is taken back then, as SQLite does for whoever looks next.
    """
    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True, timeout=WAIT_SECONDS)) as old,
            closing(sqlite3.connect(target, timeout=WAIT_SECONDS)) as new,
        ):
            new.execute("PRAGMA synchronous = FULL")
            old.backup(new, pages=-1)
    except sqlite3.Error as error:
        raise _said(error, meant) from error


def _check(copy):
    """StoreError unless every page of the copy is sound and it holds runs."""
    try:
        with closing(sqlite3.connect(copy)) as db:
            found = [row[0] for row in db.execute("PRAGMA integrity_check(1)")]
            tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.Error as error:
        raise _said(error, copy) from error
    if found != ["ok"]:
        raise StoreError(f"The database is damaged ({found[0].splitlines()[-1][:200]}). It was not copied.")
    if "runs" not in tables:
        raise StoreError("The file holds no runs: it is not a database of this app.")


def _said(error, path):
    name = getattr(error, "sqlite_errorname", None) or ""
    known = next((complaint for key, complaint in SQLITE.items() if name.startswith(key)), None)
    return StoreError(f"The database {path} {known.sentence if known else f'could not be copied: {error}.'}")


def _reach_disk(folder):
    """A new name in a folder survives a power cut once the folder is written, too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""Database: opening it, whatever it holds; transactions that are retried; what the driver raises, in sentences."""

import math
import os
import secrets
import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from sqlalchemy import func, insert, inspect, select, update
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ..errors import UserError
from . import schema
from .driver_errors import BUSY, CANT_OPEN, FAILING, FULL, READ_ONLY, complaint
from .schema import about

ATTEMPTS = 3  # at a transaction that found the database busy
AWAY_SECONDS = 10  # a server that restarts is waited for, by what writes
PAUSE_SECONDS = 0.25
LONG_SECONDS = 2  # for the turn to write or to read
TURN_SECONDS = 0.5  # for the turn to write, when the question is only whether it can be had
ROOM_BYTES = 2**20  # with less than that, a disk counts as full
ROOM, WRITE, TURN = "room on the disk", "the right to write the database", "the database, which is locked"
DISK = "the disk, which reports errors"
OBSTACLES = {BUSY: TURN, FULL: ROOM, FAILING: DISK, CANT_OPEN: DISK, READ_ONLY: WRITE}
CREATING = 0x4D4C50  # the number of PostgreSQL's lock for making tables; any that nobody else uses


def new_id() -> str:
    """An id that no row has: among a million, one of 10,000 new ones is taken with a probability of 4 in 100,000."""
    return secrets.token_hex(6)


class StoreError(UserError):
    """The database can't do what was asked; the sentence says why."""


class BusyError(StoreError):
    """Somebody else writes, or keeps others from reading."""

    passes = True


class AwayError(StoreError):
    """The database's server does not answer."""

    passes = True


class FullError(StoreError):
    """The disk takes no more, or nothing may be written on it."""

    passes = True


class DatabaseURL(str):
    """A URL that keeps its password to itself where it is printed: Dask's log tells the arguments of a failed task."""

    def __repr__(self):
        return "DatabaseURL('…')"


@dataclass
class Moments:
    """When things last happened to a database, in this process; time.monotonic. One for all views of it."""

    troubled: float = -math.inf  # somebody had to wait for long, or in vain
    tidied: float = -math.inf  # what was deleted long ago was removed


class Database:
    """The database at `url` (any SQLAlchemy URL). StoreError when it can't be opened or written."""

    def __init__(self, url: str):
        self.url = DatabaseURL(url)
        self.moments = Moments()
        try:
            self._engine = schema.connect(url)
        except ModuleNotFoundError as error:
            raise StoreError(
                f"The database's driver {error.name} must be installed: see requirements-postgres.txt."
            ) from error
        except (SQLAlchemyError, ValueError) as error:  # whose words may be a part of the password
            raise StoreError(
                "The database URL must be one that SQLAlchemy knows, such as sqlite:///runs.db or "
                "postgresql+psycopg://user:password@host/name, with special characters in a password as %40 and so on."
            ) from error
        self._reads = self._engine.execution_options(reads=True)
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()

    def _open(self):
        with self._said(), self._reads.begin() as db:
            tables = inspect(db).get_table_names()  # in one look: another server may be making them
            new = "about" not in tables
            version = None if new else db.scalar(select(about.c.value).where(about.c.key == "schema"))
        if new and tables:
            names = ", ".join(tables[:3])
            raise StoreError(f"{self._where} holds other tables ({names}), not runs. Choose another one.")
        if new:
            self._write(self._create)
        elif version is not None and version.isdigit() and 0 < int(version) < schema.VERSION:
            self._write(self._migrate)
        elif version != str(schema.VERSION):
            raise StoreError(
                f"{self._where} was written by a newer version of this app (schema {version}; "
                f"this one knows up to {schema.VERSION}). Update the app, or choose another database."
            )

    @staticmethod
    def _create(db):
        if db.dialect.name == "postgresql":  # two servers that start on an empty database: one makes the tables
            db.execute(select(func.pg_advisory_xact_lock(CREATING)))
        schema.metadata.create_all(db)
        if db.scalar(select(func.count()).select_from(about)) == 0:
            db.execute(insert(about).values(key="schema", value=str(schema.VERSION)))

    @staticmethod
    def _migrate(db):
        from . import migrations  # Alembic is 10 MB, and only needed here

        mine = about.c.key == "schema"
        version = db.scalar(select(about.c.value).where(mine).with_for_update())  # another server may be doing this too
        migrations.migrate(db, int(version), schema.VERSION)
        db.execute(update(about).where(mine).values(value=str(schema.VERSION)))

    @property
    def _where(self) -> str:
        url = self._engine.url
        at = f" at {url.host or 'localhost'}:{url.port or 5432}" if url.get_backend_name() != "sqlite" else ""
        return f"The database {url.database}{at}"

    @contextmanager
    def _said(self):
        """What the driver raises becomes a sentence.

        That SQLite's lock was waited for, or a server in vain, is remembered: trainers may be silent because they
        waited, too.
        """
        asked = time.monotonic()
        try:
            yield
        except PoolTimeout as error:
            raise BusyError(f"{self._where} {BUSY.sentence}") from error
        except DBAPIError as error:
            known = complaint(error.orig, isinstance(error, OperationalError), error.connection_invalidated)
            if known is not None:
                if known.busy or known.away:
                    self.moments.troubled = time.monotonic()
                kind = BusyError if known.busy else AwayError if known.away else FullError if known.full else StoreError
                raise kind(f"{self._where} {known.sentence}") from error
            if isinstance(error, OperationalError | IntegrityError | DataError):
                raise StoreError(f"{self._where} could not be used: {str(error.orig).splitlines()[0]}.") from error
            raise
        finally:
            if self._engine.dialect.name == "sqlite" and time.monotonic() > asked + LONG_SECONDS:
                self.moments.troubled = time.monotonic()

    def _write(self, work: Callable):
        """Run `work(connection)` in one transaction, retried as a whole while the database is busy or away.

        Not when the connection broke while the transaction was being committed: it may have been.
        """
        until = time.monotonic() + AWAY_SECONDS
        for attempt in count(1):
            worked = False
            try:
                with self._said(), self._engine.begin() as db:
                    result = work(db)
                    worked = True
                return result
            except FullError:
                self.moments.troubled = time.monotonic()
                raise
            except BusyError:
                if attempt == ATTEMPTS:
                    raise
            except AwayError:
                if worked or time.monotonic() > until:
                    raise
                time.sleep(PAUSE_SECONDS)
        raise AssertionError("unreachable")

    def look(self) -> None:
        """Read a row; StoreError when that can't be done."""
        self._rows(select(about.c.key).limit(1))

    def obstacle(self, room: int = ROOM_BYTES) -> str | None:
        """What keeps everybody here from writing `room` bytes just now, as far as one small row tells."""
        if self._engine.dialect.name != "sqlite":
            with self._said(), self._reads.begin() as db:
                return WRITE if db.exec_driver_sql("SHOW transaction_read_only").scalar() == "on" else None
        path = Path(self._engine.url.database or "")
        if not path.is_file():
            return None  # in memory, or at a URI
        if not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
            return WRITE
        return ROOM if shutil.disk_usage(path.parent).free < room else self._tried()

    def _tried(self):
        """What keeps a row from being written, with a moment's patience for the turn: a disk that fails may say so only
        when it is flushed."""
        with self._said(), self._reads.connect() as db:
            db.exec_driver_sql(f"PRAGMA busy_timeout = {1000 * TURN_SECONDS:.0f}")
            try:
                self._write_anything(db)
                db.commit()
            except OperationalError as error:
                known = complaint(error.orig, operational=True, lost=False)
                return OBSTACLES.get(known) if known else None
            finally:
                db.rollback()
                db.connection.rollback()  # SQLite keeps a transaction open whose commit had to wait for readers
                db.exec_driver_sql(f"PRAGMA busy_timeout = {1000 * schema.BUSY_SECONDS:.0f}")
        return None

    @staticmethod
    def _write_anything(db):
        """A row that nobody needs, with what it has never said."""
        said, mine = secrets.token_hex(4), about.c.key == "probe"
        if db.execute(update(about).where(mine).values(value=said)).rowcount == 0:
            db.execute(insert(about).values(key="probe", value=said))

    def _rows(self, statement) -> Sequence:
        with self._said(), self._reads.begin() as db:
            return db.execute(statement).mappings().all()

"""Database: opening it, whatever it holds; transactions that are retried; what the driver raises, in sentences."""

import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from itertools import count

from sqlalchemy import func, insert, inspect, select, update
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ..errors import UserError
from . import schema
from .driver_errors import BUSY, complaint
from .schema import about

ATTEMPTS = 3  # at a transaction that found the database busy
AWAY_SECONDS = 10  # a server that restarts is waited for, by what writes
PAUSE_SECONDS = 0.25
CREATING = 0x4D4C50  # the number of PostgreSQL's lock for making tables; any that nobody else uses


class StoreError(UserError):
    """The database can't do what was asked; the sentence says why."""


class BusyError(StoreError):
    """Somebody else is writing."""


class AwayError(StoreError):
    """The database's server does not answer."""


class DatabaseURL(str):
    """A URL that keeps its password to itself where it is printed: Dask's log tells the arguments of a failed task."""

    def __repr__(self):
        return "DatabaseURL('…')"


class Database:
    """The database at `url` (any SQLAlchemy URL). StoreError when it can't be opened or written."""

    def __init__(self, url: str):
        self.url = DatabaseURL(url)
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
        """What the driver raises becomes a sentence."""
        try:
            yield
        except PoolTimeout as error:
            raise BusyError(f"{self._where} {BUSY.sentence}") from error
        except DBAPIError as error:
            known = complaint(error.orig, isinstance(error, OperationalError), error.connection_invalidated)
            if known is not None:
                kind = BusyError if known.busy else AwayError if known.away else StoreError
                raise kind(f"{self._where} {known.sentence}") from error
            if isinstance(error, OperationalError | IntegrityError | DataError):
                raise StoreError(f"{self._where} could not be used: {str(error.orig).splitlines()[0]}.") from error
            raise

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
            except BusyError:
                if attempt == ATTEMPTS:
                    raise
            except AwayError:
                if worked or time.monotonic() > until:
                    raise
                time.sleep(PAUSE_SECONDS)
        raise AssertionError("unreachable")

    def _rows(self, statement) -> Sequence:
        with self._said(), self._reads.begin() as db:
            return db.execute(statement).mappings().all()

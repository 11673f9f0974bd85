"""Database: opening it, whatever it holds; transactions that are retried; what the driver raises, in sentences."""

from collections.abc import Callable, Sequence
from contextlib import contextmanager

from sqlalchemy import func, insert, inspect, select, update
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from ..errors import UserError
from . import schema
from .schema import about

ATTEMPTS = 3  # at a transaction that found the database busy


class StoreError(UserError):
    """The database can't do what was asked; the sentence says why."""


class Database:
    """The database at `url` (any SQLAlchemy URL). StoreError when it can't be opened or written."""

    def __init__(self, url: str):
        self.url = url
        try:
            self._engine = schema.connect(url)
        except (SQLAlchemyError, ImportError, ValueError) as error:
            raise StoreError(f"The database URL must be one that SQLAlchemy knows: {error}") from error
        self._reads = self._engine.execution_options(reads=True)
        self._open()

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()

    def _open(self):
        with self._said(), self._reads.begin() as db:
            new = not inspect(db).has_table("about")
            other = new and inspect(db).get_table_names()
            version = None if new else db.scalar(select(about.c.value).where(about.c.key == "schema"))
        if other:
            names = ", ".join(other[:3])
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
        return f"The database {url.database if url.get_backend_name() == 'sqlite' else url.render_as_string()}"

    @contextmanager
    def _said(self):
        """What the driver raises becomes a sentence."""
        try:
            yield
        except DBAPIError as error:
            name = getattr(error.orig, "sqlite_errorname", "") or ""
            for code, sentence in SENTENCES.items():
                if name.startswith(code):
                    raise StoreError(f"{self._where} {sentence}") from error
            if name or isinstance(error, OperationalError):
                raise StoreError(f"{self._where} could not be used: {error.orig}.") from error
            raise

    def _write(self, work: Callable):
        """Run `work(connection)` in one transaction, retried as a whole while the database is busy."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self._said(), self._engine.begin() as db:
                    return work(db)
            except StoreError as error:
                if attempt == ATTEMPTS or SENTENCES["SQLITE_BUSY"] not in str(error):
                    raise
        raise AssertionError("unreachable")

    def _rows(self, statement) -> Sequence:
        with self._said(), self._reads.begin() as db:
            return db.execute(statement).mappings().all()


SENTENCES = {  # by the beginning of SQLite's name for the error
    "SQLITE_BUSY": "is locked by another program. Nothing was changed; try again when it is free.",
    "SQLITE_READONLY": "is read-only. Give this user the right to write it, or choose another database.",
    "SQLITE_FULL": "can't grow: its disk is full. Nothing was changed; make room and try again.",
    "SQLITE_IOERR": "could not be read or written: the disk reported an error, or is full.",
    "SQLITE_NOTADB": "is not a database. Choose another file; this one is left as it is.",
    "SQLITE_CORRUPT": "is damaged. Restore it from a back-up, or choose another database.",
    "SQLITE_CANTOPEN": "can't be opened. Its folder must exist and be writable.",
}

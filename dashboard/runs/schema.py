"""The tables, and how a connection to each kind of database is set up."""

import sqlite3

from sqlalchemy import (
    Column,
    Engine,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    make_url,
)

VERSION = 7  # of the tables; migrations.py leads there from every earlier one
BUSY_SECONDS = 10
CONNECTIONS = 15  # of a process, at most; opened as they are needed
CONNECT_SECONDS = 5  # to a database server
IDLE_SECONDS = 10  # within a transaction, after which a server takes it back

metadata = MetaData()

about = Table("about", metadata, Column("key", String(40), primary_key=True), Column("value", Text, nullable=False))

runs = Table(
    "runs",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("number", Integer, nullable=False, unique=True),  # counts up; names and colours come from it
    Column("name", String(200), nullable=False),
    Column("config", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("wish", String(16)),  # "stop" or "pause", for the trainer to see
    Column("submission", Integer, nullable=False, default=1),  # raised by whoever hands the run to the engine
    Column("attempt", Integer, nullable=False, default=0),  # raised by whoever takes it up; fences every write
    Column(
        "tries", Integer, nullable=False, server_default="0"
    ),  # at the epoch under way: taken up and not heard of again
    Column("origin", String(16), nullable=False, server_default="trained"),  # or fork, reproduction, imported
    Column("parent", String(16)),  # of a fork or a reproduction
    Column("parent_epoch", Integer),  # whose weights a fork began with
    Column("sweep", String(16)),
    Column("priority", Integer, nullable=False, server_default="0"),  # the higher, the sooner
    Column("until", Integer),  # the epoch at which it waits for its sweep to judge it
    Column("owner", String(200)),  # who signed in; nobody on one's own machine, as in every table here
    Column("note", Text, nullable=False, default=""),
    Column("created", Float, nullable=False),  # seconds since 1970, UTC, like all times here
    Column("started", Float),
    Column("ended", Float),
    Column("heartbeat", Float),
    Column("progress", Float, nullable=False, default=0.0),  # of the epoch under way, 0 to 1
    Column("deleted", Float),  # until then it can be taken back
    Column("error", Text),
    Column("environment", Text),
    # Told again from `epochs`, so that a list of runs is one query:
    Column("epochs_done", Integer, nullable=False, default=0),
    Column("last_accuracy", Float),
    Column("best_epoch", Integer),  # by validation accuracy where there is one, else by test accuracy
    Column("best_accuracy", Float),  # on the test set, at the best epoch
    Column("best_validation", Float),  # accuracy, at the best epoch
    Column("claimed_accuracy", Float),  # by the file of an imported run
    Column("seconds", Float, nullable=False, default=0.0),
    Index("runs_by_status", "status"),
    Index("runs_by_sweep", "sweep"),
    Index("runs_by_owner", "owner"),
)

epochs = Table(
    "epochs",
    metadata,
    Column("run", String(16), ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("epoch", Integer, primary_key=True),
    Column("train_loss", Float, nullable=False),
    Column("train_accuracy", Float, nullable=False),
    Column("test_loss", Float, nullable=False),
    Column("test_accuracy", Float, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("validation_loss", Float),
    Column("validation_accuracy", Float),
    Column("diagnostics", Text),  # JSON of mlpcore.diagnostics
)

sweeps = Table(
    "sweeps",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("number", Integer, nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("plan", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("step", Integer, nullable=False, server_default="0"),  # raised with every decision; fences the next one
    Column("owner", String(200)),
    Column("created", Float, nullable=False),
    Column("ended", Float),
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("run", String(16), ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("epoch", Integer, primary_key=True),
    Column("sha256", String(64), nullable=False),
    Column("state", LargeBinary, nullable=False),
)


sets = Table(  # people's own data sets; a run's settings name one
    "sets",
    metadata,
    Column("name", String(80), primary_key=True),  # tells shape, classes, counts and checksum
    Column("title", String(80), nullable=False),
    Column("class_names", Text, nullable=False),  # a JSON list
    Column("created", Float, nullable=False),
)

set_blocks = Table(
    "set_blocks",
    metadata,
    Column("set", String(80), ForeignKey("sets.name", ondelete="CASCADE"), primary_key=True),
    Column("part", String(8), primary_key=True),  # images or labels
    Column("block", Integer, primary_key=True),
    Column("data", LargeBinary, nullable=False),  # deflated
)

drawings = Table(  # digits that people drew, until they are removed
    "drawings",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("label", Integer, nullable=False),
    Column("strokes", Text, nullable=False),  # JSON, as the pad has them: images of any size can be made of them
    Column("owner", String(200)),
    Column("created", Float, nullable=False),
)


set_owners = Table(  # the same images may be several people's
    "set_owners",
    metadata,
    Column("set", String(80), ForeignKey("sets.name", ondelete="CASCADE"), primary_key=True),
    Column("owner", String(200), primary_key=True),
)

shares = Table(  # links to look at a run
    "shares",
    metadata,
    Column("token", String(40), primary_key=True),
    Column("run", String(16), ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    Column("created", Float, nullable=False),
)

visits = Table(  # who has followed such a link, and may look at the run until it is revoked
    "visits",
    metadata,
    Column("token", String(40), ForeignKey("shares.token", ondelete="CASCADE"), primary_key=True),
    Column("person", String(200), primary_key=True),
    Index("visits_by_person", "person"),
)


def connect(url: str) -> Engine:
    """An engine whose transactions are safe to share between processes."""
    if not url.startswith("sqlite"):
        return _connect_server(make_url(url))
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS}, **_pool(make_url(url)))
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _pool(url):
    """Fifteen connections that stay: beyond its five SQLAlchemy opens one anew for every look of a busy page server."""
    return {} if url.database in (None, "", ":memory:") else {"pool_size": CONNECTIONS, "max_overflow": 0}


def _connect_server(url):
    """ValueError for a host with an @, which is a password's: what is wrong with it would be shown as a host."""
    if "@" in (url.host or ""):
        raise ValueError("the host has an @")
    if url.drivername in ("postgres", "postgresql"):
        url = url.set(drivername="postgresql+psycopg")
    patience = {"connect_timeout": CONNECT_SECONDS} if "psycopg" in url.drivername else {}
    engine = create_engine(url, pool_pre_ping=True, connect_args=patience, pool_size=CONNECTIONS, max_overflow=0)
    if url.get_backend_name() == "postgresql":
        event.listen(engine, "connect", _prepare_postgresql)
    return engine


def _prepare_postgresql(connection, _record):
    """A process that is stopped in the middle of a transaction does not keep its rows from all others for ever."""
    cursor = connection.cursor()
    cursor.execute(f"SET idle_in_transaction_session_timeout = '{IDLE_SECONDS}s'")
    cursor.close()
    connection.commit()


def wal_is_safe(version: tuple[int, ...]) -> bool:
    """SQLite before 3.51.3 can corrupt a WAL database that several connections write and checkpoint.

    Fixed too in 3.50.7 and 3.44.6.
    """
    return version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)


def _prepare_sqlite(connection, _record):
    connection.isolation_level = None  # we begin transactions ourselves
    cursor = connection.cursor()
    if wal_is_safe(sqlite3.sqlite_version_info):
        cursor.execute("PRAGMA journal_mode = WAL")  # who reads does not keep a trainer from writing
    cursor.execute("PRAGMA synchronous = FULL")  # what was committed outlives a power cut
    cursor.execute("PRAGMA foreign_keys = ON")  # what belongs to a run goes with it
    cursor.close()


def _begin_sqlite(connection):
    reads = connection.get_execution_options().get("reads", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

"""RunStore: runs, their epochs and checkpoints, in one database. The only room that knows SQL."""

import hashlib
import json
import os
import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import and_, func, insert, inspect, select, update
from sqlalchemy import delete as delete_from
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from mlpcore import EpochResult, TrainingState

from . import schema
from .config import RunConfig
from .errors import UserError
from .schema import about, checkpoints, epochs, runs

SNAPSHOT_BYTES = 8_000_000  # a run, for looking back at its epochs
POLL_SECONDS = 0.03  # between two looks, while somebody waits for an epoch
STALE_SECONDS = 10  # without a heartbeat, a run counts as interrupted
ATTEMPTS = 3  # at a transaction that found the database busy
ACTIVE = ("queued", "running")


class StoreError(UserError):
    """The database can't do what was asked; the sentence says why."""


class NoRunError(StoreError):
    """The run does not exist, or no longer."""


class Lost(Exception):  # noqa: N818 - not an error: somebody else has the run, or it is gone
    """The run was taken up by somebody else, or deleted: whoever sees this writes nothing more."""


@dataclass(frozen=True)
class Run:
    """One run as the database has it; times in seconds since 1970."""

    id: str
    number: int
    name: str
    config: RunConfig
    status: str
    wish: str | None
    submission: int
    attempt: int
    parent: str | None
    note: str
    created: float
    started: float | None
    ended: float | None
    heartbeat: float | None
    progress: float
    error: str | None
    environment: dict[str, Any] | None
    epochs_done: int
    last_accuracy: float | None
    best_accuracy: float | None
    best_epoch: int | None
    seconds: float

    @property
    def active(self) -> bool:
        """Queued or running."""
        return self.status in ACTIVE

    @property
    def resumable(self) -> bool:
        """Whether it can go on where it was."""
        return self.status in ("paused", "interrupted")


def database_url() -> str:
    """MLP_DATABASE_URL, or the file runs.db beside the app."""
    return os.environ.get("MLP_DATABASE_URL") or f"sqlite:///{Path(__file__).parent.parent / 'runs.db'}"


@cache
def open_store(url: str) -> "RunStore":
    """The RunStore of `url`, one a process."""
    return RunStore(url)


class RunStore:
    """Runs in the database at `url` (any SQLAlchemy URL). StoreError when it can't be opened or written."""

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

    # -- opening ----------------------------------------------------------------------------------------------

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
        elif version is None or not version.isdigit() or int(version) > schema.VERSION:
            raise StoreError(
                f"{self._where} was written by a newer version of this app (schema {version}; "
                f"this one knows up to {schema.VERSION}). Update the app, or choose another database."
            )

    @staticmethod
    def _create(db):
        schema.metadata.create_all(db)
        if db.scalar(select(func.count()).select_from(about)) == 0:
            db.execute(insert(about).values(key="schema", value=str(schema.VERSION)))

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

    # -- what pages do ----------------------------------------------------------------------------------------

    def create(self, config: RunConfig, *, name: str | None = None, parent: str | None = None) -> Run:
        """A new run, queued."""

        def work(db):
            number = (db.scalar(select(func.max(runs.c.number))) or 0) + 1
            values = {
                "id": secrets.token_hex(4),
                "number": number,
                "name": name or f"Run {number}",
                "config": config.to_json(),
                "status": "queued",
                "parent": parent,
                "created": time.time(),
            }
            db.execute(insert(runs).values(values))
            return values["id"]

        return self.get(self._write(work))

    def get(self, run: str) -> Run:
        """The run with this id; StoreError when there is none."""
        rows = self._rows(select(runs).where(runs.c.id == run))
        if not rows:
            raise NoRunError(f"There is no run {run[:40]!r} here. It may be deleted, or kept in another database.")
        return _run(rows[0])

    def latest(self, count: int) -> list[Run]:
        """The newest runs, newest first."""
        return [_run(row) for row in self._rows(select(runs).order_by(runs.c.number.desc()).limit(count))]

    def queued(self) -> list[Run]:
        """The runs that wait, oldest first."""
        return [_run(row) for row in self._rows(select(runs).where(runs.c.status == "queued").order_by(runs.c.number))]

    def epochs(self, run: str) -> list[EpochResult]:
        """The epochs of one run in order."""
        return self.histories([run])[run]

    def await_epoch(self, run: str, patience: float) -> None:
        """Return when the run has an epoch or is over, or after `patience` seconds."""
        until = time.monotonic() + patience
        while time.monotonic() < until:
            got = self.get(run)
            if got.epochs_done or not got.active:
                return
            time.sleep(POLL_SECONDS)

    def histories(self, ids: Sequence[str]) -> dict[str, list[EpochResult]]:
        """The epochs of several runs, by run, in one query."""
        found: dict[str, list[EpochResult]] = {run: [] for run in ids}
        for row in self._rows(select(epochs).where(epochs.c.run.in_(ids)).order_by(epochs.c.run, epochs.c.epoch)):
            values = dict(row)
            found[values.pop("run")].append(EpochResult(**values))
        return found

    def wish(self, run: str, wish: str) -> None:
        """Ask for "pause" or "stop". A run that nobody is training gets the status at once."""
        status = WISHES[wish]
        waiting = ("queued",) if wish == "pause" else ("queued", "paused", "interrupted")

        def work(db):
            mine = runs.c.id == run
            db.execute(update(runs).where(mine, runs.c.status == "running").values(wish=wish))
            db.execute(
                update(runs)
                .where(mine, runs.c.status.in_(waiting))
                .values(status=status, ended=time.time() if wish == "stop" else None)
            )

        self._write(work)

    def requeue(self, run: str, seen: int, *, statuses: Sequence[str] = ("paused", "interrupted")) -> Run | None:
        """Queue a resting run again. None when somebody else did so first (its submission is no longer `seen`)."""
        done = self._update(
            [runs.c.id == run, runs.c.submission == seen, runs.c.status.in_(statuses)],
            status="queued",
            submission=seen + 1,
            wish=None,
            error=None,
        )
        return self.get(run) if done else None

    def notice_stale(self) -> None:
        """Runs whose trainer has not been heard of become "interrupted"."""
        silent = and_(runs.c.status == "running", runs.c.heartbeat < time.time() - STALE_SECONDS)
        if self._rows(select(runs.c.id).where(silent).limit(1)):
            self._update([silent], status="interrupted", wish=None, progress=0.0)

    # -- what the trainer does --------------------------------------------------------------------------------

    def take_up(self, run: str, submission: int, environment: dict[str, Any]) -> Run | None:
        """Claim a run in one atomic update; None when it is no longer to be trained under this submission."""
        done = self._update(
            [runs.c.id == run, runs.c.submission == submission, runs.c.status.in_(ACTIVE)],
            status="running",
            attempt=runs.c.attempt + 1,
            heartbeat=time.time(),
            started=func.coalesce(runs.c.started, time.time()),
            progress=0.0,
            environment=json.dumps(environment),
        )
        return self.get(run) if done else None

    def ping(self, run: str, attempt: int, progress: float) -> str | None:
        """Heartbeat and progress of the epoch; returns what is wished. Lost when the run is somebody else's."""
        statement = _mine(run, attempt).values(heartbeat=time.time(), progress=progress).returning(runs.c.wish)
        row = self._write(lambda db: db.execute(statement).first())
        if row is None:
            raise Lost
        return row.wish

    def commit_epoch(self, run: str, attempt: int, result: EpochResult, state: bytes, planned: int = 1) -> None:
        """The epoch and its checkpoint, together or not at all; `planned` is the run's number of epochs.

        Kept for good are the newest two checkpoints, the best, and every so many for looking back, within
        SNAPSHOT_BYTES a run.
        """
        stride = snapshot_stride(len(state), planned)

        def work(db):
            best = db.execute(_best(run)).first()
            if best is None or result.test_accuracy > best.test_accuracy:
                best_epoch, best_accuracy = result.epoch, result.test_accuracy
            else:
                best_epoch, best_accuracy = best.epoch, best.test_accuracy
            values = {
                "heartbeat": time.time(),
                "progress": 0.0,
                "epochs_done": result.epoch,
                "last_accuracy": result.test_accuracy,
                "best_accuracy": best_accuracy,
                "best_epoch": best_epoch,
                "seconds": runs.c.seconds + result.seconds,
            }
            if db.execute(_mine(run, attempt).values(values)).rowcount == 0:
                raise Lost
            kept = {name: value for name, value in vars(result).items() if name in epochs.c}
            db.execute(insert(epochs).values(run=run, **kept))
            db.execute(
                insert(checkpoints).values(
                    run=run, epoch=result.epoch, sha256=hashlib.sha256(state).hexdigest(), state=state
                )
            )
            old = checkpoints.c.epoch.notin_((result.epoch, result.epoch - 1, best_epoch))
            between = checkpoints.c.epoch % stride != 1 % stride
            db.execute(delete_from(checkpoints).where(checkpoints.c.run == run, old, between))

        self._write(work)

    def settle(self, run: str, attempt: int, status: str, error: str | None = None) -> None:
        """The trainer's last word: paused, finished, stopped or failed."""
        ended = None if status == "paused" else time.time()
        if not self._update(
            [runs.c.id == run, runs.c.attempt == attempt, runs.c.status == "running"],
            status=status,
            error=error,
            wish=None,
            progress=0.0,
            ended=ended,
        ):
            raise Lost

    def newest_state(self, run: str, attempt: int) -> TrainingState | None:
        """The newest checkpoint whose checksum matches; epochs after it are taken back. None at the beginning."""
        for epoch in reversed(self.snapshots(run)):
            state = self.state(run, epoch)
            if state is not None:
                self._take_back(run, attempt, epoch)
                return state
        self._take_back(run, attempt, 0)
        return None

    def snapshots(self, run: str) -> list[int]:
        """The epochs whose weights are kept, in order."""
        statement = select(checkpoints.c.epoch).where(checkpoints.c.run == run).order_by(checkpoints.c.epoch)
        return [row["epoch"] for row in self._rows(statement)]

    def state(self, run: str, epoch: int) -> TrainingState | None:
        """The checkpoint of one epoch, or None when it is not kept or damaged."""
        for row in self._rows(select(checkpoints).where(checkpoints.c.run == run, checkpoints.c.epoch == epoch)):
            if hashlib.sha256(row["state"]).hexdigest() == row["sha256"]:
                return TrainingState.from_bytes(row["state"])
        return None

    def _take_back(self, run, attempt, epoch):
        """Forget the epochs after `epoch`, which are about to be trained again."""

        def work(db):
            later = db.scalar(select(func.max(epochs.c.epoch)).where(epochs.c.run == run))
            if later is None or later <= epoch:
                return
            for table in (epochs, checkpoints):
                db.execute(delete_from(table).where(table.c.run == run, table.c.epoch > epoch))
            best = db.execute(_best(run)).first()
            last = select(epochs.c.test_accuracy).where(epochs.c.run == run, epochs.c.epoch == epoch)
            values = {
                "epochs_done": epoch,
                "last_accuracy": db.scalar(last),
                "best_accuracy": best.test_accuracy if best else None,
                "best_epoch": best.epoch if best else None,
                "seconds": db.scalar(select(func.coalesce(func.sum(epochs.c.seconds), 0.0)).where(epochs.c.run == run)),
            }
            if db.execute(_mine(run, attempt).values(values)).rowcount == 0:
                raise Lost

        self._write(work)

    def _update(self, conditions, **values) -> bool:
        return self._write(lambda db: db.execute(update(runs).where(*conditions).values(values)).rowcount) > 0


SENTENCES = {  # by the beginning of SQLite's name for the error
    "SQLITE_BUSY": "is locked by another program. Nothing was changed; try again when it is free.",
    "SQLITE_READONLY": "is read-only. Give this user the right to write it, or choose another database.",
    "SQLITE_FULL": "can't grow: its disk is full. Nothing was changed; make room and try again.",
    "SQLITE_IOERR": "could not be read or written: the disk reported an error, or is full.",
    "SQLITE_NOTADB": "is not a database. Choose another file; this one is left as it is.",
    "SQLITE_CORRUPT": "is damaged. Restore it from a back-up, or choose another database.",
    "SQLITE_CANTOPEN": "can't be opened. Its folder must exist and be writable.",
}
WISHES = {"pause": "paused", "stop": "stopped"}


def snapshot_stride(size: int, planned: int) -> int:
    """Every how many epochs a checkpoint of `size` bytes is kept: a power of two that keeps `planned` in the budget."""
    stride = 1
    while stride < planned and size * planned / stride > SNAPSHOT_BYTES:
        stride *= 2
    return stride


def _mine(run, attempt):
    """The fence: an update that touches the row only while the run is still this attempt's."""
    return update(runs).where(runs.c.id == run, runs.c.attempt == attempt, runs.c.status == "running")


def _best(run):
    order = epochs.c.test_accuracy.desc(), epochs.c.epoch
    return select(epochs.c.epoch, epochs.c.test_accuracy).where(epochs.c.run == run).order_by(*order).limit(1)


def _run(row) -> Run:
    values = dict(row)
    values["config"] = RunConfig.from_json(values["config"])
    values["environment"] = json.loads(values["environment"]) if values["environment"] else None
    return Run(**values)

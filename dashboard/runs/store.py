"""RunStore: runs, their epochs and checkpoints, in one database."""

import hashlib
import json
import os
import re
import secrets
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import and_, func, insert, or_, select, update
from sqlalchemy import delete as delete_from

from mlpcore import EpochResult, TrainingState

from .. import datasets
from .config import ConfigError, RunConfig
from .database import StoreError
from .run import ACTIVE, Run
from .schema import about, checkpoints, epochs, runs
from .set_store import check_set
from .sweep_store import SweepStore

SNAPSHOT_BYTES = 8_000_000  # a run, for looking back at its epochs
POLL_SECONDS = 0.03  # between two looks, while somebody waits for an epoch
STALE_SECONDS = 10  # without a heartbeat, a run counts as interrupted
MAX_NAME, MAX_NOTE = 80, 4000  # characters
FIGURES = ("run", "epoch", "seconds", "test_accuracy", "test_loss")
KEPT = runs.c.deleted.is_(None)


class NoRunError(StoreError):
    """The run does not exist, or no longer."""


class Lost(Exception):  # noqa: N818 - not an error: somebody else has the run, or it is gone
    """The run was taken up by somebody else, or deleted: whoever sees this writes nothing more."""


def database_url() -> str:
    """MLP_DATABASE_URL, or the file runs.db beside the app."""
    return os.environ.get("MLP_DATABASE_URL") or f"sqlite:///{Path(__file__).parents[2] / 'runs.db'}"


@cache
def open_store(url: str) -> "RunStore":
    """The RunStore of `url`, one a process; data sets in it can be loaded from then on."""
    store = RunStore(url)
    datasets.read_from(store)
    return store


class RunStore(SweepStore):
    """Runs and sweeps in the database at `url`. StoreError when it can't be opened, read or written."""

    # -- what pages do ----------------------------------------------------------------------------------------

    def create(
        self,
        config: RunConfig,
        *,
        name: str | None = None,
        origin: str = "trained",
        parent: str | None = None,
        parent_epoch: int | None = None,
        start: TrainingState | None = None,
        **further,
    ) -> Run:
        """A new run, queued. `start` has the weights it begins with; `further` are columns of its row."""

        def work(db):
            db.execute(select(about.c.value).with_for_update())  # one run is numbered at a time
            check_set(db, config.dataset)
            number = (db.scalar(select(func.max(runs.c.number))) or 0) + 1
            values = {
                "id": secrets.token_hex(4),
                "number": number,
                "name": name or f"Run {number}",
                "config": config.to_json(),
                "status": "queued",
                "origin": origin,
                "parent": parent,
                "parent_epoch": parent_epoch,
                "created": time.time(),
                **further,
            }
            db.execute(insert(runs).values(values))
            if start is not None:
                _keep(db, values["id"], start.epoch, start.to_bytes())
            return values["id"]

        return self.get(self._write(work))

    def adopt(
        self, config: RunConfig, state: TrainingState, accuracy: float, claimed: float | None, *, name: str
    ) -> Run:
        """An imported run: over, with the weights of `state`, the test accuracy measured here, and the one claimed."""
        now = time.time()
        return self.create(
            config,
            name=name,
            origin="imported",
            start=state,
            status="finished",
            started=now,
            ended=now,
            epochs_done=state.epoch,
            last_accuracy=accuracy,
            best_accuracy=accuracy,
            best_epoch=state.epoch,
            claimed_accuracy=claimed,
        )

    def rename(self, run: str, name: str) -> None:
        """Give the run another name; ConfigError for an empty or a long one."""
        name = " ".join(name.split())
        if not 1 <= len(name) <= MAX_NAME:
            raise ConfigError(f"The name of a run must have 1 to {MAX_NAME} characters, got {len(name)}.")
        self._update([runs.c.id == run], name=name)

    def annotate(self, run: str, note: str) -> None:
        """Keep a note with the run; ConfigError for a long one."""
        if len(note) > MAX_NOTE:
            raise ConfigError(f"A note must have at most {MAX_NOTE:,} characters, got {len(note):,}.")
        self._update([runs.c.id == run], note=note.strip())

    def delete(self, ids: Sequence[str]) -> None:
        """Take the runs away, stopping those under way. `restore` brings them back until `purge`."""

        def work(db):
            chosen = runs.c.id.in_(ids)
            db.execute(select(runs.c.id).where(chosen).order_by(runs.c.id).with_for_update())
            db.execute(update(runs).where(chosen, runs.c.status == "running").values(wish="stop"))
            db.execute(update(runs).where(chosen, runs.c.status == "queued").values(status="stopped"))
            db.execute(update(runs).where(chosen).values(deleted=time.time()))

        self._write(work)

    def restore(self, ids: Sequence[str]) -> None:
        """Bring deleted runs back."""
        self._update([runs.c.id.in_(ids)], deleted=None)

    def purge(self, before: float) -> None:
        """Remove the runs that were deleted before that time, for good."""
        self._write(lambda db: db.execute(delete_from(runs).where(runs.c.deleted < before)))

    def get(self, run: str) -> Run:
        """The run with this id; StoreError when there is none."""
        rows = self._rows(select(runs).where(runs.c.id == run, KEPT))
        if not rows:
            raise NoRunError(f"There is no run {run[:40]!r} here. It may be deleted, or kept in another database.")
        return Run.from_row(rows[0])

    def latest(self, count: int | None, *, status: str | None = None) -> list[Run]:
        """The newest runs, newest first; all of them without a count, those with a status when one is given."""
        wanted = select(runs).where(KEPT).order_by(runs.c.number.desc()).limit(count)
        return [
            Run.from_row(row) for row in self._rows(wanted if status is None else wanted.where(runs.c.status == status))
        ]

    def meant(self, text: str) -> list[Run]:
        """The runs that a person may mean by `text`: the one with that id, else those with that number or name."""
        number = int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None
        known = (runs.c.id == text, runs.c.name == text, runs.c.number == number)
        found = [Run.from_row(row) for row in self._rows(select(runs).where(or_(*known), KEPT).order_by(runs.c.number))]
        return [run for run in found if run.id == text] or found

    def several(self, ids: Sequence[str]) -> dict[str, Run]:
        """Those of these runs that exist, by id, in one query."""
        return {row["id"]: Run.from_row(row) for row in self._rows(select(runs).where(runs.c.id.in_(ids), KEPT))}

    def queued(self) -> list[Run]:
        """The runs that wait, oldest first; a sweep looks after its own."""
        statement = select(runs).where(runs.c.status == "queued", runs.c.sweep.is_(None), KEPT).order_by(runs.c.number)
        return [Run.from_row(row) for row in self._rows(statement)]

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
            if values["diagnostics"] is not None:
                values["diagnostics"] = json.loads(values["diagnostics"])
            found[values.pop("run")].append(EpochResult(**values))
        return found

    def figures(self, ids: Sequence[str]) -> list[tuple]:
        """Rows of FIGURES of several runs, in order, in one query: what curves are drawn from."""
        statement = select(*(epochs.c[name] for name in FIGURES)).where(epochs.c.run.in_(ids))
        with self._said(), self._reads.begin() as db:
            return [tuple(row) for row in db.execute(statement.order_by(epochs.c.run, epochs.c.epoch))]

    def wish(self, run: str, wish: str) -> None:
        """Ask for "pause" or "stop". A run that nobody is training gets the status at once."""
        status = WISHES[wish]
        waiting = ("queued",) if wish == "pause" else ("queued", "paused", "interrupted")

        def work(db):
            mine = runs.c.id == run
            db.execute(select(runs.c.id).where(mine).with_for_update())  # its status stays what it is meanwhile
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
            values = {
                "heartbeat": time.time(),
                "progress": 0.0,
                "epochs_done": result.epoch,
                "last_accuracy": result.test_accuracy,
                "seconds": runs.c.seconds + result.seconds,
            }
            if db.execute(_mine(run, attempt).values(values)).rowcount == 0:
                raise Lost
            row = vars(result) | {"diagnostics": result.diagnostics and json.dumps(result.diagnostics)}
            db.execute(insert(epochs).values(run=run, **row))
            _keep(db, run, result.epoch, state)
            best = _best(db, run)
            db.execute(update(runs).where(runs.c.id == run).values(best))
            old = checkpoints.c.epoch.notin_((0, result.epoch, result.epoch - 1, best["best_epoch"]))
            between = checkpoints.c.epoch % stride != 1 % stride
            db.execute(delete_from(checkpoints).where(checkpoints.c.run == run, old, between))

        self._write(work)

    def settle(self, run: str, attempt: int, status: str, error: str | None = None) -> None:
        """The trainer's last word: paused, finished, stopped or failed; queued when it makes way for another run."""
        ended = None if status in ("paused", "queued") else time.time()
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
            fence = select(runs.c.id).where(*_fence(run, attempt)).with_for_update()
            if db.scalar(fence) is None:
                raise Lost
            later = db.scalar(select(func.max(epochs.c.epoch)).where(epochs.c.run == run))
            if later is None or later <= epoch:
                return
            for table in (epochs, checkpoints):
                db.execute(delete_from(table).where(table.c.run == run, table.c.epoch > epoch))
            last = select(epochs.c.test_accuracy).where(epochs.c.run == run, epochs.c.epoch == epoch)
            values = {
                "epochs_done": epoch,
                "last_accuracy": db.scalar(last),
                **_best(db, run),
                "seconds": db.scalar(select(func.coalesce(func.sum(epochs.c.seconds), 0.0)).where(epochs.c.run == run)),
            }
            db.execute(_mine(run, attempt).values(values))

        self._write(work)

    def _update(self, conditions, **values) -> bool:
        return self._write(lambda db: db.execute(update(runs).where(*conditions).values(values)).rowcount) > 0


WISHES = {"pause": "paused", "stop": "stopped"}


def snapshot_stride(size: int, planned: int) -> int:
    """Every how many epochs a checkpoint of `size` bytes is kept: a power of two that keeps `planned` in the budget."""
    stride = 1
    while stride < planned and size * planned / stride > SNAPSHOT_BYTES:
        stride *= 2
    return stride


def _mine(run, attempt):
    """The fence: an update that touches the row only while the run is still this attempt's."""
    return update(runs).where(*_fence(run, attempt))


def _fence(run, attempt):
    return runs.c.id == run, runs.c.attempt == attempt, runs.c.status == "running"


def _best(db, run):
    """The columns that tell of the best epoch: by validation accuracy where there is one, else by test accuracy."""
    judged = func.coalesce(epochs.c.validation_accuracy, epochs.c.test_accuracy)
    wanted = select(
        epochs.c.epoch.label("best_epoch"),
        epochs.c.test_accuracy.label("best_accuracy"),
        epochs.c.validation_accuracy.label("best_validation"),
    )
    row = db.execute(wanted.where(epochs.c.run == run).order_by(judged.desc(), epochs.c.epoch).limit(1)).first()
    return dict(row._mapping) if row else dict.fromkeys(("best_epoch", "best_accuracy", "best_validation"))


def _keep(db, run, epoch, state):
    values = {"run": run, "epoch": epoch, "sha256": hashlib.sha256(state).hexdigest(), "state": state}
    db.execute(insert(checkpoints).values(values))

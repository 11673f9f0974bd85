"""TrainingStore: what a trainer keeps of its run, epoch by epoch, as long as the run is its own."""

import hashlib
import json
import time
from typing import Any

from sqlalchemy import delete as delete_from
from sqlalchemy import func, insert, select, update

from mlpcore import EpochResult, TrainingState

from .clock import now
from .database import StoreError
from .keeping import snapshot_stride
from .queue_store import KEPT, taken_up
from .run import ACTIVE, Run
from .schema import checkpoints, epochs, runs
from .sweep_store import SweepStore


class NoRunError(StoreError):
    """The run does not exist, or no longer."""


class Lost(Exception):  # noqa: N818 - not an error: somebody else has the run, or it is gone
    """The run was taken up by somebody else, or deleted: whoever sees this writes nothing more."""


class TrainingStore(SweepStore):
    """Epochs and checkpoints in the database at `url`; every write asks whether the run is still this attempt's."""

    def get(self, run: str) -> Run:
        """The run with this id; StoreError when there is none."""
        rows = self._rows(select(runs).where(runs.c.id == run, KEPT, *self._seen()))
        if not rows:
            raise NoRunError(f"There is no run {run[:40]!r} here. It may be deleted, or kept in another database.")
        return Run.from_row(rows[0])

    def take_up(self, run: str, submission: int, environment: dict[str, Any]) -> Run | None:
        """Claim a run in one atomic update; None when it is no longer to be trained under this submission.

        One whose worker died may count as interrupted by the time another worker is free: it goes on by itself.
        """
        done = self._update(
            [runs.c.id == run, runs.c.submission == submission, runs.c.status.in_((*ACTIVE, "interrupted"))],
            **taken_up(environment),
        )
        return self.get(run) if done else None

    def ping(self, run: str, attempt: int, progress: float) -> str | None:
        """Heartbeat and progress of the epoch; returns what is wished. Lost when the run is somebody else's."""
        statement = _mine(run, attempt).values(heartbeat=now(), progress=progress).returning(runs.c.wish)
        row = self._write(lambda db: db.execute(statement).first())
        if row is None:
            raise Lost
        return row.wish

    def wished(self, run: str, attempt: int) -> str | None:
        """What is wished, without a heartbeat. Lost when the run is somebody else's."""
        rows = self._rows(select(runs.c.wish).where(*_fence(run, attempt)))
        if not rows:
            raise Lost
        return rows[0]["wish"]

    def commit_epoch(self, run: str, attempt: int, result: EpochResult, state: bytes, planned: int = 1) -> None:
        """The epoch and its checkpoint, together or not at all; `planned` is the run's number of epochs.

        Kept for good are the newest two checkpoints, the best, and every so many for looking back, within
        SNAPSHOT_BYTES a run.
        """
        stride = snapshot_stride(len(state), planned)

        def work(db):
            values = {
                "heartbeat": now(),
                "progress": 0.0,
                "tries": 0,
                "epochs_done": result.epoch,
                "last_accuracy": result.test_accuracy,
                "seconds": runs.c.seconds + result.seconds,
            }
            if db.execute(_mine(run, attempt).values(values)).rowcount == 0:
                raise Lost
            row = vars(result) | {"diagnostics": result.diagnostics and json.dumps(result.diagnostics)}
            db.execute(insert(epochs).values(run=run, **row))
            keep(db, run, result.epoch, state)
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
            tries=0,
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
        statement = (
            select(checkpoints.c.epoch)
            .where(checkpoints.c.run == run, *self._seen(checkpoints.c.run))
            .order_by(checkpoints.c.epoch)
        )
        return [row["epoch"] for row in self._rows(statement)]

    def state(self, run: str, epoch: int) -> TrainingState | None:
        """The checkpoint of one epoch, or None when it is not kept or damaged."""
        mine = (checkpoints.c.run == run, checkpoints.c.epoch == epoch, *self._seen(checkpoints.c.run))
        for row in self._rows(select(checkpoints).where(*mine)):
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


def keep(db, run, epoch, state):
    """The checkpoint of one epoch, within a write."""
    values = {"run": run, "epoch": epoch, "sha256": hashlib.sha256(state).hexdigest(), "state": state}
    db.execute(insert(checkpoints).values(values))

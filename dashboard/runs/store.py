"""RunStore: runs, their epochs and checkpoints, in one database."""

import json
import os
import re
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from sqlalchemy import and_, func, insert, or_, select, update
from sqlalchemy import delete as delete_from

from mlpcore import EpochResult, TrainingState

from .. import datasets, formats
from .clock import now
from .config import ConfigError, RunConfig
from .database import BusyError, FullError, new_id
from .database import StoreError as StoreError
from .queue_store import KEPT
from .run import Run
from .schema import about, epochs, runs
from .training_store import Lost as Lost
from .training_store import NoRunError as NoRunError
from .training_store import TrainingStore, keep

POLL_SECONDS = 0.03  # between two looks, while somebody waits for an epoch
LATE_SECONDS = 3  # without a heartbeat, something is in a run's way
STALE_SECONDS = 10  # without a heartbeat, a run counts as interrupted
UNDO_SECONDS = 7 * 24 * 3600  # a deleted run can be taken back for so long at least
TIDY_SECONDS = 3600  # between two removals of those that can't any longer
GRACE_SECONDS = 5  # after the last trouble with the database, for those who waited
MAX_NAME, MAX_NOTE = 80, 4000  # characters
FIGURES = ("run", "epoch", "seconds", "test_accuracy", "test_loss")


def database_url() -> str:
    """MLP_DATABASE_URL, or the file runs.db beside the app."""
    return os.environ.get("MLP_DATABASE_URL") or f"sqlite:///{Path(__file__).parents[2] / 'runs.db'}"


_opened: dict[str, "RunStore"] = {}


def open_store(url: str) -> "RunStore":
    """The RunStore of `url`, one a process; data sets in it can be loaded from then on."""
    if (known := _opened.get(url)) is not None:
        return known
    store = RunStore(url)
    kept = _opened.setdefault(url, store)
    if kept is store:
        datasets.read_from(store)
    else:
        store.close()  # another thread was first
    return kept


def close_stores() -> None:
    """Close what `open_store` has opened, and forget it: what comes then, as in a test, begins anew."""
    while _opened:
        _opened.popitem()[1].close()


class RunStore(TrainingStore):
    """Runs and sweeps in the database at `url`. StoreError when it can't be opened, read or written."""

    def create(
        self,
        config: RunConfig,
        *,
        name: str | None = None,
        origin: str = "trained",
        parent: str | None = None,
        parent_epoch: int | None = None,
        start: TrainingState | None = None,
        status: str = "queued",
        **further,
    ) -> Run:
        """A new run, queued unless somebody has it already. `start` has the weights it begins with; `further` are
        columns of its row.
        """

        def work(db):
            self._one_at_a_time(db)
            self.check_set(db, config.dataset)
            number = (db.scalar(select(func.max(runs.c.number))) or 0) + 1
            values = {
                "id": new_id(),
                "number": number,
                "name": formats.clean(name or "") or f"Run {number}",
                "config": config.to_json(),
                "status": status,
                "heartbeat": now() if status == "running" else None,
                "origin": origin,
                "parent": parent,
                "parent_epoch": parent_epoch,
                "owner": self.person,
                "created": time.time(),
                **further,
            }
            db.execute(insert(runs).values(values))
            if start is not None:
                keep(db, values["id"], start.epoch, start.to_bytes())
            self._check_share(db)
            return values["id"]

        return self.get(self._write(work))

    def adopt(
        self, config: RunConfig, state: TrainingState, accuracy: float, claimed: float | None, *, name: str
    ) -> Run:
        """An imported run: over, with the weights of `state`, the test accuracy measured here, and the one claimed."""
        ended = time.time()
        return self.create(
            config,
            name=name,
            origin="imported",
            start=state,
            status="finished",
            started=ended,
            ended=ended,
            epochs_done=state.epoch,
            last_accuracy=accuracy,
            best_accuracy=accuracy,
            best_epoch=state.epoch,
            claimed_accuracy=claimed,
        )

    def rename(self, run: str, name: str) -> None:
        """Give the run another name; ConfigError for an empty or a long one."""
        name = formats.clean(name)
        if not 1 <= len(name) <= MAX_NAME:
            raise ConfigError(f"The name of a run must have 1 to {MAX_NAME} characters, got {len(name)}.")
        self._change([run], name=name)

    def annotate(self, run: str, note: str) -> None:
        """Keep a note with the run; ConfigError for a long one."""
        note = formats.clean(note, lines=True)
        if len(note) > MAX_NOTE:
            raise ConfigError(f"A note must have at most {MAX_NOTE:,} characters, got {len(note):,}.")
        self._change([run], note=note)

    def delete(self, ids: Sequence[str]) -> None:
        """Take the runs away, stopping those under way. `restore` brings them back until `purge`."""

        def work(db):
            self._must_own(db, runs.c.id.in_(ids))
            chosen = and_(runs.c.id.in_(ids), *self._own())
            db.execute(select(runs.c.id).where(chosen).order_by(runs.c.id).with_for_update())
            db.execute(update(runs).where(chosen, runs.c.status == "running").values(wish="stop"))
            db.execute(update(runs).where(chosen, runs.c.status == "queued").values(status="stopped"))
            db.execute(update(runs).where(chosen).values(deleted=time.time()))

        self._write(work)

    def restore(self, ids: Sequence[str]) -> None:
        """Bring deleted runs back."""
        self._change(ids, deleted=None)

    def discard(self, run: str) -> None:
        """Take away for good a run that never had an epoch; one with weights stays. `purge` takes one under way."""

        def work(db):
            self._must_own(db, runs.c.id == run)
            chosen = and_(runs.c.id == run, runs.c.last_accuracy.is_(None), *self._own())
            db.execute(select(runs.c.id).where(chosen).with_for_update())
            db.execute(update(runs).where(chosen, runs.c.status == "running").values(wish="stop", deleted=0.0))
            db.execute(delete_from(runs).where(chosen, runs.c.status != "running"))

        self._write(work)

    def purge(self, before: float) -> None:
        """Remove the runs that were deleted before that time, for good."""
        self._write(lambda db: db.execute(delete_from(runs).where(runs.c.deleted < before)))

    def tidy(self) -> None:
        """Purge what was deleted more than UNDO_SECONDS ago; once in TIDY_SECONDS, however often it is called."""
        if time.monotonic() >= self.moments.tidied + TIDY_SECONDS:
            self.moments.tidied = time.monotonic()  # even if it fails: whatever comes after it in a round has its turn
            self.purge(before=time.time() - UNDO_SECONDS)

    def latest(self, count: int | None, *, status: str | None = None) -> list[Run]:
        """The newest runs, newest first; all of them without a count, those with a status when one is given."""
        wanted = select(runs).where(KEPT, *self._own()).order_by(runs.c.number.desc()).limit(count)
        return [
            Run.from_row(row) for row in self._rows(wanted if status is None else wanted.where(runs.c.status == status))
        ]

    def meant(self, text: str) -> list[Run]:
        """The runs that a person may mean by `text`: the one with that id, else those with that number or name."""
        number = int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None
        known = (runs.c.id == text, runs.c.name == text, runs.c.number == number)
        found = [
            Run.from_row(row)
            for row in self._rows(select(runs).where(or_(*known), KEPT, *self._own()).order_by(runs.c.number))
        ]
        return [run for run in found if run.id == text] or found

    def several(self, ids: Sequence[str]) -> dict[str, Run]:
        """Those of these runs that exist, by id, in one query."""
        return {
            row["id"]: Run.from_row(row)
            for row in self._rows(select(runs).where(runs.c.id.in_(ids), KEPT, *self._seen()))
        }

    def queued(self) -> list[Run]:
        """The runs that wait, oldest first; a sweep looks after its own."""
        statement = select(runs).where(runs.c.status == "queued", runs.c.sweep.is_(None), KEPT).order_by(runs.c.number)
        return [Run.from_row(row) for row in self._rows(statement)]

    def epochs(self, run: str) -> list[EpochResult]:
        """The epochs of one run in order."""
        found, mine = [], (epochs.c.run == run, *self._seen(epochs.c.run))
        for row in self._rows(select(epochs).where(*mine).order_by(epochs.c.epoch)):
            values = {name: value for name, value in row.items() if name != "run"}
            if values["diagnostics"] is not None:
                values["diagnostics"] = json.loads(values["diagnostics"])
            found.append(EpochResult(**values))
        return found

    def await_epoch(self, run: str, patience: float) -> None:
        """Return when the run has an epoch or is over, or after `patience` seconds."""
        until = time.monotonic() + patience
        while time.monotonic() < until:
            got = self.get(run)
            if got.epochs_done or not got.active:
                return
            time.sleep(POLL_SECONDS)

    def figures(self, ids: Sequence[str]) -> list[tuple]:
        """Rows of FIGURES of several runs, in order, in one query: what curves are drawn from."""
        statement = select(*(epochs.c[name] for name in FIGURES)).where(
            epochs.c.run.in_(ids), *self._seen(epochs.c.run)
        )
        with self._said(), self._reads.begin() as db:
            return [tuple(row) for row in db.execute(statement.order_by(epochs.c.run, epochs.c.epoch))]

    def wish(self, run: str, wish: str) -> None:
        """Ask for "pause" or "stop". A run that nobody is training gets the status at once."""
        status = WISHES[wish]
        waiting = ("queued",) if wish == "pause" else ("queued", "paused", "interrupted")

        def work(db):
            self._must_own(db, runs.c.id == run)
            mine = and_(runs.c.id == run, *self._own())
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
        resting = and_(runs.c.id == run, runs.c.submission == seen, runs.c.status.in_(statuses), *self._own())
        values = {"status": "queued", "submission": seen + 1, "wish": None, "error": None, "tries": 0}

        def work(db):
            self._one_at_a_time(db)
            self._must_own(db, runs.c.id == run)
            done = db.execute(update(runs).where(resting).values(values)).rowcount > 0
            self._check_share(db)
            return done

        return self.get(run) if self._write(work) else None

    def probe(self) -> None:
        """Write and read back; StoreError when that can't be done."""

        def work(db):
            self._one_at_a_time(db)  # of two who write it first, one inserts
            self._write_anything(db)

        self._write(work)
        self._rows(select(about.c.value).where(about.c.key == "probe"))

    def silent(self) -> list[Run]:
        """The runs under way whose trainer has not been heard of for longer than it should."""
        return [Run.from_row(row) for row in self._rows(select(runs).where(_silent(), KEPT))]

    def silence(self, run: str) -> float:
        """For how many seconds a run that was begun has not been heard of."""
        seconds = select((now() - runs.c.heartbeat).label("n")).where(runs.c.id == run, *self._seen())
        return next((row["n"] or 0.0 for row in self._rows(seconds)), 0.0)

    def notice_stale(self) -> None:
        """Runs whose trainer has not been heard of become "interrupted".

        Not while nobody can write here, or shortly after somebody had to wait: who trains was waiting, too.
        """
        silent = _silent()
        try:
            found = self._rows(select(runs.c.id).where(silent).limit(1))
        except FullError:  # a transaction that the disk cut off keeps others from reading
            self.moments.troubled = time.monotonic()
            raise
        if not found:
            return
        if self.obstacle():
            self.moments.troubled = time.monotonic()
        if time.monotonic() < self.moments.troubled + GRACE_SECONDS:
            return
        with suppress(FullError, BusyError):
            self._update([silent], status="interrupted", wish=None, progress=0.0)

    def lay_down(self) -> None:
        """Every run under way becomes "interrupted", and whoever trains it loses it: it comes from a back-up."""
        self._update(
            [runs.c.status == "running"], status="interrupted", attempt=runs.c.attempt + 1, wish=None, progress=0.0
        )

    def _change(self, ids, **values):
        """Set columns of this person's runs."""

        def work(db):
            self._must_own(db, runs.c.id.in_(ids))
            db.execute(update(runs).where(runs.c.id.in_(ids), *self._own()).values(values))

        self._write(work)


WISHES = {"pause": "paused", "stop": "stopped"}


def _silent():
    return and_(runs.c.status == "running", runs.c.heartbeat < now() - STALE_SECONDS)

"""Sweeps and their runs in the database; RunStore has all of this too."""

import json
import re
import secrets
import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, insert, or_, select, update

from .config import RunConfig
from .database import StoreError
from .halving import Step
from .run import Run
from .schema import about, runs, sweeps
from .set_store import SetStore, check_set
from .sweeps import Sweep, SweepPlan

BEHIND = -10  # the priority of a sweep's runs: those that a person starts come first
KEPT = runs.c.deleted.is_(None)


class SweepStore(SetStore):
    """Sweeps in the database at `url`."""

    # -- what pages do ----------------------------------------------------------------------------------------

    def create_sweep(self, plan: SweepPlan, configs: Sequence[RunConfig], name: str | None = None) -> Sweep:
        """A new sweep with its first runs, queued, in one transaction."""

        def work(db):
            db.execute(select(about.c.value).with_for_update())  # one run is numbered at a time
            for dataset in {config.dataset for config in configs}:
                check_set(db, dataset)
            number = (db.scalar(select(func.max(sweeps.c.number))) or 0) + 1
            values = {
                "id": secrets.token_hex(4),
                "number": number,
                "name": name or f"Sweep {number}",
                "plan": plan.to_json(),
                "status": "running",
                "created": time.time(),
            }
            db.execute(insert(sweeps).values(values))
            _add_runs(db, values["id"], plan, configs)
            return values["id"]

        return self.sweep(self._write(work))

    def sweep(self, sweep: str) -> Sweep:
        """The sweep with this id; StoreError when there is none."""
        rows = self._rows(select(sweeps).where(sweeps.c.id == sweep))
        if not rows:
            raise StoreError(f"There is no sweep {sweep[:40]!r} here. It may be kept in another database.")
        return Sweep.from_row(rows[0])

    def latest_sweeps(self, count: int) -> list[Sweep]:
        """The newest sweeps, newest first."""
        return [Sweep.from_row(row) for row in self._rows(select(sweeps).order_by(sweeps.c.number.desc()).limit(count))]

    def meant_sweeps(self, text: str) -> list[Sweep]:
        """The sweeps that a person may mean by `text`: the one with that id, else those with that number or name."""
        number = int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None
        known = (sweeps.c.id == text, sweeps.c.name == text, sweeps.c.number == number)
        found = [Sweep.from_row(row) for row in self._rows(select(sweeps).where(or_(*known)).order_by(sweeps.c.number))]
        return [sweep for sweep in found if sweep.id == text] or found

    def active_sweeps(self) -> list[str]:
        """The ids of the sweeps that are to go on, oldest first."""
        return [
            row["id"]
            for row in self._rows(select(sweeps.c.id).where(sweeps.c.status == "running").order_by(sweeps.c.number))
        ]

    def runs_of(self, sweep: str) -> list[Run]:
        """The runs of a sweep, oldest first."""
        return [
            Run.from_row(row)
            for row in self._rows(select(runs).where(runs.c.sweep == sweep, KEPT).order_by(runs.c.number))
        ]

    def wish_sweep(self, sweep: str, status: str) -> None:
        """Make a sweep "paused", "running" again or "stopped", and its runs with it. One that is over stays so."""
        mine = runs.c.sweep == sweep

        def work(db):
            going = sweeps.c.status.in_(("running", "paused"))
            ended = time.time() if status == "stopped" else None
            changed = update(sweeps).where(sweeps.c.id == sweep, going).values(status=status, ended=ended)
            if db.execute(changed).rowcount == 0:
                return
            db.execute(select(runs.c.id).where(mine).order_by(runs.c.id).with_for_update())
            wishes = {"paused": "pause", "stopped": "stop", "running": None}
            db.execute(update(runs).where(mine, runs.c.status == "running").values(wish=wishes[status]))
            if status == "running":
                db.execute(_requeued().where(mine, runs.c.status.in_(("paused", "interrupted"))))
            elif status == "stopped":
                waiting = runs.c.status.in_(("queued", "paused", "interrupted"))
                db.execute(update(runs).where(mine, waiting).values(status="stopped", ended=time.time()))

        self._write(work)

    # -- what moves a sweep on --------------------------------------------------------------------------------

    def claim(self, sweep: str, environment: dict[str, Any]) -> Run | None:
        """Take up the next run that waits, in one transaction; None when none does, or the sweep rests."""

        def work(db):
            on = select(sweeps.c.status).where(sweeps.c.id == sweep).with_for_update()
            if db.scalar(on) != "running":
                return None
            first = select(runs.c.id).where(*_claimable(sweep)).order_by(runs.c.priority.desc(), runs.c.number).limit(1)
            run = db.scalar(first.with_for_update(skip_locked=True))
            if run is None:
                return None
            values = {
                "status": "running",
                "attempt": runs.c.attempt + 1,
                "heartbeat": time.time(),
                "started": func.coalesce(runs.c.started, time.time()),
                "progress": 0.0,
                "environment": json.dumps(environment),
            }
            db.execute(update(runs).where(runs.c.id == run).values(values))
            return Run.from_row(db.execute(select(runs).where(runs.c.id == run)).mappings().one())

        return self._write(work)

    def claimable(self, sweep: str) -> int:
        """How many runs of the sweep wait for a worker."""
        return self._rows(select(func.count().label("n")).select_from(runs).where(*_claimable(sweep)))[0]["n"]

    def awaited(self) -> set[tuple[str, int]]:
        """(run, submission) of the runs that a person waits for while they wait for a worker."""
        waiting = (runs.c.status == "queued", runs.c.sweep.is_(None), runs.c.priority > BEHIND, KEPT)
        return {
            (row["id"], row["submission"]) for row in self._rows(select(runs.c.id, runs.c.submission).where(*waiting))
        }

    def apply(self, sweep: Sweep, step: Step) -> bool:
        """Do what was decided when the sweep was as it is in `sweep`; False when somebody did something before."""

        def work(db):
            if step.create:
                db.execute(select(about.c.value).with_for_update())
            same = (sweeps.c.id == sweep.id, sweeps.c.step == sweep.step, sweeps.c.status == "running")
            over = {"status": "finished", "ended": time.time()} if step.over else {}
            if db.execute(update(sweeps).where(*same).values(step=sweep.step + 1, **over)).rowcount == 0:
                return False
            for until in set(step.promote.values()):
                ids = [run for run, epoch in step.promote.items() if epoch == until]
                db.execute(update(runs).where(runs.c.id.in_(ids), runs.c.status == "queued").values(until=until))
            dropped = (runs.c.id.in_(step.drop), runs.c.status == "queued")
            db.execute(update(runs).where(*dropped).values(status="stopped", ended=time.time()))
            _add_runs(db, sweep.id, sweep.plan, step.create)
            return True

        return self._write(work)

    def requeue_interrupted(self, sweep: str) -> None:
        """Runs of the sweep whose worker was lost wait for another one."""
        lost = (runs.c.sweep == sweep, runs.c.status == "interrupted", KEPT)
        if self._rows(select(runs.c.id).where(*lost).limit(1)):
            self._write(lambda db: db.execute(_requeued().where(*lost)))


def _requeued():
    return update(runs).values(status="queued", submission=runs.c.submission + 1, wish=None, error=None, ended=None)


def _claimable(sweep):
    goes_on = or_(runs.c.until.is_(None), runs.c.epochs_done < runs.c.until)
    return runs.c.sweep == sweep, runs.c.status == "queued", goes_on, KEPT


def _add_runs(db, sweep, plan, configs):
    number = db.scalar(select(func.max(runs.c.number))) or 0
    first = plan.rungs[0] if len(plan.rungs) > 1 else None
    now = time.time()
    rows = [
        {
            "id": secrets.token_hex(4),
            "number": number + i,
            "name": f"Run {number + i}",
            "config": config.to_json(),
            "status": "queued",
            "sweep": sweep,
            "priority": BEHIND,
            "until": first,
            "created": now,
        }
        for i, config in enumerate(configs, 1)
    ]
    if rows:
        db.execute(insert(runs), rows)

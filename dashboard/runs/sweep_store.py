"""Sweeps and their runs in the database; RunStore has all of this too."""

import re
import time
from collections.abc import Sequence

from sqlalchemy import func, insert, or_, select, update

from .. import formats
from .config import RunConfig
from .database import StoreError, new_id
from .halving import Step
from .queue_store import BEHIND, KEPT, QueueStore, requeued
from .run import Run
from .schema import runs, sweeps
from .sweeps import Sweep, SweepPlan


class SweepStore(QueueStore):
    """Sweeps in the database at `url`."""

    # -- what pages do ----------------------------------------------------------------------------------------

    def create_sweep(self, plan: SweepPlan, configs: Sequence[RunConfig], name: str | None = None) -> Sweep:
        """A new sweep with its first runs, queued, in one transaction."""

        def work(db):
            self._one_at_a_time(db)
            for dataset in {config.dataset for config in configs}:
                self.check_set(db, dataset)
            number = (db.scalar(select(func.max(sweeps.c.number))) or 0) + 1
            values = {
                "id": new_id(),
                "number": number,
                "name": formats.clean(name or "") or f"Sweep {number}",
                "plan": plan.to_json(),
                "status": "running",
                "owner": self.person,
                "created": time.time(),
            }
            db.execute(insert(sweeps).values(values))
            _add_runs(db, values["id"], plan, configs)
            self._check_share(db)
            return values["id"]

        return self.sweep(self._write(work))

    def sweep(self, sweep: str) -> Sweep:
        """The sweep with this id; StoreError when there is none."""
        rows = self._rows(select(sweeps).where(sweeps.c.id == sweep, *self._own(sweeps)))
        if not rows:
            raise StoreError(f"There is no sweep {sweep[:40]!r} here. It may be kept in another database.")
        return Sweep.from_row(rows[0])

    def latest_sweeps(self, count: int) -> list[Sweep]:
        """The newest sweeps, newest first."""
        newest = select(sweeps).where(*self._own(sweeps)).order_by(sweeps.c.number.desc())
        return [Sweep.from_row(row) for row in self._rows(newest.limit(count))]

    def meant_sweeps(self, text: str) -> list[Sweep]:
        """The sweeps that a person may mean by `text`: the one with that id, else those with that number or name."""
        number = int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None
        known = (sweeps.c.id == text, sweeps.c.name == text, sweeps.c.number == number)
        found = [
            Sweep.from_row(row)
            for row in self._rows(select(sweeps).where(or_(*known), *self._own(sweeps)).order_by(sweeps.c.number))
        ]
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
            for row in self._rows(select(runs).where(runs.c.sweep == sweep, KEPT, *self._own()).order_by(runs.c.number))
        ]

    def wish_sweep(self, sweep: str, status: str) -> None:
        """Make a sweep "paused", "running" again or "stopped", and its runs with it. One that is over stays so."""
        mine = runs.c.sweep == sweep

        def work(db):
            if status == "running":
                self._one_at_a_time(db)
            self._must_own(db, sweeps.c.id == sweep, sweeps, "sweep")
            going = sweeps.c.status.in_(("running", "paused"))
            ended = time.time() if status == "stopped" else None
            changed = (
                update(sweeps).where(sweeps.c.id == sweep, going, *self._own(sweeps)).values(status=status, ended=ended)
            )
            if db.execute(changed).rowcount == 0:
                return
            db.execute(select(runs.c.id).where(mine).order_by(runs.c.id).with_for_update())
            wishes = {"paused": "pause", "stopped": "stop", "running": None}
            db.execute(update(runs).where(mine, runs.c.status == "running").values(wish=wishes[status]))
            if status == "running":
                db.execute(requeued().where(mine, runs.c.status.in_(("paused", "interrupted"))))
                self._check_share(db)
            elif status == "stopped":
                waiting = runs.c.status.in_(("queued", "paused", "interrupted"))
                db.execute(update(runs).where(mine, waiting).values(status="stopped", ended=time.time()))

        self._write(work)

    # -- what moves a sweep on --------------------------------------------------------------------------------

    def apply(self, sweep: Sweep, step: Step) -> bool:
        """Do what was decided when the sweep was as it is in `sweep`; False when somebody did something before."""

        def work(db):
            if step.create:
                self._one_at_a_time(db)
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


def _add_runs(db, sweep, plan, configs):
    number = db.scalar(select(func.max(runs.c.number))) or 0
    first = plan.rungs[0] if len(plan.rungs) > 1 else None
    now = time.time()
    owner = db.scalar(select(sweeps.c.owner).where(sweeps.c.id == sweep))
    rows = [
        {
            "id": new_id(),
            "number": number + i,
            "name": f"Run {number + i}",
            "config": config.to_json(),
            "status": "queued",
            "sweep": sweep,
            "priority": BEHIND,
            "until": first,
            "owner": owner,
            "created": now,
        }
        for i, config in enumerate(configs, 1)
    ]
    if rows:
        db.execute(insert(runs), rows)

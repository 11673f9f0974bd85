"""Whose turn it is among the runs that wait in lines for a worker; RunStore has all of this too.

The runs of sweeps wait in lines, and where people sign in, all others too: whichever worker is free takes up one run,
and then the turn is settled anew, so that who has 500 runs does not keep the others waiting. Where nobody signs in, a
run that belongs to no sweep is handed to Dask by itself, first come, first served, and goes before the lines.
"""

import json
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, or_, select, update

from .clock import now
from .run import Run
from .schema import runs, sweeps
from .set_store import SetStore

BEHIND = -10  # the priority of what waits in a line
KEPT = runs.c.deleted.is_(None)
SINGLE = and_(runs.c.sweep.is_(None), runs.c.owner.is_not(None))
IN_LINE = or_(SINGLE, runs.c.sweep.in_(select(sweeps.c.id).where(sweeps.c.status == "running")))
WAITS = and_(runs.c.status == "queued", or_(runs.c.until.is_(None), runs.c.epochs_done < runs.c.until), KEPT)


@dataclass(frozen=True)
class Line:
    """Runs that wait behind each other: of a sweep, or, without one, a person's others.

    `number` is the sweep's, or that of the first run.
    """

    owner: str | None
    sweep: str | None
    number: int


class QueueStore(SetStore):
    """The lines in the database at `url`."""

    def lines(self) -> list[Line]:
        """The lines that may have a run to take up, whose turn it is first.

        It is the turn of whom the fewest runs are trained of; among these, of who was served the longest ago. Of one
        person, what belongs to no sweep comes first, then it goes by the same rule among their sweeps. Where nobody
        signs in, each sweep is somebody.
        """
        going = select(sweeps.c.owner, sweeps.c.id.label("sweep"), sweeps.c.number).where(sweeps.c.status == "running")
        single = select(runs.c.owner, func.min(runs.c.number).label("number")).where(SINGLE, WAITS)
        lines = [Line(**row) for row in self._rows(going)]
        lines += [Line(sweep=None, **row) for row in self._rows(single.group_by(runs.c.owner))]
        return lines if len(lines) < 2 else self._in_turn(lines)

    def _in_turn(self, lines):
        busy = select(runs.c.owner, runs.c.sweep, func.count().label("n")).where(runs.c.status == "running", KEPT)
        of_person: Counter[str | None] = Counter()
        of_sweep: Counter[str | None] = Counter()
        for row in self._rows(busy.group_by(runs.c.owner, runs.c.sweep)):
            of_person[row["owner"]] += row["n"]
            of_sweep[row["sweep"]] += row["n"]
        person_served = self._served(runs.c.owner, {line.owner for line in lines})
        sweep_served = self._served(runs.c.sweep, {line.sweep for line in lines})

        def turn(line):
            sweep = (of_sweep[line.sweep], sweep_served.get(line.sweep, 0)) if line.sweep else (-1, 0)
            person = sweep if line.owner is None else (of_person[line.owner], person_served.get(line.owner, 0))
            return *person, *sweep, line.number

        return sorted(lines, key=turn)

    def _served(self, column, values):
        """When a run of each was last heard of."""
        last = select(column.label("of"), func.max(runs.c.heartbeat).label("last"))
        rows = self._rows(last.where(column.in_(values - {None})).group_by(column))
        return {row["of"]: row["last"] or 0 for row in rows}

    def claim(self, sweep: str, environment: dict[str, Any]) -> Run | None:
        """Take up the next run of the sweep, in one transaction; None when none waits, or the sweep rests."""

        def work(db):
            on = select(sweeps.c.status).where(sweeps.c.id == sweep).with_for_update()
            if db.scalar(on) != "running":
                return None
            return _take_up(db, and_(runs.c.sweep == sweep, WAITS), environment)

        return self._write(work)

    def claim_single(self, owner: str, environment: dict[str, Any]) -> Run | None:
        """Take up this person's next run that belongs to no sweep; None when none waits."""
        mine = and_(runs.c.owner == owner, runs.c.sweep.is_(None), WAITS)
        return self._write(lambda db: _take_up(db, mine, environment))

    def under_way(self, sweep: str | None = None) -> bool:
        """Whether a run is trained, or could be taken up: of this sweep, or of any line, lost ones included."""
        if sweep is not None:
            which = and_(runs.c.sweep == sweep, or_(WAITS, runs.c.status == "running"), KEPT)
        else:
            which = and_(runs.c.status.in_(("queued", "running", "interrupted")), IN_LINE, KEPT)
        return bool(self._rows(select(runs.c.id).where(which).limit(1)))

    def claimable(self) -> int:
        """How many runs wait in lines for a worker."""
        return self._rows(select(func.count().label("n")).select_from(runs).where(IN_LINE, WAITS))[0]["n"]

    def awaited(self) -> set[tuple[str, int]]:
        """(run, submission) of the runs that a person waits for, who has none under way but in sweeps."""
        single = (runs.c.sweep.is_(None), KEPT)
        served = select(runs.c.owner).where(runs.c.status == "running", runs.c.owner.is_not(None), *single)
        owners = {row["owner"] for row in self._rows(served)}
        waits = select(runs.c.id, runs.c.submission, runs.c.owner).where(runs.c.status == "queued", *single)
        return {(row["id"], row["submission"]) for row in self._rows(waits) if row["owner"] not in owners}

    def has_several(self, owner: str | None) -> bool:
        """Whether two runs of this person are under way, or more."""
        mine = select(runs.c.id).where(runs.c.owner == owner, runs.c.status == "running", KEPT)
        return len(self._rows(mine.limit(2))) > 1

    def requeue_interrupted(self) -> None:
        """Runs of lines whose worker was lost wait for another one."""
        lost = (runs.c.status == "interrupted", IN_LINE, KEPT)
        if self._rows(select(runs.c.id).where(*lost).limit(1)):
            self._write(lambda db: db.execute(requeued().where(*lost)))


def requeued():
    """The update that has runs wait once more."""
    return update(runs).values(status="queued", submission=runs.c.submission + 1, wish=None, error=None, ended=None)


def taken_up(environment: dict[str, Any]) -> dict[str, Any]:
    """The columns of a run that somebody begins to train."""
    return {
        "status": "running",
        "attempt": runs.c.attempt + 1,
        "tries": runs.c.tries + 1,
        "heartbeat": now(),
        "started": func.coalesce(runs.c.started, time.time()),
        "progress": 0.0,
        "environment": json.dumps(environment),
    }


def _take_up(db, which, environment):
    first = select(runs.c.id).where(which).order_by(runs.c.priority.desc(), runs.c.number).limit(1)
    run = db.scalar(first.with_for_update(skip_locked=True))
    if run is None:
        return None
    db.execute(update(runs).where(runs.c.id == run).values(taken_up(environment)))
    return Run.from_row(db.execute(select(runs).where(runs.c.id == run)).mappings().one())

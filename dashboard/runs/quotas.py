"""What one person may have at once, where people sign in. Counted in the transaction that would add to it."""

from sqlalchemy import func, select

from .. import formats
from .config import ConfigError
from .database import StoreError
from .keeping import kept_bytes
from .points import largest
from .run import ACTIVE, config_of
from .schema import checkpoints, drawings, runs, set_blocks, set_owners, sweeps
from .shared import Shared
from .sweeps import SweepPlan

MAX_ACTIVE = 1000  # runs that wait or train
MAX_BYTES = 10 * 10**9  # of checkpoints, data sets and drawings


class Quotas(Shared):
    """Shares of the database at `url`; none where nobody signs in."""

    def _check_share(self, db) -> None:
        """StoreError when this person, with what the transaction has written, has more than their share.

        To be called at its end, by who called `_one_at_a_time` at its beginning: two can't both take what is left.
        """
        if self.person is None:
            return
        active = db.scalar(select(func.count()).select_from(runs).where(*self._own(), runs.c.status.in_(ACTIVE)))
        if active > MAX_ACTIVE:
            raise StoreError(
                f"At most {MAX_ACTIVE:,} of your runs may wait or train at once, but there would be {active:,}. "
                "Let some end, or stop them."
            )
        taken = self._stored(db) + self._reserved(db)
        if taken > MAX_BYTES:
            raise StoreError(
                f"What you keep here may take at most {formats.size(MAX_BYTES)}, but with what your runs under way "
                f"will keep it would be {formats.size(taken)}. Delete runs, data sets or drawings; of runs, room is "
                "made within a week."
            )

    def _stored(self, db):
        """Bytes of checkpoints, data sets and drawings."""
        kept = _sum(func.length(checkpoints.c.state)).join(runs, runs.c.id == checkpoints.c.run).where(*self._own())
        blocks = _sum(func.length(set_blocks.c.data)).join(set_owners, set_owners.c.set == set_blocks.c.set)
        strokes = _sum(func.length(drawings.c.strokes)).where(*self._own(drawings))
        return sum(db.scalar(each) for each in (kept, blocks.where(*self._own(set_owners)), strokes))

    def _reserved(self, db):
        """Bytes that the checkpoints of runs under way will take beside those that they have."""
        has = func.coalesce(func.sum(func.length(checkpoints.c.state)), 0)
        under_way = select(runs.c.config, has).outerjoin(checkpoints, checkpoints.c.run == runs.c.id)
        under_way = under_way.where(*self._own(), runs.c.status.in_(ACTIVE)).group_by(runs.c.id, runs.c.config)
        reserved = sum(max(0, kept_bytes(config_of(text)) - now) for text, now in db.execute(under_way))
        return reserved + self._to_come(db)

    def _to_come(self, db):
        """Bytes of the runs that sweeps under way are still going to make: those of TPE, which come by and by."""
        made = select(func.count()).select_from(runs).where(runs.c.sweep == sweeps.c.id).scalar_subquery()
        going = select(sweeps.c.plan, made).where(*self._own(sweeps), sweeps.c.status == "running")
        ahead = ((SweepPlan.from_json(text), count) for text, count in db.execute(going))
        return sum(max(0, plan.runs - count) * _at_most(plan) for plan, count in ahead if plan.method == "tpe")


def _at_most(plan):
    """Bytes that a run of the plan keeps."""
    try:
        return max(map(kept_bytes, largest(plan)))
    except ConfigError:  # of a sweep that would not be begun today
        return kept_bytes(plan.base)


def _sum(length):
    return select(func.coalesce(func.sum(length), 0))

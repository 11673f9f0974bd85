"""Whose a run is, where people sign in: what a person may see and change.

A store that belongs to nobody sees everything: on one's own machine, in the terminal, and in workers.
"""

import copy
from typing import Self

from sqlalchemy import or_, select

from .database import Database, StoreError
from .schema import about, runs, shares, visits


class Owned(Database):
    """The database at `url`; `of` gives it as one person may see it."""

    person: str | None = None  # None: everybody

    def of(self, person: str | None) -> Self:
        """The same store for one person. Connections, and what is known of the database, are common to both."""
        theirs = copy.copy(self)
        theirs.person = person
        return theirs

    def _own(self, table=runs) -> tuple:
        """Conditions on the rows of `table` that this person may change."""
        return () if self.person is None else (table.c.owner == self.person,)

    def _seen(self, run=None) -> tuple:
        """Conditions on runs that this person may look at; on another table by `run`, its column."""
        if self.person is None:
            return ()
        opened = select(shares.c.run).join(visits, visits.c.token == shares.c.token)
        mine = or_(runs.c.owner == self.person, runs.c.id.in_(opened.where(visits.c.person == self.person)))
        return (mine,) if run is None else (run.in_(select(runs.c.id).where(mine)),)

    def _must_own(self, db, which, table=runs, what="run") -> None:
        """StoreError when no row of this person's is meant by the condition, whether or not somebody else has one."""
        if self.person is None:
            return
        if db.execute(select(table.c.id).where(which, *self._own(table)).limit(1)).first() is None:
            raise StoreError(f"Only whose {what} it is can change it.")

    @staticmethod
    def _one_at_a_time(db) -> None:
        """Until the transaction ends, nobody else gets past this: for numbering, and for counting what there is."""
        db.execute(select(about.c.value).with_for_update())

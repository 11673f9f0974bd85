"""Links by which others may look at a run: made, followed, taken back. RunStore has all of this too."""

import secrets
import time

from sqlalchemy import delete, func, insert, select

from .database import StoreError
from .owned import Owned
from .schema import runs, shares, visits

MAX_LINKS = 20  # to one run


class Shared(Owned):
    """Links to runs in the database at `url`."""

    def share(self, run: str) -> str:
        """A new token by which whoever has it may look at the run; StoreError when it is not this person's."""
        token = secrets.token_urlsafe(16)

        def work(db):
            self._one_at_a_time(db)
            if db.scalar(select(runs.c.id).where(runs.c.id == run, *self._own())) is None:
                raise StoreError("Only whose run it is can share it.")
            if db.scalar(select(func.count()).select_from(shares).where(shares.c.run == run)) >= MAX_LINKS:
                raise StoreError(f"A run may be shared by at most {MAX_LINKS} links. Revoke one first.")
            db.execute(insert(shares).values(token=token, run=run, created=time.time()))

        self._write(work)
        return token

    def shares(self, run: str) -> list[str]:
        """The tokens that share this person's run, the oldest first."""
        mine = select(shares.c.token).join(runs, runs.c.id == shares.c.run).where(shares.c.run == run, *self._own())
        return [row["token"] for row in self._rows(mine.order_by(shares.c.created, shares.c.token))]

    def revoke(self, token: str) -> None:
        """Whoever has the token sees the run no longer. Nothing happens when it is gone already."""

        def work(db):
            run = db.scalar(select(shares.c.run).where(shares.c.token == token).with_for_update())
            if run is not None:
                self._must_own(db, runs.c.id == run)
                db.execute(delete(shares).where(shares.c.token == token))

        self._write(work)

    def follow(self, token: str) -> str | None:
        """The run that the token shares, which this person may look at from now on; None when it shares nothing."""
        link = select(shares.c.run).where(shares.c.token == token)
        if not self._rows(link):
            return None

        def work(db):
            run = db.scalar(link.with_for_update())  # not revoked meanwhile, nor followed in another tab
            visit = {"token": token, "person": self.person}
            mine = (visits.c.token == token, visits.c.person == self.person)
            if run is not None and self.person is not None and not db.execute(select(visits).where(*mine)).first():
                db.execute(insert(visits).values(visit))
            return run

        return self._write(work)

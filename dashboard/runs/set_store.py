"""People's own data sets in the database; RunStore has all of this too."""

import json
import time
import zlib
from dataclasses import replace

import numpy as np
from sqlalchemy import delete, func, insert, or_, select, update

from .. import datasets, formats
from ..datasets import About, Parts
from .database import StoreError
from .drawing_store import DrawingStore
from .schema import runs, set_blocks, set_owners, sets, sweeps

BLOCK_BYTES = 4_000_000  # of a set, packed and written at once
LEVEL = 1  # of deflate: a quarter of the size in a tenth of the time
MAX_TITLE = 60  # characters


class SetStore(DrawingStore):
    """Own data sets in the database at `url`; the same images are kept once."""

    def add_set(self, parts: Parts, title: str) -> str:
        """Store the set; returns the name by which a run's settings call it.

        The same images again are called as is now said, unless others have them, too; damaged ones are mended.
        """
        name = parts.name
        called = {"title": formats.clean(title)[:MAX_TITLE].strip() or "Own images",
                  "class_names": json.dumps(parts.class_names)}  # fmt: skip
        blocks = [
            {"set": name, "part": part, "block": i, "data": zlib.compress(raw[first : first + BLOCK_BYTES], LEVEL)}
            for part, array in (("images", parts.images), ("labels", parts.labels))
            for raw in [np.ascontiguousarray(array).tobytes()]
            for i, first in enumerate(range(0, len(raw), BLOCK_BYTES))
        ]

        def work(db):
            self._one_at_a_time(db)
            if db.scalar(select(sets.c.name).where(sets.c.name == name)) is None:
                db.execute(insert(sets).values(name=name, created=time.time(), **called))
            elif not self._others(db, name):
                db.execute(update(sets).where(sets.c.name == name).values(**called))
            if not all(self._holds(db, block) for block in blocks):
                db.execute(delete(set_blocks).where(set_blocks.c.set == name))
                for block in blocks:
                    db.execute(insert(set_blocks).values(block))
            if self.person is not None and db.scalar(select(set_owners.c.set).where(*self._is_mine(name))) is None:
                db.execute(insert(set_owners).values(set=name, owner=self.person))
                self._check_share(db)

        self._write(work)
        self.own_sets()
        return name

    def own_sets(self) -> dict[str, About]:
        """{name: About} of all own sets, oldest first."""
        found = {row["name"]: _about(row) for row in self._rows(self._sets().order_by(sets.c.created, sets.c.name))}
        for name, known in found.items():
            datasets.learn(name, known)
        return found

    def close(self) -> None:
        """Let go of every connection; nothing is looked for here any more."""
        datasets.stop_reading(self)
        super().close()

    def set_about(self, name: str) -> About | None:
        """What is known of the set, None when it is not here."""
        rows = self._rows(self._sets().where(sets.c.name == name))
        return _about(rows[0]) if rows else None

    def _sets(self):
        """Every set, or this person's."""
        mine = () if self.person is None else (set_owners.c.owner == self.person,)
        return select(sets).where(sets.c.name.in_(select(set_owners.c.set).where(*mine))) if mine else select(sets)

    def _others(self, db, name):
        """How many others have the set."""
        if self.person is None:
            return 0
        others = set_owners.c.set == name, set_owners.c.owner != self.person
        return db.scalar(select(func.count()).select_from(set_owners).where(*others))

    @staticmethod
    def _holds(db, block):
        """Whether the block is there as it should be."""
        this = [set_blocks.c[column] == block[column] for column in ("set", "part", "block")]
        return db.scalar(select(set_blocks.c.data).where(*this)) == block["data"]

    def _is_mine(self, name):
        return set_owners.c.set == name, set_owners.c.owner == self.person

    def set_parts(self, name: str) -> Parts:
        """The contents of the set; StoreError when it is not here or damaged."""
        known = self.set_about(name)
        if known is None:
            raise StoreError(f"There is no data set {name[:80]!r} here. It may be kept in another database.")
        try:
            images, labels = self._part(name, "images"), self._part(name, "labels")
            images = images.reshape(known.train_samples + known.test_samples, known.inputs)
        except (zlib.error, ValueError) as error:
            raise StoreError(f"{known.title} is damaged in the database. Upload it again.") from error
        return Parts(images, labels, known.shape, known.train_samples, tuple(known.names))

    def _part(self, name, part):
        mine = select(set_blocks.c.data).where(set_blocks.c.set == name, set_blocks.c.part == part)
        unpacked = b"".join(zlib.decompress(row["data"]) for row in self._rows(mine.order_by(set_blocks.c.block)))
        return np.frombuffer(unpacked, np.uint8)

    def runs_on(self, name: str) -> int:
        """How many runs learned from the set; deleted ones, too, that have weights and can still be taken back."""
        return self._rows(select(func.count().label("n")).select_from(runs).where(*_on(name), *self._own()))[0]["n"]

    def remove_set(self, name: str) -> None:
        """Remove the set for good; StoreError while a run or a sweep under way uses it.

        A person's set is gone for that person. Its images stay for whoever else has it, and for runs of others on it.
        """

        def work(db):
            self._one_at_a_time(db)
            if self.person is not None and db.execute(select(set_owners).where(*self._is_mine(name))).first() is None:
                raise StoreError("Only whose data set it is can remove it.")
            count = _users(db, name, self._own(), self._own(sweeps))
            if count:
                raise StoreError(
                    f"A data set can only be removed when no run uses it, but {count:,} do. "
                    "Deleted runs count for a week, while they can be taken back."
                )
            if self.person is not None:
                db.execute(delete(set_owners).where(*self._is_mine(name)))
                if self._others(db, name) or _users(db, name):
                    return
            db.execute(delete(sets).where(sets.c.name == name))

        self._write(work)

    def check_set(self, db, name: str) -> None:
        """StoreError when a run on this set is to be made, but the set is not here (any longer)."""
        told = datasets.own_about(name)  # by its name alone: its title may be somebody else's
        if told is None or db.execute(self._sets().where(sets.c.name == name)).first():
            return
        raise StoreError(f"{told.title}: this data set is not in the database here. Upload it on the Data page.")


def _on(name):
    """Conditions on runs that use the set, or would when they are taken back."""
    worth = or_(runs.c.deleted.is_(None), runs.c.last_accuracy.is_not(None))
    return _names(runs.c.config, name), worth


def _users(db, name, which_runs=(), which_sweeps=()):
    """How many runs and sweeps under way use the set."""
    using = db.scalar(select(func.count()).select_from(runs).where(*_on(name), *which_runs))
    going = (_names(sweeps.c.plan, name), sweeps.c.status.in_(("running", "paused")), *which_sweeps)
    return using + db.scalar(select(func.count()).select_from(sweeps).where(*going))


def _names(column, name):
    return or_(column.contains(f'"{name}"', autoescape=True), column.contains(f'\\"{name}\\"', autoescape=True))


def _about(row) -> About:
    known = datasets.own_about(row["name"])
    assert known is not None  # add_set made the name
    names = tuple(formats.clean(name) for name in json.loads(row["class_names"]))
    return replace(known, title=formats.clean(row["title"]), class_names=names)

"""Digits that people drew, in the database; RunStore has all of this too."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select

from .database import StoreError
from .quotas import Quotas
from .schema import drawings

CLASSES = 10  # a drawing shows a digit
MAX_DRAWINGS = 2000
MAX_BYTES = 100_000  # of one drawing's strokes


@dataclass(frozen=True)
class Drawing:
    """A kept digit: what it shows, and its strokes, [width, x0, y0, x1, y1, ...] each."""

    id: int
    label: int
    strokes: list[list[float]]


class DrawingStore(Quotas):
    """Drawings in the database at `url`."""

    def keep_drawing(self, label: int, strokes: Sequence[Sequence[float]]) -> int:
        """Keep a drawing; returns its id. StoreError when it is empty, too large, or too many are kept."""
        text = json.dumps([list(stroke) for stroke in strokes])
        if not 0 <= label < CLASSES:
            raise StoreError(f"A drawing must show a digit from 0 to 9, got {label}.")
        if not strokes:
            raise StoreError("An empty drawing can't be kept. Draw a digit first.")
        if len(text) > MAX_BYTES:
            raise StoreError(f"A drawing must have at most {MAX_BYTES:,} bytes of strokes, got {len(text):,}.")

        def work(db):
            self._one_at_a_time(db)
            if db.scalar(select(func.count()).select_from(drawings).where(*self._own(drawings))) >= MAX_DRAWINGS:
                raise StoreError(f"At most {MAX_DRAWINGS:,} drawings are kept. Remove some first.")
            added = db.execute(
                insert(drawings).values(label=label, strokes=text, owner=self.person, created=time.time())
            )
            self._check_share(db)
            return added.inserted_primary_key[0]

        return self._write(work)

    def drawings(self) -> list[Drawing]:
        """Every kept drawing, the oldest first."""
        rows = self._rows(select(drawings).where(*self._own(drawings)).order_by(drawings.c.id))
        return [Drawing(row["id"], row["label"], json.loads(row["strokes"])) for row in rows]

    def remove_drawing(self, drawing: int) -> None:
        """Remove one for good; nothing happens when it is gone already."""
        this = drawings.c.id == drawing

        def work(db):
            if db.scalar(select(drawings.c.id).where(this)) is not None:
                self._must_own(db, this, drawings, "drawing")
                db.execute(delete(drawings).where(this))

        self._write(work)

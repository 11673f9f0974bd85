"""A press that the browser tells of twice counts once, and one that another press overtakes counts, too."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import streamlit as st

LINE = "presses.line"


@dataclass
class Line:
    """The presses of a session, one after another, and what is still to be shown of them."""

    turn: threading.Lock = field(default_factory=threading.Lock)
    pending: list[Callable[[], None]] = field(default_factory=list)

    def show(self):
        """Show it; for who has the turn."""
        while self.pending:
            self.pending[0]()
            del self.pending[0]  # only now: a script that is ended in between leaves it to the next


def once(make: Callable[..., Any], then: Callable[..., None] | None = None) -> Callable[..., None]:
    """The callback of a button that is drawn now: `make(*args)` is carried out once, then `then(made, *args)`.

    Streamlit's browser part sends a press at the next turn of its event loop, and only then forgets it. The timer of a
    live part (`run_every`) that is due in between sends all it knows, so the press goes out with that look, and once
    more by itself, which would train twice. The second message may find the first one still at work, and ends its
    script wherever that meets Streamlit's state: so it waits until `make` is through, or does it itself where it was
    broken off. A button that is drawn again by the first message takes the second for a new press.

    What changes the session stands in `then`, which does no harm twice. Any other control that is touched while `make`
    is at work starts the page anew beside it, and the press may not touch the session any more: so that page waits, and
    calls `then` itself, by `show`.
    """
    line = Line() if then is None else st.session_state.setdefault(LINE, Line())
    made: list[Any] = []

    def press(*args):
        with line.turn:
            if not made:
                made.append(make(*args))
            if then is not None:
                line.pending.append(partial(then, made[0], *args))
                line.show()

    return press


def show() -> None:
    """Show what a press made that was overtaken; at the beginning of a page that has such buttons."""
    line = st.session_state.get(LINE, Line())
    with line.turn:
        line.show()

"""A press that the browser tells of twice counts once."""

import threading
from collections.abc import Callable
from typing import Any


def once(make: Callable[..., Any], then: Callable[..., None] | None = None) -> Callable[..., None]:
    """The callback of a button that is drawn now: `make(*args)` is carried out once, then `then(made, *args)`.

    Streamlit's browser part sends a press at the next turn of its event loop, and only then forgets it. The timer of a
    live part (`run_every`) that is due in between sends all it knows, so the press goes out with that look, and once
    more by itself, which would train twice. The second message may find the first one still at work, and ends its
    script wherever that meets Streamlit's state: so it waits until `make` is through, or does it itself where it was
    broken off. What changes the session stands in `then`, which does no harm twice. A button that is drawn again by
    the first message takes the second for a new press.
    """
    one_at_a_time = threading.Lock()
    made: list[Any] = []

    def press(*args):
        with one_at_a_time:
            if not made:
                made.append(make(*args))
        if then is not None:
            then(made[0], *args)

    return press

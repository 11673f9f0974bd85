"""What the engine executes for the lines: their runs, one after another, until none waits."""

from distributed import Reschedule

from .halving import decide
from .queue_store import Line
from .run import Run
from .store import RunStore, open_store
from .trainer import BEAT_SECONDS, LOOK_SECONDS, Rest, Watch, carry_out, environment

made_way: set[tuple[str, int]] = set()  # (run, submission) that this process has made way for, once each


def train_waiting(database_url: str) -> None:
    """Train the runs that wait in lines until none does; before each, see whose turn it is.

    Safe to execute several times at once, anywhere: each run is taken up by one of them. Dask's Reschedule when a run
    that a person waits for shall go first.
    """
    store = open_store(database_url)
    about = environment()
    while True:
        if make_way(store):
            raise Reschedule
        run = next_run(store, about)
        if run is None:
            return
        watch = LineWatch(store, run)
        carry_out(store, run, watch)
        if watch.makes_way:
            raise Reschedule


def next_run(store: RunStore, about: dict) -> Run | None:
    """Take up the run whose turn it is; None when none waits."""
    for line in store.lines():
        if run := _next_of(store, line, about):
            return run
    return None


def _next_of(store, line: Line, about):
    """The line's next run; when none waits, or TPE chooses, after what the sweep does next."""
    if line.sweep is None:
        return store.claim_single(line.owner, about)
    if store.sweep(line.sweep).plan.method == "tpe":
        advance(store, line.sweep)
    run = store.claim(line.sweep, about)
    return store.claim(line.sweep, about) if run is None and advance(store, line.sweep) else run


def advance(store: RunStore, sweep: str) -> bool:
    """Take the sweep's next step, if there is one; False when there is none, or when another process took it."""
    now = store.sweep(sweep)
    if not now.active or (now.plan.method != "tpe" and store.under_way(sweep)):
        return False
    step = decide(now.plan, store.runs_of(sweep))
    return bool(step) and store.apply(now, step)


def make_way(store: RunStore) -> bool:
    """Whether there is a run that a person waits for, and this process has not made way for it yet.

    Once only: if nobody trains it, since its engine is gone, the lines go on.
    """
    waiting = store.awaited()
    new = waiting - made_way
    made_way.intersection_update(waiting)  # what waits no longer need not be remembered
    made_way.update(new)
    return bool(new)


class LineWatch(Watch):
    """Ends the training early where its sweep judges it, or where another run shall go first; it stays queued."""

    makes_way = False

    def __init__(self, store: RunStore, run):
        super().__init__(store, run)
        self.next += LOOK_SECONDS  # taking it up was a heartbeat
        self.beat += BEAT_SECONDS

    def done(self, result):
        """Called after each epoch."""
        if result.epoch >= self.run.config.epochs:
            return
        if self.run.until is not None and result.epoch >= self.run.until:
            raise Rest("queued")
        self.makes_way = make_way(self.store) and self._not_their_only_one()
        if self.makes_way:
            raise Rest("queued")

    def _not_their_only_one(self):
        return self.run.sweep is not None or self.store.has_several(self.run.owner)

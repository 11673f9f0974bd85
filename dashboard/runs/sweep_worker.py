"""What the engine executes for a sweep: its runs, one after another, until none waits."""

from distributed import Reschedule

from .halving import decide
from .store import RunStore, open_store
from .trainer import LOOK_SECONDS, Rest, Watch, carry_out, environment

made_way: set[tuple[str, int]] = set()  # (run, submission) that this process has made way for, once each


def train_sweep(sweep: str, database_url: str) -> None:
    """Train runs of the sweep until none waits. Dask's Reschedule when a run that a person started shall go first.

    Safe to execute several times at once, anywhere: each run is taken up by one of them.
    """
    store = open_store(database_url)
    about = environment()
    while True:
        if make_way(store):
            raise Reschedule
        run = next_run(store, sweep, about)
        if run is None:
            return
        watch = SweepWatch(store, run)
        carry_out(store, run, watch)
        if watch.makes_way:
            raise Reschedule


def next_run(store: RunStore, sweep: str, about: dict):
    """Take up the next run; when none waits, or TPE chooses, after what the sweep does next."""
    if store.sweep(sweep).plan.method == "tpe":
        advance(store, sweep)
    run = store.claim(sweep, about)
    return store.claim(sweep, about) if run is None and advance(store, sweep) else run


def advance(store: RunStore, sweep: str) -> bool:
    """Take the sweep's next step, if there is one; False when there is none, or when another process took it."""
    now = store.sweep(sweep)
    if not now.active:
        return False
    step = decide(now.plan, store.runs_of(sweep))
    return bool(step) and store.apply(now, step)


def make_way(store: RunStore) -> bool:
    """Whether a run that a person started waits, and this process has not made way for it yet.

    Once only: if nobody trains it, since its engine is gone, the sweep goes on.
    """
    waiting = store.awaited()
    new = waiting - made_way
    made_way.update(new)
    return bool(new)


class SweepWatch(Watch):
    """Ends the training early where the sweep judges it, or where another run shall go first; it stays queued."""

    makes_way = False

    def __init__(self, store: RunStore, run):
        super().__init__(store, run)
        self.next += LOOK_SECONDS  # taking it up was a heartbeat

    def done(self, result):
        """Called after each epoch."""
        if result.epoch >= self.run.config.epochs:
            return
        if self.run.until is not None and result.epoch >= self.run.until:
            raise Rest("queued")
        self.makes_way = make_way(self.store)
        if self.makes_way:
            raise Rest("queued")

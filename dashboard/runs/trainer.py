"""Trains one run: reads its settings, writes epochs and checkpoints. This is what the engine executes."""

import math
import os
import platform
import time
from contextlib import suppress

import numpy as np
import threadpoolctl

from mlpcore import (
    OPTIMIZERS,
    SCHEDULES,
    Diverged,
    EarlyStopping,
    Regularization,
    TrainingState,
    hold_out,
    subset,
    train,
    weights,
)

from .. import datasets
from ..datasets.augmentation import Augmentation
from ..errors import UserError
from . import estimates
from .database import AwayError, BusyError, FullError
from .run import Run
from .settings import WITH_MOMENTUM
from .store import WISHES, Lost, RunStore, StoreError, open_store

LOOK_SECONDS = 0.2  # between two looks at what is wished
BEAT_SECONDS = 1  # between two heartbeats: they are written, which takes a disk's time from all who train or read
ROOM_SECONDS = 600  # a trainer waits for room on the disk, for the right to write, or for whoever holds the database
PAUSE_SECONDS = 0.25  # between two tries meanwhile
MAX_TRIES = 5  # at one epoch: a run that kills its worker every time must end
SPLIT = 1  # marks the generator that draws which images are held out


class Rest(Exception):  # noqa: N818 - not an error: a person asked for it
    """The training shall pause or stop; `status` says which."""

    def __init__(self, status):
        self.status = status


def train_run(run_id: str, submission: int, database_url: str, watch: "type[Watch] | None" = None) -> None:
    """Train the run from its newest checkpoint to its end, or until a person wishes otherwise.

    Safe to execute again, at any time and on any machine: what is done stays done, and whoever lost the run
    to a later attempt writes nothing. A `watch` of one's own sees each batch and each epoch go by.
    """
    store = open_store(database_url)
    run = _patiently(lambda: store.take_up(run_id, submission, environment()))
    if run is not None:
        carry_out(store, run, (watch or Watch)(store, run))


def carry_out(store: RunStore, run: Run, watch: "Watch") -> None:
    """Train a run that was taken up; how it ends is settled in the store."""
    try:
        if run.tries > MAX_TRIES:
            store.settle(run.id, run.attempt, "failed", died(MAX_TRIES, run))
            return
        status, error = _train(store, run, watch)
        _patiently(lambda: store.settle(run.id, run.attempt, status, error))
    except Lost:
        return
    except Exception as bug:
        store.settle(run.id, run.attempt, "failed", f"An error in the app: {type(bug).__name__}: {bug}")
        raise


def died(times: int, run: Run) -> str:
    """Why a run ends whose epoch was begun so often in vain."""
    return (
        f"The process that trained it died {times} times in epoch {run.epochs_done + 1}. It may need more memory than "
        "there is: try smaller hidden layers or batches."
    )


def _train(store, run, watch):
    """(status, error) at the end of the training."""
    try:
        estimates.refuse_absurd(run.config)  # whoever queued it: a page has asked before, TPE could not
        begun = run.attempt > 1 or run.parent is not None
        before = _patiently(lambda: store.newest_state(run.id, run.attempt)) if begun else None
        for result, state in results(run.config, before, watch):
            _commit(store, run, result, state.to_bytes())
            watch.done(result)
    except Rest as rest:
        return rest.status, None
    except Diverged as diverged:
        return "failed", (
            f"Training diverged in epoch {diverged.epoch}, batch {diverged.batch:,}: the outputs or weights are no "
            f"longer finite numbers. Try a learning rate smaller than {run.config.lr:g}."
        )
    except StoreError as error:
        return "interrupted", str(error)  # what was committed is safe: the run can be resumed when there is room
    except UserError as error:
        return "failed", str(error)
    except MemoryError:
        return "failed", "The machine ran out of memory. Try smaller hidden layers."
    return "finished", None


def _commit(store, run, result, state):
    """What was computed is not thrown away: while it waits, its run says so, where as much as that can be written."""

    def meanwhile():
        with suppress(FullError, BusyError):
            _look(store, run, 1.0)

    _patiently(lambda: store.commit_epoch(run.id, run.attempt, result, state, run.config.epochs), meanwhile)


def _patiently(work, meanwhile=lambda: None):
    """Try until there is room, the right to write, and nobody who holds the database."""
    until = time.monotonic() + ROOM_SECONDS
    while True:
        try:
            return work()
        except (FullError, BusyError):
            if time.monotonic() > until:
                raise
        time.sleep(PAUSE_SECONDS)
        meanwhile()


def _look(store, run, progress):
    """Heartbeat and progress; Rest when a pause or a stop is wished."""
    _rest(store.ping(run.id, run.attempt, progress))


def _rest(wish):
    if wish is not None:
        raise Rest(WISHES[wish])


def results(config, state, progress):
    """Yield (EpochResult, TrainingState) for each epoch after `state`, or from the beginning when it is None.

    Each state holds the weights of its epoch. The weights of the best one, which early stopping restores at the end,
    are in the state that the store keeps for it: see Run.shown_epoch.
    """
    training, validation, test = split(config)
    rng = np.random.default_rng(config.seed)
    net = config.network(rng)
    optimizer = make_optimizer(config)
    stopping = EarlyStopping(config.patience) if config.patience else None
    start = 0
    if state is not None and state.epoch == 0:  # a fork: another run's weights, and from there on its own way
        weights.fill(net, state.weights)
    elif state is not None:
        state.put(net, optimizer, rng, stopping)
        start = state.epoch
    with np.errstate(over="ignore", invalid="ignore"):  # a divergence is noticed and told by train
        for result in train(
            net,
            optimizer,
            training,
            test,
            epochs=config.epochs,
            batch_size=config.batch_size,
            rng=rng,
            progress=progress,
            start=start,
            validation=validation,
            schedule=SCHEDULES[config.schedule],
            regularization=Regularization(config.l2, config.clip or math.inf, config.dropout),
            augmentation=augmentation(config),
            stopping=stopping,
        ):
            yield result, TrainingState.take(net, optimizer, rng, result.epoch, stopping)


def split(config):
    """(training, validation, test), each (X, y); validation is None when nothing is held out.

    What is held out or left away comes from the seed, through a generator of its own: the same seed has the same
    initial weights with and without, and the same validation images whatever the subset, and a resumed run draws them
    again.
    """
    data = datasets.load(config.dataset)
    what = (config.seed, config.validation, config.subset)
    if _held.get("of") is not data or _held["what"] != what:
        _held.update(of=data, what=what, parts=_parts(data, *what))
    return *_held["parts"], data.test


_held: dict = {}  # the split of the last run in this process: the runs of a sweep have the same one


def _parts(data, seed, held_out, used):
    training, validation = data.train, None
    rng = np.random.default_rng([seed, SPLIT])
    if held_out:
        training, validation = hold_out(training, held_out, rng=rng)
    if used:
        training = subset(training, used, rng=rng)
    return training, validation


def make_optimizer(config):
    """The optimizer that the config names, without a memory yet."""
    momentum = {"momentum": config.momentum} if config.optimizer in WITH_MOMENTUM else {}
    return OPTIMIZERS[config.optimizer](config.lr, **momentum)


def augmentation(config):
    """What is done to each batch of images, or None for nothing."""
    if not (config.shift or config.rotation or config.noise):
        return None
    shape = datasets.about(config.dataset).shape
    return Augmentation(config.shift, config.rotation, config.noise, shape=shape)


class Watch:
    """The progress hook of `train`: keeps the heartbeat, and raises Rest when a pause or a stop is wished."""

    def __init__(self, store: RunStore, run):
        self.store, self.run = store, run
        self.next = self.beat = time.monotonic()

    def __call__(self, batches):
        for batch in batches:
            if time.monotonic() >= self.next:
                self.look(batch / len(batches))
            yield batch

    def done(self, result):
        """Called after each epoch, with what was committed."""

    def look(self, progress):
        now = time.monotonic()
        with suppress(FullError, BusyError):  # the commit of the epoch will wait; until then there is work to do
            if now < self.beat:
                with suppress(AwayError):  # the heartbeat will wait for the database to be back
                    _rest(self.store.wished(self.run.id, self.run.attempt))
            else:
                self.beat = now + BEAT_SECONDS
                _look(self.store, self.run, progress)
        self.next = time.monotonic() + LOOK_SECONDS


def environment() -> dict:
    """What a number may depend on besides settings and seed."""
    blas: dict = next((pool for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"), {})
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": " ".join(str(blas.get(key, "")) for key in ("internal_api", "version", "architecture")).strip(),
        "blas_threads": blas.get("num_threads"),
        "machine": platform.node(),
        "system": f"{platform.system()} {platform.machine()}",
        "pid": os.getpid(),
    }

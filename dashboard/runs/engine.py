"""The Dask client. Starts a local cluster as a child process when MLP_SCHEDULER names no scheduler."""

import atexit
import contextlib
import logging
import os
import secrets
import subprocess
import sys
import threading
from pathlib import Path

from distributed import Client, Future, KilledWorker, Security, fire_and_forget
from distributed.client import ClosedClientError, FutureCancelledError
from distributed.comm import CommClosedError

from ..errors import UserError
from . import estimates
from .queue_store import BEHIND
from .store import Lost, NoRunError, Run, RunStore
from .sweep_worker import advance, train_waiting
from .trainer import died, train_run

logger = logging.getLogger(__name__)
logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # a lost scheduler is noticed and mended here
ROOT = Path(__file__).parents[2]
CONNECT_SECONDS = 10
MOST_WORKERS = 256  # of a local cluster
DRIVE_SECONDS = 1  # between two looks at the lines
QUIET = {
    "DASK_LOGGING__DISTRIBUTED": "critical",
    "PYTHONWARNINGS": "ignore:resource_tracker:UserWarning",  # the cluster ends without ceremony, on purpose
}


class EngineError(UserError):
    """The engine can't be reached; the sentence says what to do."""


def workers_at(address: str) -> int:
    """How many runs the Dask scheduler at `address` can train at once; EngineError when it does not answer."""
    client = _connected(address)
    try:
        return sum(client.nthreads().values())
    finally:
        client.close()


def work_waits(store: RunStore) -> bool:
    """Whether something is under way that an engine has to see to."""
    return bool(store.active_sweeps() or store.under_way() or store.queued())


def _connected(address):
    _check_security(address)
    try:
        return Client(address, set_as_default=False, timeout=CONNECT_SECONDS)
    except (OSError, TimeoutError, ValueError) as error:
        raise EngineError(
            f"The Dask scheduler at {address} does not answer{_foreign(address)}. Start it, or unset MLP_SCHEDULER."
        ) from error


def _workers_wanted():
    """MLP_WORKERS, or one a core."""
    said = os.environ.get("MLP_WORKERS") or str(os.cpu_count() or 1)
    if not (said.isascii() and said.isdigit() and 1 <= int(said) <= MOST_WORKERS):
        raise EngineError(f"MLP_WORKERS must be a whole number from 1 to {MOST_WORKERS}, got {said[:20]!r}.")
    return int(said)


def _foreign(address):
    return ", or does not trust our certificate" if address.startswith("tls://") else ""


def _check_security(address):
    """EngineError where Dask would only say that something is None."""
    try:
        ours = Security().get_connection_args("client")
    except OSError as error:
        raise EngineError(f"The certificates for the Dask scheduler at {address} can't be read: {error}.") from error
    if address.startswith("tls://") and ours["ssl_context"] is None:
        raise EngineError(
            f"The Dask scheduler at {address} asks for a certificate. Name one in "
            "DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT and the like: see docs/scaling.md."
        )
    if not address.startswith("tls://") and ours["require_encryption"]:
        raise EngineError(
            f"The Dask scheduler at {address} is not encrypted, as DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION asks: "
            "its address must begin with tls://."
        )


class Engine:
    """Hands runs to Dask. Starts in the background; runs queued before it is up are picked up when it is.

    (A class around the client: Streamlit's cache refuses a bare Client, which is awaitable.)
    """

    def __init__(self, store: RunStore, scheduler: str | None = None):
        self.store, self.scheduler = store, scheduler
        self.problem: str | None = None  # why there is no connection, when there should be one
        self._lock = threading.Lock()
        self._client: Client | None = None
        self._child: subprocess.Popen | None = None
        self._driver: threading.Thread | None = None
        self._look, self._closed = threading.Event(), threading.Event()
        self._training: dict[str, Future] = {}  # by run, what was last handed to Dask for it
        self._going: list[Future] = []  # what was handed to Dask for the lines
        atexit.register(self.close)

    @property
    def up(self) -> bool:
        """Connected, and our own cluster, if it is our own, alive."""
        client = self._client
        if client is None or client.status in ("closing", "closed"):  # it gave its scheduler up
            return False
        return self._child is None or self._child.poll() is None

    @property
    def workers(self) -> int:
        """How many runs train at once."""
        threads = self._ask(Client.nthreads)
        return os.cpu_count() or 1 if threads is None else max(1, sum(threads.values()))

    def _ask(self, question):
        """What the scheduler answers to a question of the client's; None while it is away, when Dask looks for it."""
        client = self._client
        if not self.up or client is None or client.status != "running":
            return None
        try:
            return question(client)
        except (OSError, AttributeError):  # it went just now: a client that closes has no scheduler any more, but None
            return None

    def start(self) -> threading.Thread:
        """Connect in the background."""
        if self._driver is None:
            self._driver = threading.Thread(target=self._drive, name="engine lines", daemon=True)
            self._driver.start()
        thread = threading.Thread(target=self._start, name="engine start", daemon=True)
        thread.start()
        return thread

    def _start(self):
        with self._lock:
            if self.up or self._closed.is_set():
                return
            try:
                self._let_go()  # of a cluster that is gone
                self._client = self._connect()
                self.problem = None
                for run in self.store.queued():
                    self._hand_out(run)
            except UserError as error:
                self.problem = str(error)
                return
            client = self._client
        if self.scheduler is None and estimates.load_costs() is None:
            with contextlib.suppress(FutureCancelledError, CommClosedError, ClosedClientError):  # the app ends: the
                estimates.save_costs(client.submit(estimates.measure, pure=False).result())  # next start measures

    def _connect(self):
        address = self.scheduler or self._start_cluster()
        if self._closed.is_set():  # while the processes came up
            raise EngineError("The app ends.")
        return _connected(address)

    def _start_cluster(self):
        child = self._child = subprocess.Popen(
            [sys.executable, "-m", "dashboard.runs.cluster", str(os.getpid()), str(_workers_wanted())],
            cwd=ROOT,
            env={**os.environ, **QUIET},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C in a terminal is for us: the workers put their runs down before they end
        )
        assert child.stdout is not None
        with child.stdout as said:  # to its end, should it be told to end meanwhile
            address = said.readline().strip()
        if not address:
            raise EngineError(f"The training processes could not be started (exit code {child.wait()}).")
        return address

    def submit(self, run: Run) -> None:
        """Have the run trained: now, or when the engine is up."""
        if self.up:
            try:
                self._submit(run)
            except ClosedClientError:
                self.start()
        else:
            self.start()

    def _hand_out(self, run):
        """A run that waits, of which the scheduler knows nothing; not one that waits in a line."""
        if run.owner is None and (again := self.store.requeue(run.id, run.submission, statuses=("queued",))):
            self._submit(again)

    def _submit(self, run):
        if run.owner is not None:  # it waits in a line
            self.sweep()
            return
        assert self._client is not None
        key = f"train-{run.id}-{run.submission}"  # equal keys are one task to Dask
        future = self._client.submit(
            train_run, run.id, run.submission, self.store.url, pure=False, key=key, **self._where_to()
        )
        self._training[run.id] = future
        fire_and_forget(future)

    def _notice_given_up(self):
        """What is no longer in Dask's hands.

        A scheduler that ends takes with it what waited there. One that is not ours gives up a run whose workers die
        before the trainer has counted.
        """
        for run, future in list(self._training.items()):
            if future.status == "pending":
                continue
            with contextlib.suppress(Lost, NoRunError):
                if future.status in ("cancelled", "lost") and self.up:  # else it is when it is up again
                    self._hand_out(self.store.get(run))
                elif future.status == "error" and isinstance(future.exception(), KilledWorker):
                    now = self.store.get(run)
                    self.store.settle(run, now.attempt, "failed", died(now.tries, now))
            if self._training.get(run) is future:
                del self._training[run]

    def _where_to(self):
        """While lines are trained: a worker that would make way for the run, rather than wait behind another one.

        Without a word on where, Dask keeps many such tasks back until a worker has nothing else to do.
        """
        busy = (self._ask(Client.processing) if self._going else None) or {}
        free = [worker for worker, keys in busy.items() if not any(str(key).startswith("train-") for key in keys)]
        return {"workers": free or list(busy), "allow_other_workers": True} if busy else {}

    def sweep(self) -> None:
        """There is something new to do for a sweep, or in a line: look now rather than in a moment."""
        if self._driver is None:
            self.start()
        self._look.set()

    def _drive(self):
        """Keep the lines going, whatever has died: nothing is remembered here that the store does not know."""
        while not self._closed.is_set():
            try:
                self.store.tidy()
                self._notice_given_up()
                self._drive_lines()
            except (UserError, OSError, ClosedClientError) as error:  # what is away may be there at the next look
                logger.warning("Sweeps wait: %s", error)
            self._look.wait(DRIVE_SECONDS)
            self._look.clear()

    def _drive_lines(self):
        active = self.store.active_sweeps()
        self._going = [future for future in self._going if future.status == "pending"]
        waits = active or self.store.under_way() or (not self.up and self.store.queued())
        if self._closed.is_set() or not waits:
            return
        if not self.up:
            self._start()
        with self._lock:  # while the engine starts, it hands out what goes before the lines
            client = self._client
        if not self.up or client is None:
            return
        self.store.notice_stale()
        self.store.requeue_interrupted()
        for sweep in active:
            advance(self.store, sweep)
        for _ in range(min(self.store.claimable(), self.workers - len(self._going))):
            key = f"lines-{secrets.token_hex(4)}"
            future = client.submit(train_waiting, self.store.url, pure=False, key=key, priority=BEHIND)
            fire_and_forget(future)
            self._going.append(future)

    def close(self) -> None:
        """Let go of the client; a cluster of our own ends."""
        self._closed.set()
        self._look.set()
        if self._client is None and (child := self._child):  # so that who waits for it to come up waits no longer
            child.terminate()
        if self._driver is not None:
            self._driver.join(CONNECT_SECONDS)
        with self._lock:
            self._let_go()

    def _let_go(self):
        self._training.clear()
        if self._client is not None:
            with contextlib.suppress(TimeoutError):  # its scheduler is gone
                self._client.close(timeout=1)
            self._client = None
        if self._child is not None:
            self._child.terminate()
            self._child.wait()
            self._child = None

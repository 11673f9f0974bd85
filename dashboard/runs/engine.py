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

from distributed import Client, Future, fire_and_forget
from distributed.client import FutureCancelledError
from distributed.comm import CommClosedError

from ..errors import UserError
from . import estimates
from .store import Run, RunStore
from .sweep_store import BEHIND
from .sweep_worker import advance, train_sweep
from .trainer import train_run

logger = logging.getLogger(__name__)
logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # a lost scheduler is noticed and mended here
ROOT = Path(__file__).parents[2]
CONNECT_SECONDS = 10
DRIVE_SECONDS = 1  # between two looks at the sweeps
QUIET = {
    "DASK_LOGGING__DISTRIBUTED": "critical",
    "PYTHONWARNINGS": "ignore:resource_tracker:UserWarning",  # the cluster ends without ceremony, on purpose
}


class EngineError(UserError):
    """The engine can't be reached; the sentence says what to do."""


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
        self._sweeping: dict[str, list[Future]] = {}  # by sweep, what was handed to Dask for it
        atexit.register(self.close)

    @property
    def up(self) -> bool:
        """Connected, and our own cluster, if it is our own, alive."""
        return self._client is not None and (self._child is None or self._child.poll() is None)

    @property
    def workers(self) -> int:
        """How many runs train at once."""
        client = self._client
        return max(1, sum(client.nthreads().values())) if self.up and client else os.cpu_count() or 1

    def start(self) -> threading.Thread:
        """Connect in the background."""
        if self._driver is None:
            self._driver = threading.Thread(target=self._drive, name="engine sweeps", daemon=True)
            self._driver.start()
        thread = threading.Thread(target=self._start, name="engine start", daemon=True)
        thread.start()
        return thread

    def _start(self):
        with self._lock:
            if self.up:
                return
            try:
                self._let_go()  # of a cluster that is gone
                self._client = self._connect()
                self.problem = None
                for run in self.store.queued():
                    again = self.store.requeue(run.id, run.submission, statuses=("queued",))
                    if again is not None:
                        self._submit(again)
            except UserError as error:
                self.problem = str(error)
                return
        if self.scheduler is None and estimates.load_costs() is None:
            with contextlib.suppress(FutureCancelledError, CommClosedError):  # the app ends: the next start measures
                estimates.save_costs(self._client.submit(estimates.measure, pure=False).result())

    def _connect(self):
        address = self.scheduler or self._start_cluster()
        try:
            return Client(address, set_as_default=False, timeout=CONNECT_SECONDS)
        except (OSError, TimeoutError, ValueError) as error:
            raise EngineError(
                f"The Dask scheduler at {address} does not answer. Start it, or unset MLP_SCHEDULER."
            ) from error

    def _start_cluster(self):
        self._child = subprocess.Popen(
            [sys.executable, "-m", "dashboard.runs.cluster", str(os.getpid())],
            cwd=ROOT,
            env={**os.environ, **QUIET},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C in a terminal is for us: the workers put their runs down before they end
        )
        assert self._child.stdout is not None
        address = self._child.stdout.readline().strip()
        if not address:
            raise EngineError(f"The training processes could not be started (exit code {self._child.wait()}).")
        return address

    def submit(self, run: Run) -> None:
        """Have the run trained: now, or when the engine is up."""
        if self.up:
            self._submit(run)
        else:
            self.start()

    def _submit(self, run):
        assert self._client is not None
        key = f"train-{run.id}-{run.submission}"  # equal keys are one task to Dask
        future = self._client.submit(
            train_run, run.id, run.submission, self.store.url, pure=False, key=key, **self._where_to()
        )
        fire_and_forget(future)

    def _where_to(self):
        """While a sweep is trained: a worker that would make way for the run, rather than wait behind another one."""
        assert self._client is not None
        busy = self._client.processing() if self._sweeping else {}
        free = [worker for worker, keys in busy.items() if not any(str(key).startswith("train-") for key in keys)]
        return {"workers": free, "allow_other_workers": True} if free else {}

    def sweep(self) -> None:
        """There is something new to do for a sweep: look now rather than in a moment."""
        if self._driver is None:
            self.start()
        self._look.set()

    def _drive(self):
        """Keep the sweeps going, whatever has died: nothing is remembered here that the store does not know."""
        while not self._closed.is_set():
            try:
                self._drive_sweeps()
            except (
                UserError,
                OSError,
            ) as error:  # what is away may be there at the next look
                logger.warning("Sweeps wait: %s", error)
            self._look.wait(DRIVE_SECONDS)
            self._look.clear()

    def _drive_sweeps(self):
        active = self.store.active_sweeps()
        self._sweeping = {sweep: self._sweeping.get(sweep, []) for sweep in active}
        if not active or self._closed.is_set():
            return
        if not self.up:
            self._start()
        client = self._client
        if not self.up or client is None:
            return
        self.store.notice_stale()
        threads = self.workers
        for sweep in active:
            self.store.requeue_interrupted(sweep)
            advance(self.store, sweep)
            going = [future for future in self._sweeping[sweep] if future.status == "pending"]
            for _ in range(min(self.store.claimable(sweep), threads - len(going))):
                key = f"sweep-{sweep}-{secrets.token_hex(4)}"
                future = client.submit(train_sweep, sweep, self.store.url, pure=False, key=key, priority=BEHIND)
                fire_and_forget(future)
                going.append(future)
            self._sweeping[sweep] = going

    def close(self) -> None:
        """Let go of the client; a cluster of our own ends."""
        self._closed.set()
        self._look.set()
        if self._driver is not None:
            self._driver.join(CONNECT_SECONDS)
        self._let_go()

    def _let_go(self):
        if self._client is not None:
            with contextlib.suppress(TimeoutError):  # its scheduler is gone
                self._client.close(timeout=1)
            self._client = None
        if self._child is not None:
            self._child.terminate()
            self._child.communicate()
            self._child = None

"""A Dask scheduler and workers as processes, each in an empty folder of its own as if on a machine of its own."""

import contextlib
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

from distributed import Client

from tests import support

ROOT = Path(__file__).parents[2]
wait_for = partial(support.wait_for, patience=90)


class Machine:
    """One process in `folder`: its own working directory, cache and home, and no setting of the app but those given."""

    def __init__(self, folder, *command, **settings):
        self.folder = folder
        folder.mkdir(parents=True)
        ours = {"PYTHONPATH": str(ROOT), "HOME": str(folder), "MLP_CACHE_DIR": str(folder / "cache")}
        others = {name: value for name, value in os.environ.items() if not name.startswith(("MLP_", "DASK_"))}
        self.log = folder / "log"
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=folder,
                env={**others, **ours, **settings},
                stdout=log,
                stderr=log,
                start_new_session=True,  # with whatever it starts, so that all of it can be ended
            )

    def end(self, sig=signal.SIGTERM):
        """End all that runs on it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, sig)
        self.process.wait(30)


class Cluster:
    """`dask scheduler` and `dask worker`s, as docs/scaling.md starts them.

    `security` are further options of both, `settings` further variables of their environment. `address` is where the
    scheduler listens, else at any free port.
    """

    def __init__(self, folder, workers, *, protocol="tcp", security=(), address=None, **settings):
        self.address = address or f"{protocol}://127.0.0.1:{support.free_port()}"
        port = self.address.rpartition(":")[2]
        quiet = ("--dashboard-address", "127.0.0.1:0")
        self.scheduler = Machine(
            folder / "scheduler", "distributed.cli.dask_scheduler", "--protocol", protocol, "--host", "127.0.0.1",
            "--port", port, *quiet, *security, **settings,
        )  # fmt: skip
        preload = ("--preload", "dashboard.runs.cluster", "--no-dashboard")
        self.workers = [
            Machine(
                folder / f"worker{i}",
                "distributed.cli.dask_worker",
                self.address,
                "--nthreads",
                "1",
                *preload,
                *security,
                **settings,
            )
            for i in range(workers)
        ]

    def wait(self):
        """Until every worker is there; returns self."""
        with Client(self.address, timeout=60, set_as_default=False) as client:
            if self.workers:
                client.wait_for_workers(len(self.workers), timeout=60)
        return self

    def end(self):
        """Everything of it."""
        for machine in [*self.workers, self.scheduler]:
            machine.end(signal.SIGKILL)

"""The child process that holds the local Dask cluster; it ends when its parent is gone.

Run as `python -m dashboard.runs.cluster PARENT WORKERS`, with the parent's process id. A process of its own, since
Streamlit makes the app script the `__main__` module, which worker processes would otherwise run again. Prints the
scheduler's address on one line.
"""

import os
import signal
import sys
import tempfile
import threading

ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")  # runs share the machine
MALLOC = {  # Dask has workers give freed memory back at once; a training would fetch it again for every batch
    "MALLOC_TRIM_THRESHOLD_": 2**28,
    "MALLOC_MMAP_THRESHOLD_": 2**26,
    "MALLOC_TOP_PAD_": 2**25,
}
PARENT_SECONDS = 0.25  # between two looks at whether the parent lives
NEVER = "3650d"  # Dask would look so long after a worker's death whether one is there, and kill one that is coming up


def main(parent: int, workers: int) -> None:
    """Start the cluster, say where it is, and stay until the process `parent` is gone."""
    os.environ.update({name: os.environ.get(name, "1") for name in ONE_THREAD})
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is for the server; its end is ours

    import dask
    from distributed import LocalCluster, Status

    from .. import datasets

    datasets.load("mnist")  # unpacked once here, rather than by every worker
    dask.config.set(
        {
            "distributed.worker.profile.enabled": False,
            "distributed.admin.tick.interval": "500ms",
            "distributed.scheduler.allowed-failures": 1000,  # the trainer counts, and says why it ends
            "distributed.deploy.lost-worker-timeout": NEVER,
        }
    )
    dask.config.update(dask.config.config, {"distributed": {"nanny": {"pre-spawn-environ": MALLOC}}})
    with tempfile.TemporaryDirectory(prefix="mlp-lab-", ignore_cleanup_errors=True) as folder:
        cluster = LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            dashboard_address="127.0.0.1:0",  # any free port
            local_directory=folder,
            preload=["dashboard.runs.cluster"],
        )
        print(cluster.scheduler_address, flush=True)
        while os.getppid() == parent and not asked.wait(PARENT_SECONDS):
            for name, nanny in list(cluster.workers.items()):
                if nanny.status in (Status.closed, Status.failed):  # its worker died while it came up
                    del cluster.workers[name]
            if len(cluster.workers) < workers:
                cluster.scale(workers)
    os._exit(0)  # the workers follow at once; what they were training goes on from its newest checkpoint


def dask_setup(worker) -> None:
    """Called in each worker as it starts: the first run shall not wait for imports."""
    from .. import datasets
    from . import trainer

    trainer.environment()
    datasets.load("mnist")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

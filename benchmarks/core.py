"""Seconds per epoch of 60,000 images, side by side:  python -m benchmarks.core [--repeats 5] [--rows 3] [--peers ...]

Every row is measured in rounds: each peer runs one epoch with one and one with two threads before the next round
begins, so that whatever else the machine does falls on all alike. Medians; each at its better number of threads.
JAX keeps the thread pool it started with.
"""

import argparse
import contextlib
import platform
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import threadpoolctl

from . import peers

ROWS = [
    ([784, 16, 10], 32),
    ([784, 30, 10], 10),
    ([784, 100, 100, 10], 32),
    ([784, 100, 100, 10], 128),
    ([784, 512, 256, 10], 128),
    ([784, 1024, 1024, 10], 256),
]
PEERS = {
    "mlpcore": peers.mlpcore,
    "products": peers.products,
    "by unit": peers.products_by_unit,
    "PyTorch": peers.pytorch,
    "scikit-learn": peers.scikit_learn,
    "JAX jit": peers.jax_scan,
    "notebook": peers.notebook,
}


@dataclass
class Data:
    raw: tuple  # uint8 images (n, 784), labels (n,)
    X: np.ndarray  # float32 in [0, 1]
    Y: np.ndarray  # one-hot

    @classmethod
    def load(cls):
        with np.load(Path(__file__).parents[1] / "data" / "mnist.npz") as file:
            images, labels = file["images"][:60000].reshape(60000, 784), file["labels"][:60000]
        return cls((images, labels), images / np.float32(255), np.eye(10, dtype=np.float32)[labels])


@contextlib.contextmanager
def limited(threads, name):
    """BLAS, and PyTorch where it is the peer, at this number of threads."""
    if name == "PyTorch":
        import torch

        torch.set_num_threads(threads)
    with threadpoolctl.threadpool_limits(threads):
        yield


def measure(sizes, batch, data, repeats, wanted):
    """{peer: (median seconds an epoch, threads)}; None for a peer that is not installed."""
    epochs, seconds = {}, {}
    for name in wanted:
        try:
            epochs[name] = PEERS[name](sizes, batch, data)
        except ImportError:
            seconds[name] = None
    times = {(name, threads): [] for name in epochs for threads in (1, 2)}
    for round_ in range(repeats + 1):
        for (name, threads), taken in times.items():
            with limited(threads, name):
                began = time.perf_counter()
                epochs[name]()
                taken.append((time.perf_counter() - began) / getattr(epochs[name], "share", 1))
        if round_ == 0:
            for taken in times.values():
                taken.clear()  # the first round warms up: compilation, buffers, caches
    for name in epochs:
        seconds[name] = min((statistics.median(times[name, threads]), threads) for threads in (1, 2))
    return seconds


def line(sizes, batch, seconds):
    ours = seconds["mlpcore"][0]
    cells = ["-".join(map(str, sizes)), str(batch), f"{ours:.3f} ({seconds['mlpcore'][1]})"]
    for name in list(PEERS)[1:]:
        if name in seconds:
            peer = seconds[name]
            cells.append(f"{peer[0]:.3f} ({peer[1]}) {ours / peer[0]:.2f}x" if peer else "not installed")
    return f"| {' | '.join(cells)} |"


def main():
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--repeats", type=int, default=5)
    options.add_argument("--rows", type=int, nargs="*", help="which rows, counted from 1")
    options.add_argument("--peers", nargs="*", default=list(PEERS), choices=list(PEERS))
    chosen = options.parse_args()
    blas = next((p for p in threadpoolctl.threadpool_info() if p["user_api"] == "blas"), {})
    print(
        f"numpy {np.__version__}, {blas.get('internal_api')} {blas.get('version')} {blas.get('architecture')},", end=" "
    )
    print(f"{platform.processor() or platform.machine()}. Seconds (threads), and mlpcore's time as a multiple.\n")
    names = ["mlpcore", *(name for name in PEERS if name in chosen.peers and name != "mlpcore")]
    print(f"| net | batch | {' | '.join(names)} |\n|{'---|' * (len(names) + 2)}")
    data = Data.load()
    for number, (sizes, batch) in enumerate(ROWS, start=1):
        if not chosen.rows or number in chosen.rows:
            print(line(sizes, batch, measure(sizes, batch, data, chosen.repeats, names)), flush=True)


if __name__ == "__main__":
    main()

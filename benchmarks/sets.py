"""How long a set of 100,000 images of 28 x 28 pixels takes from its files to the database: `python -m benchmarks.sets`.

Images are MNIST's own, some of them twice; each format is read and stored in a fresh SQLite database.
"""

import gzip
import io
import struct
import tempfile
import time
from pathlib import Path

import numpy as np

from dashboard import apart, datasets
from dashboard.runs.store import RunStore

COUNT = 100_000


def idx(array):
    """The bytes of an IDX file."""
    return b"\0\0\x08" + bytes([array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def formats(images, labels):
    """{format: files} of the same set."""
    pair = [("images", idx(images.reshape(-1, 28, 28))), ("labels", idx(labels))]
    packed = io.BytesIO()
    np.savez_compressed(packed, images=images, labels=labels)
    table = io.BytesIO()
    np.savetxt(table, np.column_stack([labels, images]), "%d", ",", header="label," + "," * 783, comments="")
    return {
        "IDX": pair,
        "IDX, .gz": [(name, gzip.compress(data, 1)) for name, data in pair],
        ".npz": [("set.npz", packed.getvalue())],
        "CSV": [("set.csv", table.getvalue())],
    }


def main():
    """Print a line for each format."""
    mnist = datasets.load("mnist")
    index = np.arange(COUNT) % len(mnist.labels)
    for name, files in formats(mnist.images[index], mnist.labels[index]).items():
        with tempfile.TemporaryDirectory() as folder:
            store = RunStore(f"sqlite:///{Path(folder) / 'runs.db'}")
            start = time.perf_counter()
            parts = apart.read_set(files)  # as pages do
            read = time.perf_counter()
            store.add_set(parts, "Benchmark")
            stored = time.perf_counter()
            store.close()
        size = sum(len(data) for _, data in files) / 2**20
        print(f"{name:10} {size:6.0f} MiB   read {read - start:5.1f} s   stored {stored - read:5.1f} s"
              f"   together {stored - start:5.1f} s")  # fmt: skip


if __name__ == "__main__":
    main()

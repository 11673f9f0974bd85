"""How time and memory grow with the network:  python -m benchmarks.scaling

Time an epoch of 60,000 images against the multiplications it makes, on one BLAS thread, batch 32; and the memory
that training takes above the data set, batch 32, as tracemalloc counts what NumPy allocates.
"""

import itertools
import statistics
import tracemalloc

import numpy as np
import threadpoolctl

from mlpcore import MLP, SGD, train

from .core import Data

WIDTHS = [[784, units, 10] for units in (16, 32, 64, 128, 256, 512, 1024, 2048)]
DEPTHS = {units: [[784, *[units] * layers, 10] for layers in range(1, 7)] for units in (100, 512)}


def multiplications(sizes):
    """Of one image: forward and dW in every layer, the delta below in all but the first."""
    pairs = [din * dout for din, dout in itertools.pairwise(sizes)]
    return 3 * sum(pairs) - pairs[0]


def seconds(sizes, data, repeats=3):
    rng = np.random.default_rng(0)
    epochs = train(MLP(sizes, rng=rng), SGD(0.5), data, epochs=repeats, batch_size=32, rng=rng)
    return statistics.median(epoch.seconds for epoch in epochs)


def memory(sizes, data, batch=32):
    """Megabytes at the peak of an epoch, above what was there before, weights included."""
    rng = np.random.default_rng(0)
    tracemalloc.start()
    list(train(MLP(sizes, rng=rng), SGD(0.5), data, epochs=1, batch_size=batch, rng=rng))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def main():
    data = Data.load().raw
    groups = {"Units in one hidden layer": WIDTHS, **{f"Hidden layers of {units}": DEPTHS[units] for units in DEPTHS}}
    for title, nets in groups.items():
        print(f"{title}\n\n| net | seconds | multiplications an image | ns a thousand | memory, MB |\n|{'---|' * 5}")
        for sizes in nets:
            with threadpoolctl.threadpool_limits(1):
                taken, count, peak = seconds(sizes, data), multiplications(sizes), memory(sizes, data)
            name = "-".join(map(str, sizes))
            each = taken / 60000 / count * 1e12
            print(f"| {name} | {taken:.3f} | {count:,} | {each:.1f} | {peak:.1f} |", flush=True)
        print()


if __name__ == "__main__":
    main()

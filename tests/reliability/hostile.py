"""Good files and texts of each kind, and the parsers that they are given to. Used by tests and benchmarks.

`python -m tests.reliability.hostile KIND ROUNDS` gives one parser that many spoiled ones, with little memory to waste.
"""

import contextlib
import functools
import gzip
import io
import json
import os
import random
import resource
import signal
import struct
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import numpy as np

from dashboard import exports, uploads
from dashboard.analysis import drawing
from dashboard.errors import UserError
from dashboard.runs.config import ConfigError, RunConfig
from dashboard.runs.sweep_file import read_plan
from mlpcore import MLP, EpochResult
from tests.reliability.containers import whole
from tests.reliability.spoil import spoil

SECONDS = 5  # of computing, for one input
SPARE = 256 * 2**20  # bytes of address space beyond what good input needs
FRAMES = ((28, 28), (9, 6), (64, 1))  # that a drawing is prepared for
PLAN = """name = "hostile"
method = "random"
draws = 6
seeds = 2
[base]
preset = "A good start"
epochs = 3
hidden = "100-100"
validation = 5000
[vary]
lr = { from = 0.01, to = 10.0 }
batch_size = [8, 16]
hidden = [30, [20, 20], "16-16"]
activation = ["relu", "tanh"]
"""


def idx(array):
    return b"\0\0\x08" + bytes([array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


@functools.cache
def good():
    """{kind: good input of it, several}"""
    rng = np.random.default_rng(1)
    images, labels = rng.integers(0, 256, (24, 3, 3), dtype=np.uint8), (np.arange(24) % 3).astype(np.uint8)
    rows = np.column_stack([labels, images.reshape(24, -1)])
    header = "label," + ",".join(f"p{i}" for i in range(9))
    plain = "\n".join(",".join(map(str, [*row[:-1], 0])) for row in rows)  # dark at the edge
    last = "\n".join(",".join(map(str, [*row[1:], row[0]])) for row in rows)
    kept = {"x_train": images[:18, ..., None] / np.float32(255), "y_train": labels[:18, None]}
    held = {"x_test": images[18:], "y_test": labels[18:].astype(float)}
    strokes = [[20, 60, 60, 140, 40, 200, 240], [5.5, 10, 10]]
    config = RunConfig(hidden=(3,), epochs=2, lr=0.5, momentum=0.9)
    return {
        "idx": [idx(images), idx(images[:, :1])],
        "idx.gz": [gzip.compress(idx(images), mtime=0)],
        "idx.labels": [idx(labels), idx(labels[::-1])],
        "set.npz": [saved(images=images, labels=labels, class_names=np.array(["a", "b", "c"])), saved(**kept, **held)],
        "csv": [f"{header}\n{plain}".encode(), plain.encode()],
        "csv.last": [f"{header}\n{last}".encode(), last.encode()],
        **{kind: [written(kind), written(kind, "tanh", "cross_entropy")] for kind in exports.READERS},
        "query": [urlencode(config.to_query()).encode(), b"lr=0.1&hidden=100,100&seed=7"],
        "toml": [PLAN.encode(), b"[vary]\nlr = [0.1, 1]\n"],
        "strokes.json": [json.dumps(strokes).encode()],
    }


def saved(**arrays):
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def written(kind, activation="sigmoid", cost="quadratic"):
    net = MLP([64, 3, 10], activation=activation, cost=cost, rng=np.random.default_rng(1))
    config = RunConfig(dataset="digits", hidden=(3,), epochs=2, activation=activation, cost=cost)
    return exports.write(kind, net, config, [EpochResult(1, 0.1, 0.5, 0.1, 0.5, 0.01)], "mine")


def read(kind, data):
    """Give `data` to the parser of `kind`; whether it was taken. Whatever is raised besides a refusal is a fault."""
    try:
        PARSERS.get(kind, _weights)(kind, data)
    except UserError as refused:
        check_sentence(str(refused))
        return False
    return True


def check_sentence(sentence):
    assert 0 < len(sentence) < 1000, sentence
    assert sentence.isprintable(), repr(sentence)
    assert "memory" not in sentence, sentence


def _weights(kind, data):
    exports.read(data, f"mine.{kind}")


def _idx(kind, data):
    uploads.read([("images", data), ("labels", idx((np.arange(24) % 3).astype(np.uint8)))])


def _labels(kind, data):
    uploads.read([("images", idx(np.arange(216, dtype=np.uint8).reshape(24, 3, 3))), ("labels", data)])


def _set(kind, data):
    uploads.read([(f"mine.{kind.removeprefix('set.')}", data)])


def _last(kind, data):
    uploads.read([("mine.csv", data)], "last")


def _query(kind, data):
    config, problems = RunConfig.from_query(dict(parse_qsl(data.decode("utf-8", "replace"))))
    assert RunConfig.from_json(config.to_json()) == config
    for sentence in problems:
        check_sentence(sentence)
    if problems:
        raise ConfigError(problems[0])


def _toml(kind, data):
    with tempfile.NamedTemporaryFile(suffix=".toml") as file:
        Path(file.name).write_bytes(data)
        read_plan(file.name)


def _strokes(kind, data):
    """As a browser sends them: parsed as JSON by Streamlit before anything here sees it."""
    try:
        held = json.loads(data)
    except (ValueError, RecursionError):
        raise ConfigError("This is no JSON.") from None
    strokes = drawing.strokes_of(held)
    for frame in FRAMES:
        image = drawing.prepare(drawing.raster(strokes), frame)
        assert image is None or (image.shape, image.dtype) == ((frame[0] * frame[1],), np.uint8)
    if strokes != held:
        raise ConfigError("Some strokes are none.")


PARSERS = {"idx": _idx, "idx.gz": _idx, "idx.labels": _labels, "set.npz": _set, "csv": _set, "csv.last": _last,
           "query": _query, "toml": _toml, "strokes.json": _strokes}  # fmt: skip


@contextlib.contextmanager
def within(seconds):
    """AssertionError in what computes for longer, as soon as Python has its turn."""

    def late(*_):
        raise AssertionError(f"an input takes longer than {seconds:g} s")

    before = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def limit_memory():
    """From here on this process has SPARE bytes more than it has."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * os.sysconf("SC_PAGE_SIZE") + SPARE
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    return most


def main(kind, rounds):
    """One parser's round; the figures as JSON."""
    chance, seeds = random.Random(kind), good()[kind]
    others = [each for several in good().values() for each in several]
    assert all(read(kind, seed) for seed in seeds)
    most = limit_memory()
    taken = inside = 0
    slowest = 0.0
    for number in range(rounds):
        data = spoil(chance, kind, chance.choice(seeds), others)
        began = time.process_time()
        try:
            with within(SECONDS):
                taken += read(kind, data)
        except BaseException:
            print(f"input {number} of {kind}: {data[:3000]!r}", file=sys.stderr)
            raise
        slowest = max(slowest, time.process_time() - began)
        inside += whole(kind, data)
    print(json.dumps({"rounds": rounds, "taken": taken, "inside": inside, "slowest": slowest, "memory": most}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

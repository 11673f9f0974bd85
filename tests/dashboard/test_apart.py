"""Strangers' files in a process of its own: the same answer, or a refusal that says which limit was met."""

import gzip
import io
import struct
import subprocess
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import psutil
import pytest

from dashboard import apart, exports, uploads
from dashboard.exports.refusal import ImportRefused
from dashboard.limits import MAX_PARAMETERS, MAX_PIXELS
from dashboard.runs.config import RunConfig
from mlpcore import MLP
from tests.dashboard.uploads.test_read import zeros
from tests.support import wait_for


def npz(images, labels, **further):
    file = io.BytesIO()
    np.savez_compressed(file, images=images, labels=labels, **further)
    return [("mine.npz", file.getvalue())]


@pytest.fixture
def pictures(rng):
    return rng.integers(0, 256, (60, 5, 4), dtype=np.uint8), (np.arange(60) % 3).astype(np.uint8)


def instead(monkeypatch, script):
    """This program runs in the place of the reader, as one would that a file has taken over."""
    started = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen",
                        lambda command, **options: started([command[0], "-c", script], **options))  # fmt: skip


@pytest.fixture
def readers():
    """The processes that this test has started and that still are, whenever it is called.

    Not the processes of processes: a database's server among those has new ones all the time.
    """
    before = set(psutil.Process().children())
    return lambda: [each for each in psutil.Process().children() if each not in before]


def test_a_set_is_what_it_is_when_read_here(pictures):
    files = npz(*pictures, class_names=np.array(["<b>a</b>", "b", "ü"]))
    here, there = uploads.read(files), apart.read_set(files)
    assert (there.name, there.class_names, there.shape) == (here.name, here.class_names, here.shape)
    np.testing.assert_array_equal(there.images, here.images)
    np.testing.assert_array_equal(there.labels, here.labels)


@pytest.mark.parametrize(
    ("kind", "bias"), [("npz", True), ("npz", False), ("safetensors", True), ("safetensors", False), ("zip", True)]
)
def test_weights_are_what_they_are_when_read_here(rng, kind, bias):
    net = MLP([784, 7, 5, 10], activation="tanh", cost="cross_entropy", bias=bias, rng=rng)
    config = RunConfig(hidden=(7, 5), activation="tanh", cost="cross_entropy", epochs=3)
    data = exports.write(kind, net, config, [], "mine")
    here, there = exports.read(data, f"a.{kind}"), apart.read_weights(data, f"a.{kind}", [(784, 10)])
    assert (there.config, there.claimed_accuracy) == (here.config, here.claimed_accuracy)
    assert (there.net.activation.name, there.net.cost.name) == ("tanh", "cross_entropy")
    pairs = zip(there.net.parameters(), here.net.parameters(), strict=True)
    assert all(name == other and (value == same).all() for (name, value, _), (other, same, _) in pairs)


@pytest.mark.parametrize("read", [lambda: apart.read_set([("a.csv", b"1,2\n")]),
                                  lambda: apart.read_weights(b"PK", "a.zip", [(784, 10)])])  # fmt: skip
def test_a_refusal_keeps_its_sentence(read):
    with pytest.raises(ImportRefused, match=r"a\.(csv|zip)"):
        read()


def test_memory_ends_where_it_was_said_to(monkeypatch, readers):
    monkeypatch.setattr(apart, "MEMORY_BYTES", 450 * 2**20)  # enough for pandas itself
    line = b",".join([b"7"] * 785) + b"\n"
    with pytest.raises(ImportRefused, match=r"big\.csv must be read with 0\.439 GB of memory, which is not enough"):
        apart.read_set([("big.csv", line * 60_000)])
    assert not readers()


def test_time_ends_where_it_was_said_to(monkeypatch, pictures, readers):
    monkeypatch.setattr(apart, "SECONDS", 0.05)
    with pytest.raises(ImportRefused, match=r"mine\.npz must be read within 0\.05 seconds"):
        apart.read_set(npz(*pictures))
    assert not readers()


def test_a_reader_that_dies_takes_nothing_with_it(pictures, readers):
    files = npz(*pictures)

    def kill():
        wait_for(readers, "a reader", 10, pause=0.001)[0].kill()

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(ImportRefused, match=r"mine\.npz could not be read with 3 GB of memory: its reader broke off"):
        apart.read_set(files)
    killer.join()
    assert apart.read_set(files).name == uploads.read(files).name


def test_the_reader_knows_neither_the_database_nor_other_secrets(monkeypatch, pictures, tmp_path):
    monkeypatch.setenv("MLP_DATABASE_URL", "postgresql://lab:secret@127.0.0.1/lab")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    seen = []
    started = subprocess.Popen

    def watched(command, **options):
        seen.append(options["env"])
        return started(command, **options)

    monkeypatch.setattr(subprocess, "Popen", watched)
    apart.read_set(npz(*pictures))
    assert seen
    assert not any("secret" in value for value in seen[0].values())


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"no json\n",
        b"null\n",
        b"{}\n",
        b'{"shape": [5, 4], "count": 9, "names": ["a", "b"], "train_samples": 3}\nshort',
        b'{"shape": [1, 1], "count": 2, "names": ["a", "b"], "train_samples": 1}\n\0\0\0\x09',
    ],
)
def test_an_answer_that_contradicts_itself_is_no_data_set(monkeypatch, answer):
    instead(monkeypatch, f"import sys; sys.stdin.buffer.read(); sys.stdout.buffer.write({answer!r})")
    with pytest.raises(ImportRefused, match=r"a\.npz could not be read"):
        apart.read_set([("a.npz", b"PK")])


def test_an_answer_without_end_is_heard_no_further_than_an_answer_can_go(monkeypatch, readers):
    monkeypatch.setattr(apart, "ANSWER_BYTES", 2**20)
    instead(monkeypatch, "import sys\nwhile True: sys.stdout.buffer.write(bytes(2**20))")
    tracemalloc.start()
    try:
        with pytest.raises(ImportRefused, match=r"a\.npz could not be read"):
            apart.read_set([("a.npz", b"PK")])
        assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
    finally:
        tracemalloc.stop()
    assert not readers()


def test_the_largest_answer_that_the_limits_allow_is_heard_to_its_end():
    assert apart.ANSWER_BYTES >= 2 * MAX_PIXELS  # of one pixel an image, each with its label
    assert apart.ANSWER_BYTES >= 4 * MAX_PARAMETERS


def test_complaints_without_end_do_not_stop_a_reader_nor_fill_the_memory(monkeypatch, readers):
    script = "import sys\nfor _ in range(99): sys.stderr.write('x' * 2**20)\nsys.stdout.write('{}')"
    instead(monkeypatch, script)
    with pytest.raises(ImportRefused, match=r"a\.npz could not be read"):
        apart.read_set([("a.npz", b"PK")])
    assert not readers()


def test_what_a_reader_starts_ends_with_it(monkeypatch):
    instead(monkeypatch, "import subprocess; subprocess.Popen(['sleep', '600'])")
    monkeypatch.setattr(apart, "SECONDS", 2)
    with pytest.raises(ImportRefused, match=r"a\.npz must be read within 2 seconds"):
        apart.read_set([("a.npz", b"PK")])
    wait_for(lambda: not any("sleep" in " ".join(each.info["cmdline"] or ()) and "600" in each.info["cmdline"]
                             for each in psutil.process_iter(["cmdline"])), "the end of all", 10)  # fmt: skip


def test_two_files_are_read_at_once_and_the_third_waits(monkeypatch, pictures):
    started, alive, most = subprocess.Popen, [], []

    def watched(command, **options):
        alive.append(started(command, **options))
        most.append(sum(child.poll() is None for child in alive))
        return alive[-1]

    monkeypatch.setattr(subprocess, "Popen", watched)
    with ThreadPoolExecutor(5) as pool:
        names = {parts.name for parts in pool.map(apart.read_set, [npz(*pictures)] * 5)}
    assert names == {uploads.read(npz(*pictures)).name}
    assert (len(alive), max(most)) == (5, 2)


def test_who_waits_too_long_is_told_so(monkeypatch, pictures):
    monkeypatch.setattr(apart, "PATIENCE", 0.1)
    monkeypatch.setattr(apart, "_seats", threading.BoundedSemaphore(1))
    with apart._seats, pytest.raises(ImportRefused, match=r"mine\.npz had to wait too long for others' files"):
        apart.read_set(npz(*pictures))
    assert apart.read_set(npz(*pictures)).shape == (5, 4)


def test_a_reader_can_write_into_no_file(monkeypatch, tmp_path):
    path = tmp_path / "mark"
    script = f"""
from dashboard import apart

def write(order, files):
    try:
        with open({str(path)!r}, "wb") as file:
            file.write(b"x")
    except OSError as error:
        raise apart.ImportRefused(f"It is refused: {{error.strerror}}.")

apart._set = write
apart.main()
"""
    instead(monkeypatch, script)
    with pytest.raises(ImportRefused, match=r"It is refused: File too large\."):
        apart.read_set([("a.npz", b"PK")])
    assert not path.exists() or path.stat().st_size == 0


@pytest.mark.parametrize("start", [b"", b"\0\0\x08\x03" + struct.pack(">3I", 250_000, 28, 28)])
def test_ten_gigabytes_of_zeros_in_a_small_gzip_are_refused(start, readers):
    bomb = zeros(10 * 2**30) if not start else gzip.compress(start) + zeros(10 * 2**30)
    labels = b"\0\0\x08\x01" + struct.pack(">I", 60) + bytes(60)
    began = time.monotonic()
    with pytest.raises(ImportRefused, match=r"images\.gz must"):
        apart.read_set([("images.gz", bomb), ("labels", labels)])
    assert time.monotonic() - began < 30
    assert not readers()

"""Each parser gets thousands of inputs that are almost good: read or refused in a sentence, soon, in little memory."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.reliability.containers import pack, unpack, whole
from tests.reliability.hostile import SECONDS, good, read, within

ROUNDS = int(os.environ.get("MLP_FUZZ", "400"))
INSIDE = 0.3  # of the spoiled files, at least, must get past the checksums of what they are packed in
KINDS = sorted(good())


@pytest.mark.parametrize("kind", KINDS)
def test_good_input_is_read_and_spoiled_input_is_read_or_refused_in_little_memory(kind):
    command = [sys.executable, "-m", "tests.reliability.hostile", kind, str(ROUNDS)]
    one_thread = os.environ | {"OPENBLAS_NUM_THREADS": "1"}  # each takes address space for itself
    done = subprocess.run(command, capture_output=True, text=True, timeout=60 + ROUNDS, env=one_thread,
                          cwd=Path(__file__).parents[2])  # fmt: skip
    assert done.returncode == 0, done.stderr[-5000:]
    figures = json.loads(done.stdout)
    assert 0 < figures["taken"] < figures["rounds"] == ROUNDS, "some must have been read, and some refused"
    assert figures["inside"] >= INSIDE * ROUNDS
    print(f"{kind}: {ROUNDS:,} inputs, {figures['inside']:,} past what they are packed in, {figures['taken']:,} read, "
          f"slowest {figures['slowest']:.2f} s, within {figures['memory'] >> 20} MB of address space")  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=ROUNDS, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(
    edits=st.lists(
        st.tuples(st.integers(0, 40), st.floats(0, 1), st.binary(max_size=12), st.integers(0, 12)), max_size=5
    ),
    cut=st.one_of(st.none(), st.floats(0, 1)),
    anything=st.one_of(st.none(), st.none(), st.binary(max_size=300)),
    outside=st.integers(0, 3),
    seed=st.integers(0, 1),
    fit=st.booleans(),
)
def test_hypothesis_finds_nothing_but_sentences(kind, edits, cut, anything, outside, seed, fit):
    data = good()[kind][seed % len(good()[kind])]
    pieces = {"": data} if outside == 0 else unpack(kind, data)
    if anything is not None:
        pieces[next(iter(pieces))] = anything
    for number, place, put, over in edits:
        path = list(pieces)[number % len(pieces)]
        piece = bytearray(pieces[path])
        at = int(place * len(piece))
        piece[at : at + over] = put
        pieces[path] = bytes(piece)
    data = pieces[""] if outside == 0 else pack(kind, pieces, fit=fit)
    if outside == 0 and cut is not None:
        data = data[: int(cut * len(data))]
    with within(SECONDS):
        read(kind, data)


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_taken_to_pieces_is_whole_again(kind):
    for seed in good()[kind]:
        pieces = unpack(kind, seed)
        for packing in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            again = pack(kind, pieces, packing, fit=True)
            assert whole(kind, again)
            assert unpack(kind, again) == pieces
            assert read(kind, again)

"""`python -m benchmarks.fuzz [RUNS] [KIND]`: a coverage-guided fuzzer (atheris) over each parser of strangers' input.

RUNS (20,000) inputs a parser, each at most 64 kB, 10 s and 2 GB; whatever is neither read nor refused ends it. Most
inputs are changed in their pieces and packed again with right checksums, so that they reach what is inside.
"""

import os
import random
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

RUNS = 20_000
MOST = 65536  # bytes of an input
OUTSIDE = 0.2  # of the changes are made without regard to what an input is packed in


def mutator(kind, good, others):
    """A change of `data` for atheris: one piece by its own mutator, or by what parsers stumble over."""
    import atheris

    from tests.reliability.containers import ARCHIVE_ERRORS, pack, unpack, whole
    from tests.reliability.spoil import spoil, spoil_piece

    def change(data, most, seed):
        chance = random.Random(seed)
        if chance.random() < OUTSIDE:
            return atheris.Mutate(data, most)
        try:
            pieces = unpack(kind, data if whole(kind, data) else chance.choice(good))
            path = chance.choice(list(pieces))
            piece = pieces[path]
            if chance.random() < (0.1 if path.endswith("json") else 0.5):
                pieces[path] = bytes(atheris.Mutate(piece, max(len(piece) * 2, 64)))
            else:
                pieces[path] = spoil_piece(chance, path, piece, others)
            packing = chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
            return pack(kind, pieces, packing, fit=chance.random() < 0.6)[:most]
        except (*ARCHIVE_ERRORS, KeyError, IndexError, UnicodeError):  # no longer to be taken to pieces
            return spoil(chance, kind, chance.choice(good), others)[:most]

    return change


def one(kind, runs, folder):
    """This process becomes the fuzzer of one parser."""
    import atheris

    with atheris.instrument_imports(include=["dashboard", "numpy.lib", "zipfile", "json", "gzip", "tomllib"]):
        from tests.reliability.containers import whole
        from tests.reliability.hostile import good, read
    seeds, counts = good()[kind], Path(folder).with_suffix(".counts")
    for number, seed in enumerate(seeds):
        (Path(folder) / f"good{number}").write_bytes(seed)
    tried = inside = taken = 0

    def give(data):
        nonlocal tried, inside, taken
        tried += 1
        inside += whole(kind, data)
        taken += read(kind, data)
        if tried % 100 == 0:
            counts.write_text(f"{tried} {inside} {taken}")

    options = [f"-runs={runs}", f"-max_len={MOST}", "-timeout=10", "-rss_limit_mb=2048", "-seed=1",
               "-print_final_stats=1", f"-artifact_prefix={Path(folder).parent}/"]  # fmt: skip
    others = [seed for several in good().values() for seed in several]
    atheris.Setup([sys.argv[0], *options, folder], give, custom_mutator=mutator(kind, seeds, others))
    atheris.Fuzz()


def main(runs, kinds):
    for kind in kinds:
        with tempfile.TemporaryDirectory() as above:
            folder = Path(above) / "corpus"
            folder.mkdir()
            began = time.monotonic()
            command = [sys.executable, "-m", "benchmarks.fuzz", "--one", kind, str(runs), str(folder)]
            done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[1])
            lines = [line.removeprefix("stat::") for line in done.stderr.splitlines() if line.startswith("stat::")]
            stats = dict(line.split(":") for line in lines)
            if done.returncode:
                print(done.stdout[-3000:], done.stderr[-2000:])
                sys.exit(f"{kind}: a fault")
            tried, inside, taken = map(int, folder.with_suffix(".counts").read_text().split())
            figures = f"{int(stats['number_of_executed_units']):,} inputs, {len(os.listdir(folder)):,} kept"
            further = f"{inside / tried:.0%} past what they are packed in, {taken / tried:.0%} read"
            spent = f"peak {stats['peak_rss_mb'].strip()} MB, {time.monotonic() - began:.0f} s"
            print(f"{kind:12} {figures}, {further}, {spent}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(*sys.argv[2:])
    else:
        from tests.reliability.hostile import good

        main(int(sys.argv[1]) if sys.argv[1:] else RUNS, sys.argv[2:] or sorted(good()))

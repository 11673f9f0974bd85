"""sweep: many settings at once from a small TOML file, through the same store and engine as the browser's."""

import argparse
import os
import sys
import time

from tqdm import tqdm

from .. import formats
from ..analysis.sweep_table import Point, ranking
from ..runs import estimates
from ..runs.config import LABELS, show
from ..runs.engine import Engine
from ..runs.store import MAX_NAME, RunStore, StoreError, database_url, open_store
from ..runs.sweep_cost import begin, checked_points, total_epochs
from ..runs.sweep_file import read_plan
from ..runs.sweeps import Sweep
from . import progress
from .output import as_dict, print_json, printable, table

DESCRIPTION = """\
Train a network for each point of a plan, on all cores, and rank the points by validation accuracy. The sweep is kept
like any other: it appears in the browser while it goes on, and can be paused and stopped there. Ctrl-C pauses it."""
EPILOG = """\
a plan:
  name = "Widths and rates"
  method = "grid"            # grid, random or tpe
  halving = true             # end the worse half of the points at each rung
  [base]                     # everything else, over a preset
  epochs = 8
  [vary]
  hidden = [16, 64, "100-100"]
  lr = [0.3, 1, 3]

examples:
  python -m dashboard sweep plan.toml
  python -m dashboard sweep plan.toml --check
  python -m dashboard sweep plan.toml --name "Tonight" --json > sweep.json
  python -m dashboard sweep --resume 3"""
LOOK_SECONDS = 0.3
PAUSE_SECONDS = 30  # that the workers have to put their runs down
LISTED = 5  # points


def add(commands) -> None:
    """The command."""
    parser = commands.add_parser("sweep", help="try many settings", description=DESCRIPTION, epilog=EPILOG)
    parser.add_argument("plan", nargs="?", metavar="PLAN", help="a TOML file")
    parser.add_argument("--resume", metavar="SWEEP", help="go on with a paused sweep, by number, id or name")
    parser.add_argument("--check", action="store_true", help="say what the plan would take, and start nothing")
    parser.add_argument("--name", help="what to call the sweep; default: the plan's name, or Sweep and a number")
    parser.add_argument("--quiet", action="store_true", help="no bar")
    parser.add_argument("--json", action="store_true", help="print the points with their runs as JSON, the best first")
    parser.set_defaults(answer=lambda asked: answer(asked, parser))


def answer(asked: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    """Carry the sweep out; 1 when it did not finish, 130 when Ctrl-C paused it."""
    if (asked.plan is None) == (asked.resume is None):
        parser.error("needs either PLAN or --resume SWEEP")
    if asked.resume and (asked.name is not None or asked.check):
        parser.error("--resume goes on with a sweep as it is: it takes no name and no check")
    if asked.name is not None and not 1 <= len(asked.name.strip()) <= MAX_NAME:
        parser.error(f"argument --name: must have 1 to {MAX_NAME} characters, got {len(asked.name.strip())}")
    store = open_store(database_url())
    engine = Engine(store, os.environ.get("MLP_SCHEDULER"))
    if asked.check:
        print(_taken(read_plan(asked.plan)[0], engine))
        return 0
    sweep = _begun(store, engine, asked)
    with progress.ctrl_c_pauses():
        try:
            _watch(store, engine, sweep, asked.quiet)
        finally:
            engine.close()
    return _told(store, store.sweep(sweep.id), asked.json)


def the_sweep(store: RunStore, text: str) -> Sweep:
    """The sweep that a person means by number, id or name; StoreError when it is none, or more than one."""
    found = store.meant_sweeps(text)
    if not found:
        raise StoreError(f"There is no sweep {printable(text)[:80]!r} here.")
    if len(found) > 1:
        which = ", ".join(f"{sweep.id} (number {sweep.number}, {sweep.name})" for sweep in found[:5])
        raise StoreError(f"{text!r} may mean {len(found)} sweeps. Say which by its id: {which}.")
    return found[0]


def _begun(store, engine, asked):
    if asked.resume:
        sweep = the_sweep(store, asked.resume)
        if sweep.status not in ("running", "paused"):
            raise StoreError(f"{sweep.name} is {sweep.status}: only a paused sweep can go on.")
        store.wish_sweep(sweep.id, "running")
        return store.sweep(sweep.id)
    plan, name = read_plan(asked.plan)
    sweep = begin(store, plan, " ".join((asked.name or name or "").split()) or None, engine.workers)
    if not asked.quiet:
        print(f"{printable(sweep.name)}: {_taken(plan, engine)}", file=sys.stderr)
    return sweep


def _taken(plan, engine):
    _, cost = checked_points(plan, estimates.load_costs(), engine.workers)
    about = "" if cost.seconds is None else f", about {formats.duration(cost.seconds)}"
    return f"{formats.count(cost.runs)} runs, {formats.count(cost.epochs)} epochs{about}"


def _watch(store, engine, sweep, quiet):
    """Until it is over; Ctrl-C pauses it and waits until its runs rest, so that none has to be found lost later."""
    engine.start().join()
    if engine.problem:
        store.wish_sweep(sweep.id, "paused")
        raise StoreError(f"{engine.problem} {_how_to_go_on(sweep)}")
    engine.sweep()
    total = total_epochs(sweep.plan, store.runs_of(sweep.id))
    hidden = True if quiet else None  # None: drawn where stderr is a terminal
    with tqdm(total=total, desc=printable(sweep.name), unit=" epochs", leave=False, disable=hidden) as bar:
        while store.sweep(sweep.id).active and not progress.asked:
            runs = store.runs_of(sweep.id)
            bar.update(sum(run.epochs_done for run in runs) - bar.n)
            best = ranking(runs)[0].validation
            bar.set_postfix_str("" if best is None else f"best {formats.percent(best)}")
            time.sleep(LOOK_SECONDS)
    if progress.asked:
        store.wish_sweep(sweep.id, "paused")
        until = time.monotonic() + PAUSE_SECONDS
        while any(run.status == "running" for run in store.runs_of(sweep.id)) and time.monotonic() < until:
            time.sleep(LOOK_SECONDS)


def _told(store, sweep, as_json):
    """What came of it, and the exit code."""
    runs = store.runs_of(sweep.id)
    ranked = ranking(runs)
    if as_json:
        print_json({"id": sweep.id, "number": sweep.number, "name": sweep.name, "status": sweep.status,
                    "points": [_point(point, sweep) for point in ranked]})  # fmt: skip
    elif any(point.validation is not None for point in ranked):
        print(_board(sweep, ranked))
    if sweep.status == "finished":
        failed = sum(run.status == "failed" for run in runs)
        if failed == len(runs):
            raise StoreError(f"{sweep.name} has no run that trained: {runs[0].error}")
        return 0
    done = sum(run.status == "finished" for run in runs)
    sentence = f"{sweep.name} is {sweep.status} with {done} of {sweep.plan.runs} runs finished."
    if sweep.status == "paused" and progress.asked:
        print(f"\n{printable(sentence)} {_how_to_go_on(sweep)}", file=sys.stderr)
        return 130
    raise StoreError(f"{sentence} {_how_to_go_on(sweep)}" if sweep.status == "paused" else sentence)


def _how_to_go_on(sweep):
    return f"Go on with: python -m dashboard sweep --resume {sweep.id}"


def _point(point: Point, sweep):
    settings = {name: getattr(point.config, name) for name in sweep.plan.varied}
    return {"settings": settings, "validation_accuracy": point.validation, "test_accuracy": point.test,
            "status": point.status, "runs": [as_dict(run) for run in point.runs]}  # fmt: skip


def _board(sweep, ranked):
    names = sweep.plan.varied
    rows = [
        (place, *(show(getattr(point.config, name)) for name in names), formats.percent(point.validation),
         formats.percent(point.test), point.epochs, ", ".join(str(run.number) for run in point.runs))
        for place, point in enumerate(ranked[:LISTED], start=1)
    ]  # fmt: skip
    header = ("", *(LABELS[name].lower() for name in names), "validation", "test", "epochs", "run no.")
    return table(header, rows, right=(0, *range(1 + len(names), 4 + len(names))))

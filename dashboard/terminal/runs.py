"""runs: list, show, export, import, delete and restore."""

import argparse
import os
from dataclasses import asdict

from .. import exports, formats
from ..exports import adoption
from ..runs.config import show as shown
from ..runs.run import STATUSES, Run
from ..runs.settings import SETTINGS
from ..runs.store import NoRunError, RunStore, StoreError, database_url, open_store
from . import files
from .output import as_dict, moment, print_json, printable, table

LIMIT = 20
EXAMPLES = """\
examples:
  python -m dashboard runs list --status finished --json
  python -m dashboard runs show 12
  python -m dashboard runs export "Run 12" --out weights.safetensors
  python -m dashboard runs import weights.npz
  python -m dashboard runs delete 3 4 5

RUN is a run's number, its id, or its name where no other run has it."""


def add(commands) -> None:
    """The commands under `runs`."""
    about = "list, show, export, import, delete"
    whole = commands.add_parser("runs", help=about, description="The runs that are kept.", epilog=EXAMPLES)
    inner = whole.add_subparsers(title="commands", metavar="COMMAND", required=True)

    listing = _command(inner, "list", list_runs, "the newest runs")
    listing.add_argument("--limit", type=_whole, default=LIMIT, metavar="N", help=f"how many; default: {LIMIT}")
    listing.add_argument("--all", action="store_true", help="every one")
    listing.add_argument("--status", choices=STATUSES, metavar="STATUS", help=f"only these: {', '.join(STATUSES)}")
    showing = _command(inner, "show", show, "one run with its settings and epochs", run=True)
    for parser in (listing, showing):
        parser.add_argument("--json", action="store_true", help="as JSON, for a script")

    exporting = _command(inner, "export", export, "write a run to a file", run=True)
    exporting.add_argument("--out", metavar="FILE", help="or - for standard output; default: named after the run")
    exporting.add_argument("--format", choices=exports.FORMATS, help="default: by FILE's ending")
    exporting.add_argument("--epoch", type=_whole, metavar="N", help="the weights after that epoch")
    exporting.add_argument("--force", action="store_true", help="replace FILE when it exists")

    importing = _command(inner, "import", import_runs, "make runs of files: .npz, .safetensors or a bundle .zip")
    importing.add_argument("file", nargs="+", metavar="FILE")
    importing.add_argument("--json", action="store_true", help="as JSON, for a script")

    deleting = _command(inner, "delete", delete, "take runs away; they can be restored for a week")
    deleting.add_argument("run", nargs="+", metavar="RUN", help="by number, id or name")
    restoring = _command(inner, "restore", restore, "bring deleted runs back")
    restoring.add_argument("id", nargs="+", metavar="ID", help="as `runs delete` has told it")


def _command(inner, name, answer, about, run=False):
    parser = inner.add_parser(name, help=about, description=f"{about[0].upper()}{about[1:]}.", epilog=EXAMPLES)
    if run:
        parser.add_argument("run", metavar="RUN", help="by number, id or name")
    parser.set_defaults(answer=answer)
    return parser


def the_run(store: RunStore, text: str) -> Run:
    """The run that a person means by number, id or name; StoreError when it is none, or more than one."""
    found = store.meant(text)
    if not found:
        raise NoRunError(f"There is no run {printable(text)[:80]!r} here. `runs list` shows those that there are.")
    if len(found) > 1:
        which = ", ".join(f"{run.id} (number {run.number}, {run.name})" for run in found[:5])
        raise StoreError(f"{text!r} may mean {len(found)} runs. Say which by its id: {which}.")
    return found[0]


def opened() -> RunStore:
    """The store, with runs whose trainer is gone noticed as such."""
    store = open_store(database_url())
    store.notice_stale()
    return store


def list_runs(asked: argparse.Namespace) -> None:
    """The newest runs, newest first."""
    found = opened().latest(None if asked.all else asked.limit, status=asked.status)
    if asked.json:
        print_json([as_dict(run) for run in found])
        return
    rows = [
        (run.number, run.id, run.name, run.status, run.config.architecture, f"{run.epochs_done}/{run.config.epochs}",
         formats.percent(run.accuracy), formats.duration(run.seconds), moment(run.created))
        for run in found
    ]  # fmt: skip
    header = ("no.", "id", "name", "status", "network", "epochs", "accuracy", "time", "created")
    print(table(header, rows, right=(0, 5, 6, 7)) if rows else "There are no such runs.")


def show(asked: argparse.Namespace) -> None:
    """One run: settings, outcome, epochs."""
    store = opened()
    run = the_run(store, asked.run)
    results = store.epochs(run.id)
    if asked.json:
        print_json(as_dict(run) | {"epochs": [asdict(result) for result in results], "kept": store.snapshots(run.id)})
        return
    facts = [("id", run.id), ("number", run.number), ("status", run.status), ("network", run.config.architecture)]
    facts += [("test accuracy", f"{formats.percent(run.accuracy)} after epoch {run.shown_epoch}")] * run.trained
    facts += [("created", moment(run.created)), ("trained for", formats.duration(run.seconds))]
    facts += [(name, text) for name, text in (("error", run.error), ("note", run.note)) if text]
    facts += [(SETTINGS[name].label, shown(value)) for name, value in vars(run.config).items()]
    print(table((printable(run.name), ""), facts))
    if results:
        print("\n" + _epochs(results))


def _epochs(results):
    rows = [
        (result.epoch, formats.percent(result.train_accuracy), formats.loss(result.train_loss),
         formats.percent(result.validation_accuracy), formats.percent(result.test_accuracy),
         formats.loss(result.test_loss), formats.duration(result.seconds))
        for result in results
    ]  # fmt: skip
    header = ("epoch", "train", "train loss", "validation", "test", "test loss", "time")
    return table(header, rows, right=range(len(header)))


def export(asked: argparse.Namespace) -> None:
    """A run as a file."""
    store = opened()
    run = the_run(store, asked.run)
    out = asked.out or exports.filename(asked.format or "npz", run.name)
    if out == files.STDOUT:
        files.write_stdout(files.exported(store, run, asked.format or "npz", asked.epoch))
        return
    kind = asked.format or files.kind(out)
    files.check(out, asked.force)
    data = files.exported(store, run, kind, asked.epoch)
    files.write(out, data)
    print(f"{printable(run.name)}: {out}, {formats.size(len(data))}")


def import_runs(asked: argparse.Namespace) -> None:
    """Files as runs; those before one that is refused stay."""
    store = opened()
    for path in asked.file:
        run = adoption.adopt(store, files.read(path), os.path.basename(path))
        if asked.json:
            print_json(as_dict(run))
        else:
            print(f"Run {run.number} ({run.id}), {printable(run.name)}: {adoption.verdict(run)}")


def delete(asked: argparse.Namespace) -> None:
    """Take runs away, all or none."""
    store = opened()
    chosen = [the_run(store, text) for text in asked.run]
    store.delete([run.id for run in chosen])
    names = ", ".join(printable(run.name) for run in chosen)
    print(f"Deleted: {names}. Bring back with: python -m dashboard runs restore {' '.join(run.id for run in chosen)}")


def restore(asked: argparse.Namespace) -> None:
    """Bring runs back; those that are gone are named."""
    store = opened()
    store.restore(asked.id)
    print(f"Restored: {', '.join(printable(store.get(run).name) for run in asked.id)}")


def _whole(text):
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"must be a whole number from 0, got {text[:40]!r}")
    return int(text)

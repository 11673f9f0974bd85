"""train: a run in this process, through the same store and trainer as the browser's."""

import argparse
import sys
from dataclasses import fields, replace

from threadpoolctl import threadpool_limits

from .. import datasets, formats
from ..analysis.evaluation import accuracy_interval
from ..runs import estimates
from ..runs.config import ConfigError, RunConfig, parse, show
from ..runs.presets import PRESETS
from ..runs.settings import SETTINGS, Choice, DataSet, Layers, Number, Whole
from ..runs.store import MAX_NAME, MAX_NOTE, StoreError, database_url, open_store
from ..runs.trainer import train_run
from . import files, progress
from .output import as_dict, print_json, printable
from .runs import the_run

DESCRIPTION = """\
Train a network in this terminal. The run is kept like any other: it appears in the browser while it trains, can be
paused and stopped there, and is compared there afterwards. Ctrl-C pauses it."""
EPILOG = """\
presets:
{presets}

examples:
  python -m dashboard train --hidden 100,100 --lr 0.5 --batch-size 32 --epochs 16 --seed 0
  python -m dashboard train --preset "99 %" --epochs 10 --name "shorter" --out weights.npz
  python -m dashboard train --validation 10000 --patience 3 --json > run.json
  python -m dashboard train --resume 12"""
METAVARS = {DataSet: "NAME", Choice: "NAME", Layers: "N,N,...", Whole: "N", Number: "X"}


def add(commands) -> None:
    """The command with an option for every field of RunConfig."""
    presets = "\n".join(f"  {name}" for name in PRESETS)
    parser = commands.add_parser(
        "train", help="train a network here", description=DESCRIPTION, epilog=EPILOG.format(presets=presets)
    )
    parser.add_argument("--preset", metavar="NAME", type=_preset, help="begin with a preset's settings; see below")
    parser.add_argument("--resume", metavar="RUN", help="go on with a paused or interrupted run, by number, id or name")
    parser.add_argument("--name", help="what to call the run; Run and a number without")
    parser.add_argument("--note", default="", help="a note to keep with it")
    parser.add_argument("--out", metavar="FILE", help="write the weights there when it has finished, by the ending as "
                        ".npz, .safetensors, .onnx, or .zip with everything")  # fmt: skip
    parser.add_argument("--force", action="store_true", help="replace FILE when it exists")
    parser.add_argument("--quiet", action="store_true", help="no bar and no line an epoch")
    parser.add_argument("--json", action="store_true", help="print the finished run as JSON")
    settings = parser.add_argument_group("settings", "with --preset, the defaults are the preset's")
    for field in fields(RunConfig):
        settings.add_argument(
            f"--{field.name.replace('_', '-')}",
            dest=f"setting.{field.name}",
            metavar=METAVARS[type(SETTINGS[field.name])],
            type=_setting(field.name),
            help=_help(field.name, field.default),
        )
    parser.set_defaults(answer=lambda asked: answer(asked, parser))


def answer(asked: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    """Train as asked; 1 when the run did not finish, 130 when Ctrl-C paused it."""
    config = _config(asked, parser)
    kind = files.kind(asked.out) if asked.out else None
    if asked.out:
        files.check(asked.out, asked.force)
    store = open_store(database_url())
    run = _begun(store, config, asked)
    with progress.ctrl_c_pauses(), threadpool_limits(1):  # one thread, as workers have: the same to the last bit
        train_run(run.id, run.submission, store.url, progress.Quiet if asked.quiet else progress.Bars)
    run = store.get(run.id)
    if run.status == "finished" and kind:
        files.write(asked.out, files.exported(store, run, kind))
    if asked.json:
        print_json(as_dict(run))
    if run.status != "finished":
        if not progress.asked or run.status != "paused":
            raise StoreError(_unfinished(run))
        print(f"\n{printable(_unfinished(run))}", file=sys.stderr)
        return 130
    if not asked.json:
        print(_finished(run, asked.out))
    return 0


def _config(asked, parser):
    """The RunConfig that is asked for, or None to resume one; what does not go together is not understood."""
    given = {name.partition(".")[2]: value for name, value in vars(asked).items()
             if name.startswith("setting.") and value is not None}  # fmt: skip
    if asked.resume:
        if given or asked.preset or asked.name or asked.note:
            parser.error("--resume goes on with a run as it is: it takes no settings, preset, name or note")
        return None
    if asked.name is not None and not 1 <= len(asked.name.strip()) <= MAX_NAME:
        parser.error(f"argument --name: must have 1 to {MAX_NAME} characters, got {len(asked.name.strip())}")
    if len(asked.note) > MAX_NOTE:
        parser.error(f"argument --note: must have at most {MAX_NOTE:,} characters, got {len(asked.note):,}")
    try:
        return replace(asked.preset.config if asked.preset else RunConfig(), **given)
    except ConfigError as error:
        parser.error(str(error))


def _begun(store, config, asked):
    """The run, this process's before any server can take it for one that waits."""
    store.notice_stale()
    if config is not None:
        estimates.refuse_absurd(config)
        name = asked.name and " ".join(asked.name.split())
        run = store.create(config, name=name, note=asked.note, status="running")
    else:
        resting = the_run(store, asked.resume)
        again = store.requeue(resting.id, resting.submission)
        if again is None:
            raise StoreError(f"{resting.name} is {resting.status}: only a paused or interrupted run can go on.")
        run = again
    if not asked.quiet:
        print(f"{printable(run.name)}: {run.config.architecture}, {formats.count(run.config.parameters)} parameters, "
              f"{run.config.epochs} epochs", file=sys.stderr)  # fmt: skip
    return run


def _unfinished(run):
    done = f"after epoch {run.epochs_done} of {run.config.epochs}"
    if run.resumable:
        reason = f" {run.error}" if run.error else ""
        return f"{run.name} is {run.status} {done}.{reason} Go on with: python -m dashboard train --resume {run.id}"
    if run.active:
        return f"{run.name} was taken up by another process, and trains there."
    return f"{run.name} {run.status} {done}. {run.error or ''}".rstrip()


def _finished(run, out):
    samples = datasets.about(run.config.dataset).test_samples
    low, high = accuracy_interval(run.accuracy, samples)
    lines = [
        f"{printable(run.name)} reached {formats.percent(run.accuracy)} of {formats.count(samples)} test images after "
        f"epoch {run.shown_epoch}, in {formats.duration(run.seconds)}. "
        f"95 % interval: {100 * low:.2f} to {formats.percent(high)}."
    ]
    return "\n".join([*lines, f"Weights: {out}"] if out else lines)


def _preset(name):
    """The preset called `name`, in any case, or the only one that begins so."""
    wanted = name.casefold().strip()
    found = [each for each in PRESETS if each.casefold() == wanted] or [
        each for each in PRESETS if each.casefold().startswith(wanted)
    ]
    if len(found) != 1:
        raise argparse.ArgumentTypeError(f"must be one of {'; '.join(PRESETS)}, got {name!r}")
    return PRESETS[found[0]]


def _setting(name):
    def read(text):
        try:
            return parse(name, text)
        except ConfigError as error:
            raise argparse.ArgumentTypeError(str(error).rstrip(".")) from error

    return read


def _help(name, default):
    setting = SETTINGS[name]
    rule = f"{setting.rule[0].upper()}{setting.rule[1:]}"
    return f"{setting.about} {rule}. Default: {show(default)}".replace("%", "%%")

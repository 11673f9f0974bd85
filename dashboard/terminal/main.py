"""The commands together: what is asked, which of them answers, and what it leaves as exit code.

0: done. 1: refused or failed, with one line on stderr that says why. 2: not understood. 130: Ctrl-C.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

from ..errors import UserError
from .output import printable

MODULES = ("train", "sweep", "runs", "evaluate", "backup", "ready", "serve")  # each has `add(commands)`
COMMANDS = {name: name for name in MODULES} | {"restore": "backup"}  # a command -> its module
PROGRAM = "python -m dashboard"
REFUSED, NOT_UNDERSTOOD, INTERRUPTED = 1, 2, 130
EXAMPLES = f"""\
examples:
  {PROGRAM} train --hidden 100,100 --lr 0.5 --epochs 16 --out weights.npz
  {PROGRAM} train --preset "98 % in seconds"
  {PROGRAM} sweep plan.toml
  {PROGRAM} runs list
  {PROGRAM} runs export 12 --out deeper.onnx
  {PROGRAM} evaluate weights.npz
  {PROGRAM} backup runs-backup.db
  {PROGRAM} serve

Runs are shared with the browser: both use MLP_DATABASE_URL, or the file runs.db beside the app.
Exit codes: 0 done, 1 refused or failed, 2 not understood, 130 interrupted."""


class Parser(argparse.ArgumentParser):
    """As argparse has it, with options spelled out, examples as they are typed, and mistakes told in one line."""

    def __init__(self, **options):
        shape = argparse.RawDescriptionHelpFormatter
        super().__init__(**{"allow_abbrev": False, "formatter_class": shape, **options})

    def error(self, message: str) -> NoReturn:
        """One line instead of the whole usage, which --help has."""
        self.exit(NOT_UNDERSTOOD, f"{self.prog}: {printable(message)} (--help says more)\n")


def parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """The command that is asked for, or else every command, with its options: imports of the others take their time."""
    whole = Parser(prog=PROGRAM, description="MLP Lab from the terminal.", epilog=EXAMPLES)
    commands = whole.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in [COMMANDS[arguments[0]]] if arguments and arguments[0] in COMMANDS else MODULES:
        import_module(f".{module}", __package__).add(commands)
    return whole


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what is asked; returns the exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    asked = parser(arguments).parse_args(arguments)
    try:
        code = asked.answer(asked)
        sys.stdout.flush()
    except UserError as error:
        print(f"{PROGRAM}: {printable(str(error))}", file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # as `| head` leaves us; what is still buffered shall not raise again at the exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return REFUSED
    return code or 0

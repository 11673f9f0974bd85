"""backup and restore: everything that is kept, as one file."""

import argparse

from ..limits import MIB
from ..runs import backup
from ..runs.store import database_url
from . import files

EXAMPLES = """\
examples:
  python -m dashboard backup runs-backup.db
  python -m dashboard restore runs-backup.db
  python -m dashboard restore runs-backup.db --replace"""


def add(commands) -> None:
    """The two commands with their options."""
    saving = commands.add_parser(
        "backup",
        help="copy everything that is kept to one file",
        description="Copy the database (runs, epochs, weights, data sets) to one file. The app may be running: the "
        "copy is of one moment, and is checked before it gets its name.",
        epilog=EXAMPLES,
    )
    saving.add_argument("file", metavar="FILE")
    saving.add_argument("--force", action="store_true", help="replace FILE when it exists")
    saving.set_defaults(answer=save)
    taking = commands.add_parser(
        "restore",
        help="take everything back from such a file",
        description="Take the database back from a back-up. Runs that trained when it was made are interrupted and can "
        "be resumed.",
        epilog=EXAMPLES,
    )
    taking.add_argument("file", metavar="FILE")
    taking.add_argument("--replace", action="store_true", help="put the database that is there aside, beside itself")
    taking.set_defaults(answer=take)


def save(asked: argparse.Namespace) -> None:
    """Copy, and say how much it was."""
    files.check(asked.file, asked.force)
    size = backup.backup(database_url(), asked.file)
    print(f"{asked.file} holds everything that is kept: {size / MIB:,.1f} MiB.")


def take(asked: argparse.Namespace) -> None:
    """Take it back, and say where the one before is."""
    before = backup.restore(asked.file, database_url(), replace=asked.replace)
    print(f"Restored from {asked.file}." + (f" What was there before is in {before}." if before else ""))

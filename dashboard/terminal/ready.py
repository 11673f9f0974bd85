"""ready: can this installation train and keep? For whatever restarts or routes around servers."""

import argparse
import os
import urllib.request
from urllib.error import URLError

from ..errors import UserError
from ..runs.engine import workers_at
from ..runs.store import database_url, open_store

SECONDS = 5
EXAMPLES = """\
examples:
  python -m dashboard ready
  python -m dashboard ready --server http://127.0.0.1:8501"""


class NotReadyError(UserError):
    """Something that training needs is missing; the sentence says what."""


def add(commands) -> None:
    """The command with its options."""
    parser = commands.add_parser(
        "ready",
        help="can runs be kept and trained here?",
        description="Write the database, ask the scheduler (MLP_SCHEDULER) and see that every run under way is heard "
        "of. Exit code 0 when all is well, 1 with a sentence when not.",
        epilog=EXAMPLES,
    )
    parser.add_argument("--server", metavar="URL", help="ask the page server at URL, too")
    parser.set_defaults(answer=answer)


def answer(asked: argparse.Namespace) -> None:
    """Say what is well, or raise what is not."""
    store = open_store(database_url())
    store.probe()
    said = ["database written"]
    if address := os.environ.get("MLP_SCHEDULER"):
        workers = workers_at(address)
        if not workers:
            raise NotReadyError(f"The Dask scheduler at {address} has no worker. Start some: docs/scaling.md.")
        said.append(f"scheduler answered, {workers} {'worker' if workers == 1 else 'workers'}")
    if silent := store.silent():
        raise NotReadyError(
            f"{len(silent)} of the runs under way {'is' if len(silent) == 1 else 'are'} not heard of: "
            f"{', '.join(run.name for run in silent[:3])}."
        )
    said.append("every run heard of")
    if asked.server:
        _ask(asked.server)
        said.append("pages served")
    print(f"Ready: {', '.join(said)}.")


def _ask(server):
    address = f"{server.rstrip('/')}/_stcore/health"
    try:
        with urllib.request.urlopen(address, timeout=SECONDS) as got:
            healthy = got.status == 200
    except (URLError, OSError, ValueError) as error:
        raise NotReadyError(f"The page server at {server} does not answer: {error}.") from error
    if not healthy:
        raise NotReadyError(f"The page server at {server} is not healthy.")

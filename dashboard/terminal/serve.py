"""serve: the dashboard in a browser."""

import argparse
import json
import os
import sys
from pathlib import Path

from ..runs.store import database_url

ROOT = Path(__file__).parents[2]
SQLITE = "sqlite:///"
LOCAL = ("127.0.0.1", "localhost", "::1")  # as .streamlit/config.toml has them


def add(commands) -> None:
    """The command with its options."""
    parser = commands.add_parser(
        "serve",
        help="open the dashboard in a browser",
        description="Serve the dashboard. It answers this computer alone, unless --address says otherwise: whoever can "
        "reach it can train and delete. docs/scaling.md says how to serve many.",
    )
    parser.add_argument("--port", type=_port, default=8501, help="default: 8501")
    parser.add_argument("--address", default="127.0.0.1", help="the address to listen on; default: 127.0.0.1")
    parser.add_argument(
        "--host",
        action="append",
        metavar="NAME",
        help="a name under which it is reached, such as lab.example.org; requests for others are refused. "
        "default: this computer's own names, or any when --address is another one",
    )
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")
    parser.set_defaults(answer=answer)


def answer(asked: argparse.Namespace) -> None:
    """Become the server: signals and the exit code are its own from here on."""
    options = {"address": asked.address, "port": asked.port, "headless": str(asked.no_browser).lower()}
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py"]
    hosts = asked.host or ([] if asked.address in LOCAL else ["*"])
    if hosts:
        options["allowedHosts"] = json.dumps([*LOCAL, *hosts])
    command += [f"--server.{name}={value}" for name, value in options.items()]
    os.environ["MLP_DATABASE_URL"] = absolute(database_url())
    os.chdir(ROOT)  # where Streamlit looks for its settings
    sys.stdout.flush()
    os.execv(sys.executable, command)


def absolute(url):
    """A SQLite file as seen from here, since the server runs elsewhere."""
    path = url.removeprefix(SQLITE)
    relative = url.startswith(SQLITE) and path and not path.startswith(("/", ":", "file:"))
    return f"{SQLITE}{os.path.abspath(path)}" if relative else url


def _port(text):
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 to 65,535, got {text[:40]!r}")
    return int(text)

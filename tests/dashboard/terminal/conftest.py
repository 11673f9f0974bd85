"""The command line as a person has it: a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "-W", "error", "-m", "dashboard"]


@pytest.fixture
def environment(database_url):
    """What the processes see: the test's database, and the package from wherever they run."""
    return {**os.environ, "MLP_DATABASE_URL": database_url, "PYTHONPATH": str(ROOT), "COLUMNS": "100"}


@pytest.fixture
def lab(environment, tmp_path):
    """Run `python -m dashboard ...` in an empty folder to its end; nothing that a person sees is a traceback."""

    def lab(*arguments, **options):
        command = [*COMMAND, *map(str, arguments)]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, timeout=120, **options)
        done.stdout, done.stderr = done.stdout.decode("utf-8", "surrogateescape"), done.stderr.decode()
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return lab


@pytest.fixture
def start(environment, tmp_path):
    """Start `python -m dashboard ...` and leave it running; it ends with the test."""
    started = []

    def start(*arguments, **options):
        command = [*COMMAND, *map(str, arguments)]
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options}
        started.append(subprocess.Popen(command, cwd=tmp_path, env=environment, **options))
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()

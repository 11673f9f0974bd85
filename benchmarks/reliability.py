"""`python -m benchmarks.reliability`: every row of docs/reliability.md, with as many tries as its figures tell.

The tests that CI runs, but 200 kills for 10 and 10,000 spoiled files a parser for 400, then the commands that CI does
not run. What is given on the command line goes to pytest.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
THOROUGH = {"MLP_KILLS": "200", "MLP_FUZZ": "10000"}
TESTS = (
    "tests/reliability",
    "tests/cluster",
    "tests/test_house.py",
    "tests/test_lock.py",
    "tests/dashboard/test_apart.py",
    "tests/dashboard/terminal/test_backup.py",
    "tests/dashboard/terminal/test_ready.py",
    "tests/dashboard/exports",
    "tests/dashboard/uploads",
    "tests/dashboard/runs",
    "tests/dashboard/view/test_controls.py",
    "tests/browser/test_clock.py",
    "tests/browser/test_deaths.py",
    "tests/browser/test_inert.py",
    "tests/browser/test_limits.py",
    "tests/browser/test_own_sets.py",
    "tests/browser/test_people.py",
    "tests/browser/test_presses.py",
    "tests/browser/test_secrets.py",
    "tests/browser/test_two_servers.py",
    "tests/browser/test_waiting.py",
)
COMMANDS = ("benchmarks.fuzz", "benchmarks.sessions", "benchmarks.day", "benchmarks.instant")

if __name__ == "__main__":
    environment = {**os.environ, **THOROUGH}
    commands = [["pytest", "-q", "-s", "--durations=15", *TESTS, *sys.argv[1:]], *([name] for name in COMMANDS)]
    codes = {}
    for command in commands:
        codes[command[0]] = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, env=environment).returncode
    for name, code in codes.items():
        print(f"{name}: {'passed' if code == 0 else f'failed, exit code {code}'}")
    sys.exit(any(codes.values()))

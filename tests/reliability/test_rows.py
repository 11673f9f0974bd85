"""docs/reliability.md names tests that there are, and one command runs every one of them."""

import re
from pathlib import Path

import pytest

from benchmarks.reliability import COMMANDS, ROOT, TESTS

TEXT = (ROOT / "docs" / "reliability.md").read_text()
FILES = sorted(set(re.findall(r"`([\w/]+\.py)`", TEXT)))
MODULES = sorted(set(re.findall(r"`python -m (benchmarks\.\w+)", TEXT)) - {"benchmarks.reliability"})


def test_there_are_rows():
    assert len(FILES) > 20
    assert MODULES


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_named_is_there_and_is_run(name):
    path = Path("tests", name)
    assert (ROOT / path).is_file()
    assert any(str(each) in TESTS for each in (path, *path.parents))


@pytest.mark.parametrize("name", MODULES)
def test_a_benchmark_that_is_named_is_run(name):
    assert name in COMMANDS


@pytest.mark.parametrize("name", TESTS)
def test_what_is_run_is_there(name):
    assert (ROOT / name).exists()

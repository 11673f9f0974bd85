"""Imports run one way: pages -> dashboard -> mlpcore; what workers execute never meets streamlit."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
WORKER_ROOMS = ("config", "datasets", "schema", "store", "trainer", "cluster", "engine", "estimates", "evaluation",
                "charts", "images", "formats", "presets", "errors")  # fmt: skip


def imported(path):
    """The top names that a file imports, with ".name" for a sibling."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                yield from [f".{node.module}"] if node.module else [f".{alias.name}" for alias in node.names]
            else:
                yield node.module.split(".")[0]


@pytest.mark.parametrize("path", sorted((ROOT / "mlpcore").glob("*.py")), ids=lambda path: path.name)
def test_mlpcore_needs_numpy_and_the_standard_library_alone(path):
    outside = {name for name in imported(path) if not name.startswith(".")} - set(sys.stdlib_module_names)
    assert outside <= {"numpy", "mlpcore"}


@pytest.mark.parametrize("path", sorted((ROOT / "dashboard").rglob("*.py")), ids=lambda path: path.name)
def test_dashboard_does_not_import_pages(path):
    assert "pages" not in set(imported(path))


@pytest.mark.parametrize("name", WORKER_ROOMS)
def test_rooms_that_run_in_workers_never_meet_streamlit(name):
    seen, ahead = set(), [name]
    while ahead:
        room = ahead.pop()
        path = ROOT / "dashboard" / f"{room}.py"
        if room in seen or not path.exists():
            continue
        seen.add(room)
        names = set(imported(path))
        assert "streamlit" not in names, room
        ahead += [name.removeprefix(".") for name in names if name.startswith(".")]


@pytest.mark.parametrize("path", sorted((ROOT / "pages").glob("*.py")), ids=lambda path: path.name)
def test_pages_know_neither_sql_nor_numpy(path):
    assert not {"sqlalchemy", "sqlite3", "numpy", "altair"} & set(imported(path))


def test_only_the_store_and_its_tables_know_sql():
    knowing = {path.stem for path in (ROOT / "dashboard").rglob("*.py") if "sqlalchemy" in set(imported(path))}
    assert knowing == {"store", "schema"}

"""Imports run one way: pages -> dashboard -> mlpcore; what workers execute never meets streamlit."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DASHBOARD = ROOT / "dashboard"
WORKER_ROOMS = [
    path
    for path in sorted(DASHBOARD.rglob("*.py"))
    if "view" not in path.parts or "charts" in path.parts or path.stem == "images"
]


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


def siblings(path):
    """The files of dashboard/ that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            room = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
            yield room.with_suffix(".py")
            yield room / "__init__.py"
            yield from ((room / alias.name).with_suffix(".py") for alias in node.names)


@pytest.mark.parametrize("path", sorted((ROOT / "mlpcore").glob("*.py")), ids=lambda path: path.name)
def test_mlpcore_needs_numpy_and_the_standard_library_alone(path):
    outside = {name for name in imported(path) if not name.startswith(".")} - set(sys.stdlib_module_names)
    assert outside <= {"numpy", "mlpcore"}


@pytest.mark.parametrize("path", sorted((ROOT / "dashboard").rglob("*.py")), ids=lambda path: path.name)
def test_dashboard_does_not_import_pages(path):
    assert "pages" not in set(imported(path))


@pytest.mark.parametrize("path", WORKER_ROOMS, ids=lambda path: str(path.relative_to(DASHBOARD)))
def test_rooms_that_run_in_workers_never_meet_streamlit(path):
    seen, ahead = set(), [path]
    while ahead:
        room = ahead.pop()
        if room in seen or not room.exists():
            continue
        seen.add(room)
        assert "streamlit" not in set(imported(room)), room
        ahead += siblings(room)


@pytest.mark.parametrize("path", sorted((ROOT / "pages").glob("*.py")), ids=lambda path: path.name)
def test_pages_know_neither_sql_nor_numpy(path):
    assert not {"sqlalchemy", "sqlite3", "numpy", "altair"} & set(imported(path))


def test_only_the_store_and_its_tables_know_sql():
    knowing = {
        path.stem for path in (ROOT / "dashboard").rglob("*.py") if {"sqlalchemy", "alembic"} & set(imported(path))
    }
    assert knowing == {"database", "store", "set_store", "drawing_store", "sweep_store", "schema", "migrations"}

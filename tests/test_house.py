"""Imports run one way: pages -> dashboard -> mlpcore; what workers execute never meets streamlit.

And nothing is drawn, nor asked of the store, but for who is looking.
"""

import ast
import builtins
import re
import sys
import tomllib
from pathlib import Path

import pytest

from dashboard import limits
from tests.dashboard.runs.test_owned import SERVER

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
    drivers = {"sqlalchemy", "alembic", "sqlite3"}
    knowing = {path.stem for path in (ROOT / "dashboard").rglob("*.py") if drivers & set(imported(path))}
    stores = {
        "store",
        "training_store",
        "owned",
        "shared",
        "quotas",
        "queue_store",
        "set_store",
        "drawing_store",
        "sweep_store",
    }
    assert knowing == {"database", "schema", "migrations", "backup", "clock"} | stores


@pytest.mark.parametrize("path", sorted((ROOT / "pages").glob("*.py")), ids=lambda path: path.name)
def test_a_page_enters_before_it_does_anything(path):
    """Functions and constants may come first: they ask nothing and draw nothing."""
    quiet = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
    _, *lines = [line for line in ast.parse(path.read_text()).body if not isinstance(line, quiet)]
    first = next(i for i, line in enumerate(lines) if not isinstance(line, ast.Assign | ast.AnnAssign))
    assert ast.unparse(lines[first]) == "shell.enter()"
    for constant in lines[:first]:
        called = {ast.unparse(node.func) for node in ast.walk(constant) if isinstance(node, ast.Call)}
        assert called <= set(dir(builtins)), ast.unparse(constant)


ASKED_FOR_SOMEBODY = [*sorted((ROOT / "pages").glob("*.py")), *sorted((DASHBOARD / "view").rglob("*.py"))]


@pytest.mark.parametrize("path", ASKED_FOR_SOMEBODY, ids=lambda path: str(path.relative_to(ROOT)))
def test_pages_ask_the_store_of_who_is_looking_and_never_as_the_server(path):
    """`notice_stale`, `obstacle` and `look` tell nothing of anybody; `of` is how people.py gives out the store."""
    asked = {node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}
    allowed = {"notice_stale", "obstacle", "look", "close"} | ({"of"} if path.stem == "people" else set())
    assert not asked & (SERVER - allowed)


def test_the_store_of_everybody_is_opened_where_it_is_given_out_and_for_what_was_checked_before():
    """spoil.py computes, cached, for runs that its page has got from the store of who is looking; problems.py asks
    whether the database answers, and nothing else."""
    opening = {path.stem for path in ASKED_FOR_SOMEBODY if "open_store" in path.read_text()}
    assert opening == {"people", "problems", "shell", "spoil"}


def test_every_table_of_a_page_is_one_that_a_spreadsheet_can_open():
    calling = {path.name for path in ASKED_FOR_SOMEBODY if "st.dataframe(" in path.read_text()}
    assert calling == {"tables.py"}


def test_one_limit_of_uploads_holds_in_the_server_its_proxy_the_widgets_and_the_readers():
    most = limits.MAX_FILE_BYTES // limits.MIB
    assert tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["server"]["maxUploadSize"] == most
    assert re.findall(r"client_max_body_size (\d+)m", (ROOT / "docs" / "nginx.conf").read_text()) == [str(most + 1)]
    said = [line for path in DASHBOARD.rglob("*.py") for line in path.read_text().splitlines() if "st.file_upl" in line]
    told = [value for path in DASHBOARD.rglob("*.py")
            for value in re.findall(r"max_upload_size=([\w /]+)", path.read_text())]  # fmt: skip
    assert told == ["MAX_FILE_BYTES // MIB"] * len(said) != []
    assert limits.MAX_FILE_BYTES >= 100_000 * 28 * 28

"""Every control explains itself: in words, by a formula where it has one, and by its names elsewhere."""

import ast
from pathlib import Path

import pytest

from dashboard.runs.config import SETTINGS
from dashboard.view import advanced
from dashboard.view.help import HELP

VIEW = Path(advanced.__file__).parent
WITHOUT_FORMULA = {"preset", "instant", "dataset", "patience", "validation", "subset", "seed"}


def test_every_setting_has_its_help_and_the_controls_beside_them():
    assert HELP.keys() == (SETTINGS.keys() - {"hidden"}) | {"layers", "units", "preset", "instant"}


@pytest.mark.parametrize("name", HELP)
def test_a_help_text_has_words_formula_and_names(name):
    *told, names = HELP[name].split("\n\n")
    assert told[0][0].isupper()
    assert 30 < len(told[0]) < 200
    sklearn, torch = names.split("  \n")
    assert sklearn.startswith("scikit-learn: ")
    assert torch.startswith("PyTorch: ")
    assert len(told) == (1 if name in WITHOUT_FORMULA else 2)
    assert HELP[name].count("$") % 2 == 0
    assert HELP[name].count("{") == HELP[name].count("}")


@pytest.mark.parametrize("file", ["controls.py", "advanced.py", "instant.py"])
def test_no_control_is_without_help(file):
    widgets = {"selectbox", "slider", "select_slider", "number_input", "toggle", "checkbox", "text_input"}
    for node in ast.walk(ast.parse((VIEW / file).read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in widgets:
            assert "help" in [keyword.arg for keyword in node.keywords], ast.unparse(node)

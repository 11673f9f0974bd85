"""What commands print: tables, JSON, and texts that can't steer the terminal."""

import json
import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from ..runs.run import Run

TIMES = ("created", "started", "ended")
OURS = (
    "wish",
    "submission",
    "attempt",
    "tries",
    "heartbeat",
    "progress",
    "deleted",
    "owner",
)  # how the app works, of no use to a script


def printable(text: str) -> str:
    """The text with anything that could steer a terminal, line breaks included, as a space."""
    return "".join(character if character.isprintable() else " " for character in text)


def table(header: Sequence[str], rows: Iterable[Sequence[object]], right: Sequence[int] = ()) -> str:
    """Columns as wide as their widest cell; those numbered in `right` end flush."""
    cells = [list(header), *([printable(str(cell)) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = (
        "  ".join(cell.rjust(width) if i in right else cell.ljust(width)
                  for i, (cell, width) in enumerate(zip(row, widths, strict=True)))
        for row in cells
    )  # fmt: skip
    return "\n".join(line.rstrip() for line in lines)


def moment(seconds: float | None) -> str:
    """A time as a clock on the wall has it here: 2026-11-24 09:30"""
    return "" if seconds is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))


def as_dict(run: Run) -> dict[str, Any]:
    """The run for a script; times as ISO 8601 in UTC."""
    values = {name: value for name, value in asdict(run).items() if name not in OURS}
    for name in TIMES:
        if values[name] is not None:
            values[name] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(values[name]))
    computed = {"architecture": run.config.architecture, "parameters": run.config.parameters}
    return {**values, **computed, "shown_epoch": run.shown_epoch, "accuracy": run.accuracy}


def print_json(value: object) -> None:
    """As JSON that every reader takes: figures that are not finite become null."""
    print(json.dumps(_finite(value), indent=2, allow_nan=False))


def _finite(value):
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value

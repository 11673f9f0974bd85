""".csv: one row an epoch. Texts can't become formulas in a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import MISSING, asdict, fields
from typing import Any

from mlpcore import MLP, EpochResult

from ..runs.config import RunConfig

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # what a spreadsheet may take for the beginning of a formula


def write(net: MLP, config: RunConfig, history: list[EpochResult], name: str) -> bytes:
    """The history as CSV: the run's name, then every figure of the epoch, exactly; empty where unknown.

    Nested figures get dotted names ("diagnostics.layers.fc1.dead"); optional ones that no epoch has, no column.
    """
    rows = [dict(_flat(asdict(epoch))) for epoch in history]
    always = [field.name for field in fields(EpochResult) if field.default is MISSING]
    found = [key for row in rows for key, value in row.items() if value is not None]
    columns = list(dict.fromkeys([*always, *found]))
    return csv_bytes(["run", *columns], ([name, *(row.get(key) for key in columns)] for row in rows))


def _flat(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """(dotted name, value) of everything in nested dicts."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A table as CSV in UTF-8 (RFC 4180). Numbers stay as they are, None is empty, texts are neutralised."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)  # ends lines with \r\n, and so quotes a lone \r, after which a new row would begin
    writer.writerow([neutralised(cell) for cell in header])
    writer.writerows([neutralised(cell) for cell in row] for row in rows)
    return file.getvalue().encode()


def neutralised(cell: object) -> object:
    """A text that begins like a formula gets an apostrophe before it; everything else passes.

    Source: OWASP, CSV Injection.
    """
    if isinstance(cell, str) and (cell.startswith(FORMULA) or cell.lstrip().startswith(FORMULA)):
        return "'" + cell
    return cell

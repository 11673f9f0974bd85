"""How an upload is refused: one sentence that names the thing, the rule and the value."""

import json
from functools import partial
from typing import Any

from ..errors import UserError

SHOWN = 60  # characters of a foreign text that a sentence repeats


class ImportRefused(UserError):  # noqa: N818 - the outcome of an import, named as one
    """The file is not imported; the sentence says why."""


def shown(value: object, limit: int = SHOWN) -> str:
    """A foreign name or value as one short printable line."""
    try:
        text = str(value)[: limit + 1]
    except RecursionError:  # JSON may be nested almost as deep as Python goes
        return "a value nested without end"
    text = "".join(character if character.isprintable() else "?" for character in text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def listed(names) -> str:
    """A few of many names: a, b, c and 17 more."""
    names = list(names)
    more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
    return ", ".join(shown(name) for name in names[:3]) + more if names else "none"


def parse_json(text: str | bytes, what: str) -> dict[str, Any]:
    """The JSON object in `text`; ImportRefused when it holds anything else."""
    try:
        value = json.loads(text, object_pairs_hook=partial(_each_once, what))
    except (ValueError, RecursionError) as error:
        raise ImportRefused(f"{what} must be JSON, which it is not: {shown(error)}.") from error
    if not isinstance(value, dict):
        got = "a list" if isinstance(value, list) else "a single value"
        raise ImportRefused(f"{what} must be a JSON object, got {got}.")
    return value


def _each_once(what, pairs):
    """A key that comes twice means one thing to one reader and another to the next."""
    found = {}
    for key, value in pairs:
        if key in found:
            raise ImportRefused(f'{what} must have each key once, got "{shown(key)}" twice.')
        found[key] = value
    return found

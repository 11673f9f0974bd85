"""A sweep's plan from a small TOML file; see docs/sweeps.md."""

import tomllib
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from .. import formats
from .config import ConfigError, RunConfig
from .presets import DEFAULT, PRESETS
from .settings import SETTINGS
from .store import MAX_NAME
from .sweeps import Range, SweepPlan, held_out, value_of

KNOWN = ("name", "method", "draws", "seeds", "halving", "base", "vary")
MAX_BYTES = 100_000


def read_plan(path: str | Path) -> tuple[SweepPlan, str | None]:
    """(plan, name) of the file at `path`; ConfigError for one that is missing or says something else."""
    path = Path(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ConfigError(f"{path} must have at most {MAX_BYTES:,} bytes.")
        return plan_of(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigError(f"{path} could not be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} must be TOML: {error}.") from error


def plan_of(held: dict[str, Any]) -> tuple[SweepPlan, str | None]:
    """(plan, name) of what a file holds."""
    for key in held:
        if key not in KNOWN:
            raise ConfigError(f"A sweep file may have {', '.join(KNOWN)}, got {key[:40]!r}.")
    vary = _table(held, "vary")
    chosen = {name: _varied(name, wanted) for name, wanted in vary.items()}
    plan = SweepPlan(
        _base(dict(_table(held, "base"))),
        {name: found for name, found in chosen.items() if not isinstance(found, Range)},
        {name: found for name, found in chosen.items() if isinstance(found, Range)},
        **{key: held[key] for key in ("method", "draws", "seeds", "halving") if key in held},
    )
    return plan, _name(held)


def _name(held):
    name = held.get("name")
    if name is not None and not (isinstance(name, str) and 1 <= len(name.strip()) <= MAX_NAME):
        raise ConfigError(f"The name of a sweep must be a text of 1 to {MAX_NAME} characters, got {str(name)[:90]!r}.")
    return name and formats.clean(name)


def _table(held, key):
    if not isinstance(held.get(key, {}), dict):
        raise ConfigError(f"[{key}] must be a table of settings, got {held[key]!r}.")
    return held.get(key, {})


def _base(settings):
    preset = settings.pop("preset", DEFAULT)
    if preset not in PRESETS:
        raise ConfigError(f"The preset must be one of {', '.join(PRESETS)}, got {preset!r}.")
    known = [field.name for field in fields(RunConfig)]
    for name in settings:
        if name not in known:
            raise ConfigError(f"[base] may have {', '.join(known)}, got {name[:40]!r}.")
    base = {name: _value(name, value) for name, value in settings.items()}
    dataset = SETTINGS["dataset"].check(base.get("dataset", PRESETS[preset].config.dataset))
    return replace(PRESETS[preset].config, **{"validation": held_out(dataset)} | base)


def _varied(name, wanted):
    """A list of values, or { from = 0.1, to = 10 }."""
    if isinstance(wanted, dict):
        if set(wanted) != {"from", "to"}:
            raise ConfigError(f"The range of {name} must have from and to, got {', '.join(wanted) or 'nothing'}.")
        return Range(wanted["from"], wanted["to"])
    return tuple(_value(name, value) for value in (wanted if isinstance(wanted, list) else [wanted]))


def _value(name, value):
    """Layers may be 100, [100, 100] or "100-100"."""
    if name == "hidden":
        return value_of(name, value) if isinstance(value, str) else tuple(value if isinstance(value, list) else [value])
    return value

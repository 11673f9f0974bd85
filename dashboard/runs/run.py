"""Run: one run as the database has it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from .. import formats
from .config import RunConfig

ACTIVE = ("queued", "running")
STATUSES = (*ACTIVE, "paused", "interrupted", "stopped", "failed", "finished")


@dataclass(frozen=True)
class Run:
    """One run as the database has it; times in seconds since 1970."""

    id: str
    number: int
    name: str
    config: RunConfig
    status: str
    wish: str | None
    submission: int
    attempt: int
    tries: int  # at the epoch under way
    origin: str  # trained, fork, reproduction or imported
    parent: str | None
    parent_epoch: int | None
    sweep: str | None
    priority: int
    until: int | None  # the epoch at which it waits for its sweep to judge it
    owner: str | None
    note: str
    created: float
    started: float | None
    ended: float | None
    heartbeat: float | None
    progress: float
    deleted: float | None
    error: str | None
    environment: dict[str, Any] | None
    epochs_done: int
    last_accuracy: float | None
    best_epoch: int | None  # by validation accuracy where there is one, else by test accuracy
    best_accuracy: float | None  # on the test set, at the best epoch
    best_validation: float | None
    claimed_accuracy: float | None  # by the file of an imported run
    seconds: float

    @property
    def active(self) -> bool:
        """Queued or running."""
        return self.status in ACTIVE

    @property
    def trained(self) -> bool:
        """Whether there are weights to look at."""
        return self.last_accuracy is not None

    @property
    def shown_epoch(self) -> int:
        """The epoch whose weights stand for the run: the one validation chose where images are held out, else the last.

        Early stopping restores those weights; without patience, too, they are what validation is there to choose.
        """
        return (self.config.validation and self.best_epoch) or self.epochs_done

    @property
    def accuracy(self) -> float | None:
        """The test accuracy at `shown_epoch`."""
        return self.best_accuracy if self.config.validation and self.best_epoch else self.last_accuracy

    @property
    def resumable(self) -> bool:
        """Whether it can go on where it was."""
        return self.status in ("paused", "interrupted")

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Run":
        """The run in a row of the table."""
        values = dict(row)
        values["config"] = config_of(values["config"])
        values["name"], values["note"] = formats.clean(values["name"]), formats.clean(values["note"], lines=True)
        values["environment"] = json.loads(values["environment"]) if values["environment"] else None
        return cls(**values)


@lru_cache(maxsize=4096)
def config_of(text: str) -> RunConfig:
    """The settings in a row; checked once, not for every look at a list of a thousand runs."""
    return RunConfig.from_json(text)

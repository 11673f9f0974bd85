"""Which checkpoints of a run are kept, and what they take in the database."""

import math

from .config import RunConfig
from .estimates import FLOAT, kept_arrays

SNAPSHOT_BYTES = 8_000_000  # a run, for looking back at its epochs
ALWAYS = 4  # what a fork began with, the newest two, the best
FRAME = 2_000  # bytes of a checkpoint without arrays
ARRAY_FRAME = 300  # bytes of each array beside its numbers


def snapshot_stride(size: int, planned: int) -> int:
    """Every how many epochs a checkpoint of `size` bytes is kept: a power of two that keeps `planned` in the budget."""
    stride = 1
    while stride < planned and size * planned / stride > SNAPSHOT_BYTES:
        stride *= 2
    return stride


def checkpoint_bytes(config: RunConfig) -> int:
    """What one checkpoint takes."""
    arrays = 2 * (len(config.hidden) + 1) * kept_arrays(config)
    return FLOAT * kept_arrays(config) * config.parameters + ARRAY_FRAME * arrays + FRAME


def kept_bytes(config: RunConfig) -> int:
    """What a whole run will have kept in the end, at most."""
    size = checkpoint_bytes(config)
    between = math.ceil(config.epochs / snapshot_stride(size, config.epochs))
    return size * min(config.epochs + 1, between + ALWAYS)

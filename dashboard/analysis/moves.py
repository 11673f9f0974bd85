"""What one step of a run's own optimizer makes of one image's gradient: mlpcore's, without a memory."""

import math
from dataclasses import dataclass

import numpy as np

from mlpcore import Regularization, weights

from ..runs.config import RunConfig
from ..runs.trainer import make_optimizer
from .steps import Trace, like


@dataclass(frozen=True)
class Move:
    """The network after the step, and what the optimizer was given: g = dC/dp with the penalty, then clipped."""

    W: list[np.ndarray]  # of each layer, (dout, din)
    g: list[np.ndarray]  # of each W, of its shape
    shrunk: float  # what clipping multiplied the gradients with; 1: nothing
    cost: float  # of the same image, after the step


def first_step(found: Trace, config: RunConfig) -> Move:
    """The step from the traced weights with the run's optimizer, penalty and clipping, at its full learning rate.

    Where an optimizer remembers the steps before, this one is its first: velocities and means begin at 0.
    """
    moved = like(found.net)
    values, gradients = moved.flatten()
    weights.fill(moved, {name: value for name, value, _ in found.net.parameters()})
    moved.backward(found.x, found.y)
    Regularization(l2=config.l2).adjust(moved.parameters())
    norm = float(np.linalg.norm(gradients))
    Regularization(clip=config.clip or math.inf).adjust(moved.parameters())
    g = [layer.dW.copy() for layer in moved.layers]
    make_optimizer(config).step(values, gradients)
    shrunk = min(1.0, config.clip / norm) if config.clip and norm else 1.0
    return Move([layer.W for layer in moved.layers], g, shrunk, moved.loss(found.x, found.y))

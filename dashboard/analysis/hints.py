"""What a run shows, with the evidence, the reason and a remedy. No hint without evidence."""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from mlpcore import EpochResult

from .. import datasets
from ..formats import percent
from ..runs.config import MAX_EPOCHS, ConfigError
from ..runs.run import Run
from . import remedies
from .remedies import BENDING

LEAST_EPOCHS, MOST = 3, 2  # epochs that tell something; hints shown at once
LITTLE, MUCH = 0.1, 0.75  # of the way from guessing to all right: hardly learned; learned
LEARNED = 0.95  # accuracy that no flat unit has hindered
FLAT = 0.01  # a smaller gain from one third of the epochs to the next is none, for a poor run
RISING = 0.005  # a larger one is worth more epochs
GAP = 0.03  # between training and test accuracy
WORSE = 1.1  # times its lowest: a test loss that has turned
BY_HEART = 0.999  # of the training images
HALF, MOST_OF = 0.5, 0.75  # of a layer; a good sigmoid run ends with up to half of its units' answers flat


@dataclass(frozen=True)
class Hint:
    """One thing that a run shows."""

    title: str
    evidence: str  # with the figures
    why: str
    remedy: dict[str, Any] = field(default_factory=dict)  # settings to change; none where nothing here would help


def hints(run: Run, epochs: Sequence[EpochResult]) -> list[Hint]:
    """What the run shows, the most telling first; nothing while it is too young to tell."""
    if run.status == "failed":
        found = [_diverged(run)]
    elif len(epochs) < LEAST_EPOCHS:
        return []
    else:
        causes = [rule(run, epochs) for rule in CAUSES]
        found = causes + [rule(run, epochs) for rule in RULES if not (any(causes) and rule in EFFECTS)]
    return [_helping(hint, run.config) for hint in found if hint is not None][:MOST]


def _helping(hint, config):
    """The hint without its remedy when that would change nothing, or can't be trained."""
    try:
        helps = replace(config, **hint.remedy) != config
    except ConfigError:
        helps = False
    return hint if helps else replace(hint, remedy={})


def _diverged(run):
    if "diverged" not in (run.error or ""):
        return None
    return Hint(
        "It diverged",
        run.error.split(":")[0] + ".",
        "Each step went further than the gradient holds: the cost grew instead of falling, and the numbers left "
        "the range of float32.",
        {"lr": remedies.slower(run.config)},
    )


def _dead(run, epochs):
    layer, share = _worst(epochs, "dead")
    if share <= HALF:
        return None
    evidence = f"In {layer}, {100 * share:.0f} % of the units give the same flat answer to every image."
    if run.config.init == "zero":
        return Hint("Dead units", evidence, remedies.ALIKE, remedies.drawn(run.config))
    return Hint(
        "Dead units",
        evidence,
        "A unit that is flat for every image has no slope, so no gradient ever reaches its weights again. Often one "
        "step was too large.",
        {"lr": remedies.slower(run.config)},
    )


def _saturated(run, epochs):
    layer, share = _worst(epochs, "saturated")
    normal = run.config.init == "normal"
    much = share > (HALF if normal else MOST_OF)
    if not much or run.config.activation not in BENDING or _last(epochs) > LEARNED:
        return None
    cause = (
        "Weights from N(0, 1) add up to large inputs in a wide layer; Xavier keeps them small."
        if normal
        else "Large steps have driven the weights that far; smaller ones would not."
    )
    return Hint(
        "Saturated units",
        f"In {layer}, {100 * share:.0f} % of the activations stand where the slope is nearly flat.",
        f"Where {run.config.activation} is flat, its slope is near zero, and so is the gradient behind it. {cause}",
        {"init": "xavier"} if normal else {"lr": run.config.lr / 3},
    )


def _too_slow(run, epochs):
    last, guess = _last(epochs), _guessing(run.config)
    if last >= _towards(guess, LITTLE):
        return None
    why, remedy = remedies.faster(run.config, epochs[-1].train_loss > epochs[0].train_loss)
    return Hint(
        "It hardly learns",
        f"{percent(last)} of the test images are right after {len(epochs)} epochs; always naming one class gets "
        f"{percent(guess)}.",
        why,
        remedy,
    )


def _overfitting(run, epochs):
    gap = epochs[-1].train_accuracy - _last(epochs)
    losses = [epoch.test_loss for epoch in epochs]
    lowest = min(range(len(losses)), key=losses.__getitem__)
    turned = losses[-1] >= WORSE * losses[lowest]
    if gap <= GAP or not (turned or epochs[-1].train_accuracy >= BY_HEART):
        return None
    evidence = f"{percent(epochs[-1].train_accuracy)} of the training images are right, and {percent(_last(epochs))} "
    evidence += "of the test images."
    if turned:
        evidence += f" Test loss was lowest in epoch {epochs[lowest].epoch}, and has risen since."
    return Hint(
        "Overfitting",
        evidence,
        "The network learns its training images by heart, with what is accidental in them. More images, or images "
        "moved a little in every epoch, leave less to learn by heart.",
        remedies.calmer(run.config),
    )


def _underfitting(run, epochs):
    trained, last, guess = epochs[-1].train_accuracy, _last(epochs), _guessing(run.config)
    gains = [_gain(epochs, figure) for figure in ("test_accuracy", "train_accuracy")]
    poor = last >= _towards(guess, LITTLE) and trained < _towards(guess, MUCH)
    if not poor or abs(trained - last) > GAP or max(gains) >= FLAT:
        return None
    why, remedy = remedies.roomier(run.config)
    return Hint(
        "Underfitting",
        f"{percent(trained)} of the training images are right, and {percent(last)} of the test images. From one third "
        f"of the epochs to the next that changed by {100 * gains[1]:+.1f} and {100 * gains[0]:+.1f} points.",
        why,
        remedy,
    )


def _still_improving(run, epochs):
    gain = _gain(epochs, "test_accuracy")
    if run.status != "finished" or len(epochs) < run.config.epochs or gain < RISING:
        return None
    return Hint(
        "Still improving",
        f"The last third of the epochs gained {100 * gain:.1f} points of test accuracy.",
        "The training ended while it was still paying off.",
        {"epochs": min(2 * run.config.epochs, MAX_EPOCHS)},
    )


Rules = tuple[Callable[[Run, Sequence[EpochResult]], Hint | None], ...]
CAUSES: Rules = (_dead, _saturated)
EFFECTS: Rules = (_too_slow, _underfitting)  # where a cause is known, its remedy is the one to try
RULES: Rules = (_too_slow, _overfitting, _underfitting, _still_improving)


def _last(epochs):
    return epochs[-1].test_accuracy


def _guessing(config):
    """The accuracy of always naming one class: the most frequent of the test images, where they are at hand."""
    if datasets.at_hand(config.dataset):
        with contextlib.suppress(datasets.DatasetError):
            labels = datasets.load(config.dataset).test[1]
            return float(np.bincount(labels).max() / len(labels))
    return 1 / datasets.about(config.dataset).classes


def _towards(guess, part):
    """The accuracy that lies `part` of the way from guessing to all right."""
    return guess + part * (1 - guess)


def _gain(epochs, figure):
    """How much higher the mean of the last third of the epochs is than that of the third before."""
    third = max(1, len(epochs) // 3)
    values = [getattr(epoch, figure) for epoch in epochs[-2 * third :]]
    return (sum(values[third:]) - sum(values[:third])) / third


def _worst(epochs, what):
    """(name of the hidden layer with the largest share, that share) at the last epoch; 0 where nothing is known."""
    layers = (epochs[-1].diagnostics or {}).get("layers", {})
    shares = [(layer[what], number) for number, layer in enumerate(layers.values(), 1) if layer[what] is not None]
    share, number = max(shares, default=(0.0, 0))
    return f"hidden layer {number}", share

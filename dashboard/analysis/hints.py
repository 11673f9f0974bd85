"""What a run shows, with the evidence, the reason and a remedy. No hint without evidence."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from mlpcore import EpochResult

from .. import datasets
from ..runs.run import Run

CHANCE = 2  # times the accuracy of guessing: what is below it is hardly more
POOR = 0.9  # below it, ten classes of clear digits are not learned well
PLATEAU = 0.01  # a smaller gain from one third of the epochs to the next is none, for a poor run
RISING = 0.005  # a larger one is worth more epochs
GAP = 0.03  # between training and test accuracy
WORSE = 1.1  # times its lowest: a test loss that has turned
HALF = 0.5  # of a layer


@dataclass(frozen=True)
class Hint:
    """One thing that a run shows."""

    title: str
    evidence: str  # with the figures
    why: str
    remedy: dict[str, Any] = field(default_factory=dict)  # settings to change


def hints(run: Run, epochs: Sequence[EpochResult]) -> list[Hint]:
    """What the run shows, the most telling first; nothing while it is too young to tell."""
    if run.status == "failed":
        return _diverged(run)
    if len(epochs) < LEAST_EPOCHS:
        return []
    found = [rule(run, epochs) for rule in RULES]
    return [hint for hint in found if hint is not None][:MOST]


LEAST_EPOCHS, MOST = 3, 2


def _diverged(run):
    if "diverged" not in (run.error or ""):
        return []
    return [
        Hint(
            "It diverged",
            run.error.split(":")[0] + ".",
            "Each step went further than the gradient holds: the cost grew instead of falling, and the numbers left "
            "the range of float32.",
            {"lr": run.config.lr / 10},
        )
    ]


def _dead(run, epochs):
    layer, share = _worst(epochs, "dead")
    if share <= HALF:
        return None
    return Hint(
        "Dead units",
        f"In {layer}, {share:.0%} of the units give the same flat answer to every image.",
        "A unit that is flat for every image has no slope, so no gradient ever reaches its weights again. Often one "
        "step was too large.",
        {"lr": run.config.lr / 10},
    )


def _saturated(run, epochs):
    layer, share = _worst(epochs, "saturated")
    if share <= HALF or run.config.activation not in ("sigmoid", "tanh") or _last(epochs) > 0.95:
        return None
    remedy = {"init": "xavier"} if run.config.init == "normal" else {"lr": run.config.lr / 3}
    return Hint(
        "Saturated units",
        f"In {layer}, {share:.0%} of the activations stand where the slope is nearly flat.",
        "Where a sigmoid is flat, its slope is near zero and so is the gradient behind it. Weights from N(0, 1) add up "
        "to large inputs in a wide layer; Xavier keeps them small.",
        remedy,
    )


def _too_slow(run, epochs):
    last = _last(epochs)
    if last >= CHANCE * _guessing(run):
        return None
    remedy = (
        {"activation": "relu", "init": "he", "lr": 0.1} if len(run.config.hidden) > 2 else {"lr": run.config.lr * 3}
    )
    return Hint(
        "It hardly learns",
        f"After {len(epochs)} epochs {last:.1%} of the test images are right; "
        f"guessing gives about {100 * _guessing(run):.0f} %.",
        "The gradient shrinks in each layer on its way back, for a sigmoid to a quarter at best; the first layers of a "
        "deep network then hardly move. ReLU passes it on as it is.",
        remedy,
    )


def _guessing(run):
    return 1 / datasets.about(run.config.dataset).classes


def _overfitting(run, epochs):
    gap = epochs[-1].train_accuracy - _last(epochs)
    losses = [epoch.test_loss for epoch in epochs]
    lowest = min(range(len(losses)), key=losses.__getitem__)
    if gap <= GAP or (losses[-1] < WORSE * losses[lowest] and epochs[-1].train_accuracy < 0.999):
        return None
    evidence = (
        f"{epochs[-1].train_accuracy:.1%} of the training images are right, and {_last(epochs):.1%} of the test's."
    )
    if losses[-1] >= WORSE * losses[lowest]:
        evidence += f" Test loss was lowest in epoch {lowest + 1}, and has risen since."
    remedy: dict[str, Any] = {"subset": 0} if run.config.subset else {"dropout": 0.2, "shift": 1}
    return Hint(
        "Overfitting",
        evidence,
        "The network learns its training images by heart, with what is accidental in them. More images, or images "
        "moved a little in every epoch, leave less to learn by heart.",
        remedy,
    )


def _underfitting(run, epochs):
    gain = _gain(epochs)
    if not (CHANCE * _guessing(run) <= _last(epochs) < POOR and gain < PLATEAU and epochs[-1].train_accuracy < POOR):
        return None
    if not run.config.hidden:
        remedy: dict[str, Any] = {"hidden": (30,)}
    else:
        remedy = {"hidden": tuple(max(30, 2 * units) for units in run.config.hidden)}
        if run.config.init == "zero":
            remedy = {"init": "xavier"}
    return Hint(
        "Underfitting",
        f"{epochs[-1].train_accuracy:.1%} of the training images are right, and from one third of the epochs to the "
        f"next test accuracy changed by {100 * gain:+.1f} points.",
        "Even the images that it trains with are not learned: the network is too narrow for them, or its units are all "
        "alike.",
        remedy,
    )


def _still_improving(run, epochs):
    gain = _gain(epochs)
    if run.status != "finished" or gain < RISING:
        return None
    return Hint(
        "Still improving",
        f"The last third of the epochs gained {100 * gain:.1f} points of test accuracy.",
        "The training ended while it was still paying off.",
        {"epochs": min(2 * run.config.epochs, 1000)},
    )


RULES: tuple[Callable[[Run, Sequence[EpochResult]], Hint | None], ...] = (
    _dead, _saturated, _too_slow, _overfitting, _underfitting, _still_improving,
)  # fmt: skip


def _last(epochs):
    return epochs[-1].test_accuracy


def _gain(epochs):
    """How much higher the mean test accuracy of the last third of the epochs is than that of the third before."""
    third = max(1, len(epochs) // 3)
    last, before = epochs[-third:], epochs[-2 * third : -third]
    return sum(epoch.test_accuracy for epoch in last) / third - sum(epoch.test_accuracy for epoch in before) / third


def _worst(epochs, what):
    """(name of the hidden layer with the largest share, that share) at the last epoch; 0 where nothing is known."""
    layers = (epochs[-1].diagnostics or {}).get("layers", {})
    shares = [(layer[what], number) for number, layer in enumerate(layers.values(), 1) if layer[what] is not None]
    share, number = max(shares, default=(0.0, 0))
    return f"hidden layer {number}", share

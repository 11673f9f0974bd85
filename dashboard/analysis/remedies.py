"""What may help a run, and why: settings to change, never those that it has already."""

from typing import Any

from ..runs.config import RunConfig

Remedy = dict[str, Any]  # settings to change
BENDING = ("sigmoid", "tanh")  # activations that grow flat on both sides
DEEP = 2  # hidden layers; with more, a sigmoid's gradient fades on its way back
HELD = {"dropout": 0.3, "l2": 1e-3}  # above these, a network is held back from fitting anything
ALIKE = (
    "Units that begin alike get the same gradient and stay alike, so that a layer of them is no more than one unit. "
    "Weights drawn at random tell them apart."
)


def drawn(config: RunConfig) -> Remedy:
    """Weights drawn at random, as the activation likes them."""
    return {"init": "xavier" if config.activation in BENDING else "he"}


def slower(config: RunConfig) -> float:
    """A tenth of the learning rate, and no more than what usually goes well."""
    usual = 0.001 if config.optimizer == "adam" else 1.0 if config.activation in BENDING else 0.1
    return config.lr / 10 if config.lr <= 10 * usual else usual


def faster(config: RunConfig, growing: bool) -> tuple[str, Remedy]:
    """(why a run hardly learns, what to change); `growing`: its cost has grown."""
    if config.init == "zero":
        return ALIKE, drawn(config)
    if len(config.hidden) > DEEP and config.activation in BENDING:
        least = "a sigmoid's slope is a quarter at most" if config.activation == "sigmoid" else "tanh's is below 1"
        return (
            f"The gradient shrinks in each of the {len(config.hidden)} hidden layers on its way back, since {least}; "
            "the first layers then hardly move. ReLU passes it on as it is.",
            {"activation": "relu", "init": "he", "lr": 0.1},
        )
    if growing:
        return (
            "The cost has grown since the first epoch: each step goes further than the gradient holds, and lands "
            "higher than it began.",
            {"lr": slower(config)},
        )
    return (
        "Each step moves the weights by the learning rate times the gradient. So few and so small steps have hardly "
        "moved them yet.",
        {"lr": config.lr * 3},
    )


def calmer(config: RunConfig) -> Remedy:
    """What leaves less to learn by heart, as far as it is not done already."""
    if config.subset:
        return {"subset": 0}
    further = {"dropout": 0.2 if config.hidden else 0, "shift": 1}
    return {name: value for name, value in further.items() if getattr(config, name) < value} or {
        "l2": max(1e-4, 3 * config.l2)
    }


def roomier(config: RunConfig) -> tuple[str, Remedy]:
    """(why not even the training images are learned, what to change)"""
    if config.init == "zero" and config.hidden:
        return ALIKE, drawn(config)
    held = {name: 0.0 for name, much in HELD.items() if getattr(config, name) > much}
    if held:
        return "The weights are held back, by a penalty or by units that rest, from fitting even these images.", held
    return (
        "Even the images that it trains with are not learned: the network is too narrow to tell them apart.",
        {"hidden": tuple(max(30, 2 * units) for units in config.hidden) or (30,)},
    )

""".json: config, history and the digest of the weights; and what such a file claims, read back with care."""

import json
import math
from dataclasses import asdict
from typing import Any

from mlpcore import MLP, EpochResult, TrainingState, weights

from .. import datasets
from ..errors import UserError
from ..runs.config import RunConfig
from .imported import Imported
from .refusal import ImportRefused, shown

FORMAT = 1


def summary(config: RunConfig, history: list[EpochResult], name: str) -> dict[str, Any]:
    """Name, config and the test accuracy of the last epoch in `history`, ready for JSON."""
    accuracy = history[-1].test_accuracy if history else None
    return {"name": name, "config": asdict(config), "test_accuracy": accuracy}


def digest(net: MLP) -> str:
    """SHA-256 over the weights, the same as TrainingState.digest: equal digests are equal weights."""
    return TrainingState(0, {name: value for name, value, _ in net.parameters()}, {}, {}).digest


def write(net: MLP, config: RunConfig, history: list[EpochResult], name: str) -> bytes:
    """The run as JSON. A figure that is not finite, which JSON can't say, becomes null."""
    run = {
        "format": FORMAT,
        **summary(config, history, name),
        "test_images": datasets.about(config.dataset).test_samples,
        "network": weights.describe(net),
        "weights_sha256": digest(net),
        "history": [_finite(asdict(epoch)) for epoch in history],
    }
    return json.dumps(run, indent=1, allow_nan=False).encode()


def claimed(run: object, net: MLP, what: str) -> Imported:
    """`net` with the config and accuracy that `run`, JSON or None, states; ImportRefused when they can't be its."""
    if run is None:
        return Imported(net)
    if not isinstance(run, dict):
        raise ImportRefused(f"The run in {what} must be a JSON object, got {shown(run)}.")
    return Imported(net, _config(run.get("config"), net, what), _accuracy(run.get("test_accuracy"), what))


def check_digest(run: dict[str, Any], net: MLP, what: str) -> None:
    """ImportRefused when the weights are not those that the run was exported with."""
    if run.get("weights_sha256") != digest(net):
        got = shown(run.get("weights_sha256"))
        raise ImportRefused(f"{what} must hold the weights with the SHA-256 {got}, but their own is {digest(net)}.")


def _config(settings, net, what):
    if settings is None:
        return None
    if not isinstance(settings, dict):
        raise ImportRefused(f"The config in {what} must be a JSON object, got {shown(settings)}.")
    try:
        config = RunConfig(**settings)
    except UserError as error:
        raise ImportRefused(f"The config in {what} breaks a rule: {shown(error, 200)}") from error
    except (TypeError, ValueError, OverflowError) as error:
        raise ImportRefused(f"The config in {what} must have the settings known here: {shown(error)}.") from error
    told = (config.sizes, config.activation, config.cost)
    own = (list(net.sizes), net.activation.name, net.cost.name)
    if told != own:
        raise ImportRefused(f"The config in {what} must be that of its weights, {_words(own)}, got {_words(told)}.")
    return config


def _words(network):
    sizes, activation, cost = network
    return f"{'-'.join(map(str, sizes))} {activation} {cost}"


def _accuracy(value, what):
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ImportRefused(f"The test accuracy in {what} must be a number from 0 to 1, got {shown(value)}.")
    return float(value)


def _finite(value):
    """`value`, dicts in it included, with null for what is not finite."""
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value

"""How a network is built, and what its parameters are called here and in PyTorch."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from mlpcore import ACTIVATIONS, COSTS, MLP, weights

from ..datasets import About
from ..limits import MAX_LAYERS, MAX_PARAMETERS
from .refusal import ImportRefused, shown

Sizes = Collection[tuple[int, int]]  # (inputs, classes) of each data set that a network may be for
SAID = 6  # of the sizes, in a sentence
OUTPUTS = {  # cost -> what the last layer makes of its weighted input; the other layers use the activation
    "quadratic": "sigmoid",
    "binary_cross_entropy": "sigmoid",
    "cross_entropy": "softmax",
}


@dataclass(frozen=True)
class Parameter:
    """One array of a network: its name in mlpcore, its name in nn.Sequential(Linear, activation, ...), its shape."""

    core: str
    torch: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Architecture:
    """What the header of a weights file says. `sizes` is (din, hidden..., dout)."""

    sizes: tuple[int, ...]
    activation: str
    cost: str
    bias: bool

    @classmethod
    def checked(cls, about: dict[str, Any], what: str, known: Sizes) -> "Architecture":
        """The header `about`; ImportRefused when a value breaks its rule, before anything is built.

        A network must have the inputs and outputs of a data set: one of `known`.
        """
        if about.get("format") != weights.FORMAT:
            got = shown(about.get("format"))
            raise ImportRefused(f"{what} must have a header of format {weights.FORMAT}, got {got}.")
        sizes, bias = about.get("sizes"), about.get("bias")
        if not isinstance(sizes, list) or not all(type(size) is int and size > 0 for size in sizes) or len(sizes) < 2:
            raise ImportRefused(f"{what} must have sizes that are whole numbers > 0, got {shown(sizes)}.")
        if len(sizes) - 1 > MAX_LAYERS:
            raise ImportRefused(f"{what} must have at most {MAX_LAYERS} layers, got {len(sizes) - 1:,}.")
        for key, values in (("activation", ACTIVATIONS), ("cost", COSTS)):
            if not isinstance(about.get(key), str) or about[key] not in values:
                names = ", ".join(values)
                raise ImportRefused(f"{what} must have the {key} {names}, got {shown(about.get(key))!r}.")
        if not isinstance(bias, bool):
            raise ImportRefused(f"{what} must say true or false for bias, got {shown(bias)}.")
        found = cls(tuple(sizes), about["activation"], about["cost"], bias)
        found._check_size(what, known)
        return found

    def _check_size(self, what, known):
        if (self.sizes[0], self.sizes[-1]) not in known:
            pairs = sorted(set(known))[:SAID]
            rule = " or ".join(f"{inputs} inputs and {classes} outputs" for inputs, classes in pairs)
            got = f"{shown(self.sizes[0])} and {shown(self.sizes[-1])}"
            raise ImportRefused(f"{what} must have {rule}, as the data sets here, got {got}.")
        count = sum((din + self.bias) * dout for din, dout in pairwise(self.sizes))
        if count > MAX_PARAMETERS:
            got = f"{count:,}" if count < 10**15 else "more than 10^15"
            raise ImportRefused(f"{what} must have at most {MAX_PARAMETERS:,} parameters, got {got}.")

    @property
    def parameters(self) -> list[Parameter]:
        """Every array in order: fc1.W, fc1.b, fc2.W, ...; in PyTorch 0.weight, 0.bias, 2.weight, ..."""
        found = []
        for i, (din, dout) in enumerate(pairwise(self.sizes)):
            found.append(Parameter(f"fc{i + 1}.W", f"{2 * i}.weight", (dout, din)))
            if self.bias:
                found.append(Parameter(f"fc{i + 1}.b", f"{2 * i}.bias", (dout,)))
        return found

    def network(self, arrays: dict[str, np.ndarray], what: str) -> MLP:
        """The network with `arrays`, named as in mlpcore; ImportRefused when they are not its own."""
        try:
            net = MLP(
                self.sizes, activation=self.activation, cost=self.cost, bias=self.bias, rng=np.random.default_rng(0)
            )
            weights.fill(net, arrays)
        except ValueError as error:
            raise ImportRefused(f"{what} can't be used: {error}.") from error
        return net


def sizes_of(sets: Iterable[About]) -> set[tuple[int, int]]:
    """The (inputs, classes) of these data sets."""
    return {(about.inputs, about.classes) for about in sets}


def check_finite(net: MLP, what: str) -> None:
    """ImportRefused when a weight is NaN or infinite."""
    for name, value, _ in net.parameters():
        bad = value.size - int(np.count_nonzero(np.isfinite(value)))
        if bad:
            raise ImportRefused(
                f"{name} in {what} must hold finite numbers, but {bad:,} of its {value.size:,} are NaN or infinite."
            )


def check_float32(net: MLP) -> None:
    """ValueError for a network that the formats here don't hold."""
    if net.dtype != np.float32:
        raise ValueError(f"an exported network must be float32, got {net.dtype}")


def layer_functions(net: MLP) -> list[str]:
    """The name of what follows each Linear layer, first to last."""
    return [net.activation.name] * (len(net.layers) - 1) + [OUTPUTS[net.cost.name]]

"""How the training goes inside the network, from one step and a sample of images."""

import numpy as np

SAMPLE = 500  # images that the units are looked at with
NORMS = ("gradient_norm", "weight_norm")


def diagnose(net, x, before, scale):
    """A JSON-ready dict on the step just made, in total and by layer.

    x (n, din), floats, are a sample; `before` each layer's W before the step; the gradients are `scale` times dC/dp.
    gradient_norm: of dC/dW, weight_norm: of W, update_ratio: norm of W's change / norm of W.
    saturated: the share of a hidden layer's activations over the sample where the slope is nearly flat (ReLU: zero);
    dead: the share of its units for which all are. None for the output layer.
    """
    layers = {}
    for (name, layer), W, units in zip(net.named_layers(), before, _units(net, x), strict=True):
        norm = float(np.linalg.norm(W))
        layers[name] = {
            "gradient_norm": float(np.linalg.norm(layer.dW)) / scale if scale else 0.0,
            "weight_norm": float(np.linalg.norm(layer.W)),
            "update_ratio": float(np.linalg.norm(layer.W - W)) / norm if norm else None,
            **units,
        }
    total = {key: float(np.sqrt(sum(layer[key] ** 2 for layer in layers.values()))) for key in NORMS}
    ratios = [layer["update_ratio"] for layer in layers.values() if layer["update_ratio"] is not None]
    return {**total, "update_ratio": float(np.mean(ratios)) if ratios else None, "layers": layers}


def _units(net, a):
    for layer in net.layers[:-1]:
        a = net.activation.forward(layer(a))
        flat = net.activation.slope(a) < net.activation.flat
        yield {"saturated": float(flat.mean()), "dead": float(flat.all(axis=0).mean())}
    yield {"saturated": None, "dead": None}

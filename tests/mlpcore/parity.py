"""One hundred steps of the same training in mlpcore, PyTorch and scikit-learn.

`python -m tests.mlpcore.parity`, where both are installed, writes the figures that the tests compare with where
they are not.
"""

import functools
import itertools
from pathlib import Path

import numpy as np

from mlpcore import MLP, OPTIMIZERS, Adam, Regularization, train

STORED = Path(__file__).with_name("parity.npz")
SIZES, ROWS, BATCH = [12, 8, 6, 3], 1000, 10

# name: activation, cost, optimizer, lr, regularization
TORCH = {
    "sgd": ("sigmoid", "quadratic", "sgd", 0.5, {}),
    "momentum": ("tanh", "binary_cross_entropy", "momentum", 0.05, {}),
    "nesterov": ("relu", "cross_entropy", "nesterov", 0.05, {}),
    "adam": ("leaky_relu", "cross_entropy", "adam", 0.01, {}),
    "adam-quadratic": ("tanh", "quadratic", "adam", 0.01, {}),
    "l2": ("sigmoid", "cross_entropy", "momentum", 0.05, {"l2": 0.01}),
    "clip": ("relu", "binary_cross_entropy", "sgd", 0.5, {"clip": 0.5}),
}
SKLEARN = {
    "sgd": ("sigmoid", "cross_entropy", "sgd", 0.5, {"l2": 0.001}),
    "momentum": ("relu", "cross_entropy", "momentum", 0.05, {}),
    "nesterov": ("tanh", "cross_entropy", "nesterov", 0.05, {"l2": 0.01}),
    "adam": ("relu", "cross_entropy", "adam-without-eps", 0.01, {}),  # there eps is added before the correction
}
OURS = OPTIMIZERS | {"adam-without-eps": functools.partial(Adam, eps=1e-30)}


def problem(dtype):
    """X, labels, initial (W, b) of each layer and the order of the samples, from fixed seeds."""
    rng = np.random.default_rng(11)
    X, y = rng.random((ROWS, SIZES[0])).astype(dtype), rng.integers(SIZES[-1], size=ROWS)
    X[np.arange(ROWS), y] += 1
    net = MLP(SIZES, rng=rng, dtype=dtype)
    return X, y, [(layer.W, layer.b) for layer in net.layers], np.random.default_rng(12).permutation(ROWS)


def by_mlpcore(case, dtype=np.float64):
    """All weights and biases after the hundred steps, in one row."""
    activation, cost, optimizer, lr, regularization = case
    X, y, start, _ = problem(dtype)
    net = MLP(SIZES, activation=activation, cost=cost, rng=np.random.default_rng(0), dtype=dtype)
    for layer, (W, b) in zip(net.layers, start, strict=True):
        layer.W[...], layer.b[...] = W, b
    rng, limits = np.random.default_rng(12), Regularization(**regularization)
    list(train(net, OURS[optimizer](lr), (X, y), epochs=1, batch_size=BATCH, rng=rng, regularization=limits))
    return np.concatenate([value.ravel() for _, value, _ in net.parameters()])


def by_torch(case, dtype=np.float64):
    import torch

    torch.set_num_threads(1)
    activation, cost, optimizer, lr, regularization = case
    X, y, start, order = problem(dtype)
    kinds = {
        "sigmoid": torch.nn.Sigmoid,
        "tanh": torch.nn.Tanh,
        "relu": torch.nn.ReLU,
        "leaky_relu": torch.nn.LeakyReLU,
    }
    linear = [torch.nn.Linear(din, dout, dtype=torch.from_numpy(X).dtype) for din, dout in itertools.pairwise(SIZES)]
    for layer, (W, b) in zip(linear, start, strict=True):
        layer.weight.data.copy_(torch.from_numpy(W))
        layer.bias.data.copy_(torch.from_numpy(b))
    net = torch.nn.Sequential(linear[0], kinds[activation](), linear[1], kinds[activation](), linear[2])
    target = torch.nn.functional.one_hot(torch.from_numpy(y)).to(linear[0].weight.dtype)
    losses = {
        "quadratic": lambda z, t: ((torch.sigmoid(z) - t) ** 2).sum() / (2 * len(z)),
        "cross_entropy": torch.nn.CrossEntropyLoss(),
        "binary_cross_entropy": lambda z, t: torch.nn.BCEWithLogitsLoss(reduction="sum")(z, t) / len(z),
    }
    groups = [
        {"params": [layer.weight for layer in linear], "weight_decay": regularization.get("l2", 0)},
        {"params": [layer.bias for layer in linear]},
    ]
    steps = {
        "sgd": lambda: torch.optim.SGD(groups, lr),
        "momentum": lambda: torch.optim.SGD(groups, lr, momentum=0.9),
        "nesterov": lambda: torch.optim.SGD(groups, lr, momentum=0.9, nesterov=True),
        "adam": lambda: torch.optim.Adam(groups, lr),
    }
    step = steps[optimizer]()
    for rows in order.reshape(-1, BATCH):
        step.zero_grad()
        losses[cost](net(torch.from_numpy(X[rows])), target[rows]).backward()
        if "clip" in regularization:
            torch.nn.utils.clip_grad_norm_(net.parameters(), regularization["clip"])
        step.step()
    return np.concatenate([value.detach().numpy().ravel() for value in net.parameters()])


def by_sklearn(case):
    from sklearn.neural_network import MLPClassifier

    activation, _, optimizer, lr, regularization = case
    X, y, start, order = problem(np.float64)
    net = MLPClassifier(
        SIZES[1:-1],
        activation={"sigmoid": "logistic"}.get(activation, activation),
        solver="adam" if optimizer == "adam-without-eps" else "sgd",
        epsilon=1e-30,
        alpha=regularization.get("l2", 0) * BATCH,  # there the penalty is divided by the batch size
        batch_size=BATCH,
        learning_rate_init=lr,
        momentum=0.0 if optimizer == "sgd" else 0.9,
        nesterovs_momentum=optimizer == "nesterov",
        shuffle=False,
    )
    net.partial_fit(X[:BATCH], y[:BATCH], classes=np.arange(SIZES[-1]))  # builds it; then it gets our weights
    net.coefs_, net.intercepts_ = [W.T.copy() for W, _ in start], [b.copy() for _, b in start]
    del net._optimizer
    net.partial_fit(X[order], y[order])
    pairs = zip(net.coefs_, net.intercepts_, strict=True)
    return np.concatenate([part for W, b in pairs for part in (W.T.ravel(), b)])


if __name__ == "__main__":
    figures = {f"torch/{name}": by_torch(case) for name, case in TORCH.items()}
    figures |= {f"sklearn/{name}": by_sklearn(case) for name, case in SKLEARN.items()}
    np.savez_compressed(STORED, **figures)

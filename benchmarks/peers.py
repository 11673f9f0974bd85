"""The same training in other hands: each function builds its network and returns one epoch as a callable.

All get the same float32 images (n, 784) in [0, 1] and one-hot labels, go through them in batches, in the order of
`rows`, and take a plain SGD step on the quadratic cost of sigmoid units. mlpcore gets the uint8 images.
"""

import itertools

import numpy as np

LR = 0.5


def mlpcore(sizes, batch, data):
    from mlpcore import MLP, SGD, train

    rng = np.random.default_rng(0)
    epochs = train(MLP(sizes, rng=rng), SGD(LR), data.raw, epochs=10**6, batch_size=batch, rng=rng)
    return lambda: next(epochs)


def products(sizes, batch, data, order="C"):
    """What no NumPy implementation can do without: z, dW and, above the first layer, the delta below."""
    layers, a = [], np.ascontiguousarray(data.X[:batch])
    for din, dout in itertools.pairwise(sizes):
        z, delta = np.ones((2, dout, batch), np.float32).transpose(0, 2, 1)
        z, delta = (np.array(part, order=order) for part in (z, delta))
        layers.append((a, np.ones((dout, din), np.float32), z, delta, np.empty((dout, din), np.float32)))
        a = np.array(z, order=order)
    below = [None, *(np.array(layer[0]) for layer in layers[1:])]

    def epoch():
        for _ in range(len(data.X) // batch):
            for a, W, z, _, _ in layers:
                np.matmul(a, W.T, out=z)
            for (a, W, _, delta, dW), out in zip(reversed(layers), reversed(below), strict=True):
                np.matmul(delta.T, a, out=dW)
                if out is not None:
                    np.matmul(delta, W, out=out)

    return epoch


def products_by_unit(sizes, batch, data):
    """The same products, with the samples of a unit side by side in memory, as mlpcore has them."""
    return products(sizes, batch, data, order="F")


def pytorch(sizes, batch, data):
    import torch

    parts = [[torch.nn.Linear(din, dout), torch.nn.Sigmoid()] for din, dout in itertools.pairwise(sizes)]
    net = torch.nn.Sequential(*itertools.chain(*parts))
    step = torch.optim.SGD(net.parameters(), LR)
    X, Y = torch.from_numpy(data.X), torch.from_numpy(data.Y)

    def epoch():
        for rows in torch.randperm(len(X)).split(batch):
            step.zero_grad()
            cost = ((net(X[rows]) - Y[rows]) ** 2).sum() / (2 * len(rows))
            cost.backward()
            step.step()

    return epoch


def scikit_learn(sizes, batch, data):
    """MLPRegressor: its output is linear, where the others have one sigmoid more."""
    from sklearn.neural_network import MLPRegressor

    settings = {"alpha": 0, "momentum": 0, "learning_rate_init": 0.01, "nesterovs_momentum": False}
    net = MLPRegressor(
        hidden_layer_sizes=sizes[1:-1], activation="logistic", solver="sgd", batch_size=batch, **settings
    )
    return lambda: net.partial_fit(data.X, data.Y)


def jax_scan(sizes, batch, data):
    import jax
    import jax.numpy as jnp

    rng = np.random.default_rng(0)
    params = [
        (jnp.asarray(rng.uniform(-0.05, 0.05, (dout, din)).astype(np.float32)), jnp.zeros(dout))
        for din, dout in itertools.pairwise(sizes)
    ]
    X, Y = jnp.asarray(data.X), jnp.asarray(data.Y)

    def cost(params, x, y):
        for W, b in params:
            x = jax.nn.sigmoid(x @ W.T + b)
        return ((x - y) ** 2).sum() / (2 * len(x))

    def step(params, rows):
        gradient = jax.grad(cost)(params, X[rows], Y[rows])
        return jax.tree.map(lambda p, g: p - LR * g, params, gradient), None

    scan = jax.jit(lambda params, order: jax.lax.scan(step, params, order)[0], donate_argnums=0)

    def epoch():
        nonlocal params
        order = rng.permutation(len(X))[: len(X) // batch * batch].reshape(-1, batch)
        params = jax.block_until_ready(scan(params, order))

    return epoch


def notebook(sizes, batch, data, samples=600):
    """Sample by sample, as the notebook this grew from; takes `samples` of the images only."""
    rng = np.random.default_rng(0)
    Ws = [rng.standard_normal((dout, din)) for din, dout in itertools.pairwise(sizes)]
    bs = [rng.standard_normal((dout, 1)) for dout in sizes[1:]]

    def gradient(x, y):
        activations = [x]
        for W, b in zip(Ws, bs, strict=True):
            activations.append(1 / (1 + np.exp(-(W @ activations[-1] + b))))
        delta, changes = activations[-1] - y, []
        for W, below, a in zip(reversed(Ws), reversed(activations[:-1]), reversed(activations[1:]), strict=True):
            delta = delta * a * (1 - a)
            changes.append((delta @ below.T, delta))
            delta = W.T @ delta
        return changes[::-1]

    def epoch():
        for start in range(0, samples, batch):
            sums = None
            for x, y in zip(data.X[start : start + batch], data.Y[start : start + batch], strict=True):
                each = gradient(x[:, None], y[:, None])
                sums = each if sums is None else [(a + c, b + d) for (a, b), (c, d) in zip(sums, each, strict=True)]
            for W, b, (dW, db) in zip(Ws, bs, sums, strict=True):
                W -= LR / batch * dW
                b -= LR / batch * db

    epoch.share = samples / len(data.X)
    return epoch

"""Which images are kept for testing, where a data set does not say."""

import numpy as np

TEST_SHARE = 1 / 6  # as in MNIST


def stratified(labels: np.ndarray) -> tuple[np.ndarray, int]:
    """(order (n,), training samples): indices, the training samples first, a sixth of each class for testing.

    Drawn with a fixed seed, so that the same images are always split alike. A class with one image trains only.
    """
    rng = np.random.default_rng(0)
    training, testing = [], []
    for label in np.unique(labels):
        mine = rng.permutation(np.flatnonzero(labels == label))
        held = max(round(len(mine) * TEST_SHARE), min(1, len(mine) - 1))
        testing.append(mine[:held])
        training.append(mine[held:])
    first, last = np.sort(np.concatenate(training)), np.sort(np.concatenate(testing))
    return np.concatenate([first, last]), len(first)

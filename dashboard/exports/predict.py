"""Prints the accuracy of weights.npz, which lies beside this file. Needs NumPy alone.

    python predict.py mnist.npz

The argument is an .npz with `x_test` and `y_test`, as the Data page's Download gives it; or with `images`, uint8, and
`labels`, where the last ones are the test images, as many as run.json says.
"""

import json
import sys
from pathlib import Path

import numpy as np


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


FUNCTIONS = {
    "sigmoid": lambda z: (1 + np.tanh(z / 2)) / 2,
    "tanh": lambda z: np.tanh(z),
    "relu": lambda z: np.maximum(z, 0),
    "leaky_relu": lambda z: np.where(z > 0, z, 0.01 * z),
    "softmax": softmax,
}
LAST = {"quadratic": "sigmoid", "binary_cross_entropy": "sigmoid", "cross_entropy": "softmax"}

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    weights, data = np.load(Path(__file__).with_name("weights.npz")), np.load(sys.argv[1])
    if "x_test" in data:
        images, labels = data["x_test"], data["y_test"]
    else:
        count = json.loads(Path(__file__).with_name("run.json").read_text())["test_images"]
        images, labels = data["images"][-count:], data["labels"][-count:]

    about = json.loads(str(weights["mlpcore"]))
    layers = len(about["sizes"]) - 1
    a = images.reshape(len(images), -1) * np.float32(1 / 255)
    for i in range(1, layers + 1):
        z = a @ weights[f"fc{i}.W"].T
        if about["bias"]:
            z += weights[f"fc{i}.b"]
        a = FUNCTIONS[about["activation"] if i < layers else LAST[about["cost"]]](z)

    right = int(np.count_nonzero(a.argmax(axis=1) == labels))
    print(f"accuracy {100 * right / len(labels):.2f} %: {right:,} of {len(labels):,} images right")

"""What can be said of a trained run: accuracy with its uncertainty, mistakes, and which of two runs is better."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

import mlpcore

Z_95 = 1.959963984540054  # the 97.5 % point of N(0, 1)
SIGNIFICANT = 0.05  # a smaller p-value counts as a real difference
FLOOR = 2.0**-25  # half the step of float32 below 1: what an output of exactly 0 or 1 may really have been


def accuracy_interval(accuracy: float, samples: int) -> tuple[float, float]:
    """The 95 % interval of an accuracy measured on `samples` images, (low, high).

    Wilson's score interval: unlike accuracy +- 1.96 standard errors, it stays inside 0..1 and holds near its ends.
    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference (1927).
    """
    z2 = Z_95**2 / samples
    centre = (accuracy + z2 / 2) / (1 + z2)
    half = Z_95 / (1 + z2) * math.sqrt(accuracy * (1 - accuracy) / samples + z2 / (4 * samples))
    return max(0.0, centre - half), min(1.0, centre + half)


def predictions(net: mlpcore.Network, images: np.ndarray) -> np.ndarray:
    """The outputs, (n, classes) float32, for `images`, (n, din) uint8 or floats in [0, 1].

    ValueError for another shape.
    """
    if len(images) == 0:
        return np.empty((0, net.sizes[-1]), np.float32)
    return mlpcore.predict(net, images).astype(np.float32, copy=False)


# -- one run --------------------------------------------------------------------------------------------------


def confusion(labels: np.ndarray, predicted: np.ndarray, classes: int = 10) -> np.ndarray:
    """How often each true class (row) was taken for each class (column): counts, (classes, classes)."""
    cells = np.asarray(labels).astype(np.int64) * classes + predicted
    return np.bincount(cells, minlength=classes * classes).reshape(classes, classes)


def scores_by_class(labels: np.ndarray, predicted: np.ndarray, classes: int = 10) -> pd.DataFrame:
    """precision, recall, f1 (0 to 1) and support (images) of each class, which is the index.

    NaN where a score is not defined: the precision of a digit that was never predicted, the recall of one that
    does not occur.
    """
    from sklearn.metrics import precision_recall_fscore_support  # most of a second to import

    each = precision_recall_fscore_support(labels, predicted, labels=np.arange(classes), zero_division=np.nan)
    scores = pd.DataFrame(dict(zip(("precision", "recall", "f1", "support"), each, strict=True)))
    return scores.rename_axis("digit")


def judged(outputs: np.ndarray, labels: np.ndarray, cost: str) -> pd.DataFrame:
    """One row an image: index, label, predicted, confidence, loss, correct. Sort and filter it as you like.

    outputs: (n, classes) of `predictions`; labels: integers (n,); cost: a name in SAMPLE_LOSSES. The confidence is
    the output of the predicted class: a probability for softmax units, between 0 and 1 for sigmoid units. The loss
    is the image's own cost, whose mean over all images is the loss of the charts.
    """
    labels = np.asarray(labels).astype(np.int64)
    predicted = outputs.argmax(axis=1)
    return pd.DataFrame(
        {
            "index": np.arange(len(labels)),
            "label": labels,
            "predicted": predicted,
            "confidence": outputs[np.arange(len(labels)), predicted],
            "loss": SAMPLE_LOSSES[cost](outputs.astype(np.float64), labels),
            "correct": predicted == labels,
        }
    )


def mistakes(outputs: np.ndarray, labels: np.ndarray, cost: str) -> pd.DataFrame:
    """The rows of `judged` that are wrong, the most confident first."""
    table = judged(outputs, labels, cost)
    return table[~table["correct"]].sort_values("confidence", ascending=False, kind="stable", ignore_index=True)


def _quadratic(a, y):
    """1/2 ||y - a||^2 (Nielsen 2015, ch. 1, eq. 6)."""
    return ((np.eye(a.shape[1])[y] - a) ** 2).sum(axis=1) / 2


def _binary_cross_entropy(a, y):
    """-sum_j [y_j ln a_j + (1 - y_j) ln(1 - a_j)] (Nielsen 2015, ch. 3, eq. 63)."""
    target = np.eye(a.shape[1])[y] == 1
    return -np.log(np.maximum(np.where(target, a, 1 - a), FLOOR)).sum(axis=1)


def _cross_entropy(a, y):
    """-ln a_y (Nielsen 2015, ch. 3, eq. 80). A softmax output can be as small as float32 goes."""
    return -np.log(np.maximum(a[np.arange(len(y)), y], np.finfo(np.float32).tiny))


SAMPLE_LOSSES: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {  # (n, classes), (n,) -> (n,)
    "quadratic": _quadratic,
    "binary_cross_entropy": _binary_cross_entropy,
    "cross_entropy": _cross_entropy,
}


# -- two runs and more ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PairedVerdict:
    """Two runs on the same images: how many the second one fixes and breaks, and what that proves."""

    fixes: int  # wrong in the first, right in the second
    breaks: int  # right in the first, wrong in the second
    both_wrong: int
    both_right: int
    p_value: float
    sentence: str


def paired_groups(first: np.ndarray, second: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
    """The indices of the images that are fixes, breaks, both_wrong and both_right. Predicted classes (n,) each."""
    if not np.shape(first) == np.shape(second) == np.shape(labels):
        shapes = f"{np.shape(first)}, {np.shape(second)} and {np.shape(labels)}"
        raise ValueError(f"two predictions and the labels must have one shape, got {shapes}")
    a, b = np.asarray(first) == labels, np.asarray(second) == labels
    groups = {"fixes": ~a & b, "breaks": a & ~b, "both_wrong": ~a & ~b, "both_right": a & b}
    return {name: np.flatnonzero(mask) for name, mask in groups.items()}


def compare(
    first: np.ndarray, second: np.ndarray, labels: np.ndarray, names: tuple[str, str] = ("A", "B")
) -> PairedVerdict:
    """The paired verdict on two arrays of predicted classes (n,); ValueError when the shapes differ.

    McNemar's test: images that both get right or both get wrong say nothing; if the two were equally good, each of
    the others would be a fix or a break like the fall of a coin. The p-value is exact (binomial, two-sided) for any
    count. It is about these two trained networks on images like these: other seeds are other networks.
    Source: Q. McNemar, Note on the sampling error of the difference between correlated proportions (1947).
    """
    from scipy.stats import binomtest  # more than half a second to import

    groups = paired_groups(first, second, labels)
    fixes, breaks = len(groups["fixes"]), len(groups["breaks"])
    p_value = float(binomtest(fixes, fixes + breaks).pvalue) if fixes + breaks else 1.0
    sentence = _sentence(fixes, breaks, p_value, *names)
    return PairedVerdict(fixes, breaks, len(groups["both_wrong"]), len(groups["both_right"]), p_value, sentence)


def _sentence(fixes, breaks, p_value, first, second):
    if fixes + breaks == 0:
        return f"{first} and {second} are right and wrong on the very same images: nothing tells them apart here."
    counts = f"{second} fixes {fixes:,}, breaks {breaks:,}; McNemar p {_shown(p_value)}."
    if fixes == breaks:
        return f"{counts} It gains as many images as it loses: nothing says that one of them is better."
    chance = f"If both were equally good, a split this uneven would happen {_how_often(p_value)}"
    if p_value < SIGNIFICANT:
        better = second if fixes > breaks else first
        return f"{counts} {chance}: it is hardly luck that {better} does better on images like these."
    return f"{counts} {chance}: it may well be luck, and shows neither as the better one."


def _shown(p_value):
    """Two decimals where that is enough, and never a p-value that reads as 0.05 when it is not."""
    if p_value < 0.001:
        return "< 0.001"
    text = f"{p_value:.2f}" if p_value >= 0.1 else f"{p_value:.1g}"
    return f"= {p_value:.3g}" if float(text) == SIGNIFICANT else f"= {text}"


def _how_often(p_value):
    if p_value < 0.001:
        return "less than once in 1,000 times"
    return f"about {p_value * 1000:.0f} times in 1,000"


def missed_by_every_run(predicted: Sequence[np.ndarray], labels: np.ndarray) -> np.ndarray:
    """The indices of the images that no run reads as their label: the likely label errors. Classes (n,) for each run.

    ValueError without runs, since then every image would be among them.
    """
    if not len(predicted):
        raise ValueError("there must be at least one run, got none")
    return np.flatnonzero(np.all([np.asarray(each) != labels for each in predicted], axis=0))

"""What can be said of a trained run: accuracy with its uncertainty."""

import math

Z_95 = 1.959963984540054  # the 97.5 % point of N(0, 1)


def accuracy_interval(accuracy: float, samples: int) -> tuple[float, float]:
    """The 95 % interval of an accuracy measured on `samples` images, (low, high).

    Wilson's score interval: unlike accuracy +- 1.96 standard errors, it stays inside 0..1 and holds near its ends.
    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference (1927).
    """
    z2 = Z_95**2 / samples
    centre = (accuracy + z2 / 2) / (1 + z2)
    half = Z_95 / (1 + z2) * math.sqrt(accuracy * (1 - accuracy) / samples + z2 / (4 * samples))
    return max(0.0, centre - half), min(1.0, centre + half)

"""Learning-rate schedules: the factor on lr after `epoch` of `epochs` epochs (2.5: in the middle of the third).

Functions of the epoch and of nothing else, so that a resumed training goes on with the right one. Other lengths
than the defaults: functools.partial(step, every=30).
"""

import math


def constant(epoch, epochs):
    """1 throughout."""
    return 1.0


def step(epoch, epochs, *, every=10, by=0.5):
    """Multiplied by `by` after every `every` epochs."""
    return by ** int(epoch / every)


def cosine(epoch, epochs):
    """(1 + cos(pi t)) / 2 with t = epoch / epochs: falls from 1 to 0. Source: Loshchilov and Hutter, SGDR (2017)."""
    return (1 + math.cos(math.pi * epoch / epochs)) / 2


def warm_up(epoch, epochs, *, length=1):
    """Rises in a line from 0 to 1 in the first `length` epochs, then stays. Source: Goyal et al. (2017), sec. 2.2."""
    return min(1.0, epoch / length)


def one_cycle(epoch, epochs, *, length=1):
    """`warm_up`, and `cosine` for the epochs after it. Source: Smith and Topin, Super-convergence (2018)."""
    if epoch < length:
        return warm_up(epoch, epochs, length=length)
    return cosine(epoch - length, max(epochs - length, length))


SCHEDULES = {"constant": constant, "step": step, "cosine": cosine, "warm_up": warm_up, "one_cycle": one_cycle}

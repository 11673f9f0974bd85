# ruff: noqa: UP031 - LaTeX has braces of its own
"""The update, by the run's own optimizer, with the numbers of one weight in it, and how training differs from it."""

import streamlit as st

from ...analysis import moves
from ...analysis.steps import Trace
from ...runs.config import RunConfig
from ..wording import NAMES, worded
from .numbers import formula, in_tex, source_of

RULES = {  # what a step makes of g, line by line, with W for each weight and bias
    "sgd": (r"W \leftarrow W - \eta\, g",),
    "momentum": (r"v \leftarrow \mu v + \eta\, g", r"W \leftarrow W - v"),
    "nesterov": (r"v \leftarrow \mu v + \eta\, g", r"W \leftarrow W - (\mu v + \eta\, g)"),
    "adam": (
        r"m \leftarrow \beta_1 m + (1 - \beta_1)\, g, \quad \beta_1 = 0.9",
        r"v \leftarrow \beta_2 v + (1 - \beta_2)\, g^2, \quad \beta_2 = 0.999",
        r"W \leftarrow W - \eta\, \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \varepsilon}",
    ),
}
BEGINS = {
    "sgd": "",
    "momentum": "The velocity v begins at 0, as in the first step of a training: this one is as long as plain SGD's. "
    "In training v carried the steps before along.",
    "nesterov": "The velocity v begins at 0, as in the first step of a training, so that v = η g and the step is "
    "(1 + μ) η g. In training v carried the steps before along.",
    "adam": "The means m and v begin at 0, as in the first step of a training (t = 1), so that m / (1 − β₁) = g and "
    "v / (1 − β₂) = g²: a step of almost η, whatever the size of g. In training both remember the steps before.",
}


def update(found: Trace, layer: int, unit: int, config: RunConfig) -> None:
    """g from the gradient, the optimizer's rule, one weight before and after, and the cost after the whole step."""
    it, move = found.layers[layer], moves.first_step(found, config)
    st.markdown(f"The run's optimizer: **{NAMES['optimizer'][config.optimizer]}**.")
    mu = r", \quad \mu = %g" % config.momentum if config.optimizer in ("momentum", "nesterov") else ""
    *lines, last = RULES[config.optimizer]
    for line in (*_meaning(config), *lines, last + r", \quad \eta = %g" % config.lr + mu):
        formula(line)
    if BEGINS[config.optimizer]:
        st.caption(BEGINS[config.optimizer])
    source = source_of(it)
    before, after, g = it.W[unit, source], move.W[layer][unit, source], move.g[layer][unit, source]
    slope, index = it.gradient[unit, source], f"{unit},{source}"
    if config.l2 or config.clip:
        penalty = r" + %g \cdot (%s)" % (config.l2, in_tex(before)) if config.l2 else ""
        whole = in_tex(slope) + penalty
        whole = rf"{move.shrunk:.5f} \cdot ({whole})" if config.clip else whole
        formula(r"g_{%s} = %s = %s" % (index, whole, in_tex(g)))
    formula(r"W_{%s} = %.6f - (%s) = %.6f" % (index, before, _step(config, g, before - after), after))
    what = "less" if move.cost < found.cost else "more: the step was too long for this image"
    if move.cost == found.cost:
        what = "the same"
    st.markdown(f"With every weight and bias moved like this the cost of this image goes from **{found.cost:.6f}** to "
                f"**{move.cost:.6f}**, {what}.")  # fmt: skip
    st.caption(_in_training(config))


def _meaning(config):
    """What g is in this run, line by line."""
    penalty = r" + \lambda W \text{ (of weights)}, \quad \lambda = %g" % config.l2 if config.l2 else ""
    yield r"g = \frac{\partial C}{\partial W}" + penalty
    if config.clip:
        yield r"g \leftarrow g \cdot \min\left(1, \frac{%g}{\lVert g \rVert}\right)" % config.clip


def _step(config, g, step):
    """The step of one weight as it is computed."""
    if config.optimizer == "adam":
        text = r"%g \cdot \frac{%s}{\left|%s\right| + 10^{-8}}"
        return text % (config.lr, in_tex(g), in_tex(g)) if g else in_tex(step)
    ahead = r"(1 + %g) \cdot " % config.momentum if config.optimizer == "nesterov" else ""
    return r"%s%g \cdot (%s)" % (ahead, config.lr, in_tex(g))


def _in_training(config):
    """What a step of the training had besides, in words."""
    told = [f"In training g is the mean of a batch of {config.batch_size:,} images" if config.batch_size > 1
            else "In training, too, g comes from one image"]  # fmt: skip
    if config.schedule != "constant":
        told.append(f"the schedule ({worded('schedule', config.schedule)}) changes η, here it is whole")
    if config.dropout:
        told.append(f"dropout silences {100 * config.dropout:g} % of the hidden units, here all take part")
    if config.shift or config.rotation or config.noise:
        told.append("each image is shifted, turned or given noise anew, here it is as it is")
    return "; ".join(told) + "."

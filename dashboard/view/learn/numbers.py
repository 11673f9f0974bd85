# ruff: noqa: UP031 - LaTeX has braces of its own
"""One step's formula, with the numbers of one unit in it."""

import numpy as np
import pandas as pd
import streamlit as st

from ... import formats
from ...analysis import steps
from ...analysis.steps import LayerStep, Trace
from ...datasets import About
from ..tables import table

TERMS = 6  # of a sum that are written out
SLOPES = {
    "sigmoid": (r"\sigma(z) = \frac{1}{1 + e^{-z}}", r"a\,(1 - a)"),
    "tanh": (r"\tanh z", r"1 - a^2"),
    "relu": (r"\max(z, 0)", r"1 \text{ if } a > 0 \text{ else } 0"),
    "leaky_relu": (r"\max(z, z / 100)", r"1 \text{ if } a > 0 \text{ else } 0.01"),
}
OUTPUTS = {
    "quadratic": SLOPES["sigmoid"][0],
    "binary_cross_entropy": SLOPES["sigmoid"][0],
    "cross_entropy": r"\frac{e^{z_j}}{\sum_k e^{z_k}}",
}
COSTS = {
    "quadratic": r"C = \tfrac12 \sum_j (y_j - a_j)^2",
    "binary_cross_entropy": r"C = -\sum_j y_j \ln a_j + (1 - y_j) \ln(1 - a_j)",
    "cross_entropy": r"C = -\sum_j y_j \ln a_j",
}
LAST_DELTAS = {
    "quadratic": r"(a_j - y_j)\, a_j (1 - a_j)",
    "binary_cross_entropy": r"a_j - y_j",
    "cross_entropy": r"a_j - y_j",
}


def sum_(found: Trace, layer: int, unit: int) -> None:
    """z = W a + b: the largest terms, the rest, the bias."""
    it = found.layers[layer]
    formula(r"z_j^{%d} = \sum_i W_{ji}^{%d}\, a_i^{%d} + b_j^{%d}" % (layer + 1, layer + 1, layer, layer + 1))
    products = it.W[unit] * it.input
    _terms(it.W[unit], it.input, products, "Input", "W", "a")
    rest = float(products.sum() - products[_largest(products)].sum())
    st.markdown(f"The {formats.count(len(products))} terms add up to {products.sum():.5f} "
                f"({rest:.5f} of it from those not shown), the bias is {it.b[unit]:+.5f}:")  # fmt: skip
    formula(r"z_{%d} = %.5f %+.5f = %.5f" % (unit, products.sum(), it.b[unit], it.z[unit]))


def activation(found: Trace, layer: int, unit: int) -> None:
    """a = f(z)."""
    it, last = found.layers[layer], layer == len(found.layers) - 1
    name = found.net.activation.name
    function = OUTPUTS[found.net.cost.name] if last else SLOPES[name][0]
    formula(r"a_j^{%d} = f(z_j^{%d}), \qquad f = %s" % (layer + 1, layer + 1, function))
    formula(r"a_{%d} = f(%.5f) = %.5f" % (unit, it.z[unit], it.a[unit]))


def cost(found: Trace, about: About, label: int) -> None:
    """C from the outputs and the one-hot label."""
    name, outputs = found.net.cost.name, found.layers[-1].a
    formula(COSTS[name])
    each = pd.DataFrame({about.noun.capitalize(): about.names, "a": outputs, "y": found.y[0],
                         "a − y": outputs - found.y[0]})  # fmt: skip
    table(each, height=min(400, 36 * (len(each) + 1)), width=420,
                 column_config=dict.fromkeys(("a", "a − y"), st.column_config.NumberColumn(format="%.5g")))  # fmt: skip
    formula(r"C = %.6f" % found.cost)
    st.caption(f"For this one image, a {formats.plain(about.names[label])}; training averages a batch of them.")


def delta(found: Trace, layer: int, unit: int) -> None:
    """δ = dC/dz, from the cost at the end, else from the layer above."""
    it, last = found.layers[layer], layer == len(found.layers) - 1
    if last:
        formula(r"\delta_j^{%d} = \frac{\partial C}{\partial z_j} = %s" % (layer + 1, LAST_DELTAS[found.net.cost.name]))
        numbers = r"a = %.5f,\; y = %g \;\Rightarrow\; \delta_{%d} = %s"
        formula(numbers % (it.a[unit], found.y[0, unit], unit, in_tex(it.delta[unit])))
        return
    above = found.layers[layer + 1]
    formula(r"\delta_j^{%d} = f'(z_j) \sum_k W_{kj}^{%d}\, \delta_k^{%d}, \qquad f' = %s"
             % (layer + 1, layer + 2, layer + 2, SLOPES[found.net.activation.name][1]))  # fmt: skip
    products = above.W[:, unit] * above.delta
    _terms(above.W[:, unit], above.delta, products, "Unit above", "W", "δ")
    slope = float(found.net.activation.slope(it.a[None])[0, unit])
    formula(r"\delta_{%d} = %s \cdot %s = %s" % (unit, in_tex(slope), in_tex(products.sum()), in_tex(it.delta[unit])))


def gradient(found: Trace, layer: int, unit: int) -> None:
    """dC/dW = δ a, and the check: analytic beside numeric."""
    it = found.layers[layer]
    number = layer + 1
    formula(r"\frac{\partial C}{\partial W_{ji}^{%d}} = \delta_j^{%d}\, a_i^{%d}, \qquad "
             r"\frac{\partial C}{\partial b_j^{%d}} = \delta_j^{%d}"
             % (number, number, layer, number, number))  # fmt: skip
    source = source_of(it)
    told = rf"{in_tex(it.delta[unit])} \cdot {in_tex(it.input[source])} = {in_tex(it.gradient[unit, source])}"
    formula(r"\frac{\partial C}{\partial W_{%d,%d}} = %s" % (unit, source, told))
    st.markdown("**Gradient check**: move this weight by ±0.00001, and see what the cost does.")
    numeric = steps.numeric(found, layer, unit, source)
    formula(r"\frac{C(w + \varepsilon) - C(w - \varepsilon)}{2 \varepsilon} = %s" % in_tex(numeric))
    check = steps.check(found, layer)
    verdict = ": backpropagation is right" if check.right else ": too large"
    if check.only_rounding:
        verdict = ", as rounding does to so small a gradient. Backpropagation is right"
    st.markdown(f"Of {check.count} weights of this layer, drawn at random, analytic and numeric gradient differ by "
                f"{check.error:.1e} of their size{verdict}.")  # fmt: skip


def formula(text: str) -> None:
    """Set on a line of its own, but inline: what is displayed scrolls, and a keyboard can't reach that."""
    st.markdown(rf"$\displaystyle {text}$")


def in_tex(value: float) -> str:
    """A number of any size, in LaTeX: 0.01234 or -9.190 * 10^-6."""
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        return f"{value:.5f}"
    mantissa, exponent = f"{value:.4e}".split("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}"


def source_of(it: LayerStep) -> int:
    """The input whose weights are shown: a number input, first the strongest."""
    key = f"learn.source.{len(it.input)}"
    st.session_state.setdefault(key, int(np.abs(it.input).argmax()))
    return st.number_input("From input", 0, len(it.input) - 1, key=key, width=180, persist_state="session")


def _largest(products):
    return np.sort(np.abs(products).argsort()[::-1][:TERMS])


def _terms(weights, values, products, noun, w, a):
    """The largest terms of a sum as a table."""
    chosen = _largest(products)
    rows = pd.DataFrame({noun: chosen, w: weights[chosen], a: values[chosen], f"{w} · {a}": products[chosen]})
    number = st.column_config.NumberColumn(format="%.5g")
    table(rows, width=460, height="content",
                 column_config=dict.fromkeys((w, a, f"{w} · {a}"), number))  # fmt: skip

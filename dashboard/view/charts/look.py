"""What all charts share: size, colours of runs, axes, legends."""

from collections.abc import Sequence
from typing import Any

HEIGHT = 300
RUN_COLOURS = 10  # in the theme; a run's colour is its number modulo this
LIGHT = ("#2f62d0", "#d95f0e", "#12836b", "#8e4ec6", "#c2255c", "#0b87a6", "#8a6d00", "#5c6f82", "#5a8f1a", "#b5472f")
DARK = ("#6d9bff", "#f08a4b", "#3dbd9d", "#b98af0", "#f0679a", "#45b8d6", "#d0ac2b", "#95a6b8", "#94c653", "#e0816b")
DIGIT_AXIS = {"labelAngle": 0, "ticks": False, "domain": False, "labelPadding": 6, "labelFlush": False}
LEGEND_LABEL = 160  # pixels, where Vega cuts a name in a legend
LEGEND_NAMES = 100  # and how many names it gives before "…"
GROWING = {"type": "fit-x", "contains": "padding"}  # a chart whose legend's rows add to its height


def run_colour(number: int, dark: bool = False) -> str:
    """The colour that run `number` keeps on every page."""
    return (DARK if dark else LIGHT)[(number - 1) % RUN_COLOURS]


def legend(names: Sequence[str]) -> dict[str, Any]:
    """A legend of all `names`, in as many columns as there is room for and 10 at most; for a chart that is GROWING."""
    column = 26 + min(LEGEND_LABEL, 7 * max(map(len, names), default=0))
    return {
        "title": None,
        "columns": {"expr": f"clamp(floor(width / {column}), 1, 10)"},
        "symbolLimit": LEGEND_NAMES,
    }

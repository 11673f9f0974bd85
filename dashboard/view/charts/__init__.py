"""DataFrame -> chart: Vega-Lite specs, one look for all pages. No streamlit in here.

A spec is a constant for as long as its domains are: the browser then only exchanges the data.
"""

from .comparison import Line, overlay_chart, overlay_data
from .data import balance_chart, balance_data, map_chart, map_data, pixel_chart, pixel_data
from .diagnostics import DIAGNOSTICS, diagnostics, diagnostics_chart
from .learn import two_curves_chart, two_curves_data
from .look import DARK, HEIGHT, LIGHT, RUN_COLOURS, run_colour
from .mistakes import confusion_chart, confusion_data
from .picture import KINDS as PICTURES
from .picture import picture
from .spoiling import spoiling_chart, spoiling_data
from .sweep import heat_chart, importance_chart, parallel_chart, spread
from .training import accuracy_floor, epoch_chart, history, loss_ceiling
from .weights import histogram_chart, histogram_data, outgoing_chart, outgoing_data, spread_chart

__all__ = [
    "DARK",
    "DIAGNOSTICS",
    "HEIGHT",
    "LIGHT",
    "PICTURES",
    "RUN_COLOURS",
    "Line",
    "accuracy_floor",
    "balance_chart",
    "balance_data",
    "confusion_chart",
    "confusion_data",
    "diagnostics",
    "diagnostics_chart",
    "epoch_chart",
    "heat_chart",
    "histogram_chart",
    "histogram_data",
    "history",
    "importance_chart",
    "loss_ceiling",
    "map_chart",
    "map_data",
    "outgoing_chart",
    "outgoing_data",
    "overlay_chart",
    "overlay_data",
    "parallel_chart",
    "picture",
    "pixel_chart",
    "pixel_data",
    "run_colour",
    "spoiling_chart",
    "spoiling_data",
    "spread",
    "spread_chart",
    "two_curves_chart",
    "two_curves_data",
]

"""A chart as a file: PNG or SVG with legend and axes, drawn by vl-convert, which needs no browser and no network."""

from typing import Any

import pandas as pd

SIZE = (900, 460)  # pixels of the drawing itself
SCALE = 2  # of a PNG
CONFIG = {
    "background": "#ffffff",
    "font": "sans-serif",
    "view": {"stroke": None},
    "axis": {"gridColor": "#e6e9ef", "domain": False, "ticks": False, "labelColor": "#4a5464", "titleColor": "#4a5464"},
    "padding": 16,
}
KINDS = {"png": "image/png", "svg": "image/svg+xml"}


def picture(spec: dict[str, Any], data: pd.DataFrame, kind: str, title: str = "") -> bytes:
    """The chart of `spec` over `data` as the bytes of a file of that kind ("png" or "svg"), on white."""
    import vl_convert  # a tenth of a second to import, and only needed here

    rows = data.astype(object).where(data.notna(), None).to_dict("records")
    whole = {
        **spec,
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "data": {"values": rows},
        "width": SIZE[0],
        "height": SIZE[1],
        "autosize": "pad",
        "config": CONFIG,
        **({"title": title} if title else {}),
    }
    if kind == "svg":
        return vl_convert.vegalite_to_svg(whole).encode()
    return vl_convert.vegalite_to_png(whole, scale=SCALE)

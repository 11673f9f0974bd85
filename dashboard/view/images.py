"""Arrays -> pictures. No streamlit in here."""

import base64
import html
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

SPARK_WIDTH, SPARK_HEIGHT, SPARK_MARGIN = 240, 40, 3
BAR_STEP, NAME_LENGTH = 23, 14  # in pixels; in characters


def sparkline(values: Sequence[float], colour: str) -> str:
    """An SVG of the curve of `values`, from its lowest to its highest; an even line when there are fewer than two."""
    values = list(values) if len(values) > 1 else [0.0, 0.0]
    low, high = min(values), max(values)
    step = SPARK_WIDTH / (len(values) - 1)
    tall = (SPARK_HEIGHT - 2 * SPARK_MARGIN) / ((high - low) or 1)
    middle = 0.0 if high > low else SPARK_HEIGHT / 2 - SPARK_MARGIN
    points = " ".join(
        f"{i * step:.1f},{SPARK_HEIGHT - SPARK_MARGIN - middle - (value - low) * tall:.1f}"
        for i, value in enumerate(values)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SPARK_WIDTH} {SPARK_HEIGHT}" '
        f'width="{SPARK_WIDTH}" height="{SPARK_HEIGHT}">'
        f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.8" stroke-linejoin="round"/></svg>'
    )


def bars(values: np.ndarray, strong: int, names: Sequence[str], colour: str, alt: str, width: int) -> str:
    """HTML, at most `width` pixels wide, of `values` (n,), from 0 to 1, as bars with their names and per cent.

    The bar at `strong` is filled. Of many values it has the largest, largest first. Neither a chart, which takes ten
    times as long to appear, nor an SVG in an image, which is a document of its own to a browser.
    """
    order = range(len(values)) if len(values) <= 12 else np.argsort(-values, kind="stable")[:10]
    short = [name if len(name) <= NAME_LENGTH else name[: NAME_LENGTH - 1] + "\u2026" for name in names]
    rows = [
        f'<span style="text-align:right">{html.escape(short[i])}</span>'
        f'<span style="display:flex;align-items:center;gap:6px"><span style="height:{BAR_STEP - 6}px;flex:none;'
        f"width:max(1px, calc((100% - 4em) * {float(values[i]):.4f}));border-radius:2px;background:{colour};"
        f'opacity:{1 if i == strong else 0.45}"></span>'
        f'<span style="opacity:0.75">{100 * float(values[i]):.1f} %</span></span>'
        for i in order
    ]
    return (
        f'<div role="img" aria-label="{html.escape(alt)}" style="display:grid;grid-template-columns:auto 1fr;'
        f"gap:0 8px;grid-auto-rows:{BAR_STEP}px;align-items:center;max-width:{width}px;padding-left:10px;"
        f"font-size:12.5px;line-height:1;white-space:nowrap;print-color-adjust:exact;forced-color-adjust:none"
        f'">{"".join(rows)}</div>'
    )


def dot(colour: str) -> str:
    """A dot of that colour, an SVG as a URL."""
    circle = f'<circle cx="8" cy="8" r="6" fill="{colour}"/>'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16">{circle}</svg>'
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def digit_strip(images: np.ndarray, rows: int, shape: tuple[int, int], ink: str, scale: int = 2) -> np.ndarray:
    """Images uint8 (n, pixels) of `shape` in `rows` rows, as RGBA (height, width, 4): ink on nothing, square pixels."""
    grid = images.reshape(rows, -1, *shape).transpose(0, 2, 1, 3).reshape(rows * shape[0], -1)
    alpha = np.kron(grid, np.ones((scale, scale), np.uint8))
    red, green, blue = bytes.fromhex(ink.removeprefix("#"))
    colour = np.broadcast_to(np.array([red, green, blue], np.uint8), (*alpha.shape, 3))
    return np.dstack([colour, alpha])


ABOVE, BELOW = (58, 118, 245), (236, 112, 30)  # weights are blue above zero and orange below, everywhere


def signed(values: np.ndarray, strongest: float) -> np.ndarray:
    """Any array of weights as RGBA uint8, one axis more: blue above zero, orange below, nothing at zero."""
    colour = np.where(values[..., None] >= 0, np.array(ABOVE, np.uint8), np.array(BELOW, np.uint8))
    alpha = np.clip(255 * np.abs(values) / (strongest or 1), 0, 255).astype(np.uint8)
    return np.concatenate([colour, alpha[..., None]], axis=-1)


def receptive_fields(W: np.ndarray, shape: tuple[int, int], columns: int, scale: int, strongest: float) -> np.ndarray:
    """Each row of W (units, pixels) as a picture of `shape`, `columns` in a row, as RGBA (height, width, 4)."""
    rows, height, width = -(-len(W) // columns), shape[0] + 2, shape[1] + 2  # a clear edge of one pixel around each
    tiles = np.zeros((rows * columns, height, width, 4), np.uint8)
    tiles[: len(W), 1:-1, 1:-1] = signed(W.reshape(-1, *shape), strongest)
    grid = tiles.reshape(rows, columns, height, width, 4).transpose(0, 2, 1, 3, 4)
    grid = grid.reshape(rows * height, columns * width, 4)
    return grid.repeat(scale, axis=0).repeat(scale, axis=1)


def matrix(W: np.ndarray, scale: int, strongest: float) -> np.ndarray:
    """A weight matrix (dout, din) as RGBA, one square of `scale` pixels a weight."""
    return signed(W, strongest).repeat(scale, axis=0).repeat(scale, axis=1)


def signed_legend(width: int = 240, height: int = 10) -> np.ndarray:
    """The scale of `signed` from below zero to above, as RGBA."""
    return signed(np.tile(np.linspace(-1, 1, width), (height, 1)), 1.0)


def tag(rgba: np.ndarray, alt: str, width: int) -> str:
    """An RGBA picture as HTML, at most `width` pixels wide."""
    shape = f"aspect-ratio:{rgba.shape[1]}/{rgba.shape[0]}"  # its place does not wait for it to be decoded
    return (
        f'<img src="{data_url(rgba)}" alt="{html.escape(alt)}" '
        f'style="width:{width}px;max-width:100%;display:block;{shape}">'
    )


def data_url(rgba: np.ndarray) -> str:
    """An RGBA picture as a PNG inside a URL: there is no file that could be gone before the browser asks for it.

    Packed quickly: a fifth larger than it could be, in half the time.
    """
    file = io.BytesIO()
    Image.fromarray(rgba).save(file, "PNG", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()

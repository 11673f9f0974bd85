"""Arrays -> pictures. No streamlit in here."""

from collections.abc import Sequence

import numpy as np

SPARK_WIDTH, SPARK_HEIGHT, SPARK_MARGIN = 240, 40, 3


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


def digit_strip(images: np.ndarray, rows: int, side: int, ink: str, scale: int = 2) -> np.ndarray:
    """Images uint8 (n, side * side) in `rows` rows, as RGBA (height, width, 4): ink on nothing, pixels kept square."""
    grid = images.reshape(rows, -1, side, side).transpose(0, 2, 1, 3).reshape(rows * side, -1)
    alpha = np.kron(grid, np.ones((scale, scale), np.uint8))
    red, green, blue = bytes.fromhex(ink.removeprefix("#"))
    colour = np.broadcast_to(np.array([red, green, blue], np.uint8), (*alpha.shape, 3))
    return np.dstack([colour, alpha])

"""Arrays -> pictures. No streamlit in here."""

from collections.abc import Sequence

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

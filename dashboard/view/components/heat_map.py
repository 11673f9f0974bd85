"""A weight matrix as a heat map: rows and columns named, its biases beside it, the exact weight under the pointer."""

import base64

import numpy as np
import streamlit as st

from ..images import ABOVE, BELOW

STEPS = 32767  # a weight travels as a 16-bit share of the strongest one: four significant digits and more
TALLEST, ROW = 440, 18  # pixels, of the map and of one row where there is room

CSS = """
.heat { font-family: var(--st-font); font-size: 12px; color: var(--st-text-color); display: grid; gap: 2px 8px;
  grid-template-columns: auto minmax(0, 1fr) 22px; }
.heat canvas { width: 100%; height: 100%; image-rendering: pixelated; display: block; cursor: crosshair;
  outline: 1px solid var(--st-border-color); }
.heat .rows, .heat .columns, .heat .body { position: relative; }
.heat .body canvas { position: absolute; inset: 0; }
.heat .body, .heat .rows { height: var(--height); }
.heat .columns { height: 16px; }
.heat .rows { min-width: 1.6em; }
.heat .rows span { position: absolute; right: 0; transform: translateY(-50%); }
.heat .columns span { position: absolute; transform: translateX(-50%); }
.heat .title { opacity: .75; }
.heat .b { text-align: center; }
.heat .said { grid-column: 2 / 4; min-height: 18px; font-variant-numeric: tabular-nums; }
"""
JS = """
const drawn = new WeakMap();
function paint(canvas, values, rows, columns, signs) {
  canvas.width = columns; canvas.height = rows;
  const context = canvas.getContext("2d"), picture = context.createImageData(columns, rows);
  values.forEach((value, n) => {
    const [r, g, b] = signs[value < 0 ? 1 : 0];
    picture.data.set([r, g, b, Math.round(255 * Math.abs(value) / 32767)], 4 * n);
  });
  context.putImageData(picture, 0, 0);
}
function names(place, count, room, along) {
  const step = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000].find(s => room * s / count >= (along ? 30 : 14));
  place.replaceChildren();
  for (let n = 0; n < count; n += step || count) {
    const name = document.createElement("span");
    name.textContent = n;
    name.style[along ? "left" : "top"] = `${100 * (n + .5) / count}%`;
    place.append(name);
  }
}
export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".heat"), find = name => root.querySelector(name);
  const read = text => new Int16Array(Uint8Array.from(atob(text), c => c.charCodeAt(0)).buffer);
  const [map, bias] = root.querySelectorAll("canvas"), said = find(".said");
  if (drawn.get(root) !== data.stamp) {
    drawn.set(root, data.stamp);
    const W = read(data.W), b = read(data.b);
    paint(map, W, data.rows, data.columns, data.signs);
    paint(bias, b, b.length, b.length ? 1 : 0, data.signs);
    bias.style.display = b.length ? "block" : "none";
    find(".b").textContent = b.length ? "b" : "";
    root.style.setProperty("--height", `${data.height}px`);
    find(".from").textContent = data.from; find(".to").textContent = data.to;
    said.textContent = "";
    const value = (v, strongest) => (v < 0 ? "\\u2212" : "+") + Math.abs(v * strongest / 32767).toFixed(4);
    const at = (canvas, event, say) => {
      const box = canvas.getBoundingClientRect();
      const row = Math.min(data.rows - 1, Math.max(0, Math.floor((event.clientY - box.top) / box.height * data.rows)));
      const column = Math.floor((event.clientX - box.left) / box.width * data.columns);
      said.textContent = say(row, Math.min(data.columns - 1, Math.max(0, column)));
    };
    map.onmousemove = event => at(map, event, (row, column) =>
      `${data.column} ${column} to ${data.row} ${row}: ${value(W[row * data.columns + column], data.strongest)}`);
    bias.onmousemove = event => at(bias, event, row =>
      `bias of ${data.row} ${row}: ${value(b[row], data.strongest_b)}`);
    map.onmouseleave = bias.onmouseleave = () => { said.textContent = ""; };
  }
  const label = () => {
    names(find(".rows"), data.rows, data.height, false);
    names(find(".columns"), data.columns, map.getBoundingClientRect().width || 300, true);
  };
  const watch = new ResizeObserver(label);
  watch.observe(map);
  return () => watch.disconnect();
}
"""
HTML = """
<div class="heat">
  <span></span><span class="title from"></span><span></span>
  <span class="title to"></span><div class="columns"></div><span class="title b"></span>
  <div class="rows"></div><div class="body"><canvas role="img" aria-label="Weight matrix"></canvas></div>
  <div class="body"><canvas role="img" aria-label="Biases"></canvas></div>
  <span></span><span class="said"></span>
</div>
"""

_mount = st.components.v2.component("mlp_lab_heat_map", html=HTML, css=CSS, js=JS)


def heat_map(
    W: np.ndarray, b: np.ndarray | None, *, row: str, column: str, titles: tuple[str, str], key: str
) -> tuple[float, float]:
    """Show W (dout, din) and b (dout,); returns the weight and the bias in full colour.

    `row` and `column` name a single unit ("digit", "unit"); `titles` say where the columns come from and the rows go.
    """
    biases = np.empty(0, np.float32) if b is None else b
    strongest, strongest_b = float(abs(W).max()), float(abs(biases).max()) if len(biases) else 0.0
    packed = [_packed(W, strongest), _packed(biases, strongest_b)]
    data = {
        "W": packed[0],
        "b": packed[1],
        "strongest": strongest,
        "strongest_b": strongest_b,
        "rows": W.shape[0],
        "columns": W.shape[1],
        "height": height(len(W)),
        "row": row,
        "column": column,
        "from": titles[0],
        "to": titles[1],
        "signs": [ABOVE, BELOW],
        "stamp": f"{hash(tuple(packed))}-{W.shape}",
    }
    _mount(data=data, key=key)
    return strongest, strongest_b


def height(rows: int) -> int:
    """Pixels of a map with so many rows: roomy rows while they fit, and never more than a screen."""
    return min(TALLEST, max(ROW * rows, 3 * ROW))


def _packed(values, strongest):
    return base64.b64encode(np.rint(values / (strongest or 1) * STEPS).astype("<i2").tobytes()).decode()

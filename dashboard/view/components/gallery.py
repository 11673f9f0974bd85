"""Many small digits at once: one buffer of pixels, drawn crisp by the browser, each a button with its labels."""

import base64
from collections.abc import Sequence

import numpy as np
import streamlit as st

CSS = """
.gallery { display: grid; grid-template-columns: repeat(auto-fill, 60px); gap: 6px; max-height: 560px;
  overflow-y: auto; padding: 2px; font-family: var(--st-font); }
.gallery button { all: unset; box-sizing: border-box; width: 60px; padding: 1px; cursor: pointer; border-radius: 4px;
  border: 1px solid transparent; text-align: center; content-visibility: auto; contain-intrinsic-size: 60px 78px; }
.gallery button:hover { border-color: var(--st-border-color); }
.gallery button:focus-visible, .gallery button[aria-pressed=true] { border-color: var(--st-primary-color); }
.gallery i { display: block; width: 56px; height: 56px; image-rendering: pixelated; background-repeat: no-repeat; }
.gallery span { font-size: 12px; line-height: 18px; color: var(--st-text-color); }
"""
JS = """
const drawn = new WeakMap();
export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".gallery");
  const ink = getComputedStyle(root).color;
  const stamp = data.stamp + ink;
  if (drawn.get(root) !== stamp) {
    drawn.set(root, stamp);
    const side = data.side, across = 40, count = data.labels.length;
    const pixels = Uint8Array.from(atob(data.pixels), c => c.charCodeAt(0));
    const canvas = document.createElement("canvas");
    canvas.width = across * side; canvas.height = Math.max(1, Math.ceil(count / across)) * side;
    const context = canvas.getContext("2d");
    const [r, g, b] = ink.match(/[0-9.]+/g).map(Number);
    const picture = context.createImageData(canvas.width, canvas.height);
    for (let n = 0; n < count; n++)
      for (let p = 0; p < side * side; p++) {
        const x = (n % across) * side + p % side, y = Math.floor(n / across) * side + Math.floor(p / side);
        picture.data.set([r, g, b, pixels[n * side * side + p]], 4 * (y * canvas.width + x));
      }
    context.putImageData(picture, 0, 0);
    const zoom = 56 / side, url = canvas.toDataURL();
    const tiles = data.labels.map((label, n) => {
      const tile = document.createElement("button"), image = document.createElement("i");
      const text = document.createElement("span");
      image.style.backgroundImage = `url(${url})`;
      image.style.backgroundSize = `${canvas.width * zoom}px ${canvas.height * zoom}px`;
      image.style.backgroundPosition = `${-(n % across) * 56}px ${-Math.floor(n / across) * 56}px`;
      text.textContent = label;
      tile.title = tile.ariaLabel = data.titles[n];
      tile.dataset.index = data.ids[n];
      tile.append(image, text);
      return tile;
    });
    root.replaceChildren(...tiles);
  }
  for (const tile of root.children) tile.ariaPressed = String(Number(tile.dataset.index) === data.selected);
  root.onclick = event => {
    const tile = event.target.closest("button");
    if (tile) setTriggerValue("picked", Number(tile.dataset.index));
  };
}
"""

_mount = st.components.v2.component("mlp_lab_gallery", html='<div class="gallery"></div>', css=CSS, js=JS)


def gallery(
    images: np.ndarray,
    ids: Sequence[int],
    labels: Sequence[str],
    titles: Sequence[str],
    *,
    selected: int | None,
    key: str,
) -> int | None:
    """Show `images`, uint8 (n, side * side); returns the id of the image that was clicked just now, or None."""
    side = round(images.shape[1] ** 0.5) if len(images) else 1
    pixels = base64.b64encode(np.ascontiguousarray(images).tobytes()).decode()
    data = {
        "pixels": pixels,
        "side": side,
        "ids": [int(i) for i in ids],
        "labels": list(labels),
        "titles": list(titles),
        "selected": selected,
        "stamp": f"{hash(pixels)}-{hash(tuple(titles))}",
    }
    result = _mount(data=data, key=key, on_picked_change=lambda: None)
    return result.picked

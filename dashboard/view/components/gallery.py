"""Many small pictures at once: one buffer of pixels, drawn crisp by the browser, each a button with its label."""

import base64
from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st

from ..images import ABOVE, BELOW

CSS = """
.gallery { display: grid; grid-template-columns: repeat(auto-fill, 60px); gap: 6px; max-height: 560px;
  overflow-y: auto; padding: 2px; font-family: var(--st-font); }
.gallery button { all: unset; box-sizing: border-box; width: 60px; padding: 1px; cursor: pointer; border-radius: 4px;
  border: 1px solid transparent; text-align: center; content-visibility: auto; contain-intrinsic-size: 60px 78px; }
.gallery button:hover { border-color: var(--st-border-color); }
.gallery button:focus-visible, .gallery button[aria-pressed=true] { border-color: var(--st-primary-color); }
.gallery i { display: block; width: 56px; height: 56px; image-rendering: pixelated; background-repeat: no-repeat;
  background-image: var(--picture); }
.gallery span { font-size: 12px; line-height: 18px; color: var(--st-text-color); }
"""
JS = """
const drawn = new WeakMap(), pictures = new WeakMap();
export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".gallery");
  const ink = getComputedStyle(root).color;
  const stamp = data.stamp + ink;
  const press = () => {
    for (const tile of root.children) tile.ariaPressed = String(tile.dataset.index === root.dataset.selected);
  };
  root.dataset.selected = data.selected;
  if (drawn.get(root) !== stamp) {
    drawn.set(root, stamp);
    const side = data.side, across = 40, count = data.labels.length;
    const pixels = Uint8Array.from(atob(data.pixels), c => c.charCodeAt(0));
    const canvas = document.createElement("canvas");
    canvas.width = across * side; canvas.height = Math.max(1, Math.ceil(count / across)) * side;
    const context = canvas.getContext("2d");
    const plain = ink.match(/[0-9.]+/g).map(Number);
    const picture = context.createImageData(canvas.width, canvas.height), rgba = picture.data;
    for (let n = 0, p = 0; n < count; n++)
      for (let y = 0; y < side; y++) {
        let at = 4 * ((Math.floor(n / across) * side + y) * canvas.width + (n % across) * side);
        for (let x = 0; x < side; x++, p++, at += 4) {
          const value = data.signs ? pixels[p] - 128 : pixels[p];
          const colour = data.signs ? data.signs[value < 0 ? 1 : 0] : plain;
          rgba[at] = colour[0]; rgba[at + 1] = colour[1]; rgba[at + 2] = colour[2];
          rgba[at + 3] = data.signs ? 2 * Math.abs(value) : value;
        }
      }
    context.putImageData(picture, 0, 0);
    const zoom = 56 / side;
    const tiles = data.labels.map((label, n) => {
      const tile = document.createElement("button"), image = document.createElement("i");
      const text = document.createElement("span");
      image.style.backgroundSize = `${canvas.width * zoom}px ${canvas.height * zoom}px`;
      image.style.backgroundPosition = `${-(n % across) * 56}px ${-Math.floor(n / across) * 56}px`;
      text.textContent = label;
      tile.title = tile.ariaLabel = data.titles[n];
      tile.dataset.index = data.ids[n];
      tile.append(image, text);
      return tile;
    });
    canvas.toBlob(blob => {  // one picture behind all tiles, named once: a thousand long URLs take seconds
      const url = URL.createObjectURL(blob), image = new Image();
      image.src = url;
      image.decode().then(() => {
        if (drawn.get(root) !== stamp) return URL.revokeObjectURL(url);  // others were asked for meanwhile
        const before = pictures.get(root);
        pictures.set(root, url);
        root.style.setProperty("--picture", `url(${url})`);
        if (before) URL.revokeObjectURL(before);
        root.replaceChildren(...tiles);
        press();
      });
    });
  }
  press();
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
    key: str,
    selected: int | None,
    on_pick: Callable[[int], None],
    shape: tuple[int, int],
    signed: bool = False,
) -> None:
    """Show `images`, uint8 (n, pixels) of `shape`; a click calls `on_pick` with that image's id before the next run.

    `signed` pixels are weights: 128 is zero, above it blue, below it orange, as `signed_pixels` makes them.
    """
    side = max(shape)
    images = _squared(np.asarray(images), shape, empty=128 if signed else 0)
    pixels = base64.b64encode(np.ascontiguousarray(images).tobytes()).decode()
    data = {
        "pixels": pixels,
        "side": side,
        "ids": [int(i) for i in ids],
        "labels": list(labels),
        "titles": list(titles),
        "selected": selected,
        "signs": [ABOVE, BELOW] if signed else None,
        "stamp": f"{hash(pixels)}-{hash(tuple(titles))}-{signed}",
    }

    def pick():
        if (picked := st.session_state[key].picked) is not None:
            on_pick(int(picked))

    _mount(data=data, key=key, on_picked_change=pick)


def _squared(images, shape, empty):
    """The images with as much nothing on both sides as makes them square."""
    rows, columns = (max(shape) - each for each in shape)
    if not rows and not columns:
        return images
    edges = ((0, 0), (rows // 2, rows - rows // 2), (columns // 2, columns - columns // 2))
    return np.pad(images.reshape(-1, *shape), edges, constant_values=empty)


def signed_pixels(W: np.ndarray, strongest: float) -> np.ndarray:
    """Weights of any shape as the uint8 pixels of a signed gallery; `strongest` is full colour."""
    return np.clip(np.rint(128 + 127 * W / (strongest or 1)), 1, 255).astype(np.uint8)

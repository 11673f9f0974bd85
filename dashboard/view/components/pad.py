"""A pad to draw on, for mouse, finger, pen and keyboard. Strokes are kept as lines, so that one can be taken back.

All that goes with the pad is in it: what a page draws anew with every bit of a stroke should be little.
"""

from collections.abc import Callable, Sequence

import streamlit as st

from ...analysis.drawing import MOST, SIDE, strokes_of

HTML = """
<div class="pad">
  <canvas tabindex="0" role="application" aria-label="Drawing pad. Arrow keys move the pen, space lowers and lifts it,
 Control Z takes a stroke back, Delete clears."></canvas>
  <div class="tools">
    <button type="button" class="undo">Undo</button><button type="button" class="clear">Clear</button>
    <label>Line width <input type="range" min="8" max="40" step="1" value="20"></label>
  </div>
  <p class="full" role="status" hidden>The pad is full. Undo or Clear makes room.</p>
  <div class="keep" role="group" aria-label="Keep it as a" hidden><span aria-hidden="true">Keep it as a</span></div>
</div>"""
CSS = """
.pad { font-family: var(--st-font); font-size: 14px; color: var(--st-text-color); width: 100%; max-width: 300px; }
.pad canvas { width: 100%; aspect-ratio: 1; display: block; box-sizing: border-box; touch-action: none;
  cursor: crosshair; border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius);
  background: var(--st-secondary-background-color); }
.pad canvas:focus-visible, .pad button:focus-visible, .pad input:focus-visible {
  outline: 2px solid var(--st-primary-color); outline-offset: 1px; }
.pad .tools { display: flex; flex-wrap: wrap; align-items: center; gap: 8px; margin-top: 8px; }
.pad button { font: inherit; color: inherit; background: none; border: 1px solid var(--st-border-color);
  border-radius: var(--st-base-radius); padding: 3px 12px; min-height: 32px; cursor: pointer; }
.pad button:hover { border-color: var(--st-primary-color); }
.pad label { display: flex; align-items: center; gap: 6px; white-space: nowrap; font-size: 13px; }
.pad .keep:not([hidden]) { display: grid; grid-template-columns: repeat(5, 1fr); gap: 4px; margin-top: 12px; }
.pad .keep span { grid-column: 1 / -1; font-size: 13px; }
.pad .keep button { padding: 3px 0; }
.pad .full { margin: 8px 0 0; font-size: 13px; }
.pad input { width: 72px; accent-color: var(--st-primary-color); }
"""
JS = """
const kept = new WeakMap();
const EVERY = 100;  // milliseconds between two messages while the pen moves
const NEAR = 2;  // of the pad's units: a point that is nearer to the one before adds nothing
export default function ({ parentElement, data, setStateValue, setTriggerValue }) {
  const root = parentElement.querySelector(".pad"), canvas = root.querySelector("canvas");
  const keep = root.querySelector(".keep");
  const input = root.querySelector("input"), side = data.side;
  let pad = kept.get(root);
  if (!pad) kept.set(root, pad = { strokes: data.strokes.map(s => [...s]), pen: [side / 2, side / 2], down: false,
                                   keyboard: false, sent: 0, timer: 0, sheet: data.sheet });
  if (pad.sheet !== data.sheet) {
    pad.sheet = data.sheet;
    pad.strokes = [];
    pad.down = false;
    pad.drawing = undefined;
    if (keep.contains(root.getRootNode().activeElement)) canvas.focus({ preventScroll: true });
    clearTimeout(pad.timer);
    pad.timer = 0;
  }
  pad.send = () => setStateValue("drawn", { sheet: pad.sheet, strokes: pad.strokes.map(s => s.map(Math.round)) });
  const full = () => pad.strokes.reduce((sum, stroke) => sum + stroke.length, 0) + 3 > data.most;
  pad.paint = () => {
    root.querySelector(".full").hidden = !full();
    keep.hidden = !(data.names.length && pad.strokes.length);
    const sharp = (window.devicePixelRatio || 1) * canvas.clientWidth / side;
    canvas.width = canvas.height = Math.max(1, Math.round(side * sharp));
    const context = canvas.getContext("2d");
    context.scale(sharp, sharp);
    context.strokeStyle = getComputedStyle(root).color;
    context.lineCap = context.lineJoin = "round";
    for (const [width, ...points] of pad.strokes) {
      context.lineWidth = width;
      context.beginPath();
      context.moveTo(points[0], points[1]);
      for (let n = 0; n < points.length; n += 2) context.lineTo(points[n], points[n + 1]);
      context.stroke();
    }
    if (pad.keyboard) {
      context.lineWidth = 1.5;
      context.strokeStyle = getComputedStyle(root).getPropertyValue("--st-primary-color");
      context.beginPath();
      context.arc(...pad.pen, Number(input.value) / 2, 0, 7);
      context.stroke();
    }
  };
  const now = () => {
    clearTimeout(pad.timer);
    pad.timer = 0;
    pad.sent = performance.now();
    pad.send();
  };
  const soon = () => {
    if (!pad.timer) pad.timer = setTimeout(now, Math.max(0, pad.sent + EVERY - performance.now()));
  };
  const changed = () => { pad.paint(); soon(); };
  const begin = (x, y) => {
    if (full()) return false;
    pad.strokes.push([Number(input.value), x, y]);
    changed();
    return true;
  };
  const on = points => {
    const stroke = pad.strokes.at(-1), before = stroke.length;
    for (const [x, y] of points)
      if (!full() && Math.hypot(x - stroke.at(-2), y - stroke.at(-1)) >= NEAR) stroke.push(x, y);
    if (stroke.length > before) changed();
  };
  const undo = () => { pad.strokes.pop(); pad.down = false; pad.drawing = undefined; changed(); };
  const clear = () => { pad.strokes = []; pad.down = false; pad.drawing = undefined; changed(); };
  const place = event => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) * side / box.width, (event.clientY - box.top) * side / box.height];
  };
  canvas.onpointerdown = event => {
    if (event.button !== 0 || pad.drawing !== undefined) return;
    canvas.setPointerCapture(event.pointerId);
    pad.keyboard = false; pad.down = false;
    if (begin(...place(event))) pad.drawing = event.pointerId;
  };
  canvas.onpointermove = event => {
    if (event.pointerId !== pad.drawing) return;
    const parts = event.getCoalescedEvents?.() ?? [];  // none of an event that no device made
    on((parts.length ? parts : [event]).map(place));
  };
  canvas.onpointerup = canvas.onpointercancel = event => {
    if (event.pointerId !== pad.drawing) return;
    pad.drawing = undefined;
    if (pad.timer) now();  // the pen rests: what is not sent yet is sent at once
  };
  canvas.onkeydown = event => {
    const step = event.shiftKey ? 2 : 8;
    const ways = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    const [dx, dy] = ways[event.key] ?? [0, 0];
    if (dx || dy) {
      pad.keyboard = true;
      pad.pen = [Math.min(side, Math.max(0, pad.pen[0] + dx)), Math.min(side, Math.max(0, pad.pen[1] + dy))];
      if (pad.down) on([pad.pen]);
      pad.paint();
    } else if (event.key === " ") {
      pad.keyboard = true;
      pad.down = !pad.down && begin(...pad.pen);
    } else if (event.key === "Delete" || event.key === "Backspace") clear();
    else if (event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey)) undo();
    else return;
    event.preventDefault();
  };
  canvas.onblur = () => { pad.keyboard = pad.down = false; pad.paint(); };
  if (keep.dataset.names !== String(data.names)) {  // once: a button that is being pressed stays what it is
    keep.dataset.names = data.names;
    keep.replaceChildren(keep.firstElementChild, ...data.names.map((name, index) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = name;
      button.dataset.index = index;
      return button;
    }));
  }
  keep.onclick = event => {
    const button = event.target.closest("button");
    if (!button) return;
    if (pad.timer) now();
    setTriggerValue("kept", { sheet: pad.sheet, index: Number(button.dataset.index) });
  };
  root.querySelector(".undo").onclick = undo;
  root.querySelector(".clear").onclick = clear;
  pad.paint();
  const watch = new ResizeObserver(() => pad.paint());
  watch.observe(canvas);
  return () => watch.disconnect();
}
"""

_mount = st.components.v2.component("mlp_lab_pad", html=HTML, css=CSS, js=JS)


def pad(key: str, names: Sequence[str], on_keep: Callable[[int, list[list[float]]], bool]) -> list[list[float]]:
    """Show the pad; returns its strokes, each [width, x0, y0, x1, y1, ...], from 0 to SIDE, while they are drawn.

    names: what a drawing can be kept as, a button each; a press calls `on_keep` with the index of the name and the
    strokes before the next run, which has a fresh sheet if it returns True.
    """
    held = st.session_state.setdefault(f"{key}.held", {"sheet": 0, "strokes": []})
    _mount(
        data={"side": SIDE, "most": MOST, **held, "names": list(names)}, key=key,
        on_drawn_change=_nothing, on_kept_change=lambda: _keep(key, held, len(names), on_keep),
    )  # fmt: skip
    held["strokes"] = _strokes_on(key, held)
    return held["strokes"]


def _keep(key, held, count, on_keep):
    pressed, strokes = st.session_state[key].get("kept"), _strokes_on(key, held)
    if not isinstance(pressed, dict) or pressed.get("sheet") != held["sheet"]:  # pressed twice: this sheet is gone
        return
    index = pressed.get("index")
    if type(index) is int and 0 <= index < count and on_keep(index, strokes):
        held["sheet"], held["strokes"] = held["sheet"] + 1, []  # nothing of the session's, at which a rerun could end


def _strokes_on(key, held):
    """What is on the pad with this key, in a callback as well."""
    drawn = st.session_state.get(key, {}).get("drawn")
    if isinstance(drawn, dict) and drawn.get("sheet") == held["sheet"]:  # not of the sheet before
        return strokes_of(drawn.get("strokes"))
    return held["strokes"]


def _nothing():
    """The page runs again anyway."""

"""A pad to draw on, for mouse, finger, pen and keyboard. Strokes are kept as lines, so that one can be taken back."""

import streamlit as st

from ...analysis.drawing import SIDE, strokes_of

HTML = """
<div class="pad">
  <canvas tabindex="0" role="application" aria-label="Drawing pad. Arrow keys move the pen, space lowers and lifts it,
 Control Z takes a stroke back, Delete clears."></canvas>
  <div class="tools">
    <button type="button" class="undo">Undo</button><button type="button" class="clear">Clear</button>
    <label>Line width <input type="range" min="8" max="40" step="1" value="20"></label>
  </div>
</div>"""
CSS = """
.pad { font-family: var(--st-font); font-size: 14px; color: var(--st-text-color); width: 100%; max-width: 300px; }
.pad canvas { width: 100%; aspect-ratio: 1; display: block; box-sizing: border-box; touch-action: none;
  cursor: crosshair; border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius);
  background: var(--st-secondary-background-color); }
.pad canvas:focus-visible, .pad button:focus-visible, .pad input:focus-visible {
  outline: 2px solid var(--st-primary-color); outline-offset: 1px; }
.pad .tools { display: flex; align-items: center; gap: 8px; margin-top: 8px; }
.pad button { font: inherit; color: inherit; background: none; border: 1px solid var(--st-border-color);
  border-radius: var(--st-base-radius); padding: 3px 12px; min-height: 32px; cursor: pointer; }
.pad button:hover { border-color: var(--st-primary-color); }
.pad label { display: flex; align-items: center; gap: 6px; margin-left: auto; white-space: nowrap; font-size: 13px; }
.pad input { width: 72px; accent-color: var(--st-primary-color); }
"""
JS = """
const kept = new WeakMap();
const EVERY = 100;  // milliseconds between two messages while the pen moves
export default function ({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".pad"), canvas = root.querySelector("canvas");
  const input = root.querySelector("input"), side = data.side;
  let pad = kept.get(root);
  if (!pad) kept.set(root, pad = { strokes: data.strokes.map(s => [...s]), pen: [side / 2, side / 2], down: false,
                                   keyboard: false, sent: 0, timer: 0, sheet: data.sheet });
  if (pad.sheet !== data.sheet) {
    pad.sheet = data.sheet;
    pad.strokes = [];
    pad.down = false;
    clearTimeout(pad.timer);
  }
  pad.send = () => setStateValue("drawn", { sheet: pad.sheet, strokes: pad.strokes.map(s => s.map(Math.round)) });
  pad.paint = () => {
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
  const soon = () => {
    clearTimeout(pad.timer);
    const wait = Math.max(0, pad.sent + EVERY - performance.now());
    pad.timer = setTimeout(() => { pad.sent = performance.now(); pad.send(); }, wait);
  };
  const changed = () => { pad.paint(); soon(); };
  const begin = (x, y) => { pad.strokes.push([Number(input.value), x, y]); changed(); };
  const on = (x, y) => { pad.strokes.at(-1).push(x, y); changed(); };
  const undo = () => { pad.strokes.pop(); pad.down = false; changed(); };
  const clear = () => { pad.strokes = []; pad.down = false; changed(); };
  const place = event => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) * side / box.width, (event.clientY - box.top) * side / box.height];
  };
  canvas.onpointerdown = event => {
    if (event.button !== 0 || pad.drawing !== undefined) return;
    canvas.setPointerCapture(event.pointerId);
    pad.drawing = event.pointerId; pad.keyboard = false; pad.down = false;
    begin(...place(event));
  };
  canvas.onpointermove = event => {
    if (event.pointerId !== pad.drawing) return;
    for (const each of event.getCoalescedEvents?.() ?? [event]) pad.strokes.at(-1).push(...place(each));
    changed();
  };
  canvas.onpointerup = canvas.onpointercancel = event => {
    if (event.pointerId === pad.drawing) pad.drawing = undefined;
  };
  canvas.onkeydown = event => {
    const step = event.shiftKey ? 2 : 8;
    const ways = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    const [dx, dy] = ways[event.key] ?? [0, 0];
    if (dx || dy) {
      pad.keyboard = true;
      pad.pen = [Math.min(side, Math.max(0, pad.pen[0] + dx)), Math.min(side, Math.max(0, pad.pen[1] + dy))];
      if (pad.down) on(...pad.pen); else pad.paint();
    } else if (event.key === " ") {
      pad.keyboard = true;
      pad.down = !pad.down;
      if (pad.down) begin(...pad.pen);
    } else if (event.key === "Delete" || event.key === "Backspace") clear();
    else if (event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey)) undo();
    else return;
    event.preventDefault();
  };
  canvas.onblur = () => { pad.keyboard = pad.down = false; pad.paint(); };
  root.querySelector(".undo").onclick = undo;
  root.querySelector(".clear").onclick = clear;
  pad.paint();
  const watch = new ResizeObserver(() => pad.paint());
  watch.observe(canvas);
  return () => watch.disconnect();
}
"""

_mount = st.components.v2.component("mlp_lab_pad", html=HTML, css=CSS, js=JS)


def pad(key: str) -> list[list[float]]:
    """Show the pad; returns its strokes, each [width, x0, y0, x1, y1, ...], from 0 to SIDE, while they are drawn."""
    state = st.session_state
    sheet, held = state.setdefault(f"{key}.sheet", 0), state.get(f"{key}.strokes", [])
    _mount(data={"side": SIDE, "strokes": held, "sheet": sheet}, key=key, on_drawn_change=_nothing)
    held = state[f"{key}.strokes"] = strokes_on(key)
    return held


def strokes_on(key: str) -> list[list[float]]:
    """What is on the pad with this key, in a callback as well."""
    state = st.session_state
    drawn = state.get(key, {}).get("drawn")
    if isinstance(drawn, dict) and drawn.get("sheet") == state.get(f"{key}.sheet"):  # not of the sheet before
        return strokes_of(drawn.get("strokes"))
    return state.get(f"{key}.strokes", [])


def new_sheet(key: str) -> None:
    """In a callback: take the drawing away."""
    st.session_state[f"{key}.sheet"] = st.session_state.get(f"{key}.sheet", 0) + 1
    st.session_state[f"{key}.strokes"] = []


def _nothing():
    """The page runs again anyway."""

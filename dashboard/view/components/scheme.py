"""A page that is open while its theme turns dark or light runs again: its pictures are made for one of them.

The system turns at dusk, a person turns in Streamlit's menu. A dialog that is open then closes, as in every whole run.
"""

import streamlit as st

KEY = "scheme"
CSS = "i { color: var(--st-text-color) }"
JS = """
const inks = new WeakMap();
export default function ({ parentElement, setTriggerValue }) {  // called again when the theme has changed
  const ink = getComputedStyle(parentElement.querySelector("i")).color, before = inks.get(parentElement);
  inks.set(parentElement, ink);
  if (before && before !== ink) setTriggerValue("turned", ink);
}
"""

_mount = st.components.v2.component("mlp_lab_scheme", html="<i></i>", css=CSS, js=JS)


def follow_the_theme() -> None:
    """Once on a page. Takes no room."""
    _mount(key=KEY, on_turned_change=_nothing)
    st.html(f"<style>.st-key-{KEY} {{ display: none }}</style>")


def _nothing():
    """The page runs again anyway."""

"""A page that is open while the system turns dark or light runs again: its pictures are made for one of them."""

import streamlit as st

HIDDEN = "scheme"
JS = """
export default function ({ setTriggerValue }) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const turned = () => setTriggerValue("turned", system.matches);
  system.addEventListener("change", turned);
  return () => system.removeEventListener("change", turned);
}
"""

_mount = st.components.v2.component("mlp_lab_scheme", html="<i></i>", js=JS)


def follow_the_system() -> None:
    """Once on a page. Takes no room."""
    with st.container(key=HIDDEN):
        _mount(key="scheme.watch", on_turned_change=_nothing)
    st.html(f"<style>.st-key-{HIDDEN} {{ display: none }}</style>")


def _nothing():
    """The page runs again anyway."""

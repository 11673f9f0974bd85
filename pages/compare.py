"""Weights: what did the first layer learn?"""

import streamlit as st

from dashboard import shell

shell.enter()
st.write("…")

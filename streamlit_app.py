"""The router: page config and navigation, nothing else. Open with `streamlit run streamlit_app.py`."""

import streamlit as st

from dashboard.view import shell

st.set_page_config(page_title="MLP Lab", page_icon="dashboard/icon.png", layout="wide")
shell.navigation().run()

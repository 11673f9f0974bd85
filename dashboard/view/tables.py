"""Tables as pages show them."""

import pandas as pd
import streamlit as st
from pandas.api.types import is_numeric_dtype

from ..exports.history import neutralised


def table(data: pd.DataFrame, **settings):
    """`st.dataframe`, whose texts can't become formulas: its toolbar offers what it shows as CSV."""
    texts = [name for name in data if not is_numeric_dtype(data[name])]
    safe = {name: [neutralised(cell) for cell in data[name]] for name in texts}
    return st.dataframe(data.assign(**safe), hide_index=True, placeholder="–", **settings)

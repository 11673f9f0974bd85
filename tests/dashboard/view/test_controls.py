"""Two scripts of one session at once: the one that was told to end, and the one that a moved slider began."""

import threading
from concurrent.futures import ThreadPoolExecutor

import streamlit as st

from dashboard.runs.config import RunConfig
from dashboard.view import controls

NEW = "0123abcd"


class Session(dict):
    """Says when somebody has asked which run is being made."""

    def __init__(self, *args):
        super().__init__(*args)
        self.asked = threading.Event()

    def get(self, key, default=None):
        if key == controls.MAKING:
            self.asked.set()
        return super().get(key, default)


def test_a_script_that_begins_while_a_run_is_made_waits_for_it(store, monkeypatch):
    session = Session({controls.RUN: None, controls.PROBLEMS: []})
    monkeypatch.setattr(st, "session_state", session)
    with ThreadPoolExecutor(1) as other:
        with controls.making(NEW):
            found = other.submit(controls._look_up, store)
            assert session.asked.wait(10)
            store.create(RunConfig(), id=NEW)
        assert found.result(10).id == NEW
    assert session[controls.RUN] == NEW


def test_a_run_that_could_not_be_made_is_waited_for_no_longer(store, monkeypatch):
    session = Session({controls.RUN: None, controls.PROBLEMS: []})
    monkeypatch.setattr(st, "session_state", session)
    with controls.making(NEW):
        pass
    assert controls._look_up(store) is None
    assert session[controls.RUN] is None

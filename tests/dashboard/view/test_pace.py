"""How often pages look again, by how many there are."""

from types import SimpleNamespace

import pytest

from dashboard.view import pace


@pytest.fixture
def looks(monkeypatch):
    """Have a session look at a time; gives what it is told."""
    now = SimpleNamespace(session="", time=0.0)
    monkeypatch.setattr(pace, "_looks", {})
    monkeypatch.setattr(pace, "get_script_run_ctx", lambda: SimpleNamespace(session_id=now.session))
    monkeypatch.setattr(pace.time, "monotonic", lambda: now.time)

    def looks(session, time):
        now.session, now.time = session, time
        return pace.slower()

    return looks


def test_a_few_look_as_often_as_they_like_and_many_less_often(looks):
    assert {looks(f"session {number}", 0) for number in range(pace.AT_EASE)} == {1.0}
    assert [looks(f"session {number}", 1) for number in range(pace.AT_EASE, 3 * pace.AT_EASE)][-1] == 3.0
    assert [looks(f"session {number}", 2) for number in range(1000)][-1] == pace.MOST


def test_who_looks_again_counts_once_and_who_is_gone_no_longer(looks):
    for number in range(4 * pace.AT_EASE):
        looks(f"session {number}", 0)
    assert looks("session 0", 1) == 4.0
    assert looks("session 0", pace.GONE_SECONDS + 0.5) == 1.0

"""What a press on one of the pad's names does, whatever a browser sends; drawing itself needs a browser."""

import pytest

from dashboard.view.components import pad

LINE = [[20.0, 140, 40, 140, 240]]


@pytest.fixture
def press(monkeypatch):
    """press(kept, kept_by, times): what was kept, and what the pad holds, after that message of a browser."""

    def press(kept, kept_by=lambda *_: True, times=1):
        held, found = {"sheet": 3, "strokes": []}, []
        state = {"pad": {"drawn": {"sheet": 3, "strokes": LINE}, "kept": kept}}
        monkeypatch.setattr(pad.st, "session_state", state)
        for _ in range(times):
            pad._keep("pad", held, 10, lambda *what: found.append(what) or kept_by(*what))
        return found, held

    return press


def test_a_press_keeps_the_drawing_and_gives_a_fresh_sheet(press):
    assert press({"sheet": 3, "index": 7}) == ([(7, LINE)], {"sheet": 4, "strokes": []})


def test_pressed_twice_it_is_kept_once(press):
    found, held = press({"sheet": 3, "index": 7}, times=2)
    assert len(found) == 1
    assert held["sheet"] == 4


def test_what_is_not_kept_stays_on_the_pad(press):
    found, held = press({"sheet": 3, "index": 7}, kept_by=lambda *_: False)
    assert len(found) == 1
    assert held["sheet"] == 3


@pytest.mark.parametrize(
    "kept", [None, 7, [], {}, {"sheet": 3}, {"index": 7}, {"sheet": 2, "index": 7}]
    + [{"sheet": 3, "index": index} for index in (-1, 10, 7.0, 1e999, True, "7", None, [7])],
)  # fmt: skip
def test_what_no_press_sends_keeps_nothing(press, kept):
    assert press(kept) == ([], {"sheet": 3, "strokes": []})

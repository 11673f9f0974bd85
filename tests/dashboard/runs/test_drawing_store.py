"""Kept drawings in a real database."""

import pytest

from dashboard.runs import drawing_store
from dashboard.runs.store import StoreError

ONE = [[20, 140, 40, 140, 240]]


def test_they_come_back_as_they_were_kept_in_their_order(store):
    first, second = store.keep_drawing(1, ONE), store.keep_drawing(7, [[8, 1.5, 2], *ONE])
    assert [(d.id, d.label, d.strokes) for d in store.drawings()] == [
        (first, 1, ONE),
        (second, 7, [[8, 1.5, 2], *ONE]),
    ]
    store.remove_drawing(first)
    store.remove_drawing(first)
    assert [d.id for d in store.drawings()] == [second]


@pytest.mark.parametrize(
    ("label", "strokes", "sentence"),
    [
        (10, ONE, "A drawing must show a digit from 0 to 9, got 10."),
        (1, [], "An empty drawing can't be kept."),
        (1, [[20] + [100] * 40_000], "A drawing must have at most 100,000 bytes of strokes, got 200,00"),
    ],
)
def test_what_is_no_drawing_is_refused_in_a_sentence(store, label, strokes, sentence):
    with pytest.raises(StoreError, match=sentence):
        store.keep_drawing(label, strokes)
    assert store.drawings() == []


def test_there_is_room_for_so_many_and_no_more(store, monkeypatch):
    monkeypatch.setattr(drawing_store, "MAX_DRAWINGS", 2)
    store.keep_drawing(1, ONE)
    store.keep_drawing(1, ONE)
    with pytest.raises(StoreError, match="At most 2 drawings are kept"):
        store.keep_drawing(1, ONE)

"""Presets that promise an accuracy, trained as a person does it."""

import pytest
from playwright.sync_api import expect

from dashboard import formats
from dashboard.runs.presets import PRESETS
from tests.browser.train_page import button, choose, press_train, status

MINUTES = 8  # for 25 epochs of the larger one, on a busy machine


@pytest.mark.parametrize(("name", "promised"), [("98 % in seconds", 0.98), ("99 %", 0.99)])
def test_a_preset_keeps_its_promise(server, database, open_page, name, promised):
    page = open_page(server.url)
    expect(button(page, "Train")).to_be_visible()
    choose(page, "Preset", name)
    expect(page.get_by_role("heading", name=PRESETS[name].config.architecture, exact=True)).to_be_visible()
    run = press_train(page)
    expect(status(page, "Finished")).to_be_visible(timeout=60_000 * MINUTES)
    got = database.get(run)
    assert got.config == PRESETS[name].config
    assert got.best_accuracy > promised
    shown = page.get_by_test_id("stMetricValue").get_by_text(formats.percent(got.best_accuracy), exact=True)
    expect(shown.first).to_be_visible()

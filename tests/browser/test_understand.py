"""Mistakes and Weights as a person uses them; and a run that goes on while its page is left."""

import io

import numpy as np
from playwright.sync_api import expect

from dashboard import datasets
from dashboard.analysis import answers
from mlpcore import MLP
from tests.browser.test_train import button, press_train, status, wait_for, wait_for_epoch


def test_a_click_on_a_cell_filters_and_a_click_on_an_image_opens_it(server, database, open_page):
    page = open_page(f"{server.url}/?hidden=16&epochs=1")
    run = press_train(page)
    expect(status(page, "Finished")).to_be_visible()
    page.get_by_role("link", name="Mistakes").click()
    page.wait_for_url("**/mistakes?run=*")
    expect(page.get_by_text("are misread")).to_be_visible()
    labels = datasets.load("mnist").test[1]
    guesses = answers.outputs(database, database.get(run)).argmax(axis=1)
    nines_as_four = int(np.count_nonzero((labels == 9) & (guesses == 4)))
    page.locator("[data-testid=stVegaLiteChart] svg .mark-rect path").nth(94).click()
    expect(page.get_by_text(f"{nines_as_four} images", exact=True)).to_be_visible()
    tiles = page.locator(".gallery button")
    expect(tiles).to_have_count(nines_as_four)
    tiles.first.click()
    expect(page.get_by_text("9, read as 4")).to_be_visible()
    expect(tiles.first).to_have_attribute("aria-pressed", "true")


def test_the_weights_that_are_downloaded_are_those_that_were_trained(server, database, open_page):
    page = open_page(f"{server.url}/?hidden=16&epochs=2")
    run = press_train(page)
    expect(status(page, "Finished")).to_be_visible()
    page.get_by_role("link", name="Weights").click()
    expect(page.get_by_text("what each of its 16 units looks for")).to_be_visible()
    page.get_by_test_id("stMain").get_by_role("button", name="Download", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="NumPy: the weights, exactly").click()
    net = MLP.load(io.BytesIO(download.value.path().read_bytes()))
    trained = database.state(run, 2).weights
    assert all((value == trained[name]).all() for name, value, _ in net.parameters())


def test_a_run_goes_on_while_its_page_is_left_and_is_there_again(server, database, open_page):
    page = open_page(f"{server.url}/?hidden=30&epochs=100")
    run = press_train(page)
    wait_for_epoch(page, 2)
    page.get_by_role("link", name="Compare").click()
    expect(page.get_by_text("Runs: select those to compare")).to_be_visible()
    before = database.get(run).epochs_done
    wait_for(lambda: database.get(run).epochs_done > before, "a further epoch")
    page.get_by_role("link", name="Train").click()
    expect(status(page, "Running")).to_be_visible()
    assert run in page.url
    button(page, "Stop").click()
    expect(status(page, "Stopped")).to_be_visible()

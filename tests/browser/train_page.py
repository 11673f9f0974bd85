"""What a person does on the Train page, and reads there."""

import contextlib
import re

from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.browser.server import wait_for


def button(page, name):
    """The button in the body; the sidebar has its twin."""
    return page.get_by_test_id("stMain").get_by_role("button", name=name, exact=True)


def press_train(page):
    button(page, "Train").click()
    page.wait_for_url("**run=*")
    return page.url.split("run=")[1]


def status(page, name):
    return page.get_by_test_id("stMain").get_by_text(name).locator("visible=true").first


def epoch(page):
    """The epoch that the page says is under way."""
    found = re.search(r"epoch (\d+) of", page.get_by_test_id("stMain").inner_text())
    return int(found[1]) if found else 0


def wait_for_epoch(page, number):
    wait_for(lambda: epoch(page) >= number, f"epoch {number} on the page")


def choose(page, label, name):
    """Choose from a box of the sidebar; a page that is drawn anew just then closes its list."""
    option = page.get_by_role("option", name=name, exact=True)

    def chosen():
        with contextlib.suppress(PlaywrightTimeout):
            page.get_by_role("combobox", name=label).click()
            page.keyboard.type(name)  # a long list shows a part of itself
            option.click(timeout=2000)
            return True

    wait_for(chosen, f"the choice of {name}")

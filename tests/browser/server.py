"""A Streamlit server of the app as a process, and Chromium to look at it. Used by tests, benchmarks and screenshots."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import expect, sync_playwright

from tests import support

ROOT = Path(__file__).parents[2]
ARGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync")  # fmt: skip
PATIENCE = 60  # seconds, before a condition that never comes true fails: a busy machine starts a cluster in 30
expect.set_options(timeout=PATIENCE * 1000)


@contextmanager
def browser():
    """A headless Chromium."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=support.chromium(), args=ARGS)
        yield started
        started.close()


wait_for = partial(support.wait_for, patience=PATIENCE)


DRAWN = "[data-testid=stApp][data-test-script-state=notRunning]"
GROUPS = {"Understand": ("Compare", "Mistakes", "Weights", "Learn"), "More": ("Sweep", "Data", "Draw")}


def go_to(page, title):
    """Through the navigation as a person does, until the page has turned: what the old one shows stays until then.

    Once the old one is drawn: Streamlit takes what a page says on its way for newer than the press.
    """
    wait_drawn(page)
    _press(page, title)
    page.wait_for_url(lambda url: urlsplit(url).path == ("/" if title == "Train" else f"/{title.lower()}"))


def _press(page, title):
    """On top a group of pages, then the page; all in the sidebar if narrow."""
    if page.viewport_size["width"] < 768:
        page.get_by_test_id("stExpandSidebarButton").click()
        page.get_by_test_id("stSidebarNavLink").filter(has_text=title).click()
        return
    for group, pages in GROUPS.items():
        if title in pages:
            page.get_by_test_id("stTopNavSection").filter(has_text=re.compile(f"^{group}$")).click()
            page.get_by_test_id("stTopNavDropdownLink").filter(has_text=title).click()
            return
    page.get_by_test_id("stTopNavLink").filter(has_text=title).click()


def wait_drawn(page):
    """Until the page's script has ended: all that it shows is there then, but for what the browser still draws."""
    page.locator(DRAWN).wait_for()


def resting_box(page, locator):
    """Where the element is once it moves no more: charts above it may still grow, a sidebar beside it slide away."""
    boxes = []

    def rests():
        try:
            if not boxes:
                locator.scroll_into_view_if_needed()
            boxes.append(locator.bounding_box())
        except PlaywrightError:  # drawn anew just then
            boxes.clear()
        page.wait_for_timeout(100)
        return boxes[-1] if len(boxes) > 3 and all(box == boxes[-1] for box in boxes[-4:]) else None

    return wait_for(rests, "the layout's rest")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """`streamlit run streamlit_app.py` on a free port; `settings` are further variables of its environment."""

    before: Sequence[str] = ()  # of the command

    def __init__(self, database_url, log, **settings):
        self.database_url, self.log, self.settings = database_url, log, settings
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None

    def start(self, port=None):
        """Start, at that port or a free one, and wait until it is healthy; returns self."""
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        command = [*self.before, sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.headless=true"]
        environment = {**os.environ, "MLP_DATABASE_URL": self.database_url, **self.settings}
        with open(self.log, "a") as log:
            self.process = subprocess.Popen(
                [*command, f"--server.port={self.port}"], cwd=ROOT, env=environment, stdout=log, stderr=log
            )
        wait_for(self.healthy, "the server's health")
        return self

    def healthy(self):
        """Whether the server answers."""
        try:
            with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1) as answer:
                return answer.status == 200
        except OSError:
            return False

    def family(self):
        """The server's process and everything it has started, down to the training workers."""
        process = psutil.Process(self.process.pid)
        return [process, *process.children(recursive=True)]

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.end()

    def end(self, sig=signal.SIGTERM):
        """End it with a signal, and reap it."""
        if self.process.poll() is None:
            self.process.send_signal(sig)
        self.process.wait(PATIENCE)

"""What tests at several levels need: patience with a condition, and the browser's place."""

import shutil
import time


def chromium():
    """The path of an installed Chromium, or None."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def wait_for(condition, what, patience, pause=0.02):
    """Poll until `condition()` is true; returns its value. AssertionError after `patience` seconds."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        if value := condition():
            return value
        time.sleep(pause)
    raise AssertionError(f"{what} did not happen within {patience} s")

"""What tests at several levels need: patience with a condition, and the browser's place."""

import os
import shlex
import shutil
import socket
import sys
import time


def chromium():
    """The path of an installed Chromium, or None."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def nginx():
    """The path of an installed nginx, or None."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def python():
    """The interpreter that the tests run in, for a shell."""
    return shlex.quote(sys.executable)


def wait_for(condition, what, patience, pause=0.02):
    """Poll until `condition()` is true; returns its value. AssertionError after `patience` seconds."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        if value := condition():
            return value
        time.sleep(pause)
    raise AssertionError(f"{what} did not happen within {patience} s")


def free_port():
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]

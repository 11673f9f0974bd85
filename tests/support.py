"""What tests at several levels need: patience with a condition, and the browser's place."""

import os
import shlex
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest


def chromium():
    """The path of an installed Chromium, or None."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def nginx():
    """The path of an installed nginx, or None."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def gcc():
    """The path of an installed C compiler, or None."""
    return shutil.which("gcc")


def compiled(name, folder):
    """The variables that put the C file called `name`, compiled into `folder`, before the system's own functions."""
    library = folder / f"{name}.so"
    source = Path(__file__).with_name(f"{name}.c")
    subprocess.run([gcc(), "-shared", "-fPIC", "-O1", "-o", library, source], check=True)
    return {"LD_PRELOAD": str(library)}


class Clock:
    """A clock that can be set for the processes that have `settings` in their environment; made in `folder`."""

    def __init__(self, folder):
        self.file = folder / "clock"
        self.set(0)
        self.settings = {**compiled("clock", folder), "CLOCK_FILE": str(self.file)}

    def set(self, seconds):
        """Off by so many seconds from now on."""
        with open(self.file, "r+b" if self.file.exists() else "wb") as file:
            file.write(seconds.to_bytes(8, sys.byteorder, signed=True))


class Disk:
    """A disk that can fail, for the processes that have `settings` in their environment; made in `folder`.

    While it fails, nothing can be written below `mount`, or only nothing flushed: EIO, as a kernel says it of a broken
    disk, at once or when what was written has to be on it.
    """

    HOW = ("written", "flushed")

    def __init__(self, folder, mount):
        self.file = folder / "disk-fails"
        self.file.write_bytes(b"\0")
        self.settings = {**compiled("disk", folder), "DISK_FAILS": str(self.file), "DISK_MOUNT": f"{mount}/"}

    @contextmanager
    def failing(self, how):
        """It fails from now to the end."""
        self._set(1 + self.HOW.index(how))
        try:
            yield
        finally:
            self._set(0)

    def _set(self, how):
        with open(self.file, "r+b") as file:  # in place: processes have it mapped
            file.write(bytes([how]))


@contextmanager
def mounted(folder, megabytes, options=""):
    """A file system of that size at `folder`, which is made. Needs root."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m{options}", "none", folder]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode and os.environ.get("CI") != "true":
        pytest.skip("mounting a small disk needs root")
    assert done.returncode == 0, done.stderr
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def fill(folder, left=0):
    """A file that leaves `left` bytes free on the file system of `folder`."""
    ballast = folder / "holiday.mov"
    with open(ballast, "wb", buffering=0) as file, suppress(OSError):
        while shutil.disk_usage(folder).free > left:
            file.write(bytes(4096))
    return ballast


def bound_by_rights():
    """What to put before a command so that it may write no more than the rights of files say, as root may."""
    if os.getuid():
        return []
    caps = "-dac_override,-dac_read_search,-fowner"
    return ["setpriv", f"--bounding-set={caps}", f"--inh-caps={caps}"]


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


@contextmanager
def holding(path, *statements):
    """Another program has begun something with the SQLite file at `path`, and does not come to its end meanwhile."""
    other = sqlite3.connect(path, isolation_level=None, timeout=30)
    for statement in statements:
        other.execute(statement).fetchall()
    try:
        yield
    finally:
        other.rollback()
        other.close()


def wait_interrupted(store, run):
    """Wait until the run of that id, of whose trainer nothing is heard, is called interrupted.

    A single look may rightly do nothing: the disk of this machine was slow a moment ago.
    """

    def noticed():
        store.notice_stale()
        return store.get(run).status == "interrupted"

    wait_for(noticed, "the run's interruption", patience=60)


def free_port():
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]

"""A PostgreSQL server of Debian's as a process, with databases of its own. Used by tests and benchmarks."""

import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import ExitStack
from functools import partial
from itertools import count
from pathlib import Path

from sqlalchemy import create_engine, make_url

from tests import support

PATIENCE = 30
PASSWORD = "not @ secret"  # with characters that a URL must encode
wait_for = partial(support.wait_for, patience=PATIENCE)


def programs():
    """The folder with initdb and postgres of the newest installed version, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return found[-1].parent if found else None


class Postgres:
    """A server on a free port of 127.0.0.1, in a temporary folder; it ends with this process.

    PostgreSQL refuses to run as root: then it runs as the user postgres. `durable` is how it is really used; without,
    a commit does not wait for the disk. With `disk`, its tables lie on a file system of so many MB, `self.disk`, apart
    from its log of transactions.
    """

    def __init__(self, durable=False, disk=None):
        self.folder = Path(tempfile.mkdtemp(prefix="mlp-postgres-"))
        self.disk, self._mounts = self.folder, ExitStack()
        if disk:
            self.disk = self._mounts.enter_context(support.mounted(self.folder / "disk", disk, ",mode=777"))
        self.port = support.free_port()
        self._settings = [] if durable else ["-c", "fsync=off"]
        self._numbers = count(1)
        self._as = ["setpriv", "--pdeathsig", "INT"]  # a fast shutdown, should we be killed
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
            self._as += ["--reuid=postgres", "--regid=postgres", "--clear-groups"]
        self.process = None

    def start(self):
        """Initialise where that is new, start, and wait until it answers; returns self."""
        data = self.disk / "data"
        if not data.exists():
            password = self.folder / "password"
            password.write_text(PASSWORD)
            password.chmod(0o644)
            access = ["-U", "lab", "-A", "scram-sha-256", f"--pwfile={password}"]
            log = [] if self.disk == self.folder else ["--waldir", self.folder / "wal"]
            self._run("initdb", "-D", data, *access, *log, "--no-sync", "--encoding=UTF8")
        options = ["-p", self.port, "-c", "listen_addresses=127.0.0.1", "-k", self.folder, *self._settings]
        with open(self.folder / "log", "a") as log:
            command = [*self._as, programs() / "postgres", "-D", data, *options]
            self.process = subprocess.Popen(list(map(str, command)), cwd=self.folder, stdout=log, stderr=log)
        wait_for(lambda: self._answers() or self._ended(), "an answer of PostgreSQL")
        return self

    def _run(self, program, *arguments):
        command = [*self._as, programs() / program, *arguments]
        subprocess.run(list(map(str, command)), cwd=self.folder, check=True, capture_output=True)

    def _answers(self):
        ready = [programs() / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(ready).returncode == 0

    def _ended(self):
        assert self.process.poll() is None, (self.folder / "log").read_text()

    def url(self, database):
        """The URL of a database here."""
        user = make_url("postgresql+psycopg://127.0.0.1").set(username="lab", password=PASSWORD)
        return user.set(port=self.port, database=database).render_as_string(hide_password=False)

    def new_database(self):
        """The URL of a new, empty database."""
        name = f"lab{next(self._numbers)}"
        admin = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        with admin.connect() as db:
            db.exec_driver_sql(f"CREATE DATABASE {name}")
        admin.dispose()
        return self.url(name)

    def stop(self, sig=signal.SIGINT):
        """Shut down at once, cutting every connection; `start` goes on with what was committed.

        SIGINT is PostgreSQL's "fast" shutdown, SIGQUIT its "immediate" one, as a crash.
        """
        self.process.send_signal(sig)
        self.process.wait(PATIENCE)

    def remove(self):
        """Shut down for good."""
        if self.process is not None:
            self.stop()
        self._mounts.close()
        shutil.rmtree(self.folder)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()

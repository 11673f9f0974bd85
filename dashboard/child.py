"""A process is sent bytes and heard out: for so long, and so much. Whatever it starts ends with it."""

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LOG_BYTES = 2**16  # of its complaints that are kept


@dataclass
class Answer:
    """What it said, one byte more than it may at most; its complaints; whether it was too slow; its exit code."""

    said: bytearray = field(default_factory=bytearray)
    log: bytearray = field(default_factory=bytearray)
    late: bool = False
    code: int | None = None


def converse(
    command: Sequence[str], pieces: Iterable[bytes], seconds: float, most: int, *, cwd: Path, env: Mapping[str, str]
) -> Answer:
    """Send `pieces` to the process of `command` and hear at most `most` bytes; after `seconds` it is ended."""
    pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    child = subprocess.Popen(command, cwd=cwd, env=env, start_new_session=True, **pipes)
    said: Any = child.stdout
    answer = Answer()

    def too_late():
        answer.late = True
        _end(child)

    clock = threading.Timer(seconds, too_late)
    sides = [
        threading.Thread(target=_send, args=(child.stdin, pieces)),
        threading.Thread(target=_keep, args=(child.stderr, answer.log)),
    ]
    for thread in (clock, *sides):
        thread.start()
    try:
        while len(answer.said) <= most and (heard := said.read1(min(2**20, most + 1 - len(answer.said)))):
            answer.said += heard
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(1)  # for its exit code
    finally:
        _end(child)
        clock.cancel()
        answer.code = child.wait()
        for thread in sides:
            thread.join()
        said.close()
    return answer


def _end(child):
    """With whatever it has started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)


def _send(pipe, pieces):
    with contextlib.suppress(BrokenPipeError), pipe:  # it has made up its mind already
        for piece in pieces:
            pipe.write(piece)


def _keep(pipe, into):
    """The beginning of what comes; the rest goes nowhere."""
    with pipe:
        while heard := pipe.read1(2**16):
            into += heard[: max(0, LOG_BYTES - len(into))]

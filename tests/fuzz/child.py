"""Commands in a child process that is forked with all kernels loaded, under limits of time and memory."""

import contextlib
import io
import math
import os
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.posix import resource
from wordvec_cli.cli import run

SECONDS = 10  # of the processor's time, so that a busy machine fails nothing
SECONDS_OF_WAITING = 120
MORE_BYTES = 2_000_000_000  # beyond what the process has before it reads the file
OUTPUT_BYTES = 500_000_000
TRACEBACK = 70  # the exit status that stands for one
ENDED = "ended"  # the file of the statuses of the commands that have ended, one a line
NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC


class Outcome(NamedTuple):
    """What became of a command; `status` is minus the signal's number if one killed it."""

    status: int
    stdout: bytes
    stderr: bytes


def run_child(commands: Sequence[Sequence[str]], room: Path) -> list[Outcome]:
    """Run commands one after the other in a fork of this process; what became of those that were begun.

    A fork takes longer than most commands. This process has no threads: who starts them does so in a child.
    """
    (room / ENDED).write_bytes(b"")
    pid = os.fork()
    if pid == 0:
        _become(commands, room)
    _, ended = os.waitpid(pid, 0)
    statuses = [int(line) for line in (room / ENDED).read_bytes().split()]
    if len(statuses) < len(commands):
        statuses.append(os.waitstatus_to_exitcode(ended))
    return [
        Outcome(status, (room / f"stdout{i}").read_bytes(), (room / f"stderr{i}").read_bytes())
        for i, status in enumerate(statuses)
    ]


def run_here(arguments: Sequence[str]) -> Outcome:
    """Run a command in this process, which keeps the kernels that it loads for all children."""
    printed = [io.TextIOWrapper(io.BytesIO(), write_through=True) for _ in range(2)]
    with contextlib.redirect_stdout(printed[0]), contextlib.redirect_stderr(printed[1]):
        status = run(arguments)
    stdout, stderr = (stream.buffer.getvalue() for stream in printed)
    return Outcome(status, stdout, stderr)


def _become(commands: Sequence[Sequence[str]], room: Path) -> None:
    """Run the commands and end the process; what leaves `run` but a status is a bug, and told as one."""
    try:
        _limit_memory()
        ended = os.open(room / ENDED, os.O_WRONLY | os.O_APPEND)
        for i, arguments in enumerate(commands):
            _redirect(room, i)
            _limit_time()
            status = run(arguments)
            sys.stderr.flush()
            os.write(ended, f"{status}\n".encode())
        os._exit(0)
    finally:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(TRACEBACK)


def _redirect(room: Path, i: int) -> None:
    streams = ((os.devnull, os.O_RDONLY), (f"stdout{i}", NEW), (f"stderr{i}", NEW))
    for number, (name, flags) in enumerate(streams):
        opened = os.open(room / name, flags, 0o600)
        os.dup2(opened, number)
        os.close(opened)


def _limit_time() -> None:
    signal.alarm(SECONDS_OF_WAITING)
    limit = math.ceil(time.process_time()) + SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _limit_memory() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (OUTPUT_BYTES, OUTPUT_BYTES))
    with contextlib.suppress(FileNotFoundError):  # where /proc is missing, time is the only limit
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + MORE_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

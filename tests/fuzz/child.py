"""A command in a child process that is forked with all kernels loaded, under limits of time and memory."""

import contextlib
import io
import os
import resource
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from wordvec_cli.cli import run

SECONDS = 10  # of the processor's time, so that a busy machine fails nothing
SECONDS_OF_WAITING = 120
MORE_BYTES = 2_000_000_000  # beyond what the process has before it reads the file
OUTPUT_BYTES = 500_000_000
TRACEBACK = 70  # the exit status that stands for one


class Outcome(NamedTuple):
    """What became of a command; `status` is minus the signal's number if one killed it."""

    status: int
    stdout: bytes
    stderr: bytes


def run_child(arguments: Sequence[str], room: Path) -> Outcome:
    """Run a command in a fork of this process. That has no threads: who starts them does so in a child."""
    pid = os.fork()
    if pid == 0:
        _become(arguments, room)
    _, ended = os.waitpid(pid, 0)
    status = os.waitstatus_to_exitcode(ended)
    return Outcome(status, (room / "stdout").read_bytes(), (room / "stderr").read_bytes())


def run_here(arguments: Sequence[str]) -> Outcome:
    """Run a command in this process, which keeps the kernels that it loads for all children."""
    printed = [io.TextIOWrapper(io.BytesIO(), write_through=True) for _ in range(2)]
    with contextlib.redirect_stdout(printed[0]), contextlib.redirect_stderr(printed[1]):
        status = run(arguments)
    stdout, stderr = (stream.buffer.getvalue() for stream in printed)
    return Outcome(status, stdout, stderr)


def _become(arguments: Sequence[str], room: Path) -> None:
    """Run the command and end the process; whatever else may leave `run` is a bug, and told as one."""
    status = TRACEBACK
    try:
        for number, (name, flags) in enumerate(_STREAMS):
            os.dup2(os.open(room / name, flags, 0o600), number)
        _limit()
        status = run(arguments)
    finally:
        if status == TRACEBACK:
            traceback.print_exc()
        sys.stderr.flush()
        os._exit(status)


_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
_STREAMS = ((os.devnull, os.O_RDONLY), ("stdout", _NEW), ("stderr", _NEW))


def _limit() -> None:
    signal.alarm(SECONDS_OF_WAITING)
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (OUTPUT_BYTES, OUTPUT_BYTES))
    with contextlib.suppress(FileNotFoundError):  # where /proc is missing, time is the only limit
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + MORE_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

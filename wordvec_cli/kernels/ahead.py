"""Kernels that other processes compile while this one goes on, as numba compiles one at a time in a process.

A helper is told the names of kernels. It compiles each for its known signatures into the folder where this process
looks too, and says when it is there. Where a helper cannot be started or fails, this process compiles by itself.
"""

import atexit
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from wordvec_cli.kernels.compiled import FilesNamedByKey, is_shared, mark_complete, not_kept

SECONDS_OF_SILENCE = 300  # after which a helper is taken to hang: fifty times what the largest kernel takes
_CODE = "import sys; sys.path[:] = {path!r}; from wordvec_cli.kernels import ahead; ahead.serve()"


class Helper:
    """A process that compiles the kernels which it is told to."""

    def __init__(self) -> None:
        """Raises: OSError if there can be no further process."""
        self.waiting: set[str] = set()
        code = _CODE.format(path=[*sys.path, str(Path(__file__).parents[2])])
        isolated = ["-I", "-B"] if sys.dont_write_bytecode else ["-I"]  # the current folder is no place for modules
        self._process = subprocess.Popen(
            [sys.executable, *isolated, "-c", code],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )  # fmt: skip
        assert self._process.stdin and self._process.stdout
        self._stdin, self._stdout = self._process.stdin, self._process.stdout

    def ask_for(self, names: Sequence[str], are_last: bool = False, absent: Sequence[str] | None = None) -> None:
        """absent  parameters that are None, of which the kernels have variants; None: all variants are wanted"""
        self.waiting.update(names)
        with suppress(OSError):  # it is gone, which `wait_for` finds out
            for name in names:
                self._stdin.write(f"{name}\n" if absent is None else f"{name} {','.join(absent)}\n")
            self._stdin.close() if are_last else self._stdin.flush()

    def wait_for(self, name: str) -> bool:
        """Wait until a kernel that it was asked for is there; False if it never will be, or was not asked for."""
        if name not in self.waiting:
            return False
        while name in self.waiting:
            line = self._next_line()
            if not line:
                self.waiting.clear()
                return False
            self.waiting.discard(line.strip())
        return True

    def _next_line(self) -> str:
        """What it says next; empty if it has ended, as it is made to where it says nothing for long."""
        timer = threading.Timer(SECONDS_OF_SILENCE, self._process.kill)
        timer.daemon = True
        timer.start()
        try:
            return self._stdout.readline()
        finally:
            timer.cancel()

    def is_at_work(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        """At once: compiled code is put into the cache whole or not at all."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._stdin, self._stdout):
            with suppress(OSError):
                pipe.close()


def compile_ahead(*names: str, absent: Sequence[str] | None = None) -> None:
    """Have those of the kernels that are not in the cache compiled by another process; returns at once.

    Name those that will be called late, in the order of the calls: what this process needs before, it compiles itself.
    absent  see `Helper.ask_for`
    """
    current = FilesNamedByKey.helper
    if not is_shared() or (current and current.is_at_work()) or not (missing := not_kept(names)) or not _can_help():
        return
    with suppress(OSError):
        helper = FilesNamedByKey.helper = Helper()
        helper.ask_for(missing, are_last=True, absent=absent)
        atexit.register(helper.stop)


def compile_all(n_processes: int) -> tuple[Path | None, int]:
    """Compile all kernels for their known signatures; the folder, or None if some failed, and how many there are."""
    from wordvec_cli.kernels import signatures

    names = list(signatures.known())
    todo = deque(names)

    def work(helper: Helper) -> bool:
        with suppress(IndexError):  # of a pop that finds nothing left
            while True:
                name = todo.popleft()
                helper.ask_for([name])
                if not helper.wait_for(name):
                    return False
        return True

    helpers = [Helper() for _ in range(min(n_processes, len(names)))]
    try:
        with ThreadPoolExecutor(len(helpers)) as pool:
            are_well = all(pool.map(work, helpers))
    finally:
        for helper in helpers:
            helper.stop()
    return mark_complete() if are_well else None, len(names)


def serve() -> None:
    """Compile the kernels named by the lines of standard input, and repeat each name when it is done.

    After the name may come a blank and the parameters that are None: then only that variant of the kernel is compiled.
    """
    from wordvec_cli.kernels import signatures

    known = signatures.known()
    for line in sys.stdin:
        name, is_variant, absent = line.strip("\n").partition(" ")
        wanted = signatures.variant(name, absent.split(",")) if is_variant else known[name]
        signatures.compile_kernel(name, wanted)
        sys.stdout.write(f"{name}\n")
        sys.stdout.flush()


def _can_help() -> bool:
    """Whether there are a second processor, and a Python that can be started: an application that embeds it is none."""
    n_cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    is_python = "python" in Path(sys.executable or "").name.lower() and not getattr(sys, "frozen", False)
    return n_cpus > 1 and is_python

"""Ctrl-C while machine code is made: heard as soon as it is there.

LLVM hands code to numba by calling Python. There an exception cannot go on to who waits for the code: Python prints it
and forgets it, and numba then lacks the code. Signals are heard between two steps of Python, so that of those that come
while LLVM is at work all would be heard just there.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from numba.core import codegen

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


def install() -> None:
    """Have machine code made, and code from the cache loaded, while signals wait."""
    library: Any = codegen.JITCodeLibrary
    finalize = library._finalize_specific

    def finalize_undisturbed(self: Any) -> None:
        with waiting_signals():
            finalize(self)

    library._finalize_specific = finalize_undisturbed


@contextmanager
def waiting_signals() -> Iterator[None]:
    """Signals that come meanwhile are handled at the end. Only the main thread hears any."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
    handlers = {number: handler for number in numbers if callable(handler := signal.getsignal(number))}
    come: dict[int, None] = {}

    def note(number: int, frame: FrameType | None) -> None:
        come[number] = None

    for number in handlers:
        signal.signal(number, note)
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for number in come:
            signal.raise_signal(number)

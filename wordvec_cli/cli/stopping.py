"""Ctrl-C and SIGTERM during work that can be stopped and gone on with."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Stop:
    """Whether the user has asked to stop, and what the exit status is then."""

    exit_status = 0

    def is_asked_for(self) -> bool:
        return self.exit_status != 0


@contextmanager
def stop_signals(is_graceful: bool) -> Iterator[Stop]:
    """Until the end of the block the first Ctrl-C or SIGTERM asks to stop; the second Ctrl-C stops at once.

    is_graceful  else signals do what they always do
    """
    stop = Stop()
    if not is_graceful:
        yield stop
        return

    def ask(number: int, frame: object) -> None:
        stop.exit_status = 128 + number
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before: dict[int, Any] = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

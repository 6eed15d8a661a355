"""Ctrl-C, SIGTERM and SIGHUP during work that can be stopped and gone on with."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

SECONDS_OF_ONE = 1.0  # within which several signals are one: a nervous finger, or timeout, which sends two


class Stop:
    """Whether the user has asked to stop, and what the exit status is then."""

    exit_status = 0
    asked_at = 0.0

    def is_asked_for(self) -> bool:
        return self.exit_status != 0


@contextmanager
def stop_signals(is_graceful: bool) -> Iterator[Stop]:
    """Until the end of the block the first signal asks to stop; another Ctrl-C after it stops at once.

    is_graceful  else signals do what they always do
    """
    stop = Stop()
    if not is_graceful:
        yield stop
        return

    def ask(number: int, frame: object) -> None:
        if not stop.is_asked_for():
            stop.exit_status, stop.asked_at = 128 + number, time.monotonic()
        elif number == signal.SIGINT and time.monotonic() - stop.asked_at > SECONDS_OF_ONE:
            raise KeyboardInterrupt

    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    heard = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]  # nohup ignores SIGHUP
    before: dict[int, Any] = {number: signal.signal(number, ask) for number in heard}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

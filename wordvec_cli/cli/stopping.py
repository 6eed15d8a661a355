"""Ctrl-C, SIGTERM and SIGHUP during work that can be stopped and gone on with."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.progress import Cancelled

EXIT_INTERRUPTED = 130
SECONDS_OF_ONE = 1.0  # within which several signals are one: a nervous finger, or timeout, which sends two


class Stop:
    """Whether the user has asked to stop, and what the exit status is then.

    Signals do what they always do until that is asked for the first time: from then on the first signal asks to stop,
    and another Ctrl-C after it stops at once.
    """

    exit_status = 0
    asked_at = 0.0

    def __init__(self) -> None:
        self._handlers_before: dict[int, Any] = {}
        self._listens = False

    def is_asked_for(self) -> bool:
        if not self._listens:
            self._listen()
        return self.exit_status != 0

    def _listen(self) -> None:
        self._listens = True
        numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
        heard = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]  # as nohup has SIGHUP
        self._handlers_before = {number: signal.signal(number, self._ask) for number in heard}

    def _ask(self, number: int, frame: object) -> None:
        if not self.exit_status:
            self.exit_status, self.asked_at = 128 + number, time.monotonic()
        elif number == signal.SIGINT and time.monotonic() - self.asked_at > SECONDS_OF_ONE:
            raise KeyboardInterrupt

    def end(self) -> None:
        """Let signals do what they did before."""
        for number, handler in self._handlers_before.items():
            signal.signal(number, handler)


@contextmanager
def stop_signals() -> Iterator[Stop]:
    stop = Stop()
    try:
        yield stop
    finally:
        stop.end()


def resumable_run(work: Callable[[Callable[[], bool]], object], output: str | None, terminal: Terminal) -> int | None:
    """Train until the end, or until a signal; the exit status.

    work  gets a function that says whether to stop
    """
    from wordvec_cli.training.checkpoint_folder import resumable

    with stop_signals() as stop:
        try:
            work(stop.is_asked_for)
        except (Cancelled, KeyboardInterrupt) as error:
            if (folder := resumable(output)) is None:
                raise
            terminal.close()
            if isinstance(error, Cancelled):
                terminal.error(f"interrupted; the same command with --resume goes on from {folder}")
                return stop.exit_status
            terminal.error(f"interrupted at once; the same command with --resume goes on from what {folder} has")
            return EXIT_INTERRUPTED
    return None

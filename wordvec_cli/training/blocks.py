"""Blocks of work on threads that each take the next one when done; their results come in order."""

import queue
import threading
from collections.abc import Callable, Generator

from wordvec_cli.training.session import BlockLoss


class Feed:
    """Hands out the numbers from `first` to `end` - 1, each to one thread, until it is ended."""

    def __init__(self, first: int, end: int) -> None:
        self._next = first
        self._end = end
        self._lock = threading.Lock()

    def take(self) -> int | None:
        with self._lock:
            if self._next >= self._end:
                return None
            self._next += 1
            return self._next - 1

    def end(self) -> None:
        """Hand out no more numbers; the work on those handed out goes on."""
        with self._lock:
            self._end = self._next


def in_order(function: Callable[[int], BlockLoss], feed: Feed, n_threads: int) -> Generator[BlockLoss, None, None]:
    """`function` of the numbers of a feed, on threads that each take the next when done, in the numbers' order.

    When this generator ends, however that is, no thread is at work any more.
    """
    done: queue.SimpleQueue[tuple[int, BlockLoss] | BaseException | None] = queue.SimpleQueue()
    due = feed._next

    def work() -> None:
        try:
            while (number := feed.take()) is not None:
                done.put((number, function(number)))
            done.put(None)
        except BaseException as error:  # noqa: BLE001  raised again where the results are read
            done.put(error)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(n_threads)]
    for thread in threads:
        thread.start()
    waiting: dict[int, BlockLoss] = {}
    n_at_work = n_threads
    try:
        while n_at_work:
            match done.get():
                case None:
                    n_at_work -= 1
                case (number, loss):
                    waiting[number] = loss
                case error:
                    raise error
            while due in waiting:
                yield waiting.pop(due)
                due += 1
    finally:
        feed.end()
        for thread in threads:
            thread.join()

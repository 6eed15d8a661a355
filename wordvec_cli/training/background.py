"""One piece of work at a time that goes on beside the training."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from concurrent.futures import Future


class Background:
    """Does one thing at a time on a thread of its own; an error in it is raised by the next call here."""

    def __init__(self) -> None:
        self._work: Future[None] | None = None

    @property
    def is_busy(self) -> bool:
        return self._work is not None and not self._work.done()

    def begin(self, work: Callable[[], None]) -> None:
        """Start it when what was begun before is done."""
        from concurrent.futures import ThreadPoolExecutor

        self.wait()
        pool = ThreadPoolExecutor(1)
        self._work = pool.submit(work)
        pool.shutdown(wait=False)

    def wait(self) -> None:
        """Until all that was begun is done."""
        if self._work is not None:
            self._work.exception()  # a Ctrl-C here leaves it to the next call
            work, self._work = self._work, None
            work.result()

    def wait_whatever_came_of_it(self) -> None:
        """As `wait`, where its error would hide another one, or comes too late to matter."""
        if self._work is not None:
            self._work.exception()
            self._work = None

"""Work on threads whose results come in the order of the tasks, and how many threads there may be."""

import itertools
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future

TASKS_AHEAD = 2  # for each thread, that may wait until those before them are taken

Task = TypeVar("Task")
Result = TypeVar("Result")


def usable_cpus() -> int:
    """The CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_order(work: Callable[[Task], Result], tasks: Iterable[Task], n_threads: int) -> Iterator[tuple[Task, Result]]:
    """Each task with its result, on threads, in their order; at most TASKS_AHEAD x n_threads run ahead."""
    from concurrent.futures import ThreadPoolExecutor

    source = iter(tasks)
    waiting: deque[tuple[Task, Future[Result]]] = deque()
    with ThreadPoolExecutor(n_threads) as pool:
        try:
            for task in itertools.islice(source, TASKS_AHEAD * n_threads):
                waiting.append((task, pool.submit(work, task)))
            while waiting:
                task, future = waiting.popleft()
                result = future.result()
                for later in itertools.islice(source, 1):
                    waiting.append((later, pool.submit(work, later)))
                yield task, result
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

"""Work on threads whose results come in the order of the tasks."""

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

TASKS_AHEAD = 2  # for each thread, that may wait until those before them are taken

Task = TypeVar("Task")
Result = TypeVar("Result")


def in_order(work: Callable[[Task], Result], tasks: Iterable[Task], n_threads: int) -> Iterator[tuple[Task, Result]]:
    """Each task with its result, on threads, in their order; few are begun before those ahead of them are taken."""
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

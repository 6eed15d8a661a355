"""Work on threads whose results come in the order of the tasks, and how many threads there may be."""

import itertools
import os
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future

TASKS_AHEAD = 2  # for each thread, that may wait until those before them are taken

Task = TypeVar("Task")
Result = TypeVar("Result")


THREADS_OF_PRODUCTS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")  # what numpy's library for products asks
MOST_SCANS_AT_ONCE = 8


def usable_cpus() -> int:
    """The CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def scans_at_once() -> int:
    """As many as CPUs if numpy's library for products uses one thread; else one."""
    n_threads = next((os.environ[name] for name in THREADS_OF_PRODUCTS if name in os.environ), None)
    return min(usable_cpus(), MOST_SCANS_AT_ONCE) if n_threads == "1" else 1


def prefer_many_products() -> None:
    """Let each product have one thread, so that several run at a time, with all that is done beside them.

    What the environment says goes first, and once numpy is there it is too late.
    """
    if "numpy" not in sys.modules and not any(name in os.environ for name in THREADS_OF_PRODUCTS):
        os.environ[THREADS_OF_PRODUCTS[0]] = "1"


def on_threads(work: Callable[[Task], object], tasks: Sequence[Task], n_threads: int) -> None:
    """Work on every task, on this thread and others; for work of milliseconds, which a pool's import would outlast.

    Raises: what the first task that failed raised; tasks that had not begun then are left out
    """
    import threading

    remaining, errors = iter(tasks), list[BaseException]()

    def run() -> None:
        try:
            for task in remaining:
                if errors:
                    return
                work(task)
        except BaseException as error:  # noqa: BLE001  of a thread, it would be printed and forgotten
            errors.append(error)

    others = [threading.Thread(target=run) for _ in range(min(n_threads, len(tasks)) - 1)]
    for other in others:
        other.start()
    run()
    for other in others:
        other.join()
    if errors:
        raise errors[0]


def in_order(
    work: Callable[[Task], Result], tasks: Iterable[Task], n_threads: int
) -> Generator[tuple[Task, Result], None, None]:
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

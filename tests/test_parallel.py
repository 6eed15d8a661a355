"""`in_order`: results in the order of the tasks, not far ahead, and an end to the work whatever happens."""

import concurrent.futures
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from wordvec_cli import parallel
from wordvec_cli.parallel import in_order, on_threads


class CountingPool(ThreadPoolExecutor):
    """A pool that knows how many tasks it has been given."""

    n_given = 0

    def submit(self, *args: Any, **others: Any) -> Any:
        type(self).n_given += 1
        return super().submit(*args, **others)


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[CountingPool]]:
    monkeypatch.setattr(concurrent.futures, "ThreadPoolExecutor", CountingPool)
    CountingPool.n_given = 0
    yield CountingPool


def result_of(task: int) -> str:
    return f"result {task}"


@pytest.mark.parametrize("n_threads", [1, 3])
@pytest.mark.parametrize("n_tasks", [0, 1, 2, 50])
def test_results_come_in_the_order_of_the_tasks(n_tasks: int, n_threads: int) -> None:
    """The first of three threads' tasks end last."""
    done = [threading.Event() for _ in range(n_tasks + n_threads)]

    def work(task: int) -> str:
        if n_threads > 1 and task % n_threads < n_threads - 1 and task + 1 < n_tasks:
            done[task + 1].wait(10)
        done[task].set()
        return result_of(task)

    results = list(in_order(work, range(n_tasks), n_threads))
    assert results == [(task, result_of(task)) for task in range(n_tasks)]


@pytest.mark.parametrize("n_threads", [1, 3])
def test_few_tasks_are_begun_before_those_ahead_of_them_are_taken(n_threads: int, pool: type[CountingPool]) -> None:
    for task, _ in in_order(result_of, range(50), n_threads):
        assert pool.n_given <= task + 1 + parallel.TASKS_AHEAD * n_threads
    assert pool.n_given == 50


@pytest.mark.parametrize("n_threads", [1, 3])
def test_an_exception_comes_in_its_turn_and_ends_the_work(n_threads: int, pool: type[CountingPool]) -> None:
    def work(task: int) -> str:
        if task == 7:
            raise ValueError("task 7")
        return result_of(task)

    taken: list[int] = []
    with pytest.raises(ValueError, match="task 7"):
        taken.extend(task for task, _ in in_order(work, range(50), n_threads))
    assert pool.n_given <= 8 + parallel.TASKS_AHEAD * n_threads


def test_the_results_before_an_exception_are_yielded() -> None:
    results = in_order(lambda task: 1 / task, [2, 1, 0, 1], 2)
    assert [next(results), next(results)] == [(2, 0.5), (1, 1.0)]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_work_that_nobody_wants_any_more_ends(pool: type[CountingPool]) -> None:
    n_threads = threading.active_count()
    results = in_order(result_of, range(50), 2)
    next(results)
    results.close()
    assert threading.active_count() == n_threads
    assert pool.n_given <= 1 + parallel.TASKS_AHEAD * 2


def test_tasks_that_have_not_begun_are_dropped_with_the_results(monkeypatch: pytest.MonkeyPatch) -> None:
    """The only thread is in its second task while no more results are wanted."""
    begun: list[int] = []
    is_held, may_go_on = threading.Event(), threading.Event()

    def work(task: int) -> None:
        begun.append(task)
        if task == 1:
            is_held.set()
            may_go_on.wait(10)

    class Pool(ThreadPoolExecutor):
        def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
            super().shutdown(wait=False, cancel_futures=cancel_futures)
            may_go_on.set()
            super().shutdown(wait=wait)

    monkeypatch.setattr(concurrent.futures, "ThreadPoolExecutor", Pool)
    results = in_order(work, range(50), 1)
    next(results)
    assert is_held.wait(10)
    results.close()
    assert begun == [0, 1]


@pytest.mark.parametrize("n_threads", [1, 3])
@pytest.mark.parametrize("n_tasks", [0, 1, 50])
def test_threads_share_the_tasks(n_tasks: int, n_threads: int) -> None:
    done: list[int] = []
    on_threads(done.append, range(n_tasks), n_threads)
    assert sorted(done) == [*range(n_tasks)]


def test_tasks_run_at_the_same_time() -> None:
    both = threading.Barrier(2)
    on_threads(lambda _: both.wait(10), range(2), 2)


@pytest.mark.parametrize("n_threads", [1, 2])
def test_an_error_on_any_thread_ends_the_work_and_is_raised(n_threads: int) -> None:
    begun: list[int] = []
    has_begun = threading.Barrier(n_threads)

    def work(task: int) -> None:
        begun.append(task)
        has_begun.wait(10)
        raise ValueError("task")

    with pytest.raises(ValueError, match="task"):
        on_threads(work, range(50), n_threads)
    assert len(begun) == n_threads

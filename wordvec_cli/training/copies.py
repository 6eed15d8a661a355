"""Room for the copies that threads have of a tree's first nodes, so that they need not write into the same lines.

See kernels/own_rows.py.
"""

import queue
from collections.abc import Iterator
from contextlib import contextmanager

N_COPIES = 256  # nodes, at most; the copies, and what they were, fit a second cache level
VISITS = 16  # of all threads together to a copied row, about, until what one has changed is there for the others
MOST_THREADS = 64  # that have copies; room that no thread takes is never touched, and costs no memory


def rows_of_thread(n_nodes: int) -> int:
    """How many rows the copies of one thread take: of each node that is copied two, it and what it was."""
    return 2 * min(N_COPIES, n_nodes // 4)


class Copies:
    """Which room for copies is free.

    n_rows  how many rows the copies take, behind those of the nodes
    """

    def __init__(self, n_nodes: int) -> None:
        """n_nodes  of the tree; 0: there is none, and nothing to copy"""
        self._is_of_tree = n_nodes > 0
        self._n_copies = rows_of_thread(n_nodes) // 2
        self.n_rows = rows_of_thread(n_nodes) * MOST_THREADS
        self.use(1)

    def use(self, n_threads: int) -> None:
        """Give copies to each of the threads; a single one needs none."""
        self._visits = max(VISITS // n_threads, 1)
        self._free: queue.SimpleQueue[int] = queue.SimpleQueue()
        for slot in range(min(n_threads, MOST_THREADS) if n_threads > 1 else 0):
            self._free.put(slot)

    @contextmanager
    def taken(self) -> Iterator[tuple[int, ...]]:
        """What a kernel needs to know: (n_hot, most, slot); a slot is its own until it is done. () without a tree."""
        try:
            slot = self._free.get_nowait()
        except queue.Empty:
            yield (0, 1, 0) if self._is_of_tree else ()
            return
        try:
            yield (self._n_copies, self._visits, slot) if self._is_of_tree else ()
        finally:
            self._free.put(slot)

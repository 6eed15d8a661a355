"""How many threads train in step (kernels/in_step.py): as many as are quicker, as the result does not depend on it.

Two gain most where cores are near to each other and idle. Where a line of memory takes 200 ns from one core to the
other, or another program has one of them, the threads wait for each other, and one alone can be three times as quick.
Neither can be known beforehand, and both change while training goes on.
"""

FIRST_WAIT, LONGEST_WAIT = 4, 32  # blocks by one thread until all are tried again; twice as many each time it fails


class ThreadChoice:
    """All threads, or one, whichever took less time for its last block."""

    def __init__(self, n_threads: int) -> None:
        self._n_threads = n_threads
        self._seconds: dict[int, float] = {}  # a token, by the number of threads
        self._wait = self._left = FIRST_WAIT

    def next(self) -> int:
        """The number of threads for the next block."""
        for untried in (self._n_threads, 1):
            if untried not in self._seconds:
                return untried
        return 1 if self._seconds[1] < self._seconds[self._n_threads] and self._left else self._n_threads

    def took(self, n_threads: int, n_tokens: int, seconds: float) -> None:
        """Tell of a block of some tokens."""
        was_trial = not self._left
        self._seconds[n_threads] = seconds / n_tokens
        if n_threads == 1:
            self._left = max(self._left - 1, 0)
        elif was_trial:
            has_failed = self._seconds[1] < self._seconds[n_threads]
            self._wait = min(2 * self._wait, LONGEST_WAIT) if has_failed else FIRST_WAIT
            self._left = self._wait

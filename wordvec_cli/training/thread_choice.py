"""How many threads train in step (kernels/in_step.py): as many as are quicker, as the result does not depend on it.

Two gain most where cores are near to each other and idle. Where a line of memory takes 200 ns from one core to the
other, the threads wait for each other, and one alone can be three times as quick; where another program has one of the
cores, ten times. Neither can be known beforehand, and both change while training goes on.
"""

SHARE = 0.03  # of the time, that trials of all threads may cost where one is quicker


class ThreadChoice:
    """All threads, or one, whichever is quicker by the last pieces of the text that they were timed on."""

    def __init__(self, n_threads: int) -> None:
        self.most = n_threads
        self._seconds: dict[int, float] = {}  # a token, by the number of threads
        self._n_alone = 0  # pieces by one thread since all were tried

    def next(self) -> int:
        """The number of threads for the next piece."""
        for untried in (self.most, 1):
            if untried not in self._seconds:
                return untried
        lost_by_all = self._seconds[self.most] / self._seconds[1] - 1
        return 1 if SHARE * self._n_alone < lost_by_all else self.most

    def took(self, n_threads: int, n_tokens: int, seconds: float) -> None:
        """Tell of a piece of some tokens."""
        self._seconds[n_threads] = seconds / n_tokens
        self._n_alone = self._n_alone + 1 if n_threads < self.most else 0

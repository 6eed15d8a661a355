"""Ways to make one change of the changes of replicas: ours, and those that others have."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.training.replicas import Replica, Rounds, Rows, Slice
from wordvec_cli.training.updates import Curvature, combined
from wordvec_cli.training.word2vec import Word2VecTrainer

Matrix = NDArray[np.float32]
SHARE = 0.1  # of the learning rate: of the way to where a row's error is least, that an update of it goes


class Rule(NamedTuple):
    """How changes are combined.

    change      gives what rows are to change (rows, dim), of (changes (n_replicas, rows, dim), how often each replica
                was expected to update the rows, times the learning rate (rows,), the curvature of their error)
    times_rate  whether the learning rate is multiplied by the number of replicas
    first_rows  None: all rows are synchronised; else so many, twice as many every second time, and so on
    """

    change: Callable[[Matrix, Matrix, Curvature], Matrix]
    times_rate: bool = False
    first_rows: int | None = None


def by_direction(changes: Matrix, steps: Matrix, curvature: Curvature) -> Matrix:
    return combined(total(changes, steps, curvature), steps, curvature, len(changes))


def mean(changes: Matrix, steps: Matrix, curvature: Curvature) -> Matrix:
    means: Matrix = changes.mean(axis=0)
    return means


def total(changes: Matrix, steps: Matrix, curvature: Curvature) -> Matrix:
    sums: Matrix = changes.sum(axis=0)
    return sums


def by_row(changes: Matrix, steps: Matrix, curvature: Curvature) -> Matrix:
    """A row's mean change, times (1 - (1 - e)^(R n)) / (1 - (1 - e)^n)."""
    way = SHARE * steps.astype(np.float64) + 1e-9
    times = np.expm1(-len(changes) * way) / np.expm1(-way)
    return mean(changes, steps, curvature) * times[:, None].astype(np.float32)


def orthogonal_parts(changes: Matrix, steps: Matrix, curvature: Curvature) -> Matrix:
    """Of each change what is at right angles to those before. Source: GraphWord2Vec, Gill et al. 2021."""
    sums: Matrix = changes[0].copy()
    for change in changes[1:]:
        along = (sums * change).sum(axis=1) / np.maximum((sums * sums).sum(axis=1), 1e-20)
        sums += change - along[:, None] * sums
    return sums


RULES = {
    "by direction": Rule(by_direction),
    "by direction, frequent rows often": Rule(by_direction, first_rows=1024),
    "by row": Rule(by_row),
    "by row, frequent rows often": Rule(by_row, first_rows=1024),
    "mean": Rule(mean),
    "sum": Rule(total),
    "mean, the rate times the replicas": Rule(mean, times_rate=True),
    "mean, the rate times the replicas, frequent rows often (pWord2Vec)": Rule(mean, True, 1024),
    "parts at right angles (GraphWord2Vec)": Rule(orthogonal_parts),
}


class RuledReplica(Replica):
    """A replica whose changes are combined by some rule; `bytes_sent` of changes and of merged rows."""

    def __init__(self, trainer: Word2VecTrainer, rounds: Rounds, rule: Rule) -> None:
        super().__init__(trainer, rounds)
        self._rule = rule
        self._n_done = 0  # synchronisations of the epoch
        self.bytes_sent = 0

    def _n_rows(self) -> int:
        """How many rows of each matrix are synchronised: all at the end of an epoch."""
        most = max(len(rows) for rows in self._rows)
        now = self._n_done + 1
        if self._rule.first_rows is None or now == self._rounds.n:
            return most
        return min(self._rule.first_rows * (now & -now), most)

    def changes(self, part: Slice) -> Rows:
        rows = super().changes(part)
        lengths = [len(matrix[part.first :: part.n]) for matrix in self._rows]
        number = np.concatenate([part.first + part.n * np.arange(length) for length in lengths])  # of each row
        is_due = number[rows.places] < self._n_rows()
        rows = Rows(rows.places[is_due], rows.values[is_due])
        self.bytes_sent += rows.places.nbytes + rows.values.nbytes
        return rows

    def combine(self, part: Slice, changes: Sequence[Rows], epoch: int, round_: int, rate_factor: float = 1.0) -> Rows:
        rows = super().combine(part, changes, epoch, round_, rate_factor)
        self.bytes_sent += (rows.places.nbytes + rows.values.nbytes) * (part.n - 1)
        self._n_done = round_ + 1
        return rows

    def _combined(
        self, part: Slice, changed: NDArray[np.int32], changes: Sequence[Rows], steps: Matrix, curvature: Curvature
    ) -> Matrix:
        stack = np.zeros((len(changes), len(changed), self._rows[0].shape[1]), np.float32)
        for each, (places, values) in zip(stack, changes, strict=True):
            each[np.searchsorted(changed, places), : self._dim] = values
        numbers = part.first + part.n * changed
        return self._rule.change(stack, steps[numbers] * self._rounds_since(numbers), curvature)

    def _rounds_since(self, rows: NDArray[np.int32]) -> Matrix:
        """How many rounds rows have had on their own."""
        if self._rule.first_rows is None:
            return np.ones(len(rows), np.float32)
        halvings = np.ceil(np.log2(np.maximum((rows + 1) / self._rule.first_rows, 1)))
        n_rounds: Matrix = np.minimum(2**halvings, self._rounds.n).astype(np.float32)
        return n_rounds

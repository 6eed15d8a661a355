"""How many of a word's many nearest neighbours are the same in two sets of vectors, for many words.

Scores are taken in float32. Where these leave a doubt about the last of the neighbours, float64 decides; ties by id.
"""

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordvec_cli.parallel import in_order, scans_at_once
from wordvec_cli.queries.metrics import Cosine
from wordvec_cli.vectors.lengths import unit_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Exact = NDArray[np.float64]
    Ids = NDArray[np.int64]
    Masks = NDArray[np.bool_]

SAMPLE = 2048  # of a row's scores
SCORES_AT_ONCE = 1 << 24  # of a thread, 16 MB


class Space(NamedTuple):
    """The vectors of some words, at length 1.

    units  (n, dim) float32
    exact  (n, dim) float32, the vectors as they are
    """

    units: "Matrix"
    exact: "Matrix"

    @classmethod
    def of(cls, rows: "Matrix") -> "Space":
        return cls(unit_rows(rows).astype(np.float32), rows)

    def nearest(self, words: "Ids", k: int) -> "Masks":
        """Which words are the `k` nearest of each of some, (n_words, n); a word is not its own neighbour."""
        reach = 2 * Cosine(self.units[:1]).rounding()
        scores = self.units[words] @ self.units.T
        scores[np.arange(len(words)), words] = -np.inf
        last, next_one = _last_two(scores, k)
        found: Masks = scores >= last[:, None]
        for i in np.flatnonzero(last - next_one <= reach).tolist():
            near = np.flatnonzero(np.abs(scores[i] - last[i]) <= reach)
            n_sure = int(np.count_nonzero(scores[i] > last[i] + reach))
            found[i, near] = False
            found[i, self.nearest_of(int(words[i]), near, k - n_sure)] = True
        return found

    def nearest_of(self, word: int, others: "Ids", n: int) -> "Ids":
        """The `n` of some words that are nearest to one, nearest first; ties by id."""
        rows = unit_rows(self.exact[[word, *others.tolist()]])
        return others[np.argsort(-(rows[1:] @ rows[0]), kind="stable")[:n]]


def _last_two(scores: "Matrix", k: int) -> "tuple[Matrix, Matrix]":
    """Of each row, the k-th largest number and the one after it.

    Most numbers of a row are far below: they are left out by a bound that a sample of them gives, and a row whose bound
    leaves too few is looked through whole.
    """
    sample = scores[:, :: max(1, scores.shape[1] // SAMPLE)]
    expected = (k + 1) * sample.shape[1] / scores.shape[1]
    place = min(math.ceil(expected + 4 * math.sqrt(expected)), sample.shape[1])
    bounds = np.partition(sample, sample.shape[1] - place, axis=1)[:, sample.shape[1] - place]
    places = np.flatnonzero(scores >= bounds[:, None])
    ends = np.searchsorted(places, np.arange(1, len(scores) + 1) * scores.shape[1])
    n_kept = np.diff(ends, prepend=0)
    kept = np.full((len(scores), max(int(n_kept.max()), k + 1)), -np.inf, np.float32)
    kept[np.arange(kept.shape[1]) < n_kept[:, None]] = scores.reshape(-1)[places]
    found = np.partition(kept, (kept.shape[1] - k - 1, kept.shape[1] - k), axis=1)
    last, next_one = found[:, kept.shape[1] - k], found[:, kept.shape[1] - k - 1]
    for i in np.flatnonzero(n_kept < k + 1).tolist():
        whole = np.partition(scores[i], (scores.shape[1] - k - 1, scores.shape[1] - k))
        last[i], next_one[i] = whole[scores.shape[1] - k], whole[scores.shape[1] - k - 1]
    return last, next_one


def shared_neighbours(first: Space, second: Space, words: "Ids", k: int) -> "Ids":
    """How many of the `k` nearest neighbours of each of some words are the same in two spaces, (n_words,).

    words  numbers of rows, which stand for the same words in both; `k` is below the number of rows
    """
    size = max(1, SCORES_AT_ONCE // len(first.units))

    def of_some(start: int) -> "Ids":
        some = words[start : start + size]
        both = first.nearest(some, k) & second.nearest(some, k)
        n_shared: Ids = np.count_nonzero(both, axis=1)
        return n_shared

    found = [shared for _, shared in in_order(of_some, range(0, len(words), size), scans_at_once())]
    return np.concatenate(found) if found else np.empty(0, np.int64)

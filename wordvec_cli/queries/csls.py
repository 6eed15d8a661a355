"""Cross-domain similarity local scaling: twice the cosine, less how near each side is to all.

CSLS(x, y) = 2 cos(x, y) - r(x) - r(y), where r is the mean cosine of a vector with its k nearest on the other side. It
draws words down that are near to everything (hubs). As a scalar product of longer vectors it is found as exactly as
any: (2x, -1, -r(x)) times (y, r(y), 1), with x and y at length 1.
Source: Conneau et al. 2018, Word Translation Without Parallel Data, equation 5
"""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np

from wordvec_cli.progress import Progress, Report, silent
from wordvec_cli.queries.index import Index
from wordvec_cli.queries.metrics import Cosine, Dot
from wordvec_cli.queries.nearest import nearest
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.lengths import unit_rows
from wordvec_cli.vectors.made_rows import MadeRows
from wordvec_cli.vectors.transform.rows import gathered, rows_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec_cli.vectors.embeddings import Rows

    Matrix = NDArray[np.float32]
    Exact = NDArray[np.float64]
    Ids = NDArray[np.int64]

K = 10  # neighbours that say how near a vector is to all
QUERIES_AT_ONCE = 1 << 12


def nearness(index: Index, rows: "Rows", excluded: "Ids | None" = None, report: Report = silent) -> "Exact":
    """The mean cosine of each row (n, dim) with its K nearest of an index, (n,).

    excluded  (n,) an id for each row that is not its neighbour: its own
    """
    means = np.empty(len(rows))
    for start in range(0, len(rows), QUERIES_AT_ONCE):
        some = slice(start, min(start + QUERIES_AT_ONCE, len(rows)))
        barred = None if excluded is None else [(word_id,) for word_id in excluded[some].tolist()]
        means[some] = _mean_scores(nearest(index, Cosine(rows[some]), K, barred).scores)
        report(Progress("nearness", some.stop, len(rows), "words"))
    return means


def _mean_scores(scores: "Exact") -> "Exact":
    """The mean of each line, (m,), without the neighbours that there are not; 0 where there is none."""
    n_found = np.isfinite(scores).sum(axis=1)
    means: Exact = np.where(np.isfinite(scores), scores, 0).sum(axis=1) / np.maximum(n_found, 1)
    return means


class Neighbourhood:
    """Vectors that may be answers, each with how near it is to all, so that questions find answers by CSLS.

    index  of the longer vectors, for `nearest` with `scorer`
    """

    def __init__(self, index: Index, near: "Exact") -> None:
        """
        index  of the vectors as they are
        near   (n,) how near each of the index is to the other side
        """
        self._plain = index
        embeddings, source = index.embeddings, rows_of(index.embeddings)
        of_all = np.zeros(len(embeddings.vocabulary), np.float32)
        of_all[index.ids] = near

        def make(places: "slice | Ids") -> "Matrix":
            units, beside = unit_rows(source[places]), of_all[places]
            return np.column_stack([units, beside, np.ones(len(beside))]).astype(np.float32)

        shape = len(of_all), embeddings.dim + 2
        longer = Embeddings(embeddings.vocabulary, MadeRows(make, shape), shape[1], embeddings.metadata)
        self.index = Index(longer, index.ids, index.n_threads)

    @staticmethod
    def within(index: Index, report: Report = silent) -> "Neighbourhood":
        """Of words among each other: the other side of each is all the rest."""
        rows = gathered(rows_of(index.embeddings)) if index.is_packed else index.embeddings.matrix
        return Neighbourhood(index, nearness(index, rows[index.ids], index.ids, report))

    def scorer(self, queries: "Exact | Matrix", excluded: Sequence[Collection[int]] | None = None) -> Dot:
        """Scores the longer vectors against questions (m, dim), whose own words are `excluded`."""
        units = unit_rows(queries)
        near = _mean_scores(nearest(self._plain, Cosine(units), K, excluded).scores)
        return Dot(np.column_stack([2 * units, np.full(len(units), -1.0), -near]))

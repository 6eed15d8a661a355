"""The rows that may be among the best for many queries, found by compiled loops; `scan` decides which are."""

from typing import TYPE_CHECKING, Any

import numpy as np

from wordvec_cli.kernels.scan import TILE_QUERIES, TILE_ROWS, find_candidates
from wordvec_cli.queries.candidates import Found, by_threads, whole
from wordvec_cli.queries.index import Index
from wordvec_cli.queries.metrics import Dot

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Ids = NDArray[np.int64]

FLOATS_PER_BLOCK = 1 << 16  # of rows, that stay in a core's cache while all queries meet them


def candidates(index: Index, scorer: Dot, n_kept: int, least_score: float) -> "tuple[Ids, Ids]":
    """The numbers of queries and the ids of rows that may be among their best, ids ascending for each query.

    Rows whose lengths are not finite are left out. Threads share the queries.
    """
    return by_threads(len(scorer), TILE_QUERIES, lambda some: _Part(index, scorer, some, n_kept, least_score))


class _Part:
    """The search for some of the queries."""

    def __init__(self, index: Index, scorer: Dot, some: slice, n_kept: int, least_score: float) -> None:
        self._index, self._scorer, self._some, self._n_kept = index, scorer, some, n_kept
        self._least_score = least_score
        queries, self._rows_of_products = scorer.factors()
        queries = queries[some]
        self._n_queries, self._dim = queries.shape
        self._queries = np.zeros((whole(self._n_queries, TILE_QUERIES), self._dim), np.float32)
        self._queries[: self._n_queries] = queries
        self._tiled = np.ascontiguousarray(self._queries.reshape(-1, TILE_QUERIES, self._dim).transpose(0, 2, 1))
        self._n_rows = max(FLOATS_PER_BLOCK // self._dim // TILE_ROWS, 1) * TILE_ROWS
        self._found = Found(len(self._queries), n_kept, self._n_rows * TILE_QUERIES, np.float32)

    def search(self) -> "tuple[Ids, Ids]":
        rows = np.zeros((self._n_rows, self._dim), np.float32)
        for start in range(0, len(self._index), self._n_rows):
            block = self._index.finite(slice(start, start + self._n_rows), self._scorer.needs_lengths)
            if not len(block.ids):
                continue
            rows[: len(block.ids)] = self._rows_of_products(block.rows, block.lengths)
            rows[len(block.ids) :] = 0
            self._search_block(rows, block.ids, self._limits(float(block.lengths.max())))
        return self._found.best(self._some.start)

    def _limits(self, longest: float) -> "tuple[Matrix, Matrix]":
        """The errors of products with rows up to this length, and the products that answers need, (m,) each."""
        errors = np.zeros(len(self._queries), np.float32)
        least = np.full(len(self._queries), np.inf, np.float32)
        of_all = np.full(len(self._scorer), self._least_score)
        errors[: self._n_queries] = self._scorer.errors(longest)[self._some]
        least[: self._n_queries] = self._scorer.bars(of_all, longest)[self._some]
        return errors, least

    def _search_block(self, rows: "Matrix", ids: "Ids", limits: "tuple[Matrix, Matrix]") -> None:
        errors, least = limits
        lowest = self._found.lowest
        bars = np.maximum(lowest.reshape(-1, self._n_kept)[:, 0] - errors, least)

        def find(found: Any, begun: int, tile: int) -> tuple[int, int]:
            return find_candidates(  # type: ignore[no-any-return]
                rows.reshape(-1), len(ids), self._dim, self._tiled.reshape(-1), self._queries.reshape(-1),
                errors, least, lowest, self._n_kept, bars, found, begun, tile,
            )  # fmt: skip

        self._found.take_block(find, len(self._queries) // TILE_QUERIES, ids)

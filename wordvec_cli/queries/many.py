"""The rows that may be among the best for many queries, found by compiled loops; `scan` decides which are."""

import math
from typing import TYPE_CHECKING

import numpy as np

from wordvec_cli.kernels.scan import TILE_QUERIES, TILE_ROWS, find_candidates
from wordvec_cli.parallel import on_threads, usable_cpus
from wordvec_cli.queries.index import Index
from wordvec_cli.queries.metrics import Dot

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Ids = NDArray[np.int64]

FLOATS_PER_BLOCK = 1 << 16  # of rows, that stay in a core's cache while all queries meet them
ROOM_PER_BLOCK = 2  # for the candidates that a block and a tile may give at most
ROOM_PER_KEPT = 4  # candidates for each row that is kept


def candidates(index: Index, scorer: Dot, n_kept: int, least_score: float) -> "tuple[Ids, Ids]":
    """The numbers of queries and the ids of rows that may be among their best, ids ascending for each query.

    Rows whose lengths are not finite are left out. Threads share the queries.
    """
    n_threads = usable_cpus()
    n_each = math.ceil(math.ceil(len(scorer) / TILE_QUERIES) / n_threads) * TILE_QUERIES
    parts = [_Part(index, scorer, slice(start, start + n_each), n_kept) for start in range(0, len(scorer), n_each)]
    on_threads(lambda part: part.search(least_score), parts, n_threads)
    return np.concatenate([part.queries for part in parts]), np.concatenate([part.ids for part in parts])


class _Part:
    """The search for some of the queries.

    queries, ids  of the candidates, when the search is done
    """

    def __init__(self, index: Index, scorer: Dot, some: slice, n_kept: int) -> None:
        self._index, self._scorer, self._some, self._n_kept = index, scorer, some, n_kept
        queries, self._rows_of_products = scorer.factors()
        queries = queries[some]
        self._n_queries, self._dim = queries.shape
        self._queries = np.zeros((_whole(self._n_queries, TILE_QUERIES), self._dim), np.float32)
        self._queries[: self._n_queries] = queries
        self._tiled = np.ascontiguousarray(self._queries.reshape(-1, TILE_QUERIES, self._dim).transpose(0, 2, 1))
        self._lowest = np.full(len(self._queries) * n_kept, -np.inf, np.float32)
        self._n_rows = max(FLOATS_PER_BLOCK // self._dim // TILE_ROWS, 1) * TILE_ROWS
        n_found = ROOM_PER_BLOCK * self._n_rows * TILE_QUERIES + ROOM_PER_KEPT * len(self._lowest)
        self._of_query, self._of_row = np.empty(n_found, np.int32), np.empty(n_found, np.int32)
        self._at_most, self._ids = np.empty(n_found, np.float32), np.empty(n_found, np.int64)
        self._n_found = 0

    def search(self, least_score: float) -> None:
        rows = np.zeros((self._n_rows, self._dim), np.float32)
        for start in range(0, len(self._index), self._n_rows):
            block = self._index.finite(slice(start, start + self._n_rows), self._scorer.needs_lengths)
            if not len(block.ids):
                continue
            rows[: len(block.ids)] = self._rows_of_products(block.rows, block.lengths)
            rows[len(block.ids) :] = 0
            self._search_block(rows, block.ids, self._limits(float(block.lengths.max()), least_score))
        self._drop_those_too_low()
        self.queries = self._of_query[: self._n_found] + np.int64(self._some.start)
        self.ids = self._ids[: self._n_found]

    def _limits(self, longest: float, least_score: float) -> "tuple[Matrix, Matrix]":
        """The errors of products with rows up to this length, and the products that answers need, (m,) each."""
        errors = np.zeros(len(self._queries), np.float32)
        least = np.full(len(self._queries), np.inf, np.float32)
        of_all = np.full(len(self._scorer), least_score)
        errors[: self._n_queries] = self._scorer.errors(longest)[self._some]
        least[: self._n_queries] = self._scorer.bars(of_all, longest)[self._some]
        return errors, least

    def _search_block(self, rows: "Matrix", ids: "Ids", limits: "tuple[Matrix, Matrix]") -> None:
        errors, least = limits
        tile, n_tiles = 0, len(self._queries) // TILE_QUERIES
        bars = np.maximum(self._lowest.reshape(-1, self._n_kept)[:, 0] - errors, least)
        while tile < n_tiles:
            begun, found = self._n_found, (self._of_query, self._of_row, self._at_most)
            tile, self._n_found = find_candidates(
                rows.reshape(-1), len(ids), self._dim, self._tiled.reshape(-1), self._queries.reshape(-1),
                errors, least, self._lowest, self._n_kept, bars, found, begun, tile,
            )  # fmt: skip
            self._ids[begun : self._n_found] = ids[self._of_row[begun : self._n_found]]
            if tile < n_tiles:
                self._make_room()

    def _make_room(self) -> None:
        self._drop_those_too_low()
        n_free = len(self._of_query) - self._n_found
        if n_free < max(self._n_found, self._n_rows * TILE_QUERIES):  # so that dropping is rare, and a tile has room
            self._of_query, self._of_row, self._at_most, self._ids = (
                np.resize(each, 2 * len(each)) for each in (self._of_query, self._of_row, self._at_most, self._ids)
            )

    def _drop_those_too_low(self) -> None:
        """Forget the candidates that are certainly not among the best."""
        some = slice(self._n_found)
        lowest = self._lowest.reshape(-1, self._n_kept)[:, 0]
        kept = np.flatnonzero(self._at_most[some] >= lowest[self._of_query[some]])
        self._n_found = len(kept)
        for each in (self._of_query, self._at_most, self._ids):
            each[: len(kept)] = each[kept]


def _whole(n: int, size: int) -> int:
    """At least `n`, a multiple of `size`."""
    return -(-n // size) * size

"""The rows that may be among the best for many queries, found in a packed copy by compiled loops; `scan` decides.

As `many`, with products of whole numbers. A product with bytes is wrong by the rounding of the query and by that of the
row, both of which are bounded by their lengths; rows that pass are looked at again with the query as it is.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wordvec_cli.kernels.copy_scan import BIAS, GRAIN, ROUNDING, TILE_QUERIES, TILE_ROWS, find_candidates
from wordvec_cli.queries.candidates import Found, by_threads, whole
from wordvec_cli.queries.index import Index
from wordvec_cli.queries.metrics import Cosine, Dot, Euclidean
from wordvec_cli.queries.packed_copy import LONGEST, PackedCopy
from wordvec_cli.vectors.lengths import row_lengths
from wordvec_cli.vectors.packing import HIGHEST

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec_cli.vectors.packing import Places

    Matrix = NDArray[np.float32]
    Ids = NDArray[np.int64]
    Exact = NDArray[np.float64]

BYTES_PER_BLOCK = 1 << 17  # of rows, that stay in a core's cache while all queries meet them


def candidates(index: Index, scorer: Dot, n_kept: int, least_score: float) -> "tuple[Ids, Ids]":
    """The numbers of queries and the ids of rows that may be among their best, ids ascending for each query.

    Threads share the queries.
    """
    return by_threads(len(scorer), TILE_QUERIES, lambda some: _Part(index, scorer, some, n_kept, least_score))


class _Rows(NamedTuple):
    """What the kernel is to know of some rows; see there."""

    codes: "NDArray[np.int8]"
    words: "NDArray[np.int32]"
    factors: "Matrix"
    terms: "Matrix"
    weights: "Matrix"
    errors: "Matrix"
    n_rows: int


class _Part:
    """The search for some of the queries."""

    def __init__(self, index: Index, scorer: Dot, some: slice, n_kept: int, least_score: float) -> None:
        assert index.copy is not None
        self._index, self._copy, self._scorer, self._some, self._n_kept = index, index.copy, scorer, some, n_kept
        exact = np.zeros((whole(len(scorer.queries[some]), TILE_QUERIES), self._copy.codes.shape[1]))
        exact[: len(scorer.queries[some]), : self._copy.dim] = scorer.queries[some]
        self._tiled, self._questions = _as_questions(exact, scorer.rounding())
        self._least = np.full(len(exact), np.inf)
        bars = scorer.bars(np.full(len(scorer), least_score), LONGEST if least_score > -np.inf else 1)
        self._least[: len(bars[some])] = bars[some]
        self._n_rows = max(BYTES_PER_BLOCK // exact.shape[1] // TILE_ROWS, 1) * TILE_ROWS
        self._found = Found(len(exact), n_kept, self._n_rows * TILE_QUERIES, np.float64)

    def search(self) -> "tuple[Ids, Ids]":
        for start in range(0, len(self._index), self._n_rows):
            ids, rows = self._block(slice(start, start + self._n_rows))
            if rows.n_rows:
                self._search_block(rows, ids)
        return self._found.best(self._some.start)

    def _block(self, places: slice) -> "tuple[Ids, _Rows]":
        """Rows of the copy by their places in the index, without those of vectors that are not finite."""
        ids = self._index.ids[places]
        chosen: Places = places if self._index.is_whole else ids
        if not (is_vector := self._copy.scales[chosen] > 0).all():
            chosen = ids = ids[is_vector]
        return ids, _as_rows(self._copy, chosen, len(ids), self._scorer)

    def _search_block(self, rows: _Rows, ids: "Ids") -> None:
        limits = self._least, self._found.lowest, self._n_kept

        def find(found: Any, begun: int, tile: int) -> tuple[int, int]:
            return find_candidates(  # type: ignore[no-any-return]
                tuple(rows), self._tiled, self._questions, limits, found, begun, tile
            )

        self._found.take_block(find, len(self._least) // TILE_QUERIES, ids)


def _as_questions(exact: "Exact", rounding: float) -> "tuple[NDArray[np.int32], tuple[object, ...]]":
    """Queries (m, n), m in whole tiles, as the kernel takes them: their bytes, and what it is to know of them."""
    units = np.abs(exact).max(axis=1) / HIGHEST
    units[units == 0] = 1
    whole = np.rint(exact / units[:, None])
    tiles = (whole + BIAS).astype(np.uint8).reshape(-1, TILE_QUERIES, exact.shape[1] // GRAIN, GRAIN)
    tiled = np.ascontiguousarray(tiles.transpose(0, 2, 1, 3)).reshape(-1).view(np.int32)
    norms, lengths = row_lengths(whole), row_lengths(exact)
    slacks = row_lengths(exact / units[:, None] - whole) * (1 + ROUNDING) + ROUNDING * norms
    by_units = (each.astype(np.float32) for each in (1 / units, slacks, norms * (1 + ROUNDING)))
    return tiled, (
        exact.astype(np.float32).reshape(-1), exact.shape[1], *by_units, 4 * rounding * lengths, lengths
    )  # fmt: skip


def _as_rows(copy: PackedCopy, places: "Places", n_rows: int, scorer: Dot) -> _Rows:
    """Some rows of a copy as the kernel takes them, with room to whole groups."""
    n_whole = whole(n_rows, TILE_ROWS)
    codes = copy.codes[places]
    if n_rows < n_whole:
        codes = np.pad(codes, ((0, n_whole - n_rows), (0, 0)))
    codes = np.ascontiguousarray(codes)
    factors, terms, weights, errors = np.zeros((4, n_whole), np.float32)
    terms[n_rows:] = -np.inf
    scales, lengths, some = copy.scales[places], copy.lengths[places], slice(n_rows)
    if isinstance(scorer, Cosine):
        factors[some], weights[some] = scales / np.where(lengths > 0, lengths, 1), 1
    else:
        factors[some], weights[some] = scales, lengths
    if isinstance(scorer, Euclidean):
        terms[some] = -lengths * lengths / 2
    errors[some] = copy.errors[places] * weights[some]
    return _Rows(codes, codes.reshape(-1).view(np.int32), factors, terms, weights, errors, n_rows)

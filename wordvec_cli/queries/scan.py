"""Finding the best rows of a matrix for many queries: float32 scores choose candidates, float64 scores decide."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordvec_cli.queries.metrics import Scorer
from wordvec_cli.vectors.embeddings import Embeddings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Ids = NDArray[np.int64]
    Exact = NDArray[np.float64]

SCORES_PER_BLOCK = 1 << 20  # 4 MB of scores at a time: they are searched before they have left the cache
MOST_ROWS = 1 << 13
ROWS_PER_GROUP = 16  # only the highest score of a group is looked at, unless it is high enough
ROWS_PER_SAMPLED = 16  # the sample holds at most one in so many rows
ROWS_PER_RESCORING = 1 << 14


class IndexBlock(NamedTuple):
    """Some rows of an index: their ids (n,), vectors (n, dim) and lengths (n,)."""

    ids: "Ids"
    rows: "Matrix"
    lengths: "Matrix"


class Index:
    """The vectors that may be answers: all of them, or those with some ids.

    Lengths are computed when a row is first read, and kept: keep the index when more questions follow.
    """

    def __init__(self, embeddings: Embeddings, ids: "Ids | None" = None) -> None:
        """ids  ascending and distinct, as `answer_ids` gives them; None: all"""
        self.vocabulary, self.matrix = embeddings.vocabulary, embeddings.matrix
        self._is_whole = ids is None
        self._ids: Ids = np.arange(len(self.matrix)) if ids is None else ids
        self._lengths = np.full(len(self), np.nan, np.float32)

    def __len__(self) -> int:
        return len(self._ids)

    def blocks(self, n_rows: int) -> Iterator[IndexBlock]:
        """The rows, `n_rows` at a time."""
        for start in range(0, len(self), n_rows):
            yield self._block(slice(start, start + n_rows))

    def sample(self, n_rows: int) -> IndexBlock:
        """`n_rows` rows, evenly spaced."""
        return self._block(np.arange(n_rows) * len(self) // max(n_rows, 1))

    def _block(self, places: "slice | Ids") -> IndexBlock:
        """Some rows; zeros stand for a row that is not finite, as no exact score of it will be accepted."""
        ids = self._ids[places]
        rows = self.matrix[places] if self._is_whole else self.matrix[ids]
        lengths = self._lengths[places]
        if np.isnan(lengths).any():
            lengths[:] = np.sqrt(np.einsum("ij,ij->i", rows, rows))  # in float32, which is good enough for candidates
        if not np.isfinite(lengths).all():
            rows = np.where(np.isfinite(lengths)[:, None], rows, np.float32(0))
            lengths = np.nan_to_num(lengths, nan=0, posinf=0)
        return IndexBlock(ids, rows, lengths)


def best_rows(index: Index, scorer: Scorer, n_kept: int, least_score: float) -> "tuple[Ids, Exact]":
    """The ids and the exact scores, (m, n_kept) each, of the best rows for each query, best first; ties by id.

    n_kept       at most the rows of the index, which has some
    least_score  that a row needs, on the scorer's internal scale
    Where fewer rows qualify, the id is -1 and the score -inf.
    """
    n_rows = _rows_per_block(len(scorer), len(index))
    best = _Best(index.matrix, scorer, n_kept, n_rows, least_score)
    best.raise_bars(index.sample(min(n_rows, len(index) // ROWS_PER_SAMPLED)))
    for block in index.blocks(n_rows):
        best.find_candidates(block)
    best.rescore_candidates()
    return best.ids, best.scores


def _rows_per_block(n_queries: int, n_rows: int) -> int:
    """A multiple of ROWS_PER_GROUP."""
    n_groups = min(SCORES_PER_BLOCK // max(n_queries, 1), MOST_ROWS, n_rows + ROWS_PER_GROUP - 1) // ROWS_PER_GROUP
    return max(n_groups, 1) * ROWS_PER_GROUP


class _Best:
    """The best rows so far for each of m queries, and candidates whose exact scores are not yet known.

    ids, scores  (m, n_kept), best first, exact; id -1: none
    bars         (m,) the exact score that a row needs to be among the best
    """

    def __init__(self, matrix: "Matrix", scorer: Scorer, n_kept: int, n_rows: int, least_score: float) -> None:
        """n_rows  the most rows of a block, a multiple of ROWS_PER_GROUP"""
        self._matrix, self._scorer = matrix, scorer
        self.ids = np.full((len(scorer), n_kept), -1, np.int64)
        self.scores = np.full((len(scorer), n_kept), -np.inf)
        self.bars = np.full(len(scorer), least_score)
        self._quick = np.empty((n_rows, len(scorer)), np.float32)
        self._candidates: list[tuple[Ids, Ids]] = []  # numbers of queries, ids of rows

    def raise_bars(self, sample: IndexBlock) -> None:
        """Raise the bars to the worst of the best rows of a sample, so that few of the first rows become candidates."""
        n_queries, n_kept = self.ids.shape
        if len(sample.ids) < n_kept:
            return
        scores = self._quick[: len(sample.ids)]
        self._scorer.scores(sample.rows, sample.lengths, scores)
        row = _some_of_the_best(scores, n_kept)
        query = np.broadcast_to(np.arange(n_queries), row.shape)
        exact = self._exact(query.ravel(), sample.ids[row.ravel()]).reshape(row.shape)
        np.maximum(self.bars, exact.min(axis=0), out=self.bars)

    def find_candidates(self, block: IndexBlock) -> None:
        """Note the rows of a block that may be among the best."""
        scores = self._quick
        self._scorer.scores(block.rows, block.lengths, scores[: len(block.ids)])
        scores[len(block.ids) :] = -np.inf
        groups = _groups(scores)
        bars = self._scorer.bars(self.bars, float(block.lengths.max())).astype(np.float32)
        group, query = _places(groups.max(axis=1) >= bars)
        some, member = _places(groups[group, :, query] >= bars[query, None])
        row, query = group[some] * ROWS_PER_GROUP + member, query[some]
        is_row = row < len(block.ids)
        self._candidates.append((query[is_row], block.ids[row[is_row]]))
        if sum(len(queries) for queries, _ in self._candidates) > self.ids.size:  # as many as are kept: amortised
            self.rescore_candidates()

    def rescore_candidates(self) -> None:
        """Take in the candidates that are exactly better than the rows kept so far."""
        if not self._candidates:
            return
        query, word_id = (np.concatenate(parts) for parts in zip(*self._candidates, strict=True))
        self._candidates.clear()
        exact = self._exact(query, word_id)
        better = np.flatnonzero((exact >= self.bars[query]) & (exact > self.scores[query, -1]))
        n_queries, n_kept = self.ids.shape
        query = np.concatenate([np.repeat(np.arange(n_queries), n_kept), query[better]])
        word_id = np.concatenate([self.ids.ravel(), word_id[better]])
        exact = np.concatenate([self.scores.ravel(), exact[better]])
        # Both sorts are stable, and ids come in their order: of equal scores the lowest id is first.
        order = np.argsort(-exact, kind="stable")
        order = order[np.argsort(query[order].astype(np.min_scalar_type(n_queries)), kind="stable")]  # 16 bits: quick
        n_each = np.bincount(query)
        chosen = order[(np.cumsum(n_each) - n_each)[:, None] + np.arange(n_kept)]
        self.ids, self.scores = word_id[chosen], exact[chosen]
        np.maximum(self.bars, self.scores[:, -1], out=self.bars)

    def _exact(self, queries: "Ids", ids: "Ids") -> "Exact":
        """The exact score of each of the rows `ids` against the query beside it, (n,); -inf if it is not finite."""
        exact = np.empty(len(ids))
        for start in range(0, len(ids), ROWS_PER_RESCORING):
            some = slice(start, start + ROWS_PER_RESCORING)
            with np.errstate(invalid="ignore"):  # rows that are not finite
                exact[some] = self._scorer.exact(self._matrix[ids[some]].astype(np.float64), queries[some])
        exact[~np.isfinite(exact)] = -np.inf
        return exact


def _some_of_the_best(scores: "Matrix", n_kept: int) -> "Ids":
    """`n_kept` rows for each column of scores (n, m), (n_kept, m): the best, or the best of the best groups."""
    if len(scores) < n_kept * ROWS_PER_GROUP:
        return np.argpartition(scores, -n_kept, axis=0)[-n_kept:]
    groups = _groups(scores[: len(scores) // ROWS_PER_GROUP * ROWS_PER_GROUP])  # which is much quicker
    group = np.argpartition(groups.max(axis=1), -n_kept, axis=0)[-n_kept:]
    rows: Ids = group * ROWS_PER_GROUP + groups[group, :, np.arange(scores.shape[1])].argmax(axis=2)
    return rows


def _groups(scores: "Matrix") -> "Matrix":
    """Scores (n, m) as (n_groups, ROWS_PER_GROUP, m)."""
    return scores.reshape(-1, ROWS_PER_GROUP, scores.shape[1])


def _places(is_chosen: "NDArray[np.bool_]") -> "tuple[Ids, Ids]":
    """As `np.nonzero` of two dimensions, but quicker."""
    row, column = np.divmod(np.flatnonzero(is_chosen), is_chosen.shape[1])
    return row, column

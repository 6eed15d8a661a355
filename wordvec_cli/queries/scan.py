"""Finding the best rows of a matrix for many queries: float32 scores choose candidates, float64 scores decide."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordvec_cli.parallel import MOST_SCANS_AT_ONCE, on_threads, usable_cpus
from wordvec_cli.queries.index import Index, IndexBlock
from wordvec_cli.queries.metrics import Dot, Scorer
from wordvec_cli.queries.packed_copy import LONGEST
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
PRODUCTS_TO_LOAD, PRODUCTS_IF_LOADED = 1 << 36, 1 << 28  # of numbers, from which on compiled loops are quicker
PRODUCTS_TO_LOAD_OF_COPY = 1 << 35  # as they win more there
PARTS_PER_TASK = 16  # of a packed copy
LARGEST_ERROR = 1e30  # of float32 scores, that compiled loops bear
FEW_QUERIES = 4  # as many scores for each row are fewer than its numbers: those of all rows have room
FLOATS_PER_PART = 1 << 19  # of rows that a thread scores at a time: fewer, and threads wait for the interpreter's lock


def best_rows(index: Index, scorer: Scorer, n_kept: int, least_score: float) -> "tuple[Ids, Exact]":
    """The ids and the exact scores, (m, n_kept) each, of the best rows for each query, best first; ties by id.

    n_kept       at most the rows of the index, which has some
    least_score  that a row needs, on the scorer's internal scale
    Where fewer rows qualify, the id is -1 and the score -inf.
    """
    best = _Best(index.embeddings, scorer, n_kept, least_score)
    if index.approximate is not None:
        best.take_candidates(*index.approximate.candidates(scorer, n_kept, None if index.is_whole else index.ids))
    elif compiled_loops_pay(index, len(scorer)) and isinstance(scorer, Dot) and _is_plain(index, scorer):
        if index.copy is None:
            from wordvec_cli.queries.many import candidates
        else:
            from wordvec_cli.queries.many_of_copy import candidates

        best.take_candidates(*candidates(index, scorer, n_kept, least_score))
    elif len(scorer) <= FEW_QUERIES:
        scored = (
            _copy_scored(index, scorer) if isinstance(scorer, Dot) and _is_copied(index) else _all_scored(index, scorer)
        )
        best.raise_bars(scored)
        best.find_candidates(scored)
    else:
        for scored in _scored_blocks(index, scorer, best):
            best.find_candidates(scored)
    best.rescore_candidates()
    return best.ids, best.scores


def compiled_loops_pay(index: Index, n_queries: int) -> bool:
    """Whether the scan for so many queries takes so long that they win what loading them costs, if they are not there.

    What they win is a third of the time; loading costs about half a second.
    """
    kernels, to_load = ("scan", PRODUCTS_TO_LOAD) if index.copy is None else ("copy_scan", PRODUCTS_TO_LOAD_OF_COPY)
    is_loaded = f"wordvec_cli.kernels.{kernels}" in sys.modules
    n_products = n_queries * len(index) * index.embeddings.dim
    return n_queries > FEW_QUERIES and n_products >= (PRODUCTS_IF_LOADED if is_loaded else to_load)


def _is_copied(index: Index) -> bool:
    return index.copy is not None and index.is_whole


def _is_plain(index: Index, scorer: Dot) -> bool:
    """Whether float32 bears the products, with room for what they may be wrong."""
    if index.copy is not None:
        return float(scorer.errors(LONGEST).max()) < LARGEST_ERROR
    return index.longest < np.inf and float(scorer.errors(index.longest).max()) < LARGEST_ERROR


class _Scored(NamedTuple):
    """Rows whose quick scores are known.

    ids      (n,)
    scores   (n_groups * ROWS_PER_GROUP, m), -inf after the last row
    longest  length of these rows
    """

    ids: "Ids"
    scores: "Matrix"
    longest: float


def _all_scored(index: Index, scorer: Scorer) -> _Scored:
    """All rows, each of which goes once through the cache of one core."""
    scores = np.empty((_whole_groups(len(index)), len(scorer)), np.float32)
    scores[len(index) :] = -np.inf
    longest: list[float] = []

    def score(start: int) -> None:
        some = slice(start, min(start + n_at_once, len(index)))
        block = index.quick_block(some, scorer.needs_lengths)
        scorer.scores(block.rows, block.lengths, scores[some], block.errors)
        longest.append(float(block.lengths.max()))

    n_at_once = max(1, FLOATS_PER_PART // index.embeddings.dim)
    if index.n_threads == 1 and not index.is_packed and index.has_lengths:
        n_at_once = len(index)  # numpy's library shares the product among its own threads
    on_threads(score, range(0, len(index), n_at_once), index.n_threads)
    return _Scored(index.ids, scores, max(longest))


def _copy_scored(index: Index, scorer: Dot) -> _Scored:
    """As `_all_scored`, of a packed copy: with few calls for each part, as threads wait for each other in between."""
    assert index.copy is not None
    copy, n_rows = index.copy, len(index)
    scores = np.empty((_whole_groups(n_rows), len(scorer)), np.float32)
    scores[n_rows:] = -np.inf
    n_at_once = max(1, FLOATS_PER_PART // copy.dim)
    n_of_task = n_at_once * PARTS_PER_TASK
    # One thread: numpy's library has its own, which small products would keep waiting.
    n_threads, multiply = index.n_threads, scorer.multiply
    if n_threads == 1:
        n_threads, multiply = min(usable_cpus(), MOST_SCANS_AT_ONCE), scorer.multiply_alone
    buffers = [np.empty((n_at_once, copy.dim), np.float32) for _ in range(n_threads)]

    def score(start: int) -> None:
        some, buffer = slice(start, min(start + n_of_task, n_rows)), buffers.pop()
        copy.score(some, scorer, multiply, scores[some], buffer)
        buffers.append(buffer)

    on_threads(score, range(0, n_rows, n_of_task), n_threads)
    return _Scored(index.ids, scores, float(copy.lengths.max()) if scorer.needs_lengths else 1.0)


def _scored_blocks(index: Index, scorer: Scorer, best: "_Best") -> Iterator[_Scored]:
    """The rows block by block, after a sample of them has raised the bars."""
    n_rows = _rows_per_block(len(scorer), len(index))
    scores = np.empty((n_rows, len(scorer)), np.float32)

    def scored(block: IndexBlock) -> _Scored:
        scorer.scores(block.rows, block.lengths, scores[: len(block.ids)], block.errors)
        scores[len(block.ids) :] = -np.inf
        return _Scored(block.ids, scores, float(block.lengths.max(initial=0)))

    n_sampled = min(n_rows, len(index) // ROWS_PER_SAMPLED)
    best.raise_bars(scored(index.sample(n_sampled, scorer.needs_lengths)))
    for start in range(0, len(index), n_rows):
        yield scored(index.quick_block(slice(start, start + n_rows), scorer.needs_lengths))


def _whole_groups(n_rows: int) -> int:
    """At least `n_rows`, in whole groups."""
    return -(-n_rows // ROWS_PER_GROUP) * ROWS_PER_GROUP


def _rows_per_block(n_queries: int, n_rows: int) -> int:
    """A multiple of ROWS_PER_GROUP."""
    n_groups = min(SCORES_PER_BLOCK // max(n_queries, 1), MOST_ROWS, n_rows + ROWS_PER_GROUP - 1) // ROWS_PER_GROUP
    return max(n_groups, 1) * ROWS_PER_GROUP


class _Best:
    """The best rows so far for each of m queries, and candidates whose exact scores are not yet known.

    ids, scores  (m, n_kept), best first, exact; id -1: none
    bars         (m,) the exact score that a row needs to be among the best
    """

    def __init__(self, embeddings: Embeddings, scorer: Scorer, n_kept: int, least_score: float) -> None:
        self._embeddings, self._scorer = embeddings, scorer
        self.ids = np.full((len(scorer), n_kept), -1, np.int64)
        self.scores = np.full((len(scorer), n_kept), -np.inf)
        self.bars = np.full(len(scorer), least_score)
        self._candidates: list[tuple[Ids, Ids]] = []  # numbers of queries, ids of rows

    def raise_bars(self, sample: _Scored) -> None:
        """Raise the bars to the worst of the best rows of a sample, so that few of the first rows become candidates."""
        n_queries, n_kept = self.ids.shape
        if len(sample.ids) < n_kept:
            return
        row = _some_of_the_best(sample.scores[: len(sample.ids)], n_kept)
        query = np.broadcast_to(np.arange(n_queries), row.shape)
        exact = self._exact(query.ravel(), sample.ids[row.ravel()]).reshape(row.shape)
        np.maximum(self.bars, exact.min(axis=0), out=self.bars)

    def find_candidates(self, scored: _Scored) -> None:
        """Note the rows that may be among the best."""
        groups = _groups(scored.scores)
        bars = self._scorer.bars(self.bars, scored.longest).astype(np.float32)
        group, query = _places(groups.max(axis=0) >= bars)
        member, some = _places(groups[:, group, query] >= bars[query])
        row, query = member * groups.shape[1] + group[some], query[some]  # ascending for each query
        is_row = row < len(scored.ids)
        self.take_candidates(query[is_row], scored.ids[row[is_row]])
        if sum(len(queries) for queries, _ in self._candidates) > self.ids.size:  # as many as are kept: amortised
            self.rescore_candidates()

    def take_candidates(self, queries: "Ids", ids: "Ids") -> None:
        """Take rows for candidates, (n,) each, ids ascending for each query."""
        self._candidates.append((queries, ids))

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
                exact[some] = self._scorer.exact(self._embeddings.rows(ids[some]).astype(np.float64), queries[some])
        exact[~np.isfinite(exact)] = -np.inf
        return exact


def _some_of_the_best(scores: "Matrix", n_kept: int) -> "Ids":
    """`n_kept` rows for each column of scores (n, m), (n_kept, m): the best, or the best of the best groups."""
    if len(scores) < n_kept * ROWS_PER_GROUP:
        return np.argpartition(scores, -n_kept, axis=0)[-n_kept:]
    groups = _groups(scores[: len(scores) // ROWS_PER_GROUP * ROWS_PER_GROUP])  # which is much quicker
    group = np.argpartition(groups.max(axis=0), -n_kept, axis=0)[-n_kept:]
    rows: Ids = group + groups.shape[1] * groups[:, group, np.arange(scores.shape[1])].argmax(axis=0)
    return rows


def _groups(scores: "Matrix") -> "Matrix":
    """Scores (n, m) as (ROWS_PER_GROUP, n_groups, m): the rows of a group lie far apart, the groups side by side."""
    return scores.reshape(ROWS_PER_GROUP, -1, scores.shape[1])


def _places(is_chosen: "NDArray[np.bool_]") -> "tuple[Ids, Ids]":
    """As `np.nonzero` of two dimensions, but quicker."""
    row, column = np.divmod(np.flatnonzero(is_chosen), is_chosen.shape[1])
    return row, column

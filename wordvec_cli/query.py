"""Questions to a set of vectors, answered by blocked matrix products."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordvec_cli.embeddings import Embeddings
from wordvec_cli.errors import InputError
from wordvec_cli.metrics import METRICS, Cosine, Scorer, unit_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec_cli.vocabulary import Vocabulary

    Matrix = NDArray[np.float32]
    Ids = NDArray[np.int64]
    Exact = NDArray[np.float64]

SCORES_PER_BLOCK = 1 << 22  # 16 MB: what is scored at a time, to be looked through before it has left the cache
MOST_ROWS = 1 << 13
ROWS_PER_GROUP = 16  # of which only the highest score is looked at, unless it is high enough
ROWS_PER_RESCORING = 1 << 14
ROWS_PER_COSINES = 1 << 15


@dataclass(frozen=True)
class Neighbour:
    """A word near a query, by its id, and how near: the score of the metric (a cosine, a distance ...)."""

    word_id: int
    score: float


class Block(NamedTuple):
    """Some rows of an index: their ids (n,), vectors (n, dim) and lengths (n,)."""

    ids: "Ids"
    rows: "Matrix"
    lengths: "Matrix"


class Index:
    """The vectors among which neighbours are sought: all of them, or those of some ids.

    Lengths are computed when a row is first read, and kept.
    """

    def __init__(self, embeddings: Embeddings, ids: "Ids | None" = None) -> None:
        """ids  ascending, distinct; None: all"""
        self.matrix = embeddings.matrix
        self._ids = ids
        self._lengths = np.full(len(self), np.nan, np.float32)

    def __len__(self) -> int:
        return len(self.matrix) if self._ids is None else len(self._ids)

    def blocks(self, n_rows: int) -> Iterator[Block]:
        """The rows, `n_rows` at a time. A row that is not finite is given as zeros: exactly, it is near nothing."""
        for start in range(0, len(self), n_rows):
            stop = min(start + n_rows, len(self))
            ids = np.arange(start, stop) if self._ids is None else self._ids[start:stop]
            rows = self.matrix[start:stop] if self._ids is None else self.matrix[ids]
            lengths = self._lengths[start:stop]
            if np.isnan(lengths).any():
                lengths[:] = np.sqrt(np.einsum("ij,ij->i", rows, rows))
            if not np.isfinite(lengths).all():
                rows = np.where(np.isfinite(lengths)[:, None], rows, np.float32(0))
                lengths = np.nan_to_num(lengths, nan=0, posinf=0)
            yield Block(ids, rows, lengths)


def nearest(
    index: Index,
    scorer: Scorer,
    k: int,
    excluded: Sequence[frozenset[int]],
    threshold: float | None = None,
) -> list[list[Neighbour]]:
    """For each query of a scorer the `k` nearest rows of an index, nearest first; ties by id.

    The answers are exact (float64), whatever the number of queries: float32 only chooses among which to decide.
    excluded   for each query, the ids that are no answer, such as the query word's own
    threshold  the least score (with a distance: the greatest) of an answer; None: any
    """
    best = _Best(index.matrix, scorer, min(k + max(map(len, excluded), default=0), len(index)), threshold)
    n_rows = _rows_per_block(len(scorer), len(index))
    scores = np.empty((n_rows, len(scorer)), np.float32)
    for block in index.blocks(n_rows) if best.n_kept else ():
        scores[len(block.ids) :] = -np.inf
        scorer.scores(block.rows, block.lengths, scores[: len(block.ids)])
        best.look_through(scores, block)
    best.decide()
    return [
        [
            Neighbour(word_id, scorer.told(score))
            for word_id, score in zip(ids, exact, strict=True)
            if word_id >= 0 and word_id not in others
        ][:k]
        for ids, exact, others in zip(best.ids.tolist(), best.scores.tolist(), excluded, strict=True)
    ]


def _rows_per_block(n_queries: int, n_rows: int) -> int:
    """A multiple of ROWS_PER_GROUP."""
    n_groups = min(SCORES_PER_BLOCK // max(n_queries, 1), MOST_ROWS, n_rows + ROWS_PER_GROUP - 1) // ROWS_PER_GROUP
    return max(n_groups, 1) * ROWS_PER_GROUP


class _Best:
    """The best rows so far for each of m queries, and newcomers between which and them is not yet decided.

    ids, scores  (m, n_kept), best first, exact; id -1: none
    """

    def __init__(self, matrix: "Matrix", scorer: Scorer, n_kept: int, threshold: float | None) -> None:
        self.n_kept = n_kept
        self._matrix, self._scorer = matrix, scorer
        floor = -np.inf if threshold is None else np.nextafter(scorer.told(threshold), -np.inf)
        self.ids = np.full((len(scorer), n_kept), -1, np.int64)
        self.scores = np.full((len(scorer), n_kept), floor)
        self._newcomers: list[tuple[Ids, Ids]] = []  # numbers of queries, ids of rows
        self._is_first = threshold is None

    def look_through(self, scores: "Matrix", block: Block) -> None:
        """Find the rows of a block that may be among the best.

        scores  (a multiple of ROWS_PER_GROUP, m), -inf beyond the block's rows
        """
        groups = scores.reshape(-1, ROWS_PER_GROUP, scores.shape[1])
        highest = groups.max(axis=1)
        kth = self._kth_of_first(groups, highest, block) if self._is_first else self.scores[:, -1]
        self._is_first = False
        bars = self._scorer.bars(kth, float(block.lengths.max())).astype(np.float32)
        group, query = _places(highest >= bars)
        some, member = _places(groups[group, :, query] >= bars[query, None])
        row, query = group[some] * ROWS_PER_GROUP + member, query[some]
        is_row = row < len(block.ids)
        self._newcomers.append((query[is_row], block.ids[row[is_row]]))
        if sum(len(queries) for queries, _ in self._newcomers) > self.ids.size:  # as many as are kept: amortised
            self.decide()

    def _kth_of_first(self, groups: "Matrix", highest: "Matrix", block: Block) -> "Exact":
        """For each query an exact score that at least `n_kept` rows of the block reach, (m,): the first bar."""
        n_queries = groups.shape[2]
        if len(block.ids) < self.n_kept:
            return np.full(n_queries, -np.inf)
        if len(highest) >= self.n_kept:
            group = np.argpartition(highest, -self.n_kept, axis=0)[-self.n_kept :]
            row = group * ROWS_PER_GROUP + groups[group, :, np.arange(n_queries)].argmax(axis=2)
        else:
            scores = groups.reshape(-1, n_queries)[: len(block.ids)]
            row = np.argpartition(scores, -self.n_kept, axis=0)[-self.n_kept :]
        queries = np.broadcast_to(np.arange(n_queries), row.shape)
        least: Exact = self._exact(queries.ravel(), block.ids[row.ravel()]).reshape(row.shape).min(axis=0)
        return least

    def decide(self) -> None:
        """Take the newcomers that are better than those before, exactly."""
        if not self._newcomers:
            return
        query, word_id = (np.concatenate(parts) for parts in zip(*self._newcomers, strict=True))
        self._newcomers.clear()
        exact = self._exact(query, word_id)
        n_queries, n_kept = self.ids.shape
        better = np.flatnonzero(exact > self.scores[query, -1])
        by_query = np.argsort(query[better].astype(np.min_scalar_type(n_queries)), kind="stable")  # 16 bits: in no time
        query, word_id, exact = (values[better[by_query]] for values in (query, word_id, exact))
        n_better = np.bincount(query, minlength=n_queries)
        place = n_kept + np.arange(len(query)) - np.repeat(np.cumsum(n_better) - n_better, n_better)
        ids = np.full((n_queries, n_kept + n_better.max()), -1)
        scores = np.full(ids.shape, -np.inf)
        ids[:, :n_kept], scores[:, :n_kept] = self.ids, self.scores
        ids[query, place], scores[query, place] = word_id, exact
        # Stable, and ids come in their order: of equal ones the lowest is first.
        chosen = np.argsort(-scores, axis=1, kind="stable")[:, :n_kept]
        self.ids, self.scores = np.take_along_axis(ids, chosen, axis=1), np.take_along_axis(scores, chosen, axis=1)

    def _exact(self, queries: "Ids", ids: "Ids") -> "Exact":
        """The exact score of each of the rows `ids` with the query beside it, (n,)."""
        exact = np.empty(len(ids))
        for start in range(0, len(ids), ROWS_PER_RESCORING):
            some = slice(start, start + ROWS_PER_RESCORING)
            with np.errstate(invalid="ignore"):  # rows that are not finite
                exact[some] = self._scorer.exact(self._matrix[ids[some]].astype(np.float64), queries[some])
        exact[~np.isfinite(exact)] = -np.inf
        return exact


def _places(is_chosen: "NDArray[np.bool_]") -> "tuple[Ids, Ids]":
    """As `np.nonzero` of two dimensions, but quicker."""
    row, column = np.divmod(np.flatnonzero(is_chosen), is_chosen.shape[1])
    return row, column


def answer_ids(
    vocabulary: "Vocabulary", among: "Ids | None" = None, n_first: int | None = None, min_count: int | None = None
) -> "Ids | None":
    """The ids of the words that may be answers, ascending; None: all.

    among      ids to choose from, each once
    n_first    only the first so many of the vocabulary
    min_count  only words that occur as often
    Raises: InputError if there are no counts, or if no word is left
    """
    if among is None and n_first is None and min_count is None:
        return None
    ids = np.arange(len(vocabulary)) if among is None else np.sort(among)
    if n_first is not None:
        ids = ids[ids < n_first]
    if min_count is not None:
        if vocabulary.counts is None:
            raise InputError("--min-count: the vectors have no counts; leave it out")
        ids = ids[np.asarray(vocabulary.counts)[ids] >= min_count]
    if not len(ids):
        raise InputError("--among, --restrict-vocab, --min-count: they leave no word that could be an answer")
    return ids


def weighted_means(
    vectors: "Matrix", weights: Sequence[float], sizes: Sequence[int], as_directions: bool = True
) -> "Exact":
    """The means of some vectors each, (m, dim): of `sizes[i]` vectors for mean i, which lie one after the other.

    weights        (n,) of the vectors; a mean is divided by the sum of their absolute values
    as_directions  whether each vector counts with length 1. Source: gensim, KeyedVectors.get_mean_vector
    """
    rows = unit_rows(vectors) if as_directions else np.asarray(vectors, np.float64)
    factors = np.asarray(weights, np.float64)
    starts = np.cumsum([0, *sizes[:-1]])
    totals = np.add.reduceat(np.abs(factors), starts)
    means: Exact = np.add.reduceat(rows * factors[:, None], starts) / totals[:, None]
    return means


def similarities(metric: str, first: "Matrix", second: "Matrix") -> "Exact":
    """How near each row (n, dim) is to that of another matrix, (n,)."""
    scorer = METRICS[metric](first)
    scores = scorer.exact(np.asarray(second, np.float64), np.arange(len(first)))
    return np.array([scorer.told(score) for score in scores.tolist()])


def cosines_to_mean(vectors: "Matrix") -> "Exact":
    """The cosine of each vector (n, dim) with the mean of all their directions, (n,): the lowest is the odd one out.

    Source: gensim, KeyedVectors.rank_by_centrality
    """
    directions = unit_rows(vectors)
    cosines: Exact = directions @ unit_rows(directions.mean(axis=0, keepdims=True))[0]
    return cosines


def cosines_of_rows(first: "Matrix", second: "Matrix") -> "NDArray[np.float64]":
    """The cosine of each row with that of another matrix, (n,); 1 for two rows of zeros."""
    cosines = np.ones(len(first))
    for start in range(0, len(first), ROWS_PER_COSINES):
        some = slice(start, start + ROWS_PER_COSINES)
        a, b = first[some].astype(np.float64), second[some].astype(np.float64)
        lengths = np.sqrt(np.einsum("ij,ij->i", a, a) * np.einsum("ij,ij->i", b, b))
        products = np.einsum("ij,ij->i", a, b)
        cosines[some] = np.divide(products, lengths, out=np.ones(len(a)), where=lengths > 0)
    return cosines


def overlap_of_neighbours(first: Embeddings, second: Embeddings, k: int, n_sampled: int, seed: int = 1) -> float:
    """The mean share of the `k` nearest neighbours that words have in both, over a sample of words with directions."""
    rng = np.random.default_rng(seed)
    lengths = np.abs(first.matrix).max(axis=1) * np.abs(second.matrix).max(axis=1)
    candidates = np.flatnonzero(lengths > 0)
    if len(candidates) < 2:
        return 1.0
    sample = rng.choice(candidates, min(n_sampled, len(candidates)), replace=False)
    excluded = [frozenset([int(word)]) for word in sample]
    found = [
        [
            {neighbour.word_id for neighbour in of_word}
            for of_word in nearest(Index(each), Cosine(each.matrix[sample]), k, excluded)
        ]
        for each in (first, second)
    ]
    return float(np.mean([len(mine & theirs) / len(mine) for mine, theirs in zip(*found, strict=True)]))

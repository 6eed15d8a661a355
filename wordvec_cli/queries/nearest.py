"""Questions to a set of vectors, answered by blocked matrix products."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.queries.metrics import METRICS, Cosine, Scorer, unit_rows
from wordvec_cli.vectors.embeddings import Embeddings

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from wordvec_cli.vocabulary.vocabulary import Vocabulary

    Matrix = NDArray[np.float32]
    Ids = NDArray[np.int64]
    Exact = NDArray[np.float64]

SCORES_PER_BLOCK = 1 << 20  # 4 MB: what is scored at a time, to be looked through before it has left the cache
MOST_ROWS = 1 << 13
ROWS_PER_GROUP = 16  # of which only the highest score is looked at, unless it is high enough
ROWS_PER_SAMPLED = 16  # at least so many rows for each that is in the sample
ROWS_PER_RESCORING = 1 << 14
ROWS_PER_COSINES = 1 << 15


class Neighbour(NamedTuple):
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
        self._is_whole = ids is None
        self._ids: Ids = np.arange(len(self.matrix)) if ids is None else ids
        self._lengths = np.full(len(self), np.nan, np.float32)

    def __len__(self) -> int:
        return len(self._ids)

    def blocks(self, n_rows: int) -> Iterator[Block]:
        """The rows, `n_rows` at a time."""
        for start in range(0, len(self), n_rows):
            yield self._block(slice(start, start + n_rows))

    def sample(self, n_rows: int) -> Block:
        """So many rows from everywhere."""
        return self._block(np.arange(n_rows) * len(self) // max(n_rows, 1))

    def _block(self, places: "slice | Ids") -> Block:
        """Some rows; one that is not finite is given as zeros: exactly, it is near nothing."""
        ids = self._ids[places]
        rows = self.matrix[places] if self._is_whole else self.matrix[ids]
        lengths = self._lengths[places]
        if np.isnan(lengths).any():
            lengths[:] = np.sqrt(np.einsum("ij,ij->i", rows, rows))
        if not np.isfinite(lengths).all():
            rows = np.where(np.isfinite(lengths)[:, None], rows, np.float32(0))
            lengths = np.nan_to_num(lengths, nan=0, posinf=0)
        return Block(ids, rows, lengths)


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
    n_kept = min(k + max(map(len, excluded), default=0), len(index))
    if not n_kept:
        return [[] for _ in excluded]
    n_rows = _rows_per_block(len(scorer), len(index))
    best = _Best(index.matrix, scorer, n_kept, n_rows, threshold)
    best.raise_bars(index.sample(min(n_rows, len(index) // ROWS_PER_SAMPLED)))
    for block in index.blocks(n_rows):
        best.look_through(block)
    best.decide()
    return [
        [
            Neighbour(word_id, score)
            for word_id, score in zip(ids, scores, strict=True)
            if word_id >= 0 and word_id not in others
        ][:k]
        for ids, scores, others in zip(best.ids.tolist(), scorer.told(best.scores).tolist(), excluded, strict=True)
    ]


def _rows_per_block(n_queries: int, n_rows: int) -> int:
    """A multiple of ROWS_PER_GROUP."""
    n_groups = min(SCORES_PER_BLOCK // max(n_queries, 1), MOST_ROWS, n_rows + ROWS_PER_GROUP - 1) // ROWS_PER_GROUP
    return max(n_groups, 1) * ROWS_PER_GROUP


class _Best:
    """The best rows so far for each of m queries, and newcomers between which and them is not yet decided.

    ids, scores  (m, n_kept), best first, exact; id -1: none
    bars         (m,) an exact score that is needed to be among the best
    """

    def __init__(self, matrix: "Matrix", scorer: Scorer, n_kept: int, n_rows: int, threshold: float | None) -> None:
        """n_rows  the most that a block has, a multiple of ROWS_PER_GROUP"""
        self._matrix, self._scorer = matrix, scorer
        self.ids = np.full((len(scorer), n_kept), -1, np.int64)
        self.scores = np.full((len(scorer), n_kept), -np.inf)
        self.bars = np.full(len(scorer), -np.inf if threshold is None else float(scorer.told(np.array(threshold))))
        self._quick = np.empty((n_rows, len(scorer)), np.float32)
        self._newcomers: list[tuple[Ids, Ids]] = []  # numbers of queries, ids of rows

    def raise_bars(self, sample: Block) -> None:
        """To the worst of the best of some rows, so that few of the first rows need a decision."""
        n_queries, n_kept = self.ids.shape
        if len(sample.ids) < n_kept:
            return
        scores = self._quick[: len(sample.ids)]
        self._scorer.scores(sample.rows, sample.lengths, scores)
        if len(scores) >= n_kept * ROWS_PER_GROUP:  # the best rows of the best groups, which is much quicker
            groups = _groups(scores[: len(scores) // ROWS_PER_GROUP * ROWS_PER_GROUP])
            group = np.argpartition(groups.max(axis=1), -n_kept, axis=0)[-n_kept:]
            row = group * ROWS_PER_GROUP + groups[group, :, np.arange(n_queries)].argmax(axis=2)
        else:
            row = np.argpartition(scores, -n_kept, axis=0)[-n_kept:]
        query = np.broadcast_to(np.arange(n_queries), row.shape)
        exact = self._exact(query.ravel(), sample.ids[row.ravel()]).reshape(row.shape)
        np.maximum(self.bars, exact.min(axis=0), out=self.bars)

    def look_through(self, block: Block) -> None:
        """Find the rows of a block that may be among the best."""
        scores = self._quick
        self._scorer.scores(block.rows, block.lengths, scores[: len(block.ids)])
        scores[len(block.ids) :] = -np.inf
        groups = _groups(scores)
        bars = self._scorer.bars(self.bars, float(block.lengths.max())).astype(np.float32)
        group, query = _places(groups.max(axis=1) >= bars)
        some, member = _places(groups[group, :, query] >= bars[query, None])
        row, query = group[some] * ROWS_PER_GROUP + member, query[some]
        is_row = row < len(block.ids)
        self._newcomers.append((query[is_row], block.ids[row[is_row]]))
        if sum(len(queries) for queries, _ in self._newcomers) > self.ids.size:  # as many as are kept: amortised
            self.decide()

    def decide(self) -> None:
        """Take the newcomers that are better than those before, exactly."""
        if not self._newcomers:
            return
        query, word_id = (np.concatenate(parts) for parts in zip(*self._newcomers, strict=True))
        self._newcomers.clear()
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
        """The exact score of each of the rows `ids` with the query beside it, (n,)."""
        exact = np.empty(len(ids))
        for start in range(0, len(ids), ROWS_PER_RESCORING):
            some = slice(start, start + ROWS_PER_RESCORING)
            with np.errstate(invalid="ignore"):  # rows that are not finite
                exact[some] = self._scorer.exact(self._matrix[ids[some]].astype(np.float64), queries[some])
        exact[~np.isfinite(exact)] = -np.inf
        return exact


def _groups(scores: "Matrix") -> "Matrix":
    """Scores (n, m) as (n_groups, ROWS_PER_GROUP, m)."""
    return scores.reshape(-1, ROWS_PER_GROUP, scores.shape[1])


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
    vectors: "Exact | Matrix", weights: Sequence[float], sizes: Sequence[int], as_directions: bool = True
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


def similarities(metric: str, first: "ArrayLike", second: "ArrayLike") -> "Exact":
    """How near each row (n, dim) is to that of another matrix, (n,)."""
    exact = np.asarray(first, np.float64)
    scorer = METRICS[metric](exact)
    return scorer.told(scorer.exact(np.asarray(second, np.float64), np.arange(len(exact))))


def cosines_to_mean(vectors: "Matrix") -> "Exact":
    """The cosine of each vector (n, dim) with the mean of all their directions, (n,): the lowest is the odd one out.

    Source: gensim, KeyedVectors.rank_by_centrality
    """
    directions = unit_rows(vectors)
    cosines: Exact = directions @ unit_rows(directions.mean(axis=0, keepdims=True))[0]
    return cosines


def cosines_of_rows(first: "Matrix", second: "Matrix") -> "NDArray[np.float64]":
    """The cosine of each row with that of another matrix, (n,); 1 for two rows of zeros, NaN if one is not finite."""
    cosines = np.ones(len(first))
    for start in range(0, len(first), ROWS_PER_COSINES):
        some = slice(start, start + ROWS_PER_COSINES)
        with np.errstate(invalid="ignore"):
            a, b = first[some].astype(np.float64), second[some].astype(np.float64)
            lengths = np.sqrt(np.einsum("ij,ij->i", a, a) * np.einsum("ij,ij->i", b, b))
            products = np.einsum("ij,ij->i", a, b)
            cosines[some] = np.divide(products, lengths, out=np.ones(len(a)), where=lengths != 0)
    return cosines


def have_directions(rows: "Matrix") -> "NDArray[np.bool_]":
    """Which rows are finite and not zeros, (n,)."""
    highest = np.abs(rows).max(axis=1)  # of which none is finite if one number of the row is not
    are_directions: NDArray[np.bool_] = (highest > 0) & (highest < np.inf)
    return are_directions


def overlap_of_neighbours(first: Embeddings, second: Embeddings, k: int, n_sampled: int, seed: int = 1) -> float:
    """The mean share of the `k` nearest neighbours that words have in both, over a sample of words with directions."""
    rng = np.random.default_rng(seed)
    candidates = np.flatnonzero(have_directions(first.matrix) & have_directions(second.matrix))
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
    shares = [len(mine & theirs) / len(mine) for mine, theirs in zip(*found, strict=True) if mine]
    return float(np.mean(shares)) if shares else 1.0

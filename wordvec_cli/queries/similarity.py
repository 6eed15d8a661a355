"""Similarities of vectors that are given: of pairs, of one with many, of sets; and means of vectors."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from wordvec_cli.queries.metrics import METRICS
from wordvec_cli.vectors.lengths import unit_rows

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Matrix = NDArray[np.float32]
    Exact = NDArray[np.float64]

ROWS_AT_ONCE = 1 << 15


def similarities(metric: str, first: "ArrayLike", second: "ArrayLike") -> "Exact":
    """The similarity (or distance) of each row (n, dim) and the same row of another matrix, (n,)."""
    exact = np.asarray(first, np.float64)
    scorer = METRICS[metric](exact)
    return scorer.to_user_scale(scorer.exact(np.asarray(second, np.float64), np.arange(len(exact))))


def similarities_to_all(metric: str, query: "ArrayLike", rows: "Matrix") -> "Exact":
    """The similarity (or distance) of one vector (dim,) and each of many rows (n, dim), (n,)."""
    scorer = METRICS[metric](np.asarray(query, np.float64)[None])
    found = np.empty(len(rows))
    for start in range(0, len(rows), ROWS_AT_ONCE):
        some = slice(start, start + ROWS_AT_ONCE)
        exact = rows[some].astype(np.float64)
        found[some] = scorer.exact(exact, np.zeros(len(exact), np.int64))
    return scorer.to_user_scale(found)


def similarity_of_sets(first: "Matrix", second: "Matrix") -> float:
    """The cosine of the means of two sets of vectors, (n, dim) and (m, dim), each vector with the length it has.

    Source: gensim, KeyedVectors.n_similarity
    """
    means = [np.asarray(each, np.float64).mean(axis=0, keepdims=True) for each in (first, second)]
    return float(similarities("cosine", *means)[0])


def cosines_to_mean(vectors: "Matrix") -> "Exact":
    """The cosine of each vector (n, dim) with the mean of all their directions, (n,): the lowest is the odd one out.

    Source: gensim, KeyedVectors.rank_by_centrality
    """
    directions = unit_rows(vectors)
    cosines: Exact = directions @ unit_rows(directions.mean(axis=0, keepdims=True))[0]
    return cosines


def weighted_means(
    vectors: "Exact | Matrix", weights: Sequence[float], sizes: Sequence[int], as_directions: bool = True
) -> "Exact":
    """Several means of vectors, (m, dim): mean i is that of the next `sizes[i]` vectors.

    weights        (n,) of the vectors; a mean is divided by the sum of their absolute values
    as_directions  whether each vector counts with length 1. Source: gensim, KeyedVectors.get_mean_vector
    """
    rows = unit_rows(vectors) if as_directions else np.asarray(vectors, np.float64)
    factors = np.asarray(weights, np.float64)
    starts = np.cumsum([0, *sizes[:-1]])
    totals = np.add.reduceat(np.abs(factors), starts)
    means: Exact = np.add.reduceat(rows * factors[:, None], starts) / totals[:, None]
    return means

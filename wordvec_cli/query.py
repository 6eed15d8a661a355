"""Questions to a set of vectors, answered by blocked matrix products."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from wordvec_cli.embeddings import Embeddings
from wordvec_cli.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

ROWS_PER_BLOCK = 1 << 15


@dataclass(frozen=True)
class Neighbour:
    """A word near a query, by its id, and how near: the cosine of the two vectors."""

    word_id: int
    cosine: float


def nearest(
    embeddings: Embeddings, queries: "Matrix", k: int, exclude: "Sequence[frozenset[int]]"
) -> list[list[Neighbour]]:
    """For each query the `k` words whose vectors have the highest cosine with it, best first; ties by id.

    queries  (m, dim) float32, any length but zero; the matrix is read once for all of them
    exclude  for each query, the ids that are no answer, such as the query word's own
    A word whose vector is all zeros has cosine 0 with everything.
    Raises: InputError if a query is all zeros.
    """
    lengths = np.linalg.norm(queries, axis=1, keepdims=True)
    if not np.all(lengths > 0):
        raise InputError("the vector of a query is all zeros, so that it has no direction; ask for another word")
    directions = queries / lengths
    n_kept = k + max(map(len, exclude), default=0)
    ids = np.empty((len(queries), 0), dtype=np.int64)
    cosines = np.empty((len(queries), 0), dtype=np.float32)
    for start in range(0, len(embeddings.vocabulary), ROWS_PER_BLOCK):
        block = _cosines(directions, embeddings.matrix[start : start + ROWS_PER_BLOCK])
        block_ids = np.broadcast_to(np.arange(start, start + block.shape[1]), block.shape)
        ids, cosines = _best(np.hstack([ids, block_ids]), np.hstack([cosines, block]), n_kept)
    return [
        [Neighbour(int(i), float(c)) for i, c in zip(*row, strict=True) if int(i) not in excluded][:k]
        for *row, excluded in zip(ids, cosines, exclude, strict=True)
    ]


def _cosines(directions: "Matrix", rows: "Matrix") -> "Matrix":
    """The cosines of unit vectors (m, dim) with `rows` (n, dim): (m, n)."""
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    lengths[lengths == 0] = 1
    cosines: Matrix = directions @ rows.T
    cosines /= lengths
    return cosines


def _best(ids: "NDArray[np.int64]", cosines: "Matrix", n: int) -> "tuple[NDArray[np.int64], Matrix]":
    """Of each row of `cosines` the `n` highest with their ids, highest first, ties by id."""
    if cosines.shape[1] > n:
        candidates = np.argpartition(-cosines, n - 1, axis=1)[:, :n]
        border = np.take_along_axis(cosines, candidates, axis=1).min(axis=1, keepdims=True)
        n_candidates = int((cosines >= border).sum(axis=1).max())
        if n_candidates > n:  # ties at the border: settle them by id, not by chance
            candidates = np.lexsort((ids, -cosines), axis=1)[:, :n_candidates]
        ids, cosines = np.take_along_axis(ids, candidates, axis=1), np.take_along_axis(cosines, candidates, axis=1)
    order = np.lexsort((ids, -cosines), axis=1)[:, :n]
    return np.take_along_axis(ids, order, axis=1), np.take_along_axis(cosines, order, axis=1)


def cosines_of_rows(first: "Matrix", second: "Matrix") -> "NDArray[np.float64]":
    """The cosine of each row with that of another matrix, (n,); 1 for two rows of zeros."""
    cosines = np.ones(len(first))
    for start in range(0, len(first), ROWS_PER_BLOCK):
        some = slice(start, start + ROWS_PER_BLOCK)
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
        [{neighbour.word_id for neighbour in of_word} for of_word in nearest(each, each.matrix[sample], k, excluded)]
        for each in (first, second)
    ]
    return float(np.mean([len(mine & theirs) / len(mine) for mine, theirs in zip(*found, strict=True)]))

"""How well two matrices of the same words agree, such as vectors before and after packing."""

from typing import TYPE_CHECKING

import numpy as np

from wordvec_cli.queries.index import Index
from wordvec_cli.queries.metrics import Cosine
from wordvec_cli.queries.nearest import NO_NEIGHBOUR, nearest
from wordvec_cli.vectors.embeddings import Embeddings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

ROWS_AT_ONCE = 1 << 15


def cosines_of_rows(first: "Matrix", second: "Matrix") -> "NDArray[np.float64]":
    """The cosine of each row with that of another matrix, (n,); 1 for two rows of zeros, NaN if one is not finite."""
    cosines = np.ones(len(first))
    for start in range(0, len(first), ROWS_AT_ONCE):
        some = slice(start, start + ROWS_AT_ONCE)
        with np.errstate(invalid="ignore"):
            a, b = first[some].astype(np.float64), second[some].astype(np.float64)
            lengths = np.sqrt(np.einsum("ij,ij->i", a, a) * np.einsum("ij,ij->i", b, b))
            products = np.einsum("ij,ij->i", a, b)
            cosines[some] = np.divide(products, lengths, out=np.ones(len(a)), where=lengths != 0)
    return cosines


def have_directions(rows: "Matrix") -> "NDArray[np.bool_]":
    """Which rows are finite and not all zeros, (n,)."""
    with np.errstate(over="ignore", invalid="ignore"):
        squares = np.einsum("ij,ij->i", rows, rows)
        are_directions: NDArray[np.bool_] = (squares > 0) & (squares < np.inf)
    odd = np.flatnonzero(~are_directions)  # zeros and what is not finite, or squares that float32 does not hold
    if len(odd):
        highest = np.abs(rows[odd]).max(axis=1)  # which is not finite if one number of the row is not
        are_directions[odd] = (highest > 0) & (highest < np.inf)
    return are_directions


def _all_have_directions(vectors: Embeddings) -> "NDArray[np.bool_]":
    starts = range(0, len(vectors.vocabulary), ROWS_AT_ONCE)
    return np.concatenate([have_directions(vectors.rows(slice(start, start + ROWS_AT_ONCE))) for start in starts])


def overlap_of_neighbours(first: Embeddings, second: Embeddings, k: int, n_sampled: int, seed: int = 1) -> float:
    """The mean share of a word's `k` nearest neighbours that are the same in both, over a sample of the words."""
    rng = np.random.default_rng(seed)
    candidates = np.flatnonzero(_all_have_directions(first) & _all_have_directions(second))
    if len(candidates) < 2:
        return 1.0
    sample = rng.choice(candidates, min(n_sampled, len(candidates)), replace=False)
    itself = [[int(word)] for word in sample]
    found = [nearest(Index(each), Cosine(each.rows(sample)), k, itself).ids.tolist() for each in (first, second)]
    sets = [[set(ids) - {NO_NEIGHBOUR} for ids in of_one] for of_one in found]
    shares = [len(mine & theirs) / len(mine) for mine, theirs in zip(*sets, strict=True) if mine]
    return float(np.mean(shares)) if shares else 1.0

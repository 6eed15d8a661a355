"""The mean and the covariance of rows, summed block by block in the order of the rows."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.transform.reach import Reach
from wordvec_cli.vectors.transform.rows import read_through, rows_of, slices, sound

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Exact = NDArray[np.float64]


class Spread(NamedTuple):
    """How rows lie about their mean.

    mean        (dim,)
    variances   (dim,) of the components, with n - 1 below the line, the greatest first
    components  (dim, dim) a component a column; the largest number of each is above 0
    """

    mean: "Exact"
    variances: "Exact"
    components: "Exact"


def mean_of(vectors: Embeddings, name: str, reach: Reach, first: int | None = None) -> "Exact":
    """The mean of the sound rows, (dim,). Raises: InputError if there is none"""

    def summed(rows: "Matrix") -> "tuple[int, Exact]":
        return len(rows), rows.sum(axis=0, dtype=np.float64)

    n, total = 0, np.zeros(vectors.dim)
    for n_rows, of_block in read_through(vectors, name, summed, reach, first):
        n += n_rows
        total += of_block
    if not n:
        raise _nothing(name)
    return total / n


def spread_of(vectors: Embeddings, name: str, reach: Reach, first: int | None = None, is_exact: bool = False) -> Spread:
    """The components of the sound rows. Raises: InputError if there are fewer than two such rows

    is_exact  whether products are float64 too: float32 ones are good for the components of much variance
    Squares are taken of what is near the mean: those of far rows would swallow what lies between them.
    """
    near = _about(vectors, first)

    def summed(rows: "Matrix") -> "tuple[int, Exact, Exact]":
        moved = rows - near.astype(np.float32)
        if is_exact:
            moved = moved.astype(np.float64)
        return len(rows), moved.sum(axis=0, dtype=np.float64), (moved.T @ moved).astype(np.float64, copy=False)

    n, total, squares = 0, np.zeros(vectors.dim), np.zeros((vectors.dim, vectors.dim))
    for n_rows, of_block, products in read_through(vectors, name, summed, reach, first):
        n += n_rows
        total += of_block
        squares += products
    if n < 2:
        raise _nothing(name)
    covariance = (squares - np.outer(total, total) / n) / (n - 1)
    variances, components = np.linalg.eigh(covariance)
    largest = components[np.abs(components).argmax(axis=0), np.arange(vectors.dim)]
    components = components * np.where(largest < 0, -1.0, 1.0)
    mean = near.astype(np.float32).astype(np.float64) + total / n
    return Spread(mean, np.maximum(variances[::-1], 0), components[:, ::-1])


def _about(vectors: Embeddings, first: int | None) -> "Exact":
    """About where the mean is, (dim,): that of the first block with sound rows."""
    n_rows = min(first or len(vectors.vocabulary), len(vectors.vocabulary))
    for some in slices(n_rows, vectors.dim):
        rows = sound(rows_of(vectors)[some]).rows
        if len(rows):
            mean: Exact = rows.mean(axis=0, dtype=np.float64)
            return mean
    return np.zeros(vectors.dim)


def _nothing(name: str) -> InputError:
    return InputError(
        f"{name}: too few of the vectors are finite and not zeros to learn from; look with wordvec verify"
    )

"""The lengths of vectors, and vectors scaled to length 1."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Exact = NDArray[np.float64]


def row_lengths(rows: "Exact") -> "Exact":
    """The Euclidean length of each row (n, dim), (n,); in float64, as the squares of float32 numbers may not fit it."""
    lengths: Exact = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    return lengths


def single_lengths(rows: "Matrix") -> "Matrix":
    """As `row_lengths`, quick, in float32: good enough to choose candidates; not finite where a square is too large."""
    with np.errstate(over="ignore", invalid="ignore"):
        if not hasattr(np, "vecdot"):  # before numpy 2
            squares: Matrix = np.einsum("ij,ij->i", rows, rows)
        else:
            squares = np.vecdot(rows, rows)
        return np.sqrt(squares, out=squares)


def unit_rows(rows: "Exact | Matrix") -> "Exact":
    """The rows (n, dim) scaled to length 1, in float64; rows of zeros stay zeros, rows that are not finite get NaNs."""
    with np.errstate(invalid="ignore"):  # rows that are not finite
        scaled = np.array(rows, np.float64)
        lengths = row_lengths(scaled)
        scaled /= np.where(lengths > 0, lengths, 1)[:, None]
    return scaled

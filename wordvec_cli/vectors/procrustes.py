"""The rotation that brings vectors nearest to others: orthogonal Procrustes.

Source: Schönemann 1966, A Generalized Solution of the Orthogonal Procrustes Problem; as Hamilton et al. 2016 have it
for word vectors (rows at length 1, one rotation for all words), and Artetxe et al. 2016 with centring.
"""

from functools import reduce
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordvec_cli.parallel import in_order
from wordvec_cli.vectors.lengths import row_lengths, unit_rows
from wordvec_cli.vectors.transform.step import RowMap

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec_cli.vectors.embeddings import Rows

    Matrix = NDArray[np.float32]
    Exact = NDArray[np.float64]
    Ids = NDArray[np.int64]

ROWS_AT_ONCE = 1 << 13


class Fitting(NamedTuple):
    """How the rotation is found.

    is_unit    whether each row counts with length 1
    is_centred  whether the means of both sides are taken off first; then the result is that of rows at length 1, if
                these are fitted
    is_scaled  whether lengths are brought to those of the target too
    """

    is_unit: bool = True
    is_centred: bool = False
    is_scaled: bool = False


class Fit(NamedTuple):
    """A row x of the source becomes (x - centre) @ rotation * scale + target_centre.

    n_pairs  that it was learnt from
    before   the mean cosine of their two sides as they are
    cosine   and after it
    """

    rotation: "Exact"
    scale: float
    centre: "Exact | None"
    target_centre: "Exact | None"
    is_unit: bool
    n_pairs: int
    before: float
    cosine: float

    def row_map(self) -> RowMap:
        turn = np.ascontiguousarray((self.rotation * self.scale).astype(np.float32))
        if self.centre is None or self.target_centre is None:
            return RowMap(lambda rows: rows @ turn, len(turn), is_linear=True)
        shift = (self.target_centre - self.centre @ self.rotation * self.scale).astype(np.float32)

        def apply(rows: "Matrix") -> "Matrix":
            moved: Matrix = (unit_rows(rows).astype(np.float32) if self.is_unit else rows) @ turn
            moved += shift
            return moved

        return RowMap(apply, len(turn), is_affine=not self.is_unit)


def fitted(source: "Rows", target: "Rows", pairs: "tuple[Ids, Ids]", fitting: Fitting, n_threads: int = 1) -> Fit:
    """The best rotation of the rows of some pairs, ids (n,) of both sides, which have a direction each."""
    n = len(pairs[0])
    sums = _summed(source, target, pairs, fitting.is_unit, n_threads)
    means, product = sums.totals / n, sums.product
    if fitting.is_centred:
        product = product - n * np.outer(*means)
    u, lengths, v = np.linalg.svd(product)
    rotation: Exact = u @ v
    scale, (centre, target_centre) = 1.0, means if fitting.is_centred else (None, None)
    if fitting.is_scaled and fitting.is_centred:
        scale = float(lengths.sum()) / sums.spread(n)
    elif fitting.is_scaled:
        scale = _scale(source, target, pairs, rotation)
    if fitting.is_unit and not fitting.is_centred:  # the mean cosines are in the sums
        before, after = float(np.trace(sums.product)) / n, float(lengths.sum()) / n
        return Fit(rotation, scale, None, None, True, n, before, after)
    fit = Fit(rotation, scale, centre, target_centre, fitting.is_unit, n, mean_cosine(source, target, pairs), 0.0)
    return fit._replace(cosine=mean_cosine(source, target, pairs, fit))


def _summed(source: "Rows", target: "Rows", pairs: "tuple[Ids, Ids]", is_unit: bool, n_threads: int) -> "_Sums":
    """Over all pairs, block by block in their order."""

    def of_block(start: int) -> _Sums:
        return _Sums.of(*_sides(source, target, pairs, slice(start, start + ROWS_AT_ONCE), is_unit))

    starts = range(0, len(pairs[0]), ROWS_AT_ONCE)
    return reduce(_Sums.plus, (sums for _, sums in in_order(of_block, starts, n_threads)))


class _Sums(NamedTuple):
    """Of pairs of rows: X'Z (dim, dim), the sums of both sides (2, dim), and of the squares of X."""

    product: "Exact"
    totals: "Exact"
    squares: float

    @staticmethod
    def of(first: "Exact", second: "Exact") -> "_Sums":
        totals = np.array([first.sum(axis=0), second.sum(axis=0)])
        return _Sums(first.T @ second, totals, float(np.einsum("ij,ij->", first, first)))

    def plus(self, other: "_Sums") -> "_Sums":
        return _Sums(self.product + other.product, self.totals + other.totals, self.squares + other.squares)

    def spread(self, n: int) -> float:
        """The sum of the squares of X about its mean."""
        return self.squares - float(self.totals[0] @ self.totals[0]) / n


def _sides(
    source: "Rows", target: "Rows", pairs: "tuple[Ids, Ids]", some: slice, is_unit: bool
) -> "tuple[Exact, Exact]":
    first, second = (rows[ids[some]] for rows, ids in zip((source, target), pairs, strict=True))
    if is_unit:
        return unit_rows(first), unit_rows(second)
    return first.astype(np.float64), second.astype(np.float64)


def _scale(source: "Rows", target: "Rows", pairs: "tuple[Ids, Ids]", rotation: "Exact") -> float:
    """What brings the rotated rows nearest to the target's, with the lengths that they have in their files."""
    products = squares = 0.0
    for start in range(0, len(pairs[0]), ROWS_AT_ONCE):
        first, second = _sides(source, target, pairs, slice(start, start + ROWS_AT_ONCE), is_unit=False)
        products += float(np.einsum("ij,ij->", first @ rotation, second))
        squares += float(np.einsum("ij,ij->", first, first))
    return products / squares


def mean_cosine(source: "Rows", target: "Rows", pairs: "tuple[Ids, Ids]", fit: Fit | None = None) -> float:
    """The mean cosine of the two sides of pairs, the first as it is or as `fit` makes it."""
    total, apply = 0.0, None if fit is None else fit.row_map()
    for start in range(0, len(pairs[0]), ROWS_AT_ONCE):
        some = slice(start, start + ROWS_AT_ONCE)
        rows, second = source[pairs[0][some]], target[pairs[1][some]].astype(np.float64)
        first = (rows if apply is None else apply(rows)).astype(np.float64)
        lengths = row_lengths(first) * row_lengths(second)
        total += float((np.einsum("ij,ij->i", first, second) / np.where(lengths > 0, lengths, 1)).sum())
    return total / max(len(pairs[0]), 1)

"""Rows of vectors a block at a time: read through, made, or held.

A row of zeros is a word without a vector: no step learns from it, and it stays zeros. A row that is not finite is not
learnt from either.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wordvec_cli.parallel import in_order
from wordvec_cli.progress import Progress
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.made_rows import RowView
from wordvec_cli.vectors.subwords import Subwords
from wordvec_cli.vectors.transform.reach import Reach

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec_cli.vectors.embeddings import Rows

    Matrix = NDArray[np.float32]
    Booleans = NDArray[np.bool_]

FLOATS_AT_ONCE = 1 << 20  # 4 MB of rows: what is made of them has not yet left the cache when it is used


def view(values: Any, n_rows: int, dim: int) -> "Rows":
    """Flat values as rows, which need not all be in memory."""
    if isinstance(values, memoryview):
        return np.asarray(values, np.float32).reshape(n_rows, dim)
    return RowView(values.rows, (n_rows, dim))


def rows_of(vectors: Embeddings) -> "Rows":
    """The vectors as rows that can be cut, (n_words, dim), in memory only if they are already."""
    if isinstance(vectors.values, memoryview):
        return vectors.matrix
    return RowView(vectors.rows, (len(vectors.vocabulary), vectors.dim))


def context_of(vectors: Embeddings) -> "Rows | None":
    values = vectors.context_values
    return None if values is None else view(values, len(vectors.vocabulary), vectors.dim)


def flat(rows: "Matrix") -> "memoryview[float]":
    """The numbers of rows, one after the other."""
    contiguous = np.ascontiguousarray(rows, np.float32).reshape(-1)
    return contiguous.data.cast("B").cast("f") if contiguous.size else memoryview(b"").cast("f")


def held(vectors: Embeddings) -> Embeddings:
    """The same vectors, all in memory."""
    if isinstance(vectors.values, memoryview):
        return vectors
    n_words, context, subwords = len(vectors.vocabulary), context_of(vectors), vectors.subwords
    return replace(
        vectors,
        values=flat(gathered(rows_of(vectors))),
        context_values=None if context is None else flat(gathered(context)),
        subwords=subwords and _held_subwords(subwords, n_words),
    )


def _held_subwords(subwords: Subwords, n_words: int) -> Subwords:
    rows, own = subword_rows(subwords, n_words)
    return replace(subwords, row_values=flat(gathered(rows)), word_row_values=flat(gathered(own)))


def subword_rows(subwords: Subwords, n_words: int) -> "tuple[Rows, Rows]":
    """The rows of the buckets and of the words, as `rows_of`."""
    sizes = ((subwords.row_values, len(subwords.buckets)), (subwords.word_row_values, n_words))
    rows, own = (view(values, n_rows, subwords.dim) for values, n_rows in sizes)
    return rows, own


def gathered(rows: "Rows") -> "Matrix":
    """All rows as a matrix in memory."""
    matrix = np.empty(rows.shape, np.float32)
    for some in slices(*rows.shape):
        matrix[some] = rows[some]
    return matrix


def slices(n_rows: int, dim: int) -> list[slice]:
    """Parts of some megabytes: the same whatever the threads, so that sums over them are."""
    n_at_once = max(1, FLOATS_AT_ONCE // max(dim, 1))
    return [slice(start, min(start + n_at_once, n_rows)) for start in range(0, n_rows, n_at_once)]


def zero_rows(rows: "Matrix") -> "Booleans":
    """Which rows are all zeros, (n,)."""
    squares = np.einsum("ij,ij->i", rows, rows)
    are_zeros: Booleans = squares == 0
    suspects = np.flatnonzero(are_zeros)  # the square of a tiny number is 0 too
    if len(suspects):
        are_zeros[suspects] = ~rows[suspects].any(axis=1)
    return are_zeros


class SoundRows(NamedTuple):
    """Some rows that are finite and not all zeros, and how many of those beside them are not finite."""

    rows: "Matrix"
    n_not_finite: int


def sound(rows: "Matrix") -> SoundRows:
    with np.errstate(over="ignore", invalid="ignore"):
        squares = np.einsum("ij,ij->i", rows, rows)
    suspects = np.flatnonzero(~((squares > 0) & (squares < np.inf)))
    if not len(suspects):
        return SoundRows(rows, 0)
    are_finite = np.isfinite(rows[suspects]).all(axis=1)
    is_left_out = np.zeros(len(rows), bool)
    is_left_out[suspects] = True
    some = suspects[are_finite]
    is_left_out[some] = ~rows[some].any(axis=1)
    return SoundRows(rows[~is_left_out], int((~are_finite).sum()))


def read_through(
    vectors: Embeddings, name: str, work: "Callable[[Matrix], Any]", reach: Reach, first: int | None = None
) -> Iterator[Any]:
    """What is made of the sound rows of each block, in the order of the rows; notes those that are not finite.

    first  only the first rows; None: all
    """
    source, n_rows = rows_of(vectors), min(first or len(vectors.vocabulary), len(vectors.vocabulary))

    def worked(some: slice) -> tuple[Any, int]:
        found = sound(source[some])
        return work(found.rows), found.n_not_finite

    n_not_finite = 0
    for some, (made, n) in in_order(worked, slices(n_rows, vectors.dim), reach.n_threads):
        n_not_finite += n
        reach.report(Progress(f"{name}: reading", some.stop, n_rows, "rows"))
        yield made
    if n_not_finite:
        reach.note(f"{name}: rows with numbers that are not finite, which nothing is learnt from: {n_not_finite}")

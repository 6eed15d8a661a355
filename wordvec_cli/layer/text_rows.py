"""Matrices and the layer's vectors as lines of text, for eyes, lessons and awk; numbers read back as the same float32.

matrix             row<TAB>word<TAB>v1 v2 ...
Y = E[X]           line<TAB>position<TAB>row<TAB>v1 v2 ... for each id; lines and positions count from 1
a vector a line    v1 v2 ...
"""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.layer.padding import Int64Array
from wordvec_cli.layer.row_rule import Specials
from wordvec_cli.vectors.decimals import shortest, shortest_rows
from wordvec_cli.vocabulary.vocabulary import Vocabulary

ROWS_AT_ONCE = 1 << 10
VALUES_WITHOUT_KERNELS = 100_000  # a matrix of up to this size is written sooner than numba is loaded
Matrix = NDArray[np.float32]


def matrix_lines(matrix: Matrix, specials: Specials, vocabulary: Vocabulary) -> Iterator[bytes]:
    """The rows of an embedding matrix; special ones are called `<pad>`, `<unk>` ..."""
    names = [*(b"<%b>" % name.encode() for name in specials.names), *vocabulary]
    for first in range(0, len(matrix), ROWS_AT_ONCE):
        some = slice(first, first + ROWS_AT_ONCE)
        for row, (name, numbers) in enumerate(zip(names[some], _numbers(matrix[some]), strict=True), first):
            yield b"%d\t%b\t%b\n" % (row, name, numbers)


def vector_lines(parts: Iterable[tuple[Int64Array, Int64Array, Int64Array, Matrix]]) -> Iterator[bytes]:
    """The vectors of ids, which come with their lines, positions and rows: those of `Layer.lookups`."""
    for lines, positions, rows, vectors in parts:
        for line, position, row, numbers in zip(
            lines.tolist(), positions.tolist(), rows.tolist(), _numbers(vectors), strict=True
        ):
            yield b"%d\t%d\t%d\t%b\n" % (line + 1, position + 1, row, numbers)


def number_lines(parts: Iterable[Matrix]) -> Iterator[bytes]:
    """Vectors alone, a line each."""
    return (numbers + b"\n" for part in parts for numbers in _numbers(part))


def _numbers(rows: Matrix) -> list[bytes]:
    if rows.size > VALUES_WITHOUT_KERNELS:
        return shortest_rows(rows, b" ")
    return [" ".join(shortest(row)).encode() for row in rows.tolist()]

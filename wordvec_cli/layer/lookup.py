"""What an embedding layer does: Y = E[X], a row of the matrix for each id; and vectors of sentences pooled of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.layer.encoded_reading import StoredSequences
from wordvec_cli.layer.matrix_file import StoredMatrix
from wordvec_cli.layer.padding import IdLines, Int64Array
from wordvec_cli.layer.row_rule import RowRule, Specials, check_agreement
from wordvec_cli.layer.text_rows import Matrix

Pool = Literal["mean", "sum", "max", "sif"]
POOLS: tuple[Pool, ...] = get_args(Pool)
BYTES_AT_ONCE = 1 << 20


def check_fit(matrix: StoredMatrix, sequences: StoredSequences) -> None:
    """Raises: InputError if sequences and matrix follow different rules"""
    if matrix.rule and sequences.rule:
        check_agreement(sequences.path, sequences.rule, matrix.path, matrix.rule)


@dataclass(frozen=True)
class Layer:
    """A matrix, and sequences of ids of its rows."""

    matrix: StoredMatrix
    sequences: StoredSequences

    def shape(self, pool: Pool | None) -> tuple[int, ...]:
        """Of all vectors. Raises: InputError if lines of different lengths are not pooled"""
        if pool:
            return (self.sequences.n_lines, self.dim)
        if self.sequences.length is None:
            raise InputError(
                f"{self.sequences.path}: its lines have different lengths; make one vector of each with --pool, or "
                "rows of one length with wordvec encode --length; or print them with --to text"
            )
        return (self.sequences.n_lines, self.sequences.length, self.dim)

    @property
    def dim(self) -> int:
        return int(self.matrix.values.shape[1])

    @property
    def _n_ids(self) -> int:
        """How many ids to look up at a time, so that their vectors stay in the cache."""
        return max(1, BYTES_AT_ONCE // (4 * self.dim))

    def vectors(self) -> Iterator[Matrix]:
        """Y = E[X]: the vectors of all ids, padding included, (n, dim) at a time.

        Raises: InputError if an id has no row
        """
        return (vectors for *_, vectors in self._lookups())

    def lookups(self) -> Iterator[tuple[Int64Array, Int64Array, Int64Array, Matrix]]:
        """The vectors of all ids, some at a time: the line of each, its position there (both from 0), the id, (n, dim).

        Raises: InputError if an id has no row
        """
        for lines, some, vectors in self._lookups():
            places = np.arange(some.start, some.stop)
            numbers = np.searchsorted(lines.offsets, places, side="right") - 1
            yield numbers + lines.first, places - lines.offsets[numbers], lines.ids[some], vectors

    def _lookups(self) -> Iterator[tuple[IdLines, slice, Matrix]]:
        """The vectors of some ids of some lines."""
        for lines in self.sequences.lines(self._n_ids):
            self.sequences.check_range(lines, len(self.matrix.values), self.matrix.path)
            for some in slices(len(lines.ids), self._n_ids):
                yield lines, some, np.take(self.matrix.values, lines.ids[some], axis=0)

    def sentence_vectors(self, pool: Pool, weights: Matrix | None = None) -> Iterator[Matrix]:
        """The vectors of the words of each line, without padding, as one: (n, dim) for some lines at a time.

        pool     `sif` is the mean of weighed words, the first step of `sif_vectors`
        weights  (n_rows,) what each word's vector is multiplied with; None: 1
        A line without words has a vector of zeros. Raises: InputError if an id has no row
        """
        for lines in self.sequences.lines(self._n_ids):
            self.sequences.check_range(lines, len(self.matrix.values), self.matrix.path, self._padding)
            yield self._pooled(_without(self._padding, lines), pool, weights)

    def _pooled(self, lines: IdLines, pool: Pool, weights: Matrix | None) -> Matrix:
        """The vectors of the words of each line as one; zeros for a line without any."""
        merge = np.maximum if pool == "max" else np.add
        pooled = np.full((len(lines.lengths), self.dim), -np.inf if pool == "max" else 0.0)
        for some in slices(len(lines.ids), self._n_ids):  # a long line comes in several
            ids = lines.ids[some]
            rows = np.take(self.matrix.values, ids, axis=0)
            if weights is not None:
                rows *= weights[ids, None]
            offsets = np.clip(lines.offsets, some.start, some.stop) - some.start
            filled = np.flatnonzero(np.diff(offsets))
            with np.errstate(over="ignore", invalid="ignore"):  # what float32 cannot hold is infinite, as in a layer
                pooled[filled] = merge(pooled[filled], merge.reduceat(rows, offsets[filled], axis=0))
        if pool in {"mean", "sif"}:
            pooled /= np.maximum(lines.lengths, 1)[:, None]
        pooled[lines.lengths == 0] = 0
        with np.errstate(over="ignore"):
            return pooled.astype(np.float32)

    @property
    def _padding(self) -> int | None:
        """The id of padding: of the sequences, or else of the matrix's rule, or of the default one."""
        if self.sequences.padding is not None:
            return self.sequences.padding
        rule = self.sequences.rule or self.matrix.rule or RowRule(Specials(), 0, "")
        return rule.specials.padding


def _without(padding: int | None, lines: IdLines) -> IdLines:
    if padding is None:
        return lines
    is_word = lines.ids != padding
    n_words = np.concatenate([[0], np.cumsum(is_word)])
    return IdLines(lines.ids[is_word], n_words[lines.offsets], lines.first)


def slices(n: int, n_at_once: int) -> Iterator[slice]:
    return (slice(first, min(first + n_at_once, n)) for first in range(0, n, n_at_once))

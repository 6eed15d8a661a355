"""What an embedding layer does: Y = E[X], a row of the matrix for each id; and sentence vectors pooled of them.

Source of `sif`: Arora, Liang and Ma 2017, "A Simple but Tough-to-Beat Baseline for Sentence Embeddings" (and their
repository PrincetonML/SIF): each word weighs a / (a + p(word)), and the first singular vector of all sentence vectors,
which is not centred, is taken out of each.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from wordvec_cli import numpy_files
from wordvec_cli.embedding_matrix import Matrix, StoredMatrix
from wordvec_cli.errors import InputError
from wordvec_cli.files import mapped, replacing, temporary_file, writable
from wordvec_cli.padding import Ids, Lines
from wordvec_cli.progress import Progress, Report, silent
from wordvec_cli.sequence_files import StoredSequences
from wordvec_cli.sidecar import write_sidecar
from wordvec_cli.specials import RowRule, Specials, check_agreement
from wordvec_cli.vocabulary import Vocabulary

Pool = Literal["mean", "sum", "max", "sif"]
POOLS: tuple[Pool, ...] = get_args(Pool)
SIF_WEIGHT = 1e-3  # a of the paper
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
                "rows of one length with wordvec encode --length"
            )
        return (self.sequences.n_lines, self.sequences.length, self.dim)

    @property
    def dim(self) -> int:
        return int(self.matrix.values.shape[1])

    @property
    def _n_ids(self) -> int:
        """How many ids at a time, so that their vectors stay in the cache."""
        return max(1, BYTES_AT_ONCE // (4 * self.dim))

    def vectors(self) -> Iterator[Matrix]:
        """Y = E[X]: the vectors of all ids, padding included, (n, dim) at a time.

        Raises: InputError if an id has no row
        """
        for lines in self.sequences.lines(self._n_ids):
            self.sequences.check_range(lines, len(self.matrix.values), self.matrix.path)
            yield np.take(self.matrix.values, lines.ids, axis=0)

    def sentence_vectors(self, pool: Pool, weights: Matrix | None = None) -> Iterator[Matrix]:
        """The vectors of the words of each line, without padding, as one: (n, dim) for some lines at a time.

        pool     `sif` is the mean of weighed words; `without_common_direction` is what is left to do then
        weights  (n_rows,) what each word's vector is multiplied with; None: 1
        A line without words has a vector of zeros. Raises: InputError if an id has no row
        """
        for lines in self.sequences.lines(self._n_ids):
            self.sequences.check_range(lines, len(self.matrix.values), self.matrix.path, self._padding)
            words = _without(self._padding, lines)
            rows = self.matrix.values[words.ids]
            if weights is not None:
                rows *= weights[words.ids, None]
            yield _pooled(rows, words.offsets, pool)

    @property
    def _padding(self) -> int | None:
        """The id that is no word: of the sequences, or else of the matrix's rule, or of the default one."""
        if self.sequences.padding is not None:
            return self.sequences.padding
        rule = self.sequences.rule or self.matrix.rule or RowRule(Specials(), 0, "")
        return rule.specials.padding


def _without(padding: int | None, lines: Lines) -> Lines:
    if padding is None:
        return lines
    is_word = lines.ids != padding
    n_words = np.concatenate([[0], np.cumsum(is_word)])
    return Lines(lines.ids[is_word], n_words[lines.offsets], lines.first)


def _pooled(rows: Matrix, offsets: Ids, pool: Pool) -> Matrix:
    """The rows of each line as one; zeros for a line without any."""
    lengths = np.diff(offsets)
    pooled = np.zeros((len(lengths), rows.shape[1]), np.float32)
    filled = np.flatnonzero(lengths)
    if len(filled):
        reduce = np.maximum.reduceat if pool == "max" else np.add.reduceat
        pooled[filled] = reduce(rows, offsets[filled], axis=0)
    if pool in {"mean", "sif"}:
        pooled[filled] /= lengths[filled, None]
    return pooled


# ---------------------------------------------------------------- smooth inverse frequencies


def sif_weights(vocabulary: Vocabulary, rule: RowRule, weight: float = SIF_WEIGHT) -> Matrix:
    """What each row weighs, (n_rows,); rows that stand for no word weigh 1, as words without a count do in the source.

    Raises: InputError if the vocabulary has no counts
    """
    if vocabulary.counts is None:
        raise InputError("--pool sif: weighs words by their counts, which --vocab does not hold; count the corpus")
    counts = np.asarray(vocabulary.counts, np.float64)
    weights = np.ones(rule.n_rows, np.float32)
    weights[len(rule.specials) :] = weight / (weight + counts / counts.sum())
    return weights


def without_common_direction(parts: Iterator[Matrix], folder: Path) -> Iterator[Matrix]:
    """The vectors without their first singular vector; they lie in a nameless file of `folder` in between.

    Raises: OutputError
    """
    file = temporary_file(folder)
    squares: NDArray[np.float64] | float = 0.0
    dim = 1
    with writable(f"{folder} (temporary files)"):
        for part in parts:
            dim = part.shape[1]
            exact = part.astype(np.float64)
            squares = squares + exact.T @ exact
            file.write(part.data.cast("B") if part.size else b"")
        file.flush()
    vectors = mapped(file, np.float32).reshape(-1, dim)
    direction = np.linalg.eigh(squares)[1][:, -1] if len(vectors) else np.zeros(dim)
    n_at_once = max(1, BYTES_AT_ONCE // (4 * dim))
    for first in range(0, len(vectors), n_at_once):
        some = vectors[first : first + n_at_once].astype(np.float64)
        yield (some - np.outer(some @ direction, direction)).astype(np.float32)


# ---------------------------------------------------------------- files


def write_vectors(path: str, layer: Layer, pool: Pool | None, parts: Iterable[Matrix], report: Report = silent) -> None:
    """Write what a layer makes, (n, ..., dim) float32 in parts, as .npy, and FILE.json beside it.

    Raises: InputError, OutputError
    """
    shape = layer.shape(pool)
    n_bytes = 4 * math.prod(shape)

    def reported() -> Iterator[Matrix]:
        done = 0
        for part in parts:
            yield part
            done += part.nbytes
            report(Progress("embedding", done, n_bytes, "B"))

    with replacing(path) as file:
        numpy_files.write_parts(file, shape, "<f4", reported())
    rule = layer.matrix.rule or layer.sequences.rule
    # Without the file's own hash, which would take longer than the file: nothing reads it back by these words.
    write_sidecar(path, {"embedded": {"shape": shape, "pool": pool}, **(rule.to_metadata() if rule else {})})

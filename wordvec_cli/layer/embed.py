"""What an embedding layer does: Y = E[X], a row of the matrix for each id; and sentence vectors pooled of them.

.npy  an array (lines, length, dim), or (lines, dim) of sentence vectors, float32
.txt  lines of text, see `text_rows`; there lines may have different lengths

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

from wordvec_cli.errors import InputError
from wordvec_cli.layer.encoded_file import StoredSequences
from wordvec_cli.layer.matrix import Matrix, StoredMatrix
from wordvec_cli.layer.padding import Ids, Lines
from wordvec_cli.layer.row_rule import RowRule, Specials, check_agreement
from wordvec_cli.progress import Progress, Report, silent
from wordvec_cli.storage import npy
from wordvec_cli.storage.files import replacing, together
from wordvec_cli.storage.sidecar import write_sidecar
from wordvec_cli.storage.spool import Spool
from wordvec_cli.vocabulary.vocabulary import Vocabulary

Pool = Literal["mean", "sum", "max", "sif"]
Layout = Literal["npy", "text"]
ENDINGS: dict[str, Layout] = {".npy": "npy", ".txt": "text"}
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
                "rows of one length with wordvec encode --length; or print them with --to text"
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
        return (vectors for *_, vectors in self._lookups())

    def lookups(self) -> Iterator[tuple[Ids, Ids, Ids, Matrix]]:
        """The vectors of all ids, some at a time: the line of each, its position there (both from 0), the id, (n, dim).

        Raises: InputError if an id has no row
        """
        for lines, some, vectors in self._lookups():
            places = np.arange(some.start, some.stop)
            numbers = np.searchsorted(lines.offsets, places, side="right") - 1
            yield numbers + lines.first, places - lines.offsets[numbers], lines.ids[some], vectors

    def _lookups(self) -> Iterator[tuple[Lines, slice, Matrix]]:
        """The vectors of some ids of some lines."""
        for lines in self.sequences.lines(self._n_ids):
            self.sequences.check_range(lines, len(self.matrix.values), self.matrix.path)
            for some in _slices(len(lines.ids), self._n_ids):
                yield lines, some, np.take(self.matrix.values, lines.ids[some], axis=0)

    def sentence_vectors(self, pool: Pool, weights: Matrix | None = None) -> Iterator[Matrix]:
        """The vectors of the words of each line, without padding, as one: (n, dim) for some lines at a time.

        pool     `sif` is the mean of weighed words, as which `sif_vectors` begin
        weights  (n_rows,) what each word's vector is multiplied with; None: 1
        A line without words has a vector of zeros. Raises: InputError if an id has no row
        """
        for lines in self.sequences.lines(self._n_ids):
            self.sequences.check_range(lines, len(self.matrix.values), self.matrix.path, self._padding)
            yield self._pooled(_without(self._padding, lines), pool, weights)

    def _pooled(self, lines: Lines, pool: Pool, weights: Matrix | None) -> Matrix:
        """The vectors of the words of each line as one; zeros for a line without any."""
        merge = np.maximum if pool == "max" else np.add
        pooled = np.full((len(lines.lengths), self.dim), -np.inf if pool == "max" else 0.0)
        for some in _slices(len(lines.ids), self._n_ids):  # a long line comes in several
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


def _slices(n: int, n_at_once: int) -> Iterator[slice]:
    return (slice(first, min(first + n_at_once, n)) for first in range(0, n, n_at_once))


# ---------------------------------------------------------------- smooth inverse frequencies


def sif_weights(path: str, vocabulary: Vocabulary, rule: RowRule, weight: float = SIF_WEIGHT) -> Matrix:
    """What each row weighs, (n_rows,); rows that stand for no word weigh 1, as words without a count do in the source.

    path  of the vocabulary
    Raises: InputError if it has no counts
    """
    counts = np.zeros(1) if vocabulary.counts is None else np.asarray(vocabulary.counts, np.float64)
    if not counts.any():
        raise InputError(f"{path}: holds no counts, by which --pool sif weighs words; make it with wordvec build-vocab")
    weights = np.ones(rule.n_rows, np.float32)
    weights[rule.specials.n_rows :] = weight / (weight + counts / counts.sum())
    return weights


def sif_vectors(layer: Layer, weights: Matrix, folder: Path) -> Iterator[Matrix]:
    """Sentence vectors as (n, dim) for some lines at a time; they lie in a nameless file of `folder` in between.

    weights  those of `sif_weights`
    Raises: InputError if a number is not finite, OutputError
    """
    squares = np.zeros((layer.dim, layer.dim))
    numbers = Spool(folder, np.float32)
    for part in layer.sentence_vectors("sif", weights):
        with np.errstate(invalid="ignore"):  # told below
            exact = part.astype(np.float64)
            squares += exact.T @ exact
        numbers.append(part)
    vectors = numbers.whole().reshape(-1, layer.dim)
    if not np.isfinite(squares).all():
        raise InputError(f"{layer.matrix.path}: holds numbers that are not finite; make it again with wordvec matrix")
    direction = np.linalg.eigh(squares)[1][:, -1]
    for some in _slices(len(vectors), max(1, BYTES_AT_ONCE // (4 * layer.dim))):
        exact = vectors[some].astype(np.float64)
        yield (exact - np.outer(exact @ direction, direction)).astype(np.float32)


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

    with together():
        with npy.replacing_array(path) as file:
            npy.write_parts(file, shape, "<f4", reported())
        _describe(path, layer, pool, shape)


def write_text(path: str, layer: Layer, pool: Pool | None, lines: Iterable[bytes]) -> None:
    """As `write_vectors`, but lines of text. Raises: InputError, OutputError"""
    with together():
        with replacing(path) as file:
            for line in lines:
                file.write(line)
        _describe(path, layer, pool, None)


def _describe(path: str, layer: Layer, pool: Pool | None, shape: tuple[int, ...] | None) -> None:
    rule = layer.matrix.rule or layer.sequences.rule
    # Without the file's own hash, which would take longer than the file: nothing reads it back by these words.
    write_sidecar(path, {"embedded": {"shape": shape, "pool": pool}, **(rule.to_metadata() if rule else {})})

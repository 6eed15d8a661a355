"""The rows of an embedding matrix, built: special rows, then a row for each word of a vocabulary, in their order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.layer.matching import NONE, SUBWORD, Matching, match, wanted_forms
from wordvec_cli.layer.rows import Rows
from wordvec_cli.layer.text_rows import Matrix
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vocabulary.vocabulary import Vocabulary

KERAS_LIMIT = 0.05  # of the uniform numbers in a new layer of Keras
UNKNOWN_WORDS = (b"<unk>", b"<UNK>", b"[UNK]")
ROWS_AT_ONCE = 1 << 14
Missing = Literal["normal", "uniform", "mean", "zeros"]


class Filling(NamedTuple):
    """The numbers of rows without a vector, and the seed of random ones."""

    missing: Missing
    seed: int = 1


AS_FOUND = Filling("normal")
EXACTLY = Matching()


@dataclass(frozen=True)
class BuiltMatrix:
    """An embedding matrix, and how its rows came about.

    matrix     (n_rows, dim) float32
    rows       what each row stands for
    kinds      for each word of the vocabulary how it was matched; None where all numbers are random
    made_with  the options that the numbers follow from
    """

    matrix: Matrix
    rows: Rows
    kinds: Sequence[str] | None
    made_with: Mapping[str, Any]


def random_matrix(rows: Rows, dim: int, filling: Filling) -> BuiltMatrix:
    """A matrix to be learned: uniform numbers as in a new layer of Keras, or zeros; padding is zeros.

    Raises: OptionError if the filling is computed from vectors
    """
    if filling.missing in {"normal", "mean"}:
        raise OptionError(f"--missing {filling.missing}: needs --vectors; name them, or choose uniform or zeros")
    matrix = np.zeros((rows.rule.n_rows, dim), np.float32)
    is_padding = np.arange(len(matrix)) == rows.rule.specials.padding
    _Filler(filling, matrix[:0]).fill(matrix, np.flatnonzero(~is_padding))
    return BuiltMatrix(matrix, rows, None, filling._asdict())


def wanted_words(vocabulary: Vocabulary, matching: Matching) -> frozenset[bytes]:
    """The words to read of a vector file that `matrix_of_vectors` is to look at."""
    return wanted_forms(vocabulary, matching).union(UNKNOWN_WORDS)


def matrix_of_vectors(
    rows: Rows, vectors: Embeddings, matching: Matching = EXACTLY, filling: Filling = AS_FOUND
) -> BuiltMatrix:
    """The rows of a vocabulary's words; what is missing among the vectors is filled in.

    Raises: InputError if no word is found
    """
    specials, n_specials = rows.rule.specials, rows.rule.specials.n_rows
    matrix = np.zeros((rows.rule.n_rows, vectors.dim), np.float32)
    kinds = _copy_vectors(rows.vocabulary, vectors, matching, matrix[n_specials:])
    is_found = np.concatenate([np.zeros(n_specials, bool), [kind != NONE for kind in kinds]])
    if not is_found.any():
        raise InputError("--vectors: none of the vocabulary's words has a vector; is it of the same language and case?")
    is_filled = is_found.copy()
    if (padding := specials.padding) is not None:
        is_filled[padding] = True
    if (row := specials.unknown) is not None and (unknown := _unknown_vector(vectors, rows.vocabulary)) is not None:
        matrix[row], is_filled[row] = unknown, True
    _Filler(filling, matrix[is_found]).fill(matrix, np.flatnonzero(~is_filled))
    made_with = {"match": list(matching.names), **filling._asdict(), "vectors": dict(vectors.metadata)}
    return BuiltMatrix(matrix, rows, kinds, made_with)


def _copy_vectors(vocabulary: Vocabulary, vectors: Embeddings, matching: Matching, words: Matrix) -> list[str]:
    """Fill the rows of the words that are found; how each was."""
    found = match(vocabulary, vectors.vocabulary, matching)
    kinds = list(found.kinds)
    places = np.flatnonzero(found.ids >= 0)
    for first in range(0, len(places), ROWS_AT_ONCE):
        some = places[first : first + ROWS_AT_ONCE]
        words[some] = vectors.matrix[found.ids[some]]
    if matching.composes:
        _compose(vocabulary, vectors, words, kinds)
    _forget_infinite(words, kinds)
    return kinds


def _compose(vocabulary: Vocabulary, vectors: Embeddings, words: Matrix, kinds: list[str]) -> None:
    """Give words that were not found a vector made of their parts, where the vectors can make one."""
    places = [i for i, kind in enumerate(kinds) if kind == NONE]
    for first in range(0, len(places), ROWS_AT_ONCE):
        some = places[first : first + ROWS_AT_ONCE]
        made, is_made = vectors.compose_all([vocabulary.word(i) for i in some])
        for i, vector in zip(np.array(some)[is_made].tolist(), made[is_made], strict=True):
            words[i], kinds[i] = vector, SUBWORD


def _forget_infinite(words: Matrix, kinds: list[str]) -> None:
    """Take vectors that are not finite for missing: a layer would pass them on to all that they are added to."""
    for first in range(0, len(words), ROWS_AT_ONCE):
        for i in np.flatnonzero(~np.isfinite(words[first : first + ROWS_AT_ONCE]).all(axis=1)) + first:
            words[i], kinds[i] = 0, NONE


def _unknown_vector(vectors: Embeddings, vocabulary: Vocabulary) -> Matrix | None:
    """The vector that a file has for unknown words: its own, or that of `<unk>` if our vocabulary lacks that word."""
    candidates = [np.array(vectors.unknown, np.float32)] if vectors.unknown is not None else []
    for name in UNKNOWN_WORDS:
        word_id = vectors.vocabulary.find(name)
        if word_id is not None and vocabulary.find(name) is None:
            candidates.append(vectors.matrix[word_id])
    return next((vector for vector in candidates if np.isfinite(vector).all()), None)


class _Filler:
    """Fills rows that no vector was found for.

    found  (n, dim) the vectors that were
    """

    def __init__(self, filling: Filling, found: Matrix) -> None:
        self._missing = filling.missing
        self._rng = np.random.default_rng(filling.seed)
        if filling.missing in {"normal", "mean"}:
            self._mean = found.mean(axis=0, dtype=np.float64)
            self._deviation = found.std(axis=0, dtype=np.float64)

    def fill(self, matrix: Matrix, rows: NDArray[np.int64]) -> None:
        for first in range(0, len(rows), ROWS_AT_ONCE):
            some = rows[first : first + ROWS_AT_ONCE]
            with np.errstate(over="ignore"):  # of vectors whose numbers are at the end of float32 themselves
                matrix[some] = self._numbers((len(some), matrix.shape[1]))

    def _numbers(self, shape: tuple[int, int]) -> Any:
        match self._missing:
            case "normal":
                return self._rng.normal(self._mean, self._deviation, shape)
            case "uniform":
                return self._rng.uniform(-KERAS_LIMIT, KERAS_LIMIT, shape)
            case "mean":
                return self._mean
        return 0.0

"""The matrix of an embedding layer: a row for each special row and each word of a vocabulary, in their order.

.npy          (n_rows, dim) float32, and FILE.json
.txt          lines of text, see `text_rows`
.safetensors  the same as `weight`, the name that PyTorch's layer has for it, with what FILE.json says as metadata
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.layer.encoded_file import is_binary
from wordvec_cli.layer.matching import NONE, SUBWORD, Matching, match, wanted_forms
from wordvec_cli.layer.row_rule import RowRule, Specials
from wordvec_cli.layer.text_rows import matrix_lines
from wordvec_cli.storage import npy, safetensors
from wordvec_cli.storage.files import replacing, together
from wordvec_cli.storage.sidecar import HashedFile, said_of, sidecar_path, understood, unrecorded, write_sidecar
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.native import FORMAT as VECTORS
from wordvec_cli.vectors.native import load, matrix_tensor
from wordvec_cli.vocabulary.vocabulary import Vocabulary

FORMAT = safetensors.Format("wordvec-matrix", "1", "embedding matrices; wordvec matrix makes those")
WEIGHT = "weight"
KERAS_LIMIT = 0.05  # of the uniform numbers in a new layer of Keras
UNKNOWN_WORDS = (b"<unk>", b"<UNK>", b"[UNK]")
ROWS_AT_ONCE = 1 << 14
Matrix = NDArray[np.float32]
Missing = Literal["normal", "uniform", "mean", "zeros"]
Layout = Literal["npy", "safetensors", "text"]
ENDINGS: dict[str, Layout] = {".npy": "npy", ".safetensors": "safetensors", ".txt": "text"}

# ---------------------------------------------------------------- building


class Filling(NamedTuple):
    """What rows get that no vector was found for, and the seed of random numbers."""

    missing: Missing
    seed: int = 1


@dataclass(frozen=True)
class BuiltMatrix:
    """An embedding matrix, and how its rows came about.

    matrix     (rule.n_rows, dim) float32
    kinds      for each word of the vocabulary how it was matched; None where all numbers are random
    made_with  what was asked for
    """

    matrix: Matrix
    rule: RowRule
    kinds: Sequence[str] | None
    made_with: Mapping[str, Any]


def random_matrix(rule: RowRule, dim: int, filling: Filling) -> BuiltMatrix:
    """A matrix to be learned: uniform numbers as in a new layer of Keras, or zeros; padding is zeros.

    Raises: OptionError if the filling needs vectors to go by
    """
    if filling.missing in {"normal", "mean"}:
        raise OptionError(
            f"--missing {filling.missing}: goes by the vectors found; give --vectors, or uniform or zeros"
        )
    matrix = np.zeros((rule.n_rows, dim), np.float32)
    is_padding = np.arange(rule.n_rows) == rule.specials.padding
    _Filler(filling, matrix[:0]).fill(matrix, np.flatnonzero(~is_padding))
    return BuiltMatrix(matrix, rule, None, filling._asdict())


def wanted_words(vocabulary: Vocabulary, matching: Matching) -> frozenset[bytes]:
    """The words to read of a vector file that `matrix_of_vectors` is to look at."""
    return wanted_forms(vocabulary, matching).union(UNKNOWN_WORDS)


def matrix_of_vectors(
    vocabulary: Vocabulary, vectors: Embeddings, rule: RowRule, matching: Matching, filling: Filling
) -> BuiltMatrix:
    """The rows of a vocabulary's words; what is missing among the vectors is filled in.

    Raises: InputError if no word is found
    """
    n_specials = rule.specials.n_rows
    matrix = np.zeros((rule.n_rows, vectors.dim), np.float32)
    kinds = _copy_vectors(vocabulary, vectors, matching, matrix[n_specials:])
    is_found = np.concatenate([np.zeros(n_specials, bool), [kind != NONE for kind in kinds]])
    if not is_found.any():
        raise InputError("--vectors: none of the vocabulary's words has a vector; is it of the same language and case?")
    is_filled = is_found.copy()
    if (padding := rule.specials.padding) is not None:
        is_filled[padding] = True
    if (row := rule.specials.unknown) is not None and (unknown := _unknown_vector(vectors, vocabulary)) is not None:
        matrix[row], is_filled[row] = unknown, True
    _Filler(filling, matrix[is_found]).fill(matrix, np.flatnonzero(~is_filled))
    made_with = {"match": list(matching.names), **filling._asdict(), "vectors": dict(vectors.metadata)}
    return BuiltMatrix(matrix, rule, kinds, made_with)


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
    for i, word in enumerate(vocabulary):
        if kinds[i] == NONE and (composed := vectors.compose(word)) is not None:
            words[i], kinds[i] = composed, SUBWORD


def _forget_infinite(words: Matrix, kinds: list[str]) -> None:
    """What is not finite is no vector: a layer would pass it on to all that it is added to."""
    for first in range(0, len(words), ROWS_AT_ONCE):
        for i in np.flatnonzero(~np.isfinite(words[first : first + ROWS_AT_ONCE]).all(axis=1)) + first:
            words[i], kinds[i] = 0, NONE


def _unknown_vector(vectors: Embeddings, vocabulary: Vocabulary) -> Matrix | None:
    """The vector that a file has for unknown words: its own, or that of `<unk>` where this is no word to us."""
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


# ---------------------------------------------------------------- files


def write_matrix(path: str, built: BuiltMatrix, layout: Layout, vocabulary: Vocabulary) -> None:
    """Raises: OutputError"""
    said = {"matrix": {"dim": built.matrix.shape[1], **built.made_with}, **built.rule.to_metadata()}
    if layout == "safetensors":
        tables = {name: json.dumps(value, sort_keys=True) for name, value in said.items()}
        safetensors.write(path, {WEIGHT: matrix_tensor(built.matrix)}, tables | FORMAT.metadata(), WEIGHT)
        return
    opened = replacing if layout == "text" else npy.replacing_array
    with together():
        with opened(path) as output:
            file = HashedFile(output)
            if layout == "text":
                for line in matrix_lines(built.matrix, built.rule.specials, vocabulary):
                    file.write(line)
            else:
                npy.write_matrix(file, built.matrix)  # type: ignore[arg-type]
        write_sidecar(path, said | {"matrix": {"fingerprint": file.fingerprint, **said["matrix"]}})


class StoredMatrix(NamedTuple):
    """An embedding matrix in a file, mapped.

    values  (n_rows, dim) float32
    rule    None: the file does not say
    note    what could not be checked, for the user
    """

    path: str
    values: Matrix
    rule: RowRule | None
    note: str | None


def open_matrix(path: str) -> StoredMatrix:
    """Map a matrix, `.npy` or safetensors; a native vector file is one without special rows. Raises: InputError"""
    if not is_binary(path):
        raise InputError(f"{path}: is neither .npy nor safetensors; make it with wordvec matrix -o FILE.npy")
    values = npy.map_file(path, lambda path, header: npy.check_matrix(f"{path}: it", header))
    if values is None:
        return _open_safetensors(path)
    return StoredMatrix(path, _as_floats(values), *_said_of(path))


def _as_floats(values: NDArray[Any]) -> Matrix:
    parts = list(npy.float_slices(values))
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _said_of(path: str) -> tuple[RowRule | None, str | None]:
    content, note = said_of(path, "matrix", "matrix")
    if content is None:
        return None, note
    with understood(sidecar_path(path), "matrix"):
        return RowRule.from_metadata(content), None


def _open_safetensors(path: str) -> StoredMatrix:
    file = safetensors.open_file(path)
    if file.metadata.get("format") == VECTORS.name:
        vectors = load(path)
        return StoredMatrix(path, vectors.matrix, RowRule.of(vectors.vocabulary, Specials(())), None)
    rule: RowRule | None = None
    note: str | None = unrecorded(path)
    if "format" in file.metadata:
        FORMAT.check(file)
        with understood(path, "matrix"):
            rule = RowRule.from_metadata({name: json.loads(file.metadata[name]) for name in ("specials", "vocabulary")})
            note = None
    weight = file.tensors.get(WEIGHT)
    if weight is None or weight.dtype != "F32" or len(weight.shape) != 2 or not all(weight.shape):
        raise InputError(f"{path}: has no float32 matrix called {WEIGHT}; make it with wordvec matrix")
    return StoredMatrix(path, np.asarray(weight.data, np.float32).reshape(weight.shape), rule, note)

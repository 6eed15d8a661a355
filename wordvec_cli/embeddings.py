"""Words and their vectors: `Embeddings`, and the native file as one.

Opening a file reads its header and nothing else; numpy is imported when a matrix or an array is asked for.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from wordvec_cli import __version__, store
from wordvec_cli.errors import InputError, UnknownWordError
from wordvec_cli.vocabulary import Vocabulary

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vector = NDArray[np.float32]
    Matrix = NDArray[np.float32]

FORMAT = "wordvec-vectors"
FORMAT_VERSION = "1"
ROWS_PER_CHUNK = 4096


@dataclass(frozen=True)
class Embeddings:
    """A vocabulary and one vector for each of its words, as trained: never silently normalised.

    values    any flat buffer of n_words * dim float32, row after row, as a map of the file gives it
    metadata  strings: how the vectors were made (configuration, seed, fingerprints, tokenizer)
    """

    vocabulary: Vocabulary
    values: "memoryview[float]"
    dim: int
    metadata: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def matrix(self) -> "Matrix":
        """The vectors, (n_words, dim) float32, read-only."""
        import numpy as np

        matrix = np.asarray(self.values, dtype=np.float32).reshape(len(self.vocabulary), self.dim)
        matrix.flags.writeable = False
        return matrix

    def row(self, word_id: int) -> "memoryview[float]":
        """The vector with this id as a view of dim floats, without numpy."""
        return self.values[word_id * self.dim : (word_id + 1) * self.dim]

    def vector(self, word: bytes | str) -> "Vector":
        """The vector of one word, (dim,) float32. Raises: UnknownWordError."""
        word_id = self.vocabulary.find(_as_bytes(word))
        if word_id is None:
            raise UnknownWordError(f"{_as_bytes(word).decode(errors='replace')!r} is not among the words")
        vector: Vector = self.matrix[word_id]
        return vector

    def vectors(self, words: Iterable[bytes | str]) -> "tuple[Matrix, NDArray[np.bool_]]":
        """The vectors of several words, (n, dim), zeros for an unknown word; and which were found, (n,)."""
        import numpy as np

        found = [self.vocabulary.find(_as_bytes(word)) for word in words]
        ids = np.array([-1 if word_id is None else word_id for word_id in found], dtype=np.int64)
        is_known = ids >= 0
        matrix = np.zeros((len(ids), self.dim), dtype=np.float32)
        matrix[is_known] = self.matrix[ids[is_known]]
        return matrix, is_known


def _as_bytes(word: bytes | str) -> bytes:
    return word if isinstance(word, bytes) else word.encode("utf-8", "surrogateescape")


def from_matrix(vocabulary: Vocabulary, matrix: "Matrix", metadata: Mapping[str, str]) -> Embeddings:
    """Embeddings around a C-contiguous (n_words, dim) float32 matrix, which is not copied."""
    return Embeddings(vocabulary, matrix.data.cast("B").cast("f"), matrix.shape[1], metadata)


def save(path: str, vocabulary: Vocabulary, matrix: "Matrix", metadata: Mapping[str, str]) -> None:
    """Write a native file. `matrix` (n_words, dim) float32 may have padded rows; it is copied a slice at a time."""
    tensors = {
        "words.offsets": _integers(vocabulary.offsets),
        "words.order": _integers(vocabulary.order),
        **({"counts": _integers(vocabulary.counts)} if vocabulary.counts is not None else {}),
        "vectors": store.Tensor("F32", matrix.shape, lambda: _row_chunks(matrix)),
        "words.text": store.Tensor("U8", (len(vocabulary.text),), lambda: [_bytes(vocabulary.text)]),
    }
    own = {"format": FORMAT, "format_version": FORMAT_VERSION, "tool": f"wordvec {__version__}"}
    store.write(path, tensors, {**metadata, **own, "vocabulary_fingerprint": vocabulary.fingerprint()}, "vectors")


def size_bytes(vocabulary: Vocabulary, dim: int) -> int:
    """How large a native file of these words will be, but for its header of some kilobytes."""
    return len(vocabulary) * (dim * 4 + 3 * 8) + len(vocabulary.text)


def _integers(values: Any) -> store.Tensor:
    import numpy as np

    array = np.ascontiguousarray(values, dtype="<i8")
    return store.Tensor("I64", array.shape, lambda: [_bytes(array)])


def _row_chunks(matrix: "Matrix") -> Iterator[memoryview]:
    import numpy as np

    for start in range(0, len(matrix), ROWS_PER_CHUNK):
        yield _bytes(np.ascontiguousarray(matrix[start : start + ROWS_PER_CHUNK], dtype="<f4"))


def _bytes(array: Any) -> memoryview:
    """The memory of a contiguous array, memoryview or bytes."""
    return memoryview(array).cast("B")


def load(path: str) -> Embeddings:
    """Open a native vector file, mapped: only what is asked for is read. Raises: InputError."""
    file = store.open_file(str(path))
    if file.metadata.get("format") != FORMAT:
        raise InputError(f"{path}: is a safetensors file but not one of word vectors; wordvec train makes those")
    if file.metadata.get("format_version") != FORMAT_VERSION:
        version = file.metadata.get("format_version")
        raise InputError(f"{path}: has format version {version}, newer than this wordvec; install a newer wordvec")
    try:
        vectors = file.tensors["vectors"]
        words = [file.tensors[f"words.{name}"] for name in ("text", "offsets", "order")]
        counts = file.tensors.get("counts")
        n_words, dim = vectors.shape
    except (KeyError, ValueError) as error:
        raise InputError(f"{path}: lacks a tensor of word vectors ({error}); the file is damaged") from None
    lengths = [len(words[1].data) - 1, len(words[2].data), len(counts.data) if counts else n_words]
    dtypes = [vectors.dtype, *(tensor.dtype for tensor in words), counts.dtype if counts else "I64"]
    if lengths != [n_words] * 3 or dtypes != ["F32", "U8", "I64", "I64", "I64"]:
        raise InputError(f"{path}: its words and vectors do not match; the file is damaged, make it again")
    text, offsets, order = (tensor.data for tensor in words)
    vocabulary = Vocabulary(text, offsets, order, counts.data if counts else None)
    return Embeddings(vocabulary, vectors.data, dim, file.metadata)


def recorded(metadata: Mapping[str, str], key: str) -> dict[str, Any]:
    """A JSON table that the metadata holds under `key`; empty if there is none that can be read."""
    try:
        table = json.loads(metadata.get(key, "{}"))
    except ValueError:
        return {}
    return table if isinstance(table, dict) else {}

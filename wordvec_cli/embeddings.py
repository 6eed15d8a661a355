"""Words and their vectors: `Embeddings`, and the native file as one.

Opening a file reads its header and nothing else; numpy is imported when a matrix or an array is asked for.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from wordvec_cli import store
from wordvec_cli.errors import InputError, UnknownWordError
from wordvec_cli.files import readable
from wordvec_cli.vocabulary import StoredVocabulary, Vocabulary, as_bytes

if TYPE_CHECKING:
    from typing import Protocol

    import numpy as np
    from numpy.typing import NDArray

    from wordvec_cli.packing import Packed, Packing

    Vector = NDArray[np.float32]
    Matrix = NDArray[np.float32]

    class Rows(Protocol):
        """What vectors are read from: a matrix, or something that makes its rows when they are asked for."""

        @property
        def shape(self) -> tuple[int, ...]: ...

        def __len__(self) -> int: ...

        def __getitem__(self, rows: Any, /) -> Matrix: ...


FORMAT = store.Format("wordvec-vectors", "1", "word vectors; wordvec train makes those")
CLASSIFIER = "classifier"  # the key of the metadata that tells what a classifier's file holds beside its vectors
OWN_FORMAT = b'"format":"wordvec-'  # in the header of every file of ours, before the kind
START_BYTES = 1 << 16  # of a file, that tell what it is
ROWS_PER_CHUNK = 4096


@dataclass(frozen=True)
class Embeddings:
    """A vocabulary and one vector for each of its words, as trained: never silently normalised.

    values    any flat buffer of n_words * dim float32, row after row, as a map of the file gives it, or one that is
              packed
    metadata  strings: how the vectors were made (configuration, seed, fingerprints, tokenizer)
    context_values  as `values`, the output vectors of training, if they were kept
    unknown  dim float32, the vector of words that are not known, if there is one: of none of the words
    composed  makes the vector of a word that is not among them of its parts, where a model can (fastText); None for a
              word that has no parts
    """

    vocabulary: Vocabulary
    values: "memoryview[float] | Packed"
    dim: int
    metadata: Mapping[str, str] = field(default_factory=dict)
    context_values: "memoryview[float] | None" = None
    unknown: "memoryview[float] | None" = None
    composed: "Callable[[bytes], memoryview[float] | None] | None" = None

    @cached_property
    def matrix(self) -> "Matrix":
        """The vectors, (n_words, dim) float32, read-only; unpacked if they are packed."""
        return self._as_matrix(self.values)

    @cached_property
    def context(self) -> "Matrix | None":
        """The output vectors of training, (n_words, dim) float32, read-only; None if the file has none."""
        return None if self.context_values is None else self._as_matrix(self.context_values)

    def _as_matrix(self, values: "memoryview[float] | Packed") -> "Matrix":
        import numpy as np

        flat = np.asarray(values, dtype=np.float32) if isinstance(values, memoryview) else values.unpacked()
        matrix = flat.reshape(len(self.vocabulary), self.dim)
        matrix.flags.writeable = False
        return matrix

    def fingerprint(self) -> str:
        """SHA-256 (hexadecimal) of the words and the vectors."""
        import hashlib

        digest = hashlib.sha256(self.vocabulary.fingerprint().encode())
        digest.update(_bytes(self.matrix))
        return digest.hexdigest()

    def row(self, word_id: int) -> "Sequence[float]":
        """The vector with this id, dim floats, without numpy."""
        return self.values[word_id * self.dim : (word_id + 1) * self.dim]

    def vector(self, word: bytes | str) -> "Vector":
        """The vector of one word, (dim,) float32. Raises: UnknownWordError."""
        word_id = self.vocabulary.find(word)
        if word_id is not None:
            vector: Vector = self.matrix[word_id]
            return vector
        if (composed := self.compose(as_bytes(word))) is not None:
            import numpy as np

            return np.array(composed, np.float32)
        raise UnknownWordError(f"{as_bytes(word).decode(errors='replace')!r} is not among the words")

    def compose(self, word: bytes) -> "Sequence[float] | None":
        """The vector of a word of its parts, without numpy; None if there is none."""
        return self.composed(word) if self.composed else None

    def vectors(self, words: Iterable[bytes | str]) -> "tuple[Matrix, NDArray[np.bool_]]":
        """The vectors of several words, (n, dim), as `vector` gives them; and which were found, (n,).

        An unknown word gets zeros. Raises: InputError if `words` is one word, whose letters would be taken for words
        """
        import numpy as np

        if isinstance(words, bytes | str):
            raise InputError(f"{words!r} is one word; give a list of words, or ask for its vector()")
        asked = [as_bytes(word) for word in words]
        matrix = np.zeros((len(asked), self.dim), dtype=np.float32)
        found = [self.vocabulary.find(word) for word in asked]
        ids = np.array([-1 if word_id is None else word_id for word_id in found], dtype=np.int64)
        is_found = ids >= 0
        matrix[is_found] = self.matrix[ids[is_found]]
        for place in np.flatnonzero(~is_found).tolist():
            if (composed := self.compose(asked[place])) is not None:
                matrix[place], is_found[place] = composed, True
        return matrix, is_found


def from_matrix(vocabulary: Vocabulary, matrix: "Matrix", metadata: Mapping[str, str]) -> Embeddings:
    """Embeddings around a C-contiguous (n_words, dim) float32 matrix, which is not copied."""
    values = matrix.data.cast("B") if matrix.size else memoryview(b"")  # of no rows there is nothing to cast
    return Embeddings(vocabulary, values.cast("f"), matrix.shape[1], metadata)


def of_rows(
    vocabulary: Vocabulary, matrix: "Rows", metadata: Mapping[str, str], others: "Mapping[str, Rows]"
) -> Embeddings:
    """What `save` would write, as Embeddings, the matrix copied."""
    import numpy as np

    values = {
        name: _bytes(np.ascontiguousarray(rows[:], np.float32)).cast("f")
        for name, rows in {"vectors": matrix, **others}.items()
    }
    return Embeddings(
        vocabulary, values["vectors"], matrix.shape[1], metadata, values.get("context"), values.get("unknown")
    )


def save(
    path: str,
    vocabulary: Vocabulary,
    matrix: "Rows",
    metadata: Mapping[str, str],
    others: "Mapping[str, Rows] | None" = None,
) -> None:
    """Write a native file.

    matrix  (n_words, dim) float32, perhaps with padded rows, or made when they are asked for: a slice at a time
    others  further tensors by name: `context`, the output vectors of training, as `matrix`; `unknown`, (1, dim), the
            vector of words that are not known
    """
    tensors = {name: matrix_tensor(rows) for name, rows in {"vectors": matrix, **(others or {})}.items()}
    save_tensors(path, vocabulary, tensors, metadata)


def save_tensors(
    path: str, vocabulary: Vocabulary, tensors: Mapping[str, store.Tensor], metadata: Mapping[str, str]
) -> None:
    """As `save`, of tensors that may be packed; `vectors` is among them."""
    words = vocabulary_tensors(vocabulary)
    text = {"words.text": words.pop("words.text")}  # last, for its length is no multiple of anything
    metadata = {**metadata, **FORMAT.metadata(), "vocabulary_fingerprint": vocabulary.fingerprint()}
    store.write(path, words | dict(tensors) | text, metadata, "vectors")


def vocabulary_tensors(vocabulary: Vocabulary) -> dict[str, store.Tensor]:
    """A vocabulary as it is stored; `stored_vocabulary` reads it."""
    return {
        "words.offsets": _integers(vocabulary.offsets),
        "words.order": _integers(vocabulary.order),
        **({"counts": _integers(vocabulary.counts)} if vocabulary.counts is not None else {}),
        "words.text": store.Tensor("U8", (len(vocabulary.text),), lambda: [_bytes(vocabulary.text)]),
    }


def matrix_tensor(matrix: "Rows") -> store.Tensor:
    return store.Tensor("F32", matrix.shape, lambda: _row_chunks(matrix))


def packed_tensors(matrix: "Rows", packing: "Packing") -> dict[str, store.Tensor]:
    """The tensors of vectors in fewer bytes."""
    from wordvec_cli.packing import packed_rows, scales_of

    def chunks() -> Iterator[memoryview]:
        for start in range(0, len(matrix), ROWS_PER_CHUNK):
            yield _bytes(packed_rows(matrix[start : start + ROWS_PER_CHUNK], packing))

    def scales() -> Iterator[memoryview]:
        for start in range(0, len(matrix), ROWS_PER_CHUNK):
            yield _bytes(scales_of(matrix[start : start + ROWS_PER_CHUNK]))

    if packing == "float16":
        return {"vectors": store.Tensor("F16", matrix.shape, chunks)}
    return {"scales": store.Tensor("F32", (len(matrix),), scales), "vectors": store.Tensor("I8", matrix.shape, chunks)}


def size_bytes(vocabulary: Vocabulary, dim: int, n_matrices: int = 1) -> int:
    """How large a native file of these words will be, but for its header of some kilobytes."""
    return len(vocabulary) * (n_matrices * dim * 4 + 3 * 8) + len(vocabulary.text)


def _integers(values: Any) -> store.Tensor:
    import numpy as np

    array = np.ascontiguousarray(values, dtype="<i8")
    return store.Tensor("I64", array.shape, lambda: [_bytes(array)])


def _row_chunks(matrix: "Rows") -> Iterator[memoryview]:
    import numpy as np

    for start in range(0, len(matrix), ROWS_PER_CHUNK):
        yield _bytes(np.ascontiguousarray(matrix[start : start + ROWS_PER_CHUNK], dtype="<f4"))


def _bytes(array: Any) -> memoryview:
    """The memory of a contiguous array, memoryview or bytes."""
    return memoryview(array).cast("B")


def is_native(path: str) -> bool:
    """Whether a file is one of ours, which can be mapped as it is. Raises: InputError if it cannot be read"""
    return native_kind(path) is not None


def native_kind(path: str) -> str | None:
    """What a file of ours holds (vectors, matrix, pairs ...); None if it is none. Raises: InputError"""
    if not os.path.isfile(path):
        return None
    with readable(path), open(path, "rb") as file:
        start = file.read(START_BYTES)
    return kind_by_header(start) if known_by_header(start) else None


def kind_by_header(start: bytes) -> str:
    """What a file of ours that begins so holds."""
    return start.partition(OWN_FORMAT)[2].partition(b'"')[0].decode("ascii", "replace")


def known_by_header(start: bytes) -> bool | None:
    """Whether a safetensors file that begins so is one of ours; None if it is no safetensors file."""
    if not store.looks_like(start):
        return None
    return OWN_FORMAT in start


def load(path: str) -> Embeddings:
    """Open a native vector file, mapped: only what is asked for is read. Raises: InputError."""
    file = store.open_file(str(path))
    FORMAT.check(file)
    vocabulary = stored_vocabulary(file)
    vectors, context = file.tensors.get("vectors"), file.tensors.get("context")
    if vectors is None or len(vectors.shape) != 2 or vectors.shape[0] != len(vocabulary) or not vectors.shape[1]:
        raise InputError(f"{path}: its words and vectors do not match; the file is damaged, make it again")
    if context and (context.dtype, context.shape) != ("F32", vectors.shape):
        raise InputError(f"{path}: its vectors and context vectors do not match; the file is damaged, make it again")
    dim = vectors.shape[1]
    unknown = file.tensors.get("unknown")
    if unknown and (unknown.dtype, unknown.shape) != ("F32", (1, dim)):
        raise InputError(f"{path}: its vector of unknown words does not match; the file is damaged, make it again")
    return Embeddings(
        vocabulary, _values(file, vectors), dim, file.metadata, context.data if context else None,
        unknown.data if unknown else None,
    )  # fmt: skip


def _values(file: store.StoredFile, vectors: store.StoredTensor) -> "memoryview[float] | Packed":
    """The numbers of the vectors. Raises: InputError"""
    if vectors.dtype == "F32":
        return vectors.data
    from wordvec_cli.packing import HalfFloats, ScaledBytes

    scales = file.tensors.get("scales")
    match vectors.dtype:
        case "F16":
            return HalfFloats(vectors.data)
        case "I8" if scales and (scales.dtype, scales.shape) == ("F32", vectors.shape[:1]):
            return ScaledBytes(vectors.data, scales.data, vectors.shape[1])
    raise InputError(f"{file.path}: its vectors are in a form that is not known ({vectors.dtype}); make it again")


def stored_vocabulary(file: store.StoredFile) -> Vocabulary:
    """The words of an open file, as views of it. Raises: InputError"""
    try:
        words = [file.tensors[f"words.{name}"] for name in ("text", "offsets", "order")]
    except KeyError as error:
        raise InputError(f"{file.path}: lacks the tensor {error}; the file is damaged, make it again") from None
    counts = file.tensors.get("counts")
    text, offsets, order = (tensor.data for tensor in words)
    dtypes = [tensor.dtype for tensor in words] + [counts.dtype if counts else "I64"]
    if (
        dtypes != ["U8", "I64", "I64", "I64"]
        or len(offsets) - 1 != len(order)
        or (counts and len(counts.data) != len(order))
    ):
        raise InputError(f"{file.path}: the tables of its words do not match; the file is damaged, make it again")
    tables = Vocabulary(text, offsets, order, counts.data if counts else None)
    return StoredVocabulary(file.path, tables, file.check_unchanged)


def recorded(metadata: Mapping[str, str], key: str) -> dict[str, Any]:
    """A JSON table that the metadata holds under `key`; empty if there is none that can be read."""
    try:
        table = json.loads(metadata.get(key, "{}"))
    except (ValueError, RecursionError):
        return {}
    return table if isinstance(table, dict) else {}

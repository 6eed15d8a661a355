"""Words and their vectors: `Embeddings`. numpy is imported when a matrix or an array is asked for."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from wordvec_cli.errors import InputError, UnknownWordError
from wordvec_cli.storage.safetensors import memory_of
from wordvec_cli.text.decoding import as_bytes, shown
from wordvec_cli.vocabulary.vocabulary import Vocabulary

if TYPE_CHECKING:
    from typing import Protocol

    import numpy as np
    from numpy.typing import NDArray

    from wordvec_cli.vectors.made_rows import MadeRows
    from wordvec_cli.vectors.packing import Packed, Places
    from wordvec_cli.vectors.subwords import Subwords

    Vector = NDArray[np.float32]
    Matrix = NDArray[np.float32]

    class Rows(Protocol):
        """What vectors are read from: a matrix, or something that makes its rows when they are asked for."""

        @property
        def shape(self) -> tuple[int, ...]: ...

        def __len__(self) -> int: ...

        def __getitem__(self, rows: Any, /) -> Matrix: ...


ROWS_PER_UNPACKING = 1 << 11
MANY_WORDS = 500  # to compose, from which on compiled loops are worth their import


@dataclass(frozen=True)
class Embeddings:
    """A vocabulary and one vector for each of its words, as trained: never silently normalised.

    values    any flat buffer of n_words * dim float32, row after row, as a map of the file gives it, one that is
              packed, or one whose rows are made when they are asked for
    metadata  strings: how the vectors were made (configuration, seed, fingerprints, tokenizer)
    context_values  as `values`, the output vectors of training, if they were kept
    unknown  dim float32, the vector of words that are not known, if there is one; it belongs to no word
    composed  makes the vector of a word that is not among them of its parts, where a model in another tool's file can
              (fastText, gensim); None for a word that has no parts
    subwords  the rows that the vectors of words are made of, if they were kept: vectors of other words come of them
    parts     as `composed`, but gives what the vector is the mean of: of any word, its own row and its n-grams'
    path      of the native file that is mapped, if the vectors are all of it
    whole     gives the vectors their subwords and context vectors, of a file of another tool, as most commands do
              without these, and reading them takes a while
    """

    vocabulary: Vocabulary
    values: "memoryview[float] | Packed | MadeRows"
    dim: int
    metadata: Mapping[str, str] = field(default_factory=dict)
    context_values: "memoryview[float] | MadeRows | None" = None
    unknown: "memoryview[float] | None" = None
    composed: "Callable[[bytes], memoryview[float] | None] | None" = None
    subwords: "Subwords | None" = None
    parts: "Callable[[bytes], Sequence[tuple[bytes, Sequence[float]]]] | None" = None
    whole: "Callable[[Embeddings], Embeddings] | None" = None
    path: str | None = None

    @cached_property
    def matrix(self) -> "Matrix":
        """The vectors, (n_words, dim) float32, read-only; unpacked if they are packed."""
        return self._as_matrix(self.values)

    @cached_property
    def context(self) -> "Matrix | None":
        """The output vectors of training, (n_words, dim) float32, read-only; None if the file has none."""
        return None if self.context_values is None else self._as_matrix(self.context_values)

    def _as_matrix(self, values: "memoryview[float] | Packed | MadeRows") -> "Matrix":
        import numpy as np

        if isinstance(values, memoryview):
            matrix = np.asarray(values, dtype=np.float32).reshape(len(self.vocabulary), self.dim)
        else:
            matrix = np.empty((len(self.vocabulary), self.dim), np.float32)
            for start in range(0, len(matrix), ROWS_PER_UNPACKING):
                some = slice(start, start + ROWS_PER_UNPACKING)
                matrix[some] = values.rows(some)
        matrix.flags.writeable = False
        return matrix

    def rows(self, places: "Places") -> "Matrix":
        """Some vectors, (n, dim) float32, by a slice or an array of ids; of packed ones, only these are unpacked."""
        if isinstance(self.values, memoryview) or "matrix" in self.__dict__:
            rows: Matrix = self.matrix[places]
            return rows
        return self.values.rows(places)

    @property
    def lazy(self) -> "Rows":
        """As `matrix`, but packed vectors are unpacked where they are asked for, and not kept."""
        return self.matrix if isinstance(self.values, memoryview) else LazyRows(self)

    def fingerprint(self) -> str:
        """SHA-256 (hexadecimal) of the words, the vectors, and the rows that these are made of, if there are any."""
        import hashlib

        digest = hashlib.sha256(self.vocabulary.fingerprint().encode())
        digest.update(memory_of(self.matrix))
        if self.subwords is not None:
            for part in (self.subwords.checked_buckets, self.subwords.rows, self.subwords.word_rows):
                digest.update(memory_of(part))
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
        raise UnknownWordError(f"{shown(as_bytes(word))!r} is not among the words")

    def compose(self, word: bytes) -> "Sequence[float] | None":
        """The vector of a word of its parts, without numpy; None if there is none.

        The one place that decides what vector a word outside of the vocabulary has.
        """
        if self.subwords is not None:
            return self.subwords.composed(word)
        return self.composed(word) if self.composed else None

    @property
    def has_parts(self) -> bool:
        """Whether it is known what vectors are made of: `parts_of`."""
        return self.subwords is not None or self.parts is not None

    def parts_of(self, word: bytes) -> "Sequence[tuple[bytes, Sequence[float]]]":
        """What the vector of a word is the mean of: its own row, if it has one, and those of its n-grams, by name."""
        if self.subwords is not None:
            return self.subwords.parts(word, self.vocabulary.find(word))
        return self.parts(word) if self.parts else []

    def completed(self) -> "Embeddings":
        """The vectors with everything that their file has: what is to be written to a file that has room for it."""
        return self.whole(self) if self.whole else self

    @property
    def can_compose(self) -> bool:
        """Whether words outside of the vocabulary may have a vector, made of their parts."""
        return self.subwords is not None or self.composed is not None

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
        others = np.flatnonzero(~is_found)
        matrix[others], is_found[others] = self.compose_all([asked[place] for place in others.tolist()])
        return matrix, is_found

    def compose_all(self, words: Sequence[bytes]) -> "tuple[Matrix, NDArray[np.bool_]]":
        """As `compose`, of many words: their vectors, (n, dim), zeros where there is none; and which have one, (n,)."""
        if self.subwords is not None and len(words) >= MANY_WORDS:
            return self.subwords.vectors_of(words)
        import numpy as np

        matrix, is_known = np.zeros((len(words), self.dim), np.float32), np.zeros(len(words), bool)
        for place, word in enumerate(words):
            if (composed := self.compose(word)) is not None:
                matrix[place], is_known[place] = composed, True
        return matrix, is_known


@dataclass(frozen=True)
class LazyRows:
    """The vectors of embeddings like a matrix, unpacked a part at a time."""

    embeddings: Embeddings

    @property
    def shape(self) -> tuple[int, int]:
        return len(self), self.embeddings.dim

    def __len__(self) -> int:
        return len(self.embeddings.vocabulary)

    def __getitem__(self, rows: "Places", /) -> "Matrix":
        return self.embeddings.rows(rows)


def from_matrix(vocabulary: Vocabulary, matrix: "Matrix", metadata: Mapping[str, str]) -> Embeddings:
    """Embeddings around a C-contiguous (n_words, dim) float32 matrix, which is not copied."""
    values = matrix.data.cast("B") if matrix.size else memoryview(b"")  # of no rows there is nothing to cast
    return Embeddings(vocabulary, values.cast("f"), matrix.shape[1], metadata)


def of_rows(
    vocabulary: Vocabulary, matrix: "Rows", metadata: Mapping[str, str], others: "Mapping[str, Rows]"
) -> Embeddings:
    """What `native.save` would write, as Embeddings, the matrix copied."""
    import numpy as np

    values = {
        name: memory_of(np.ascontiguousarray(rows[:], np.float32)).cast("f")
        for name, rows in {"vectors": matrix, **others}.items()
    }
    return Embeddings(
        vocabulary, values["vectors"], matrix.shape[1], metadata, values.get("context"), values.get("unknown")
    )


def recorded(metadata: Mapping[str, str], key: str) -> dict[str, Any]:
    """A JSON table that the metadata holds under `key`; empty if there is none that can be read."""
    try:
        table = json.loads(metadata.get(key, "{}"))
    except (ValueError, RecursionError):
        return {}
    return table if isinstance(table, dict) else {}

"""Our own file of vectors: words and vectors as tensors of one mapped safetensors file.

Opening reads the header and nothing else; numpy is imported when there is something to write, or to unpack.
"""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from wordvec_cli.errors import InputError
from wordvec_cli.storage import safetensors
from wordvec_cli.storage.files import readable
from wordvec_cli.storage.safetensors import Tensor, memory_of
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.row_tensors import VECTORS, matrix_tensor, stored_dim, stored_rows
from wordvec_cli.vocabulary.vocabulary import StoredVocabulary, Vocabulary

if TYPE_CHECKING:
    from wordvec_cli.vectors.embeddings import Rows
    from wordvec_cli.vectors.subwords import Subwords

FORMAT = safetensors.OwnFormat("wordvec-vectors", "1", "word vectors; wordvec train makes those")
CLASSIFIER = "classifier"  # the key of the metadata that tells what a classifier's file holds beside its vectors
OWN_FORMAT = b'"format":"wordvec-'  # in the header of every file of ours, before the kind
START_BYTES = 1 << 16  # of a file, that tell what it is


def save(  # noqa: PLR0913, PLR0917
    path: str,
    vocabulary: Vocabulary,
    matrix: "Rows",
    metadata: Mapping[str, str],
    others: "Mapping[str, Rows] | None" = None,
    subwords: "Subwords | None" = None,
) -> None:
    """Write a native file.

    matrix  (n_words, dim) float32, perhaps with padded rows, or made when they are asked for: a slice at a time
    others  further tensors by name: `context`, the output vectors of training, as `matrix`; `unknown`, (1, dim), the
            vector of words that are not known
    subwords  the rows that the vectors are made of
    """
    tensors = {name: matrix_tensor(rows) for name, rows in {VECTORS: matrix, **(others or {})}.items()}
    if subwords is not None:
        from wordvec_cli.vectors.subword_tensors import subword_metadata, subword_tensors

        tensors |= subword_tensors(subwords)
        metadata = {**metadata, **subword_metadata(subwords)}
    save_tensors(path, vocabulary, tensors, metadata)


def save_tensors(path: str, vocabulary: Vocabulary, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """As `save`, of tensors that may be packed; `vectors` is among them."""
    words = vocabulary_tensors(vocabulary)
    text = {"words.text": words.pop("words.text")}  # last, for its length is no multiple of anything
    metadata = {**metadata, **FORMAT.metadata(), "vocabulary_fingerprint": vocabulary.fingerprint()}
    safetensors.write(path, words | dict(tensors) | text, metadata, "vectors")


def vocabulary_tensors(vocabulary: Vocabulary) -> dict[str, Tensor]:
    """A vocabulary as it is stored; `stored_vocabulary` reads it."""
    return {
        "words.offsets": Tensor.of(vocabulary.offsets, "I64"),
        "words.order": Tensor.of(vocabulary.order, "I64"),
        **({"counts": Tensor.of(vocabulary.counts, "I64")} if vocabulary.counts is not None else {}),
        "words.text": Tensor("U8", (len(vocabulary.text),), lambda: [memory_of(vocabulary.text)]),
    }


def size_bytes(vocabulary: Vocabulary, dim: int, n_matrices: int = 1) -> int:
    """How large a native file of these words will be, but for its header of some kilobytes."""
    return len(vocabulary) * (n_matrices * dim * 4 + 3 * 8) + len(vocabulary.text)


def is_native(path: str) -> bool:
    """Whether a file is one of ours, which can be mapped as it is. Raises: InputError if it cannot be read"""
    return native_kind(path) is not None


def native_kind(path: str) -> str | None:
    """What a file of ours holds (vectors, matrix, pairs ...); None if it is not ours. Raises: InputError"""
    if not os.path.isfile(path):
        return None
    with readable(path), open(path, "rb") as file:
        start = file.read(START_BYTES)
    return kind_by_header(start) if known_by_header(start) else None


def kind_by_header(start: bytes) -> str:
    """What a file of ours that begins so holds."""
    return start.partition(OWN_FORMAT)[2].partition(b'"')[0].decode("ascii", "replace")


def known_by_header(start: bytes) -> bool | None:
    """Whether a safetensors file that begins so is one of ours; None if it is not a safetensors file."""
    if not safetensors.looks_like(start):
        return None
    return OWN_FORMAT in start


def load(path: str) -> Embeddings:
    """Open a native vector file, mapped: only what is asked for is read. Raises: InputError."""
    file = safetensors.open_file(str(path))
    FORMAT.check(file)
    vocabulary = stored_vocabulary(file)
    vectors, context = file.tensors.get("vectors"), file.tensors.get("context")
    if vectors is None or len(vectors.shape) != 2 or vectors.shape[0] != len(vocabulary) or not vectors.shape[1]:
        raise InputError(f"{path}: its words and vectors do not match; the file is damaged, make it again")
    dim = stored_dim(file, vectors)
    if context and (context.dtype, context.shape) != ("F32", (len(vocabulary), dim)):
        raise InputError(f"{path}: its vectors and context vectors do not match; the file is damaged, make it again")
    unknown = file.tensors.get("unknown")
    if unknown and (unknown.dtype, unknown.shape) != ("F32", (1, dim)):
        raise InputError(f"{path}: its vector of unknown words does not match; the file is damaged, make it again")
    values = stored_rows(file, VECTORS, vectors, dim)
    return Embeddings(
        vocabulary, values, dim, file.metadata, context.data if context else None, unknown.data if unknown else None,
        subwords=_subwords(file, len(vocabulary), dim), path=str(path),
    )  # fmt: skip


def _subwords(file: safetensors.StoredFile, n_words: int, dim: int) -> "Subwords | None":
    """The rows that vectors are made of, if the file has them; else their modules are not even imported."""
    if "subword_buckets" not in file.tensors and "subwords" not in file.metadata:
        return None
    from wordvec_cli.vectors.subword_tensors import stored_subwords

    return stored_subwords(file, n_words, dim)


def stored_vocabulary(file: safetensors.StoredFile) -> Vocabulary:
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

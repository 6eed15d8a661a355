"""gensim's own files: what KeyedVectors.save, Word2Vec.save and FastText.save write.

They are pickles, and a pickle can run any code when it is opened: gensim itself opens them, and only on --allow-pickle.
Large matrices lie in files beside, FILE.vectors.npy and the like; those of a compressed FILE.gz in FILE.gz.vectors.npz.
"""

import os
import re
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.formats.matrices import Words, joined, lost_by_format
from wordvec_cli.formats.plain_pickle import dictionary_refused
from wordvec_cli.formats.reading import Oddities, ReadOptions, WriteOptions
from wordvec_cli.storage.files import is_stream, readable, replacing, together
from wordvec_cli.storage.npy import float_slices, replacing_array, write_matrix
from wordvec_cli.storage.safetensors import memory_of
from wordvec_cli.text.decoding import as_bytes, as_text, shown
from wordvec_cli.text.words import back_to_back
from wordvec_cli.vectors.embeddings import Embeddings

LARGE = 10 * 1024**2  # values; gensim writes such a matrix to a file of its own, which can be mapped
MATRIX_SUFFIX = ".vectors.npy"
DOCUMENTS = "gensim-doc2vec"  # the format's name
_START_BYTES = 32
_NO_MODELS = (  # what begins as pickles do, and what to do about it
    (
        re.compile(rb"\x80[\x02-\x05](\x95.{8})?\}", re.DOTALL),
        dictionary_refused("pickle.load(open(FILE, 'rb'))"),
    ),
    (
        re.compile(rb"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19\."),
        "a torch file in the format before version 1.6; if you trust it, save it again in Python: "
        "torch.save(torch.load(FILE), 'new.pt')",
    ),
)
COMPRESSIONS = {".gz": b"\x1f\x8b", ".bz2": b"BZh"}


def looks_like(start: bytes) -> bool:
    """Whether a file that begins so is a pickle, of whatever."""
    return start[:1] == b"\x80" and start[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05")


def decompresses(path: str) -> bool:
    """Whether gensim decompresses a file itself, by its name: then it has other names for the arrays beside it."""
    with readable(path), open(path, "rb") as file:
        start = file.read(3)
    return any(path.endswith(ending) and start.startswith(magic) for ending, magic in COMPRESSIONS.items())


def read(path: str, options: ReadOptions, oddities: Oddities) -> Embeddings:
    """The words, vectors and counts; of fastText's models those of unknown words too, of their n-grams.

    Context vectors too, if it is a whole model that was trained with negative samples. Raises: InputError
    """
    loaded = _trusted(path, options)
    vectors = _keyed_vectors(path, getattr(loaded, "wv", loaded))
    if (documents := getattr(loaded, "dv", None)) is not None:
        oddities.note(f"has vectors of {len(documents)} documents too, which --from {DOCUMENTS} reads")
        if getattr(loaded, "sg", 0) and not getattr(loaded, "dbow_words", 1):
            oddities.note("its word vectors were not trained (dbow_words=0)")
    embeddings = replace(_read(path, vectors, options, oddities), composed=_composed(vectors))
    context = _context(embeddings, vectors, getattr(loaded, "syn1neg", None))
    return embeddings if context is None else replace(embeddings, context_values=context)


def read_documents(path: str, options: ReadOptions, oddities: Oddities) -> Embeddings:
    """The vectors of a Doc2Vec model's documents, with their tags for words. Raises: InputError"""
    documents = getattr(_trusted(path, options), "dv", None)
    if documents is None:
        raise InputError(f"{path}: is not a Doc2Vec model; leave --from {DOCUMENTS} out")
    return _read(path, _keyed_vectors(path, documents), options, oddities)


def _trusted(path: str, options: ReadOptions) -> Any:
    """What is in a file, if that may be opened. Raises: InputError"""
    with readable(path), open(path, "rb") as file:
        start = file.read(_START_BYTES)
    for beginning, what in _NO_MODELS:
        if beginning.match(start):
            raise InputError(f"{path}: is {what}")
    if not options.allow_pickle:
        raise InputError(
            f"{path}: is a Python pickle, which can run any code when it is opened; "
            "add --allow-pickle only for files that you trust"
        )
    return _loaded(path)


def _context(embeddings: Embeddings, vectors: Any, output: Any) -> "memoryview[float] | None":
    """The output vectors of the words, of a model that has some for all of its words."""
    if output is None or np.shape(output) != (len(vectors.index_to_key), embeddings.dim):
        return None
    rows = {as_bytes(str(key)): row for row, key in reversed(list(enumerate(vectors.index_to_key)))}
    if not all(word in rows for word in embeddings.vocabulary):  # some were replaced, as they are not valid UTF-8
        return None
    chosen = np.array([rows[word] for word in embeddings.vocabulary], np.int64)
    return memory_of(np.ascontiguousarray(np.asarray(output)[chosen], np.float32)).cast("f")


def _read(path: str, vectors: Any, options: ReadOptions, oddities: Oddities) -> Embeddings:
    keys = vectors.index_to_key
    matrix = np.asarray(vectors.vectors)
    if matrix.ndim != 2 or len(keys) > len(matrix) or not matrix.size or matrix.dtype.kind not in "fiu":
        raise InputError(f"{path}: {len(keys)} words and vectors of shape {matrix.shape} do not match; save it again")
    counts = vectors.expandos.get("count")
    counts = None if counts is None or len(counts) != len(keys) else np.asarray(counts, np.int64)
    named = np.flatnonzero([key is not None for key in keys])  # rows that were allocated and never filled have no key
    if len(named) < len(matrix):
        oddities.note(f"{len(matrix) - len(named)} rows have no word and are left out")
        keys, matrix = [keys[i] for i in named.tolist()], matrix[named]
        counts = None if counts is None else counts[named]
    text, offsets = back_to_back([as_bytes(str(key)) for key in keys])
    return joined(path, Words(text[: offsets[-1]], offsets, counts), float_slices(matrix), options, oddities)


def _loaded(path: str) -> Any:
    """The object in a pickle that gensim has saved. Raises: InputError"""
    from gensim import utils
    from gensim.models import KeyedVectors

    broken = (
        utils._pickle.UnpicklingError, EOFError, ImportError, AttributeError, LookupError, TypeError, ValueError,
        OverflowError, MemoryError, RecursionError, AssertionError, zipfile.BadZipFile, zlib.error,
    )  # fmt: skip
    try:
        with readable(path):
            if not os.path.getsize(path):
                raise InputError(f"{path}: is empty; make or copy it again")
        # The matrices of compressed files cannot be mapped; gensim tells them by these suffixes.
        return KeyedVectors.load(path, mmap=None if path.endswith(tuple(COMPRESSIONS)) else "r")
    except FileNotFoundError as error:
        raise InputError(f"{path}: belongs with {error.filename}, which is missing; put it there") from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    except broken as error:
        reason = (str(error) or type(error).__name__).partition("\n")[0]
        raise InputError(f"{path}: gensim cannot open it ({reason}); make or copy it again") from None


def _keyed_vectors(path: str, vectors: Any) -> Any:
    from gensim.models import KeyedVectors

    if not isinstance(vectors, KeyedVectors):
        raise InputError(
            f"{path}: is a pickle of {type(vectors).__name__}, which has no word vectors; name another file"
        )
    return vectors


def _composed(vectors: Any) -> Callable[[bytes], "memoryview[float] | None"] | None:
    """What makes vectors of n-grams, if there are any."""
    from gensim.models.fasttext import FastTextKeyedVectors, ft_ngram_hashes

    if not isinstance(vectors, FastTextKeyedVectors) or not vectors.bucket:
        return None

    def composed(word: bytes) -> "memoryview[float] | None":
        key = shown(word)
        if key in vectors.key_to_index or len(ft_ngram_hashes(key, vectors.min_n, vectors.max_n, vectors.bucket)):
            return np.array(vectors.get_vector(key), np.float32).data.cast("B").cast("f")
        return None

    return composed


def matrix_path(path: str) -> list[str]:
    """Where the matrix is, if it is large."""
    return [path + MATRIX_SUFFIX]


def write(path: str, embeddings: Embeddings, options: WriteOptions) -> list[str]:
    """KeyedVectors with their counts; a large matrix goes to FILE.vectors.npy, as gensim does it.

    Words that are not valid UTF-8 have their broken bytes as lone surrogates (surrogateescape).
    """
    from gensim.models import KeyedVectors

    vectors = KeyedVectors(embeddings.dim)
    vectors.lifecycle_events = None  # which would have the time of day and the name of this machine
    vectors.index_to_key = [as_text(word) for word in embeddings.vocabulary]
    vectors.key_to_index = {key: i for i, key in enumerate(vectors.index_to_key)}
    vectors.next_index = len(vectors.index_to_key)
    if embeddings.vocabulary.counts is not None:
        vectors.expandos["count"] = np.array(embeddings.vocabulary.counts, np.int64)
    is_apart = embeddings.matrix.size >= LARGE and not is_stream(path)
    if not is_apart:
        vectors.vectors = embeddings.matrix
        with replacing(path) as file:
            vectors.save(file)
    else:
        del vectors.vectors
        vectors.__dict__ |= {"__numpys": ["vectors"], "__scipys": [], "__ignoreds": [], "__recursive_saveloads": []}
        with together():
            with replacing(path) as file:
                vectors.save(file)
            with replacing_array(path + MATRIX_SUFFIX) as file:
                write_matrix(file, embeddings.matrix)
    return lost_by_format(embeddings, "counts")

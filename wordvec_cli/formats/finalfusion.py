"""finalfusion's files (.fifu): chunks with the words, a matrix of unit vectors, and the lengths that these had.

A file begins with FiFu, a version (0), and the ids of its chunks; a chunk is its id, how long it is, and that many
bytes. Numbers are little-endian; an array ends its chunk, after 1 to 4 bytes of padding to a multiple of 4 in the file.
Read are all storages (matrices and product-quantised ones) and vocabularies (words alone, hashed n-grams of finalfusion
and of fastText, explicit n-grams) but floret's; written are words alone, a matrix and lengths.
Source: src/chunks (finalfusion/finalfusion-rust), finalfusion/storage (finalfusion/finalfusion-python).
"""

import math
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.errors import InputError
from wordvec_cli.formats.finalfusion_words import KINDS, SIMPLE, Vocabulary, vocabulary_of
from wordvec_cli.formats.matrices import Words, joined, lost_by_format
from wordvec_cli.formats.reading import Oddities, ReadOptions, WriteOptions
from wordvec_cli.formats.rows import Matrix
from wordvec_cli.storage.files import readable, replacing
from wordvec_cli.storage.npy import row_slices
from wordvec_cli.text.decoding import is_utf8, quoted
from wordvec_cli.text.words import back_to_back
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.lengths import unit_rows
from wordvec_cli.vectors.packing import times_scales

MATRIX, QUANTISED, NORMS = 2, 4, 6  # ids of chunks
FLOAT32, UINT8 = 10, 1
MOST_CHUNKS = 100
ROWS_PER_CHUNK = 4096
SHORTEST, LONGEST = 1e-30, 3e38


class _Chunk(NamedTuple):
    """Where the content of a chunk begins and ends."""

    start: int
    end: int


class _Storage(NamedTuple):
    """A matrix, (n_rows, dim), whose rows are made when they are asked for by their numbers."""

    shape: tuple[int, int]
    rows: Callable[[Any], Matrix]


def _of_any_numbers() -> np.errstate:
    """For functions: what float32 cannot hold becomes infinite, and the reader of any file says so of its rows."""
    return np.errstate(over="ignore", invalid="ignore")


def read(path: str, options: ReadOptions, oddities: Oddities) -> Embeddings:
    """Raises: InputError"""
    with _errors(path):
        content = np.memmap(path, np.uint8, "r") if os.path.getsize(path) else np.empty(0, np.uint8)
        chunks = _chunks(path, content)
        id, chunk = _one_of(path, chunks, KINDS, "vocabulary")
        vocabulary = vocabulary_of(id, content[chunk.start : chunk.end].tobytes())
        storage = _storage(path, content, chunks)
        norms = _norms(content, chunks)
    n_words, n_rows = len(vocabulary.words), storage.shape[0]
    if n_rows != n_words + vocabulary.n_more or (norms is not None and len(norms) != n_words):
        raise _broken(path, f"{n_words} words and {n_rows} rows do not match")
    text, offsets = back_to_back(vocabulary.words)
    words = Words(text[: offsets[-1]], offsets)
    vectors = joined(path, words, _parts(storage, n_words, norms), options, oddities)
    return replace(vectors, composed=_composed(vocabulary, storage)) if vocabulary.ngram_rows else vectors


def _broken(path: str, why: str) -> InputError:
    return InputError(f"{path}: is not a whole finalfusion file ({why}); make or copy it again")


class _errors:  # noqa: N801  a context, as `readable` is
    def __init__(self, path: str) -> None:
        self._path, self._readable = path, readable(path)

    def __enter__(self) -> None:
        self._readable.__enter__()

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if isinstance(error, struct.error | ValueError | OverflowError | IndexError):
            raise _broken(self._path, "it is cut short, or its sizes are wrong") from None
        self._readable.__exit__(kind, error, trace)


def _chunks(path: str, content: NDArray[np.uint8]) -> dict[int, _Chunk]:
    """The chunks by their ids, none of which reaches beyond the file."""
    version, n_chunks = struct.unpack_from("<II", content.data, 4)
    if version != 0 or n_chunks > MOST_CHUNKS:
        raise _broken(path, f"version {version} with {n_chunks} chunks")
    found: dict[int, _Chunk] = {}
    place = 12 + 4 * n_chunks
    for _ in range(n_chunks):
        id, size = struct.unpack_from("<IQ", content.data, place)
        place += 12
        if size > len(content) - place:
            raise _broken(path, f"a chunk of {size} bytes reaches beyond its end")
        found[id] = _Chunk(place, place + size)
        place += size
    return found


def _one_of(path: str, chunks: dict[int, _Chunk], ids: tuple[int, ...], what: str) -> tuple[int, _Chunk]:
    for id in ids:
        if id in chunks:
            return id, chunks[id]
    raise InputError(f"{path}: has no {what} that wordvec reads (its chunks are {', '.join(map(str, chunks))})")


# ---------------------------------------------------------------- vectors


def _storage(path: str, content: NDArray[np.uint8], chunks: dict[int, _Chunk]) -> _Storage:
    id, chunk = _one_of(path, chunks, (MATRIX, QUANTISED), "matrix")
    if id == QUANTISED:
        return _quantised(content, chunk)
    n_rows, dim, kind = struct.unpack_from("<QII", content.data, chunk.start)
    matrix = _array_at_end(content, chunk, (n_rows, dim), kind, 16)
    return _Storage((n_rows, dim), lambda rows: np.ascontiguousarray(matrix[rows], np.float32))


def _array_at_end(
    content: NDArray[np.uint8], chunk: _Chunk, shape: tuple[int, ...], kind: int, n_before: int
) -> Matrix:
    """The float32 array with which a chunk ends."""
    size = 4 * math.prod(shape)
    if kind != FLOAT32 or not 0 < size <= chunk.end - chunk.start - n_before:
        raise ValueError("an array")
    values: Matrix = np.frombuffer(content[chunk.end - size : chunk.end], "<f4")
    return values.reshape(shape)


def _quantised(content: NDArray[np.uint8], chunk: _Chunk) -> _Storage:
    """Rows of one centroid for each part, turned and made longer where the file says so."""
    has_projection, has_norms, n_parts, dim, n_centroids, n_rows, code, kind = struct.unpack_from(
        "<IIIIIQII", content.data, chunk.start
    )
    if (code, kind) != (UINT8, FLOAT32) or not n_parts or not dim or dim % n_parts or not 0 < n_centroids <= 256:
        raise ValueError("a quantised array")
    shapes = (
        [(dim, dim)] * bool(has_projection) + [(n_parts, n_centroids, dim // n_parts)] + [(n_rows,)] * bool(has_norms)
    )
    size = 4 * sum(map(math.prod, shapes)) + n_rows * n_parts
    if not n_rows or size > chunk.end - chunk.start - 36:
        raise ValueError("a quantised array")
    place = chunk.end - size
    arrays: list[Matrix] = []
    for shape in shapes:
        n_bytes = 4 * math.prod(shape)
        arrays.append(np.frombuffer(content[place : place + n_bytes], "<f4").reshape(shape))
        place += n_bytes
    codes = content[place : chunk.end].reshape(n_rows, n_parts)
    if codes.max() >= n_centroids:
        raise ValueError("a centroid")
    projection = arrays.pop(0) if has_projection else None
    centroids, parts = arrays[0], np.arange(n_parts)

    @_of_any_numbers()
    def rows(places: Any) -> Matrix:
        chosen = codes[places]
        found = centroids[parts, chosen].reshape(len(chosen), dim)
        if projection is not None:
            found = found @ projection.T
        return np.ascontiguousarray(times_scales(found, arrays[1][places]) if has_norms else found, np.float32)

    return _Storage((n_rows, dim), rows)


def _norms(content: NDArray[np.uint8], chunks: dict[int, _Chunk]) -> Matrix | None:
    if NORMS not in chunks:
        return None
    n, kind = struct.unpack_from("<QI", content.data, chunks[NORMS].start)
    return _array_at_end(content, chunks[NORMS], (n,), kind, 12)


def _parts(storage: _Storage, n_words: int, norms: Matrix | None) -> Iterator[Matrix]:
    for some in row_slices((n_words, storage.shape[1]), 4):
        rows = storage.rows(some)
        yield rows if norms is None else times_scales(rows, norms[some])


def _composed(vocabulary: Vocabulary, storage: _Storage) -> Callable[[bytes], "memoryview[float] | None"]:
    """What makes vectors of n-grams: their sum, with the length 1."""
    assert vocabulary.ngram_rows is not None
    ngram_rows = vocabulary.ngram_rows

    @_of_any_numbers()
    def composed(word: bytes) -> "memoryview[float] | None":
        rows = ngram_rows(word)
        if not rows:
            return None
        sums = storage.rows(np.array(rows)).sum(axis=0, dtype=np.float32)
        return cast("memoryview[float]", unit_rows(sums[None])[0].astype(np.float32).data.cast("B").cast("f"))

    return composed


# ---------------------------------------------------------------- writing


def write(path: str, embeddings: Embeddings, options: WriteOptions) -> list[str]:
    """Words, unit vectors and their lengths. Raises: InputError for a word that is not valid UTF-8"""
    words = list(embeddings.vocabulary)
    for word in words:
        if not is_utf8(word):
            raise InputError(
                f"{path}: the word {quoted(word)} is not valid UTF-8, which finalfusion cannot read; add "
                "--invalid-utf8 replace or skip"
            )
    n, dim = len(words), embeddings.dim
    vocabulary = struct.pack("<Q", n) + b"".join([struct.pack("<I", len(word)) + word for word in words])
    start = b"FiFu" + struct.pack("<5I", 0, 3, SIMPLE, MATRIX, NORMS)
    start += struct.pack("<IQ", SIMPLE, len(vocabulary)) + vocabulary
    padding = bytes(4 - len(start) % 4)
    lengths: list[Matrix] = []
    with replacing(path) as file:
        file.write(start + struct.pack("<IQQII", MATRIX, 16 + len(padding) + 4 * n * dim, n, dim, FLOAT32) + padding)
        for first in range(0, n, ROWS_PER_CHUNK):
            with np.errstate(invalid="ignore"):  # a NaN of any bits
                rows = np.asarray(embeddings.rows(slice(first, first + ROWS_PER_CHUNK)), np.float64)
            norms = np.linalg.norm(rows, axis=1)
            has_length = (norms == 0) | ((norms > SHORTEST) & (norms < LONGEST))
            norms[~has_length] = 1  # a row that is not finite, or whose length float32 does not hold, stays as it is
            file.write(np.ascontiguousarray(rows / np.where(norms > 0, norms, 1)[:, None], "<f4").tobytes())
            lengths.append(norms.astype("<f4"))
        file.write(struct.pack("<IQQI", NORMS, 12 + 4 + 4 * n, n, FLOAT32) + bytes(4))
        file.write(np.concatenate(lengths).tobytes())
    rounded = "the last bit of numbers, as a vector's length stands apart from its direction"
    return [*lost_by_format(embeddings), rounded]

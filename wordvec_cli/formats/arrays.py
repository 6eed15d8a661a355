"""Numpy's files: `.npy`, a matrix whose words lie in another file, and `.npz`, arrays by name, the words among them.

The `.npz` that we write holds `vectors` (n, dim) float32; `words`, the bytes of all words back to back, and `offsets`
(n + 1,) int64, so that word i is words[offsets[i]:offsets[i + 1]] and may hold any bytes; `counts` (n,) int64 if they
are known. numpy.load reads it without pickle. Of other tools the words may be an array of text (dtype U or S), and the
matrix may be called `matrix` or `embeddings`. Nothing is ever unpickled.
"""

import itertools
import math
import os
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.errors import InputError
from wordvec_cli.formats import layer_matrix
from wordvec_cli.formats.matrices import (
    Words,
    check_rows,
    joined,
    lost_by_format,
    words_beside,
)
from wordvec_cli.formats.plain_pickle import dictionary_refused, is_array_of_dictionary
from wordvec_cli.formats.reading import Oddities, ReadOptions, WriteOptions
from wordvec_cli.formats.rows import Integers, Matrix
from wordvec_cli.storage.files import is_stream, readable, replacing, together
from wordvec_cli.storage.npy import (
    Header,
    PickledError,
    check_matrix,
    float_slices,
    map_array,
    read_header,
    row_slices,
    write_array,
    write_matrix,
)
from wordvec_cli.storage.sidecar import WORDS_SUFFIX, words_path
from wordvec_cli.text.decoding import as_bytes, quoted
from wordvec_cli.text.words import back_to_back
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vocabulary.vocabulary import Vocabulary

WORDS_PER_CHUNK = 1 << 14
MATRIX_NAMES = ("vectors", "matrix", "embeddings")
PICKLE_START_BYTES = 400  # within which a pickled array comes to its first value

# ---------------------------------------------------------------- .npy


def read_npy(path: str, options: ReadOptions, oddities: Oddities) -> Embeddings:
    """The rows of a matrix; float32 in C order is mapped, anything else converted. Raises: InputError"""
    if stored := layer_matrix.opened_with_rule(path, oddities):
        return layer_matrix.vectors_of(stored, options, oddities)
    with readable(path), open(path, "rb") as file:
        header = _header(path, file)
        check_matrix(f"{path}: it", header)
        n_more = os.fstat(file.fileno()).st_size - file.tell() - header.n_bytes
        matrix = map_array(path, file, header)
    if n_more > 0:
        oddities.note(f"has {n_more} bytes after its first array, which are not read")
    words = words_beside(path, options)
    check_rows(path, header.shape[0], words, options.vocabulary or words_path(path))
    return joined(path, words, float_slices(matrix), options, oddities)


def _header(path: str, file: IO[bytes]) -> Header:
    """Raises: InputError, which says of a dictionary that it is one"""
    try:
        return read_header(f"{path}: it", file)
    except PickledError:
        if not is_array_of_dictionary(file.read(PICKLE_START_BYTES)):
            raise
    raise InputError(f"{path}: is {dictionary_refused('numpy.load(FILE, allow_pickle=True).item()')}")


def companions(path: str) -> list[str]:
    """Where the words of a matrix are."""
    return [words_path(path)]


def write_npy(path: str, embeddings: Embeddings, options: WriteOptions) -> list[str]:
    """The matrix, and FILE.words beside it; to standard output or a device the matrix alone. Raises: InputError"""
    lost = lost_by_format(embeddings)
    if is_stream(path):
        with replacing(path) as file:
            write_matrix(file, embeddings.matrix)
        return ["the words", *lost]
    with together():
        with replacing(path) as file:
            write_matrix(file, embeddings.matrix)
        with replacing(words_path(path)) as file:
            _write_words(path, file, embeddings.vocabulary)
    return lost


def _write_words(path: str, file: IO[bytes], vocabulary: Vocabulary) -> None:
    entries = iter(vocabulary)
    while words := list(itertools.islice(entries, WORDS_PER_CHUNK)):
        lines = b"\n".join(words)
        if lines.count(b"\n") != len(words) - 1:
            wrong = quoted(next(word for word in words if b"\n" in word))
            raise InputError(
                f"{path}: the word {wrong} has a line end, which {WORDS_SUFFIX} cannot hold; write an .npz"
            )
        file.write(lines + b"\n")


# ---------------------------------------------------------------- .npz


def read_npz(path: str, options: ReadOptions, oddities: Oddities) -> Embeddings:
    """The rows of the matrix, and the words beside it in the archive. Raises: InputError"""
    with _archive_errors(path):
        opened = zipfile.ZipFile(path)
    with opened:
        archive = _Archive(path, opened)
        name = archive.first_of(MATRIX_NAMES)
        if name is None:
            names = ", ".join(MATRIX_NAMES)
            there = ", ".join(archive.names) or "nothing"
            raise InputError(f"{path}: has no array called {names}, but {there}; rename the matrix")
        archive.check_size(options.max_bytes)
        words = archive.words() if "words" in archive.names else words_beside(path, options)
        where = "has" if "words" in archive.names else options.vocabulary or words_path(path)
        shape, parts = archive.matrix(name)
        check_rows(path, shape[0], words, where)
        return joined(path, words, parts, options, oddities)


class _Archive:
    """The arrays of an open `.npz`, each read when it is asked for."""

    def __init__(self, path: str, archive: zipfile.ZipFile) -> None:
        self._path = path
        self._archive = archive
        self._entries = {
            entry.filename.removesuffix(".npy"): entry
            for entry in archive.infolist()
            if entry.filename.endswith(".npy")
        }

    @property
    def names(self) -> list[str]:
        return list(self._entries)

    def first_of(self, names: Iterable[str]) -> str | None:
        return next((name for name in names if name in self._entries), None)

    def check_size(self, max_bytes: int | None) -> None:
        size = sum(entry.file_size for entry in self._entries.values())
        if max_bytes is not None and size > max_bytes:
            raise InputError(f"{self._path}: holds {size} bytes, more than --max-bytes {max_bytes}; raise it")

    @contextmanager
    def _array(self, name: str) -> Iterator[tuple[Header, IO[bytes]]]:
        """The header of an array, and the file at its numbers."""
        what = f"{self._path}: its array {name}"
        with _archive_errors(self._path), self._archive.open(self._entries[name]) as file:
            header = read_header(what, file)
            size = self._entries[name].file_size - file.tell()
            if size != header.n_bytes:
                raise InputError(
                    f"{what} has {size} bytes where its shape {header.shape} needs {header.n_bytes}; "
                    "the file is damaged, make or copy it again"
                )
            yield header, file

    def matrix(self, name: str) -> tuple[tuple[int, ...], Iterator[Matrix]]:
        """The shape of a matrix, and its rows as they are read."""
        with self._array(name) as (header, _):
            check_matrix(f"{self._path}: its array {name}", header)
        return header.shape, self._parts(name)

    def _parts(self, name: str) -> Iterator[Matrix]:
        with self._array(name) as (header, file):
            if header.is_fortran:
                yield from float_slices(_values(header, file.read(), header.shape))
                return
            for rows in row_slices(header.shape, header.dtype.itemsize):
                shape = (rows.stop - rows.start, header.shape[1])
                content = file.read(math.prod(shape) * header.dtype.itemsize)
                yield from float_slices(_values(header, content, shape))

    def _vector(self, name: str, kinds: str) -> NDArray[Any]:
        """An array of one dimension."""
        with self._array(name) as (header, file):
            if len(header.shape) != 1 or header.dtype.kind not in kinds:
                raise InputError(
                    f"{self._path}: its array {name} has the shape {header.shape} and the type {header.dtype}; "
                    "wordvec reads words as an array of text (dtype U or S), counts as one of whole numbers"
                )
            return _values(header, file.read(), header.shape)

    def words(self) -> Words:
        words = self._vector("words", "USu")
        text, offsets = self._packed(words) if words.dtype.kind == "u" else self._texts(words)
        counts = self._vector("counts", "iu").astype(np.int64) if "counts" in self._entries else None
        if counts is not None and len(counts) != len(offsets) - 1:
            raise InputError(f"{self._path}: has {len(offsets) - 1} words and {len(counts)} counts; make it again")
        return Words(text, offsets, counts)

    def _packed(self, text: NDArray[Any]) -> tuple[NDArray[np.uint8], Integers]:
        """Words as we write them."""
        offsets = (
            self._vector("offsets", "iu").astype(np.int64) if "offsets" in self._entries else np.zeros(0, np.int64)
        )
        if (
            text.itemsize != 1
            or not len(offsets)
            or offsets[0] != 0
            or offsets[-1] != len(text)
            or (np.diff(offsets) < 0).any()
        ):
            raise InputError(f"{self._path}: its arrays words and offsets do not match; the file is damaged")
        return text, offsets

    def _texts(self, words: NDArray[Any]) -> tuple[NDArray[np.uint8], Integers]:
        try:
            every = words.tolist()
            every = [as_bytes(word) for word in every]
        except (ValueError, UnicodeEncodeError) as error:
            raise InputError(f"{self._path}: its array words is not text ({error}); the file is damaged") from None
        text, offsets = back_to_back(every)
        return text[: offsets[-1]], offsets


@contextmanager
def _archive_errors(path: str) -> Iterator[None]:
    """Turn whatever can be wrong with an archive into an InputError."""
    broken = (zipfile.BadZipFile, zlib.error, EOFError, struct.error, NotImplementedError, RuntimeError, ValueError)
    try:
        with readable(path):
            yield
    except broken as error:
        reason = str(error) or "it ends too early"
        raise InputError(f"{path}: is not a whole .npz archive ({reason}); make or copy it again") from None


def _values(header: Header, content: bytes, shape: tuple[int, ...]) -> NDArray[Any]:
    values: NDArray[Any] = np.frombuffer(content, header.dtype, math.prod(shape))
    return values.reshape(shape, order="F" if header.is_fortran else "C")


def write_npz(path: str, embeddings: Embeddings, options: WriteOptions) -> list[str]:
    """`vectors`, `words`, `offsets` and, if they are known, `counts`."""
    vocabulary = embeddings.vocabulary
    arrays = {
        "vectors.npy": (embeddings.matrix, "<f4"),
        "words.npy": (np.asarray(vocabulary.text), "|u1"),
        "offsets.npy": (np.asarray(vocabulary.offsets), "<i8"),
    }
    if vocabulary.counts is not None:
        arrays["counts.npy"] = (np.asarray(vocabulary.counts), "<i8")
    with replacing(path) as file, zipfile.ZipFile(file, "w") as archive:
        for name, (array, dtype) in arrays.items():
            with archive.open(name, "w", force_zip64=True) as entry:
                write_array(entry, array, dtype)
    return lost_by_format(embeddings, "counts")

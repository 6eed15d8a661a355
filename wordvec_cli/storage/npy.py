"""Numpy's arrays in files: reading their headers with care, mapping and writing them a slice at a time.

Nothing is ever unpickled.
"""

import math
import os
import tokenize
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.errors import InputError
from wordvec_cli.storage.files import is_stream, readable, replacing, together
from wordvec_cli.storage.sidecar import words_path

MAGIC = b"\x93NUMPY"
CHUNK_BYTES = 1 << 22
Matrix = NDArray[np.float32]

# ---------------------------------------------------------------- reading


class PickledError(InputError):
    """An array is a pickle, which begins where the file now stands."""


class Header(NamedTuple):
    """What an array begins with."""

    shape: tuple[int, ...]
    is_fortran: bool
    dtype: np.dtype[Any]

    @property
    def n_bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


def read_header(what: str, file: IO[bytes]) -> Header:
    """The header of the array that begins here; `what` names it in errors. Raises: InputError, PickledError"""
    try:
        version = np.lib.format.read_magic(file)
        if version == (1, 0):
            read = np.lib.format.read_array_header_1_0
        elif version == (2, 0):
            read = np.lib.format.read_array_header_2_0
        else:
            raise InputError(f"{what} is not a matrix of numbers (version {version[0]} of numpy's format)")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it was written by Python 2
            header = Header(*read(file))
    except (LookupError, ValueError, TypeError, SyntaxError, tokenize.TokenError, RecursionError, MemoryError) as error:
        reason = str(error).partition("\n")[0]
        raise InputError(
            f"{what} does not begin as numpy's arrays do ({reason}); make or copy the file again"
        ) from None
    if header.dtype.hasobject:
        raise PickledError(
            f"{what} holds Python objects, which only a pickle can bring, and a pickle can run any code; "
            "save it with a type of numbers or text: array.astype('float32'), array.astype('U')"
        )
    if any(size < 0 or isinstance(size, bool) for size in header.shape):
        raise InputError(f"{what} has the shape {header.shape}; the file is damaged, make or copy it again")
    return header


def check_matrix(what: str, header: Header) -> None:
    """Raises: InputError if the array is not a matrix of numbers, or an empty one"""
    if header.dtype.kind not in "fiu":
        raise InputError(f"{what} holds values of type {header.dtype}, which are not numbers; save it as float32")
    if len(header.shape) != 2 or not all(header.shape):
        raise InputError(f"{what} has the shape {header.shape}; save it with a row for each word: (words, dimension)")


def map_file(path: str, check: Callable[[str, Header], None]) -> NDArray[Any] | None:
    """The array of an .npy file, as a read-only map; None if the file does not begin as one.

    check  is given the path and the header
    Raises: InputError
    """
    with readable(path), open(path, "rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            return None
        file.seek(0)
        return map_open(path, file, check)


def map_open(path: str, file: BinaryIO, check: Callable[[str, Header], None]) -> NDArray[Any]:
    """As `map_file`, of an open file that begins as an array does; `path` names it in errors."""
    header = read_header(f"{path}: it", file)
    check(path, header)
    return map_array(path, file, header)


def map_array(path: str, file: BinaryIO, header: Header) -> NDArray[Any]:
    """The array whose numbers begin here, as a read-only map. Raises: InputError"""
    start, size = file.tell(), os.fstat(file.fileno()).st_size
    if size - start < header.n_bytes:
        raise InputError(
            f"{path}: has {size - start} bytes where its shape {header.shape} needs {header.n_bytes}; "
            "the file is cut short, make or copy it again"
        )
    if not header.n_bytes:
        return np.empty(header.shape, header.dtype)  # nothing cannot be mapped
    return np.memmap(file, header.dtype, "r", start, header.shape, "F" if header.is_fortran else "C")


def float_slices(matrix: NDArray[Any]) -> Iterator[Matrix]:
    """A matrix as float32: whole and as it is if it can be, or else rows that are converted a slice at a time."""
    if matrix.dtype == np.float32 and matrix.flags.c_contiguous and matrix.flags.aligned:
        yield np.asarray(matrix)
        return
    for rows in row_slices(matrix.shape, matrix.itemsize):
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is counted as such
            part = np.array(matrix[rows], np.float32, order="C")
        yield part


def row_slices(shape: tuple[int, ...], value_bytes: int) -> Iterator[slice]:
    """Ranges of rows of some megabytes."""
    n_rows = max(1, CHUNK_BYTES // max(1, math.prod(shape[1:]) * value_bytes))
    return (slice(first, min(first + n_rows, shape[0])) for first in range(0, shape[0], n_rows))


# ---------------------------------------------------------------- writing


@contextmanager
def replacing_array(path: str) -> Iterator[IO[bytes]]:
    """As `files.replacing`, for an array without words: FILE.words beside an older one would be taken for its words.

    Raises: OutputError
    """
    with together() as outputs, replacing(path) as file:
        if not is_stream(path):
            for each in (path, os.path.realpath(path)):
                outputs.remove(words_path(each))
        yield file


def write_array(file: IO[bytes], array: Any, dtype: str) -> None:
    """Write as numpy.save does, a slice of rows at a time."""
    shape = tuple(array.shape)
    write_parts(file, shape, dtype, (array[rows] for rows in row_slices(shape, np.dtype(dtype).itemsize)))


def write_parts(file: IO[bytes], shape: tuple[int, ...], dtype: str, parts: Iterable[NDArray[Any]]) -> None:
    """As `write_array`, of rows that come in parts."""
    np.lib.format.write_array_header_1_0(file, {"descr": dtype, "fortran_order": False, "shape": shape})
    for part in parts:
        file.write(np.ascontiguousarray(part, dtype).data.cast("B") if part.size else b"")


def write_matrix(file: IO[bytes], matrix: Matrix) -> None:
    """Write a float32 matrix as numpy.save does, a slice of rows at a time."""
    write_array(file, matrix, "<f4")

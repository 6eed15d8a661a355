"""The native file: a valid safetensors file, read with the standard library alone through a memory map.

Layout: 8 bytes, the header's length, little-endian; the header, JSON, padded with spaces; the tensors, back to back in
the header's order. `__metadata__` maps strings to strings; its `checksum` is the SHA-256 of the whole file with the 64
digits of the checksum itself as zeros.
Source: the format description in the repository huggingface/safetensors.

On the path of every look-up: named tuples, as a dataclass takes a millisecond to make.
"""

import json
import math
import mmap
import os
import struct
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import IO, Any, NamedTuple

from wordvec_cli import __version__
from wordvec_cli.errors import InputError
from wordvec_cli.storage.files import is_stream, readable, replacing

LENGTH = struct.Struct("<Q")
ALIGNMENT = 64
MAX_HEADER_BYTES = 100_000_000  # the limit of the safetensors library
NO_CHECKSUM = "0" * 64
CHECKSUM_KEY = b'"checksum":"'

# How many bytes a value takes, and the code under which memoryview.cast knows it (None: it does not).
DTYPES: Mapping[str, tuple[int, str | None]] = {
    "F64": (8, "d"),
    "F32": (4, "f"),
    "F16": (2, None),
    "BF16": (2, None),
    "I64": (8, "q"),
    "I32": (4, "i"),
    "I16": (2, "h"),
    "I8": (1, "b"),
    "U64": (8, "Q"),
    "U32": (4, "I"),
    "U16": (2, "H"),
    "U8": (1, "B"),
    "BOOL": (1, "?"),
    **dict.fromkeys(("F8_E4M3", "F8_E5M2", "F8_E8M0"), (1, None)),  # which only other programs write
    "C64": (8, None),
}

# What numpy calls them; it has no BF16.
_NUMPY_TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BOOL": "?"} | {
    f"{kind.upper()}{8 * size}": f"<{kind}{size}" for kind in "iu" for size in (8, 4, 2, 1)
}
BYTES_AT_ONCE = 1 << 22
BYTES_OF_A_THREAD = 1 << 24  # of a file, from which on a thread for its checksum is worth its start


class Tensor(NamedTuple):
    """A tensor to write: `chunks()` gives its bytes piece by piece, little-endian, as often as it is called."""

    dtype: str
    shape: tuple[int, ...]
    chunks: Callable[[], Iterable[bytes | memoryview]]

    @property
    def n_bytes(self) -> int:
        return math.prod(self.shape) * DTYPES[self.dtype][0]

    @staticmethod
    def of(values: Any, dtype: str) -> "Tensor":
        """An array, or what can be cut like one and may be made only then: a slice of some megabytes at a time."""
        n_rows, *others = values.shape
        row_bytes = math.prod(others) * DTYPES[dtype][0]
        n_at_once = max(1, BYTES_AT_ONCE // max(row_bytes, 1))
        slices = [slice(first, first + n_at_once) for first in range(0, n_rows, n_at_once)]
        return Tensor.of_parts(lambda: (values[some] for some in slices), dtype, values.shape)

    @staticmethod
    def of_parts(parts: Callable[[], Iterable[Any]], dtype: str, shape: tuple[int, ...]) -> "Tensor":
        """Arrays one after the other, which `parts` makes as often as it is called."""
        return Tensor(dtype, shape, lambda: (_memory(part, dtype) for part in parts()))


def memory_of(array: Any) -> memoryview:
    """The memory of a contiguous array, memoryview or bytes."""
    return memoryview(array).cast("B")


def _memory(array: Any, dtype: str) -> memoryview:
    import numpy as np

    return np.ascontiguousarray(array, _NUMPY_TYPES[dtype]).reshape(-1).view(np.uint8).data


class OwnFormat(NamedTuple):
    """A kind of file of ours, as its metadata names it.

    contents  what its files hold, and what makes them, for errors
    """

    name: str
    version: str
    contents: str

    def metadata(self) -> dict[str, str]:
        return {"format": self.name, "format_version": self.version, "tool": f"wordvec {__version__}"}

    def check(self, file: "StoredFile") -> None:
        """Raises: InputError if a safetensors file is of another kind"""
        if file.metadata.get("format") != self.name:
            raise InputError(f"{file.path}: is a safetensors file but not one of {self.contents}")
        if (its := file.metadata.get("format_version")) != self.version:
            raise InputError(f"{file.path}: {unknown_version('format', its, self.version)}")


def unknown_version(what: str, its: object, ours: str, known: str = "") -> str:
    """What to say of a file of another version than ours: whether it is a newer one, or none that there has been."""
    is_newer = str(its).isascii() and str(its).isdecimal() and len(str(its)) < 9 and int(str(its)) > int(ours)
    if is_newer:
        return f"has {what} version {its}, newer than this wordvec; install a newer wordvec"
    return f"has {what} version {its}, and this wordvec knows {known or ours} only; the file is damaged, make it again"


class StoredTensor(NamedTuple):
    """A tensor of an open file: `data` is a typed view of the map, or of bytes where memoryview lacks the type."""

    dtype: str
    shape: tuple[int, ...]
    data: "memoryview[Any]"


class _Watch:
    """Tells whether an open file is as it was: its size, and when it was last written to."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = os.dup(descriptor)
        self._first = self._now()

    def __del__(self) -> None:
        os.close(self._descriptor)

    def _now(self) -> tuple[int, int]:
        now = os.fstat(self._descriptor)
        return now.st_size, now.st_mtime_ns

    @property
    def sees_change(self) -> bool:
        return self._now() != self._first


class StoredFile(NamedTuple):
    """An open safetensors file; its tensors are views of a read-only memory map."""

    path: str
    metadata: Mapping[str, str]
    tensors: Mapping[str, StoredTensor]
    content: memoryview
    watch: _Watch | None = None  # None: nothing is mapped

    def check_unchanged(self) -> None:
        """To be asked before answers from a file that has been open for a while.

        The system kills a process that reads where its map goes on and its file has been cut; and of a file that is
        written over, half is new and half old. A file that is renamed or replaced as a whole stays open as it was.
        Raises: InputError
        """
        if self.watch and self.watch.sees_change:
            raise InputError(
                f"{self.path}: was written over while it was open; start again, and replace such a file by a rename"
            )

    def checksum_holds(self) -> bool:
        """Whether the file's bytes are those that were written (reads all of it)."""
        import hashlib

        start = bytes(self.content[: 8 + LENGTH.unpack(self.content[:8])[0]])
        digits = start.find(CHECKSUM_KEY) + len(CHECKSUM_KEY)
        recorded = start[digits : digits + len(NO_CHECKSUM)].decode("latin-1")
        digest = hashlib.sha256(start[:digits] + NO_CHECKSUM.encode() + start[digits + len(NO_CHECKSUM) :])
        digest.update(self.content[len(start) :])
        return digest.hexdigest() == recorded


def write(path: str, tensors: Mapping[str, Tensor], metadata: Mapping[str, str], aligned: str) -> None:
    """Write a safetensors file in the order of `tensors`; the tensor `aligned` starts at a multiple of 64 bytes."""
    import hashlib

    header = header_of(tensors, {**metadata, "checksum": NO_CHECKSUM}, aligned)
    digest = hashlib.sha256(header)
    if is_stream(path):  # in which the checksum cannot be filled in at the end
        for chunk in all_chunks(tensors):
            digest.update(chunk)
        write_unchecked(path, tensors, {**metadata, "checksum": digest.hexdigest()}, aligned)
        return
    with replacing(path) as file:
        file.write(header)
        if sum(tensor.n_bytes for tensor in tensors.values()) < BYTES_OF_A_THREAD:
            for chunk in all_chunks(tensors):
                digest.update(chunk)
                file.write(chunk)
        else:
            _write_and_hash(file, tensors, digest.update)
        fill_in(file, header, digest.hexdigest())


def fill_in(file: IO[bytes], header: bytes, checksum: str) -> None:
    """Write the checksum where the header, at the start of the file, has a place for it."""
    file.seek(header.find(CHECKSUM_KEY) + len(CHECKSUM_KEY))
    file.write(checksum.encode())


def _write_and_hash(
    file: IO[bytes], tensors: Mapping[str, Tensor], update: Callable[[bytes | memoryview], None]
) -> None:
    """Hash each chunk on a thread of its own while it is written."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        for chunk in all_chunks(tensors):
            hashed = pool.submit(update, chunk)
            file.write(chunk)
            hashed.result()


def write_unchecked(path: str, tensors: Mapping[str, Tensor], metadata: Mapping[str, str], aligned: str) -> None:
    """As `write`, without a checksum, which takes as long as the writing."""
    with replacing(path) as file:
        file.write(header_of(tensors, metadata, aligned))
        for chunk in all_chunks(tensors):
            file.write(chunk)


def all_chunks(tensors: Mapping[str, Tensor]) -> Iterator[bytes | memoryview]:
    for tensor in tensors.values():
        yield from tensor.chunks()


def header_of(tensors: Mapping[str, Tensor], metadata: Mapping[str, str], aligned: str) -> bytes:
    """The length and the padded JSON header, as the file starts with them."""
    header: dict[str, object] = {"__metadata__": dict(sorted(metadata.items()))}
    position = aligned_at = 0
    for name, tensor in tensors.items():
        if name == aligned:
            aligned_at = position
        end = position + tensor.n_bytes
        header[name] = {"dtype": tensor.dtype, "shape": list(tensor.shape), "data_offsets": [position, end]}
        position = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-(LENGTH.size + len(text) + aligned_at) % ALIGNMENT)
    return LENGTH.pack(len(text)) + text


def looks_like(start: bytes) -> bool:
    """Whether what begins so may be a safetensors file: a length that is not beyond all use, and a table."""
    return start[LENGTH.size : LENGTH.size + 1] == b"{" and LENGTH.unpack(start[: LENGTH.size])[0] < 1 << 32


def open_file(path: str) -> StoredFile:
    """Map a safetensors file after checking its structure and sizes; no tensor is read.

    Raises: InputError
    """
    if sys.byteorder != "little":
        raise InputError(f"{path}: safetensors files are little-endian and this machine is not; use another machine")
    mapped, watch = _mapped(path)
    content = memoryview(mapped)
    header, start = _parse_header(path, content)
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise InputError(f"{path}: __metadata__ is not a table of strings; the file is damaged, make it again")
    tensors = _map_tensors(path, header, content[start:])
    return StoredFile(path, metadata, tensors, content, watch)


def _mapped(path: str) -> tuple[mmap.mmap | bytes, _Watch | None]:
    with readable(path), open(path, "rb") as file:
        try:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), _Watch(file.fileno())
        except (ValueError, OSError):
            return file.read(LENGTH.size + MAX_HEADER_BYTES), None  # an empty file, a pipe: nothing to map


def _parse_header(path: str, content: memoryview) -> tuple[dict[str, Any], int]:
    """The header's table, and where the tensors start."""
    if len(content) < LENGTH.size:
        raise InputError(f"{path}: {len(content)} bytes are too short for a safetensors file; is it the right file?")
    n_header = LENGTH.unpack(content[: LENGTH.size])[0]
    start = LENGTH.size + n_header
    if n_header > MAX_HEADER_BYTES or content[LENGTH.size : LENGTH.size + 1].tobytes() != b"{":
        raise InputError(f"{path}: is not a safetensors file; vectors are made by: wordvec train -o FILE.safetensors")
    if start > len(content):
        raise InputError(f"{path}: ends inside its header; the file is cut short, make or copy it again")
    try:
        header = json.loads(bytes(content[LENGTH.size : start]))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: its header is not JSON ({error}); the file is damaged, make it again") from None
    return header, start


def _map_tensors(path: str, header: dict[str, Any], data: memoryview) -> dict[str, StoredTensor]:
    """The tensors that `header` names, checked to lie back to back and to fill `data`."""
    try:
        places = sorted((*entry["data_offsets"], name) for name, entry in header.items())
        tensors, position = {}, 0
        for begin, end, name in places:
            dtype, shape = header[name]["dtype"], tuple(header[name]["shape"])
            size, code = DTYPES[dtype]
            whole_numbers = all(type(number) is int and number >= 0 for number in (begin, end, *shape))
            if not whole_numbers or begin != position or end - begin != math.prod(shape) * size or end > len(data):
                raise InputError(
                    f"{path}: tensor {name!r} is not whole; the file is cut short or damaged, make or copy it again"
                )
            position = end
            view = data[begin:end]
            typed: memoryview[Any] = view.cast(code) if code else view  # type: ignore[call-overload]
            tensors[name] = StoredTensor(dtype, shape, typed)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{path}: its header is not a safetensors header ({error!r}); make the file again") from None
    if position != len(data):
        raise InputError(f"{path}: has {len(data) - position} bytes after its last tensor; the file is damaged")
    return tensors

"""torch's files (.pt, .pth, .bin): weights in a zip archive, as torch.save makes it; one is the words' matrix.

The archive has `data.pkl`, which tells the names, shapes and places of tensors, and their numbers in `data/0`, `data/1`
... It is read without torch, and without unpickling: see `plain_pickle`. The words are those of --vocab, or FILE.words.
Source: torch/serialization.py, torch/_utils.py.
"""

import math
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.errors import InputError
from wordvec_cli.formats.matrices import joined, words_beside
from wordvec_cli.formats.matrix_choice import matrix_of_words
from wordvec_cli.formats.plain_pickle import Call, Name, Reference, plain_values
from wordvec_cli.formats.reading import Oddities, ReadOptions
from wordvec_cli.formats.rows import Matrix
from wordvec_cli.storage.files import COPY_BYTES, readable
from wordvec_cli.storage.npy import float_slices, row_slices
from wordvec_cli.storage.sidecar import words_path
from wordvec_cli.vectors.embeddings import Embeddings

PICKLE = "data.pkl"
MOST_PICKLE_BYTES = 1 << 28
MOST_DEPTH = 10
TYPES = {"FloatStorage": "<f4", "DoubleStorage": "<f8", "HalfStorage": "<f2", "BFloat16Storage": "<u2"}
_REBUILDERS = ("_rebuild_tensor_v2", "_rebuild_tensor")
_LOCAL_HEADER = 30


class _Tensor(NamedTuple):
    """Where the numbers of a tensor lie: in values of a storage."""

    dtype: str
    key: str
    start: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read(path: str, options: ReadOptions, oddities: Oddities) -> Embeddings:
    """Raises: InputError"""
    try:
        with readable(path), zipfile.ZipFile(path) as archive:
            tensors, prefix = _tensors(path, archive)
            entries = {entry.filename: entry for entry in archive.infolist()}
            words = words_beside(path, options)
            shapes = {name: tensor.shape for name, tensor in tensors.items()}
            where = options.vocabulary or words_path(path)
            tensor = tensors[matrix_of_words(path, shapes, len(words), where, options.matrix)]
            values = _values(path, entries.get(f"{prefix}data/{tensor.key}"), tensor)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, struct.error, EOFError) as error:
        raise InputError(f"{path}: is not a whole file of torch's ({error}); make or copy it again") from None
    return joined(path, words, _rows(values, tensor.dtype), options, oddities)


def _tensors(path: str, archive: zipfile.ZipFile) -> tuple[dict[str, _Tensor], str]:
    """The tensors of floats by their names, and the folder of the archive that they are in. Raises: ValueError"""
    name = next((name for name in archive.namelist() if name.endswith(PICKLE)), None)
    if name is None or archive.getinfo(name).file_size > MOST_PICKLE_BYTES:
        raise ValueError(f"it has no {PICKLE}, or one that is too long")
    prefix = name.removesuffix(PICKLE)
    if f"{prefix}byteorder" in archive.namelist() and archive.read(f"{prefix}byteorder") != b"little":
        raise InputError(f"{path}: was saved on a big-endian machine; save it again on another")
    found = dict(_named(plain_values(archive.read(name)), "", 0, set()))
    if not found:
        raise InputError(f"{path}: names no tensors of floats; save a state_dict: torch.save(model.state_dict(), FILE)")
    return found, prefix


def _named(value: Any, name: str, depth: int, seen: set[int]) -> Iterator[tuple[str, _Tensor]]:
    """seen: the dictionaries that were looked into, each once, as a few may hold each other very often"""
    if isinstance(value, dict) and depth < MOST_DEPTH:
        if id(value) not in seen:
            seen.add(id(value))
            for key, inner in value.items():
                yield from _named(inner, f"{name}.{key}" if name else str(key), depth + 1, seen)
    elif isinstance(value, Call) and value.called == Name("torch._utils", "_rebuild_parameter"):
        if isinstance(value.arguments, tuple) and value.arguments and depth < MOST_DEPTH:
            yield from _named(value.arguments[0], name, depth + 1, seen)
    elif (tensor := _tensor(value)) is not None:
        yield name or "tensor", tensor


def _tensor(value: Any) -> _Tensor | None:
    """What a call that would make a tensor of floats says of it."""
    match value:
        case Call(
            Name("torch._utils", rebuilder),
            (
                Reference(("storage", Name("torch", kind), str(key), _, int())),
                int(start),
                tuple(shape),
                tuple(strides),
                *others,
            ),
        ) if rebuilder in _REBUILDERS and kind in TYPES and all(isinstance(n, int) for n in (*shape, *strides)):
            if any(isinstance(each, dict) and any(each.values()) for each in others):  # as of a view with minus signs
                return None
            return _Tensor(TYPES[kind], key, start, shape, strides)
    return None


def _values(path: str, entry: zipfile.ZipInfo | None, tensor: _Tensor) -> NDArray[Any]:
    """The numbers of a matrix, mapped. Raises: ValueError if they lie outside of their part of the file"""
    if entry is None or entry.compress_type != zipfile.ZIP_STORED:
        raise ValueError("its numbers are missing or compressed")
    with open(path, "rb") as file:
        file.seek(entry.header_offset)
        name_length, extra_length = struct.unpack_from("<HH", file.read(_LOCAL_HEADER), 26)
        first = entry.header_offset + _LOCAL_HEADER + name_length + extra_length
        size = os.fstat(file.fileno()).st_size
    dtype = np.dtype(tensor.dtype)
    n = entry.file_size // dtype.itemsize
    last = tensor.start + sum((n_of - 1) * stride for n_of, stride in zip(tensor.shape, tensor.strides, strict=True))
    is_inside = tensor.start >= 0 and last < n and min(tensor.strides) >= 0 and first + entry.file_size <= size
    if not is_inside or not 1 <= math.prod(tensor.shape) <= n or min(tensor.shape) < 1:  # nor repeated without end
        raise ValueError("a tensor lies outside of its storage")
    content = np.memmap(path, np.uint8, "r", first, (entry.file_size,))
    checksum = 0
    for start in range(0, len(content), COPY_BYTES):
        checksum = zlib.crc32(content.data[start : start + COPY_BYTES], checksum)
    if checksum != entry.CRC:
        raise ValueError(f"the checksum of {entry.filename} does not hold")
    stored = content[: n * dtype.itemsize].view(dtype)[tensor.start :]
    strides = [stride * dtype.itemsize for stride in tensor.strides]
    return np.lib.stride_tricks.as_strided(stored, tensor.shape, strides, writeable=False)


def _rows(values: NDArray[Any], dtype: str) -> Iterator[Matrix]:
    if dtype != TYPES["BFloat16Storage"]:
        yield from float_slices(values)
        return
    for some in row_slices(values.shape, 4):
        yield (values[some].astype(np.uint32) << 16).view(np.float32)

"""A safetensors file whose first tensor is written before it is known how long that will be.

The tensor goes straight to its place: behind a header that is as long as that of a guess. Where the header turns out
longer or shorter, which its padding makes rare, the tensor is moved. The bytes are those of `safetensors.write`.
"""

import hashlib
import mmap
import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any, NamedTuple

from wordvec_cli.storage.files import COPY_BYTES, replacing
from wordvec_cli.storage.safetensors import (
    BYTES_AT_ONCE,
    DTYPES,
    NO_CHECKSUM,
    Tensor,
    all_chunks,
    fill_in,
    header_of,
    memory_of,
)

HASHED_AT_ONCE = 1 << 24  # bytes, while others are written


class Growing(NamedTuple):
    """A flat tensor, whose start in the file is aligned.

    parts    its arrays, little-endian, each of which is used before the next is asked for
    n_about  how many values they have, about
    """

    name: str
    dtype: str
    parts: Iterable[Any]
    n_about: int


def write_growing(
    path: str, first: Growing, rest: Callable[[int], Mapping[str, Tensor]], metadata: Mapping[str, str]
) -> None:
    """Write a tensor, then the others, to a regular file. Raises: OutputError, what `first.parts` raises

    rest  the other tensors, of the length of the first; their chunks are made when that has been written
    """

    def header(n: int) -> bytes:
        tensors = {first.name: Tensor(first.dtype, (n,), tuple), **rest(n)}
        return header_of(tensors, {**metadata, "checksum": NO_CHECKSUM}, first.name)

    with replacing(path) as file:
        guessed = len(header(first.n_about))
        file.seek(guessed)
        n_bytes = sum(file.write(memory_of(part)) for part in first.parts)
        n = n_bytes // DTYPES[first.dtype][0]
        start = header(n)
        if len(start) != guessed:
            _move(file, guessed, len(start), n_bytes)
        file.seek(0)
        file.write(start)
        file.seek(len(start) + n_bytes)
        fill_in(file, start, _written_and_hashed(file, rest(n)))


def _move(file: IO[bytes], source: int, target: int, n_bytes: int) -> None:
    """Move bytes of a file, the last ones first if they move towards its end."""
    file.flush()
    places = range(0, n_bytes, COPY_BYTES)
    with mmap.mmap(file.fileno(), source + n_bytes, access=mmap.ACCESS_READ) as content:
        for place in reversed(places) if target > source else places:
            file.seek(target + place)
            file.write(content[source + place : source + min(place + COPY_BYTES, n_bytes)])
    file.truncate(target + n_bytes)


def _written_and_hashed(file: IO[bytes], tensors: Mapping[str, Tensor]) -> str:
    """Write tensors to the end of a file, while other threads hash what is there and bring it to the disk."""
    digest = hashlib.sha256()
    file.flush()
    n_asked = n_there = file.tell()
    with ThreadPoolExecutor(1) as hasher, ThreadPoolExecutor(1) as keeper:
        at_work = [hasher.submit(_hash, digest, file, 0, n_there), keeper.submit(os.fsync, file.fileno())]
        for chunk in all_chunks(tensors):
            n_there += file.write(chunk)
            if n_there - n_asked >= HASHED_AT_ONCE:
                file.flush()
                at_work.append(hasher.submit(_hash, digest, file, n_asked, n_there))
                n_asked = n_there
        file.flush()
        at_work.append(hasher.submit(_hash, digest, file, n_asked, n_there))
        at_work.append(keeper.submit(os.fsync, file.fileno()))
        for each in at_work:
            each.result()
    return digest.hexdigest()


def _hash(digest: Any, file: IO[bytes], first: int, last: int) -> None:
    """Take the bytes first .. last - 1 of a file into a digest."""
    with mmap.mmap(file.fileno(), last, access=mmap.ACCESS_READ) as content, memoryview(content) as whole:
        for place in range(first, last, BYTES_AT_ONCE):
            with whole[place : min(place + BYTES_AT_ONCE, last)] as part:
                digest.update(part)

"""What vector files are wrapped in: compression, and zip archives; and a bound on what comes out."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import BinaryIO, cast

from wordvec_cli.errors import InputError, OutputError
from wordvec_cli.storage.claims import temporary_folder
from wordvec_cli.storage.files import COMPRESSORS, COPY_BYTES, decompressed, readable, writable


def file_and_matrix(path: str) -> tuple[str, str | None]:
    """The parts of `FILE#name`; a path that is not one, as it is."""
    file, mark, name = path.rpartition("#")
    return (file, name) if mark and name and not os.path.exists(path) and os.path.isfile(file) else (path, None)


@contextmanager
def decompressed_file(path: str, max_bytes: int | None = None) -> Iterator[BinaryIO]:
    """A file as the bytes that it holds, whatever they are compressed with.

    max_bytes  after which reading it is an InputError
    """
    with ExitStack() as opened:
        with readable(path):
            raw = opened.enter_context(open(path, "rb"))
            inner = _member_of_zip(path, raw) or decompressed(raw)
            opened.enter_context(inner)
        yield bounded(path, inner, max_bytes)


def _member_of_zip(path: str, raw: BinaryIO) -> BinaryIO | None:
    """The only file in a zip archive; None if it is not one, or is numpy's. Raises: InputError if there are several"""
    start = raw.read(4)
    raw.seek(0)
    if start != b"PK\x03\x04":
        return None
    import zipfile

    try:
        archive = zipfile.ZipFile(raw)
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise InputError(f"{path}: is a broken zip archive ({error}); get it again") from error
    names = [name for name in archive.namelist() if not name.endswith("/")]
    if _format_of_members(names):
        return None
    if len(names) != 1:
        raise InputError(f"{path}: holds {len(names)} files ({', '.join(names[:5])}); unpack the one that you want")
    try:
        return cast(BinaryIO, archive.open(names[0]))
    except (RuntimeError, NotImplementedError) as error:  # a password, or a compression that Python lacks
        raise InputError(f"{path}: {error}; unpack it by other means") from error


def archive_format(path: str) -> str | None:
    """The name of the format that keeps its parts in a zip archive, if a file is one."""
    import zipfile

    try:
        with zipfile.ZipFile(path) as archive:
            return _format_of_members(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):  # as one that is compressed
        return None


def _format_of_members(names: list[str]) -> str | None:
    names = [name for name in names if not name.endswith("/")]
    if names and all(name.endswith(".npy") for name in names):
        return "npz"
    if any(name.endswith("/data.pkl") for name in names):
        return "torch"
    return "hdf5" if "model.weights.h5" in names else None


def bounded(path: str, stream: BinaryIO, max_bytes: int | None) -> BinaryIO:
    return stream if max_bytes is None else cast(BinaryIO, _Bounded(path, stream, max_bytes))


class _Bounded:
    """A stream that must not give more than a number of bytes."""

    def __init__(self, path: str, stream: BinaryIO, max_bytes: int) -> None:
        self._path = path
        self._stream = stream
        self._left = max_bytes

    def read(self, size: int = -1) -> bytes:
        content = self._stream.read(min(size, self._left + 1) if size >= 0 else self._left + 1)
        self._count(len(content))
        return content

    def readinto(self, buffer: memoryview) -> int:
        n_read = self._stream.readinto(buffer[: self._left + 1])  # type: ignore[attr-defined]
        self._count(n_read)
        return int(n_read)

    def _count(self, n_read: int) -> None:
        self._left -= n_read
        if self._left < 0:
            raise _too_long(self._path)


def _too_long(path: str) -> InputError:
    return InputError(f"{path}: is longer than --max-bytes; raise it if you trust the file")


@contextmanager
def shown_as(path: str, copy: str) -> Iterator[None]:
    """Let errors about a copy name the file that the user knows."""
    try:
        yield
    except (InputError, OutputError) as error:
        raise type(error)(str(error).replace(copy, path)) from error


@contextmanager
def plain_file(path: str, max_bytes: int | None) -> Iterator[str]:
    """The path of what a file holds, decompressed for the time being if need be; its maps stay valid after that."""
    import shutil

    if os.path.isdir(path):
        yield path
        return
    if _is_plain(path):
        if max_bytes is not None and os.path.getsize(path) > max_bytes:
            raise _too_long(path)
        yield path
        return
    with (
        decompressed_file(path, max_bytes) as source,
        temporary_folder() as folder,
    ):
        name, ending = os.path.splitext(os.path.basename(path))
        copy = os.path.join(folder, name if ending in (*COMPRESSORS, ".zip") else name + ending)
        with open(copy, "wb") as target, readable(path), writable(folder):
            shutil.copyfileobj(source, target, COPY_BYTES)
        with shown_as(path, copy):
            yield copy


@contextmanager
def packed_file(path: str, max_bytes: int | None) -> Iterator[str]:
    """The path of a file whose reader decompresses it, after a look at how much that gives."""
    if max_bytes is not None:
        with decompressed_file(path, max_bytes) as source, readable(path):
            while source.read(COPY_BYTES):
                pass
    yield path


def _is_plain(path: str) -> bool:
    with readable(path), open(path, "rb") as raw:
        return decompressed(raw) is raw and _member_of_zip(path, raw) is None

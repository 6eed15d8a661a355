"""Nameless files, of which nothing is left whatever ends the process: for streams, and arrays of unknown length."""

import mmap
import os
import tempfile
import weakref
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.errors import OutputError
from wordvec_cli.storage.files import COPY_BYTES, reason, writable


class Spool:
    """An array in a file of `folder`, by default a nameless one, which vanishes with its maps.

    Raises: OutputError if the disk is full
    """

    def __init__(self, folder: Path, dtype: Any, name: str | None = None) -> None:
        self._where = f"{folder} (temporary files)"
        self._dtype = np.dtype(dtype)
        self._n = 0
        with writable(self._where):
            self._file = temporary_file(folder) if name is None else (folder / name).open("w+b")
        close_with(self, self._file)

    def __len__(self) -> int:
        """How many values have been written."""
        return self._n

    def append(self, part: NDArray[Any]) -> None:
        self._n += part.size
        if part.size:  # memory without a byte cannot be cast
            with writable(self._where):
                self._file.write(np.ascontiguousarray(part, self._dtype).view(np.uint8).data)

    def whole(self) -> NDArray[Any]:
        """All values so far, one after the other, as a read-only map."""
        with writable(self._where):
            self._file.flush()
        return mapped(self._file, self._dtype)


def spool_stream(stream: BinaryIO, folder: Path) -> BinaryIO:
    """`stream`, copied to a nameless file in `folder`, which vanishes with the process, however that ends."""
    read = getattr(stream, "read1", stream.read)  # what there is: to fill a buffer, one Ctrl-D more would be awaited
    copy = temporary_file(folder)
    with writable(f"{folder} (temporary files)"):
        while content := read(COPY_BYTES):
            copy.write(content)
        copy.flush()
    copy.seek(0)
    return copy


def temporary_file(folder: Path) -> BinaryIO:
    """A nameless file in `folder`: even `kill -9` leaves nothing of it."""
    try:
        return cast(BinaryIO, tempfile.TemporaryFile(dir=folder))
    except OSError as error:
        raise OutputError(
            f"{folder}: cannot hold temporary files ({reason(error)}); name another folder with --tmp-dir"
        ) from error


def mapped(file: BinaryIO, dtype: Any) -> NDArray[Any]:
    """The whole of an open file as a read-only array, mapped; the map outlives the file object."""
    if not os.fstat(file.fileno()).st_size:
        return np.frombuffer(b"", dtype)
    return np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), dtype)


def close_with(owner: object, file: BinaryIO) -> None:
    """Close a nameless file when its owner goes; what could not be written by then has been told before."""

    def close() -> None:
        with suppress(OSError):
            file.close()

    weakref.finalize(owner, close)

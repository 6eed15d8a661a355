"""The three standard streams: what is printed is written whole or an error, what is said beside it stops no work.

On every command's path.
"""

import io
import os
import sys
from contextlib import suppress
from typing import IO, Any, BinaryIO

from wordvec_cli.errors import InputError, OutputError

STANDARD_INPUT, STANDARD_OUTPUT = "standard input", "standard output"
BUFFER_BYTES = 1 << 16


class _WholeWriter(io.RawIOBase):
    """A raw stream that takes all it is given: after a short write comes the rest, and a full pipe is waited for.

    name  what errors say the stream is
    """

    def __init__(self, raw: Any, name: str) -> None:
        self._raw = raw
        self._name = name

    def write(self, content: Any) -> int:
        left = memoryview(content).cast("B")
        n_bytes = len(left)
        try:
            while left:
                n_written = self._raw.write(left)
                if n_written is None:  # the pipe is full, and another program has set it not to block
                    _wait_for_room(self._raw)
                else:
                    left = left[n_written:]
        except OSError as error:
            raise OSError(error.errno, error.strerror, self._name) from None
        return n_bytes

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return int(self._raw.fileno())

    def isatty(self) -> bool:
        return bool(self._raw.isatty())


class _ForgivingWriter(_WholeWriter):
    """As a `_WholeWriter`, but what cannot be written is dropped: no work fails because nobody reads its notes."""

    def write(self, content: Any) -> int:
        with suppress(OSError):
            super().write(content)
        return memoryview(content).nbytes


def _wait_for_room(raw: Any) -> None:
    import select

    select.select([], [raw], [])


def whole(stream: IO[bytes] | io.RawIOBase, name: str) -> BinaryIO:
    """A buffer before `stream`, buffered or raw, whose content is written whole; `stream` stays open.

    Python's own is none where PYTHONUNBUFFERED is set: there the rest of a short write is lost without a word.
    """
    return io.BufferedWriter(_WholeWriter(getattr(stream, "raw", stream), name), BUFFER_BYTES)


def secure_standard_streams() -> None:
    """Before anything is read or written: see the module. For a process that runs one command."""
    _occupy_closed_descriptors()
    if sys.stdout is not None:  # as it is where the command was started without one
        output = whole(sys.stdout.buffer, STANDARD_OUTPUT)
        is_by_line = bool(sys.stdout.line_buffering)
        sys.stdout = io.TextIOWrapper(output, sys.stdout.encoding, sys.stdout.errors, line_buffering=is_by_line)
    encoding = sys.stderr.encoding if sys.stderr is not None else "utf-8"
    notes = io.BufferedWriter(_ForgivingWriter(io.FileIO(2, "w", closefd=False), "standard error"))
    sys.stderr = io.TextIOWrapper(notes, encoding, "backslashreplace", line_buffering=True)


def _occupy_closed_descriptors() -> None:
    """Let no file get the number of a closed standard stream, to which a library may write, or a traceback.

    Each is opened so that to use it stays an error.
    """
    for descriptor, mode in ((0, os.O_WRONLY), (1, os.O_RDONLY), (2, os.O_RDONLY)):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, mode)  # gets the lowest free number, which is this one


def standard_input() -> BinaryIO:
    """Raises: InputError if the command was started with its standard input closed."""
    if sys.stdin is None:
        raise InputError(f"{STANDARD_INPUT}: is closed; open it or name a file")
    return sys.stdin.buffer


def standard_output() -> BinaryIO:
    """Raises: OutputError if the command was started with its standard output closed."""
    if sys.stdout is None:
        raise OutputError(f"{STANDARD_OUTPUT}: is closed; open it or name a file")
    output = sys.stdout.buffer
    return whole(output, STANDARD_OUTPUT) if isinstance(output, io.RawIOBase) else output

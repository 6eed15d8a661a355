"""The files of a corpus: those named, those found in folders, and copies of pipes; what is not text is left out."""

import io
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from wordvec_cli.errors import InputError
from wordvec_cli.storage.file_kinds import START_BYTES, FileKind, kind_of_no_text
from wordvec_cli.storage.files import STANDARD_STREAM, decompressed, readable
from wordvec_cli.storage.spool import close_with, spool_stream
from wordvec_cli.storage.streams import standard_input
from wordvec_cli.text.lines import BYTE_ORDER_MARK

READ_BYTES = 1 << 20


@dataclass(frozen=True)
class Source:
    """One file of a corpus: a path, or for a pipe the copy of what came through it."""

    name: str
    size_bytes: int
    copy: BinaryIO | None = None

    @property
    def starts_file(self) -> bool:
        """Whether its first byte is the file's: else it is a part that another one precedes."""
        return True

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        if self.copy is None:
            with open(self.name, "rb", buffering=0) as raw:
                yield cast(BinaryIO, raw)
        else:
            self.copy.seek(0)
            yield self.copy

    def text_of(self, raw: BinaryIO) -> BinaryIO:
        """The text that the opened file holds."""
        return decompressed(raw)

    def kind_of_no_text(self) -> FileKind | None:
        """What the file is, if its content is not text. Raises: InputError if it cannot be read"""
        with readable(self.name), self.opened() as raw:
            return kind_of_no_text(decompressed(raw).read(START_BYTES))

    def n_lines_in(self, size: int) -> int:
        """How many lines end in the first `size` bytes of the text, not counting a byte order mark."""
        n_lines = 0
        with readable(self.name), self.opened() as raw:
            text = io.BufferedReader(cast(io.RawIOBase, decompressed(raw)))
            if text.peek(len(BYTE_ORDER_MARK)).startswith(BYTE_ORDER_MARK):
                size += len(BYTE_ORDER_MARK)
            while size > 0 and (piece := text.read(min(size, READ_BYTES))):
                n_lines += piece.count(b"\n")
                size -= len(piece)
            text.detach()
        return n_lines


class LeftOut(NamedTuple):
    """A file of a folder that is not text, and what it is."""

    name: str
    kind: FileKind


def find_sources(paths: Iterable[str | Source], spool_folder: Path) -> tuple[list[Source], list[LeftOut]]:
    """The files that paths stand for, each opened once to see that it can be read; and those that are not text.

    Raises: InputError, also for a named file that is not text; OutputError (a full disk)
    """
    sources: list[Source] = []
    left_out: list[LeftOut] = []
    for path in paths:
        if isinstance(path, Source):
            sources.append(path)
        elif path != STANDARD_STREAM and os.path.isdir(path):
            texts, others = _files_of_folder(path)
            sources += texts
            left_out += others
        else:
            sources.append(_named(path, spool_folder))
    return sources, left_out


def _named(path: str, spool_folder: Path) -> Source:
    source = _opened(path, spool_folder)
    if kind := source.kind_of_no_text():
        raise InputError(f"{source.name}: is {kind.name}; {kind.remedy}")
    return source


def _opened(path: str, spool_folder: Path) -> Source:
    if path == STANDARD_STREAM:
        return _spooled("standard input", standard_input(), spool_folder)
    with readable(path):
        if stat.S_ISREG(os.stat(path).st_mode):
            return _file(path)
        with open(path, "rb") as pipe:
            return _spooled(path, pipe, spool_folder)


def _spooled(name: str, stream: BinaryIO, folder: Path) -> Source:
    with readable(name):
        copy = spool_stream(stream, folder)
    source = Source(name, os.fstat(copy.fileno()).st_size, copy)
    close_with(source, copy)
    return source


def _file(path: str) -> Source:
    with readable(path), open(path, "rb") as file:
        return Source(path, os.fstat(file.fileno()).st_size)


def _files_of_folder(folder: str) -> tuple[list[Source], list[LeftOut]]:
    """In byte order of their relative paths."""
    with readable(folder):
        paths = [Path(parent, name) for parent, _, names in os.walk(folder, onerror=_raise) for name in names]
        files = [path for path in paths if path.is_file()]
    if not files:
        raise InputError(f"{folder}: the folder holds no files; name files or another folder")
    texts, left_out = [], []
    for path in sorted(files, key=lambda path: os.fsencode(path.relative_to(folder))):
        source = _file(str(path))
        if kind := source.kind_of_no_text():
            left_out.append(LeftOut(source.name, kind))
        else:
            texts.append(source)
    if not texts:
        first = left_out[0]
        raise InputError(f"{folder}: the folder holds no text; {first.name} is {first.kind.name}; {first.kind.remedy}")
    return texts, left_out


def _raise(error: OSError) -> None:
    raise error

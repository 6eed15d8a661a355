"""The corpus of a cluster: files that the workers can read, cut into shards at line ends."""

import io
import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, NamedTuple, cast

from wordvec_cli.errors import InputError
from wordvec_cli.storage.files import is_compressed, readable
from wordvec_cli.storage.remote import fsspec, is_remote, remote_files, understood
from wordvec_cli.text.corpus_files import LeftOut, find_sources, told_each
from wordvec_cli.text.file_options import AS_NAMED, FileOptions
from wordvec_cli.text.source import Source
from wordvec_cli.text.tables.columns import TableRows

PIECE_BYTES = 1 << 16  # read at a time in search of a line's end
FEWEST_BYTES, MOST_BYTES = 1 << 16, 1 << 26  # of a shard, but for the end of a corpus and for compressed files
FEWEST_SHARDS = 64  # of a corpus that is large enough
BYTES_OF_MAGIC = 16


class Listed(NamedTuple):
    """A file of the corpus as a worker sees it.

    changed  when, in nanoseconds; 0 if that is not known
    source   how it is read: a table's columns, an encoding
    """

    name: str
    size_bytes: int
    changed: int
    is_compressed: bool
    source: Source

    @property
    def whole(self) -> "Part":
        return Part(self.name, self.size_bytes, None, self.source.encoding, self.source.format, self.source.columns)

    @property
    def may_be_cut(self) -> bool:
        """Whether its lines can be found from any place in it."""
        return not self.is_compressed and not self.source.reading


@contextmanager
def opened(name: str) -> Iterator[BinaryIO]:
    """A file for reading, on this machine or where fsspec finds it. Raises: InputError"""
    if not is_remote(name):
        with open(name, "rb", buffering=0) as file:
            yield cast(BinaryIO, file)
        return
    with understood(name), fsspec().open(name, "rb") as file:
        yield file


@dataclass(frozen=True)
class Part(Source):
    """The lines of a file that begin from the byte `first` on and before `last`; if `is_whole`, all of the file."""

    first: int = 0
    last: int = 0
    is_whole: bool = True

    @property
    def starts_file(self) -> bool:
        return self.is_whole or not self.first

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        with opened(self.name) as file:
            yield file if self.is_whole else self._lines(file)

    def text_of(self, raw: BinaryIO, rows: TableRows | None = None) -> BinaryIO:
        return super().text_of(raw, rows) if self.is_whole else raw

    def n_lines_in(self, size: int) -> int:
        """Before the byte `size` of the part, from the beginning of the file on."""
        if self.is_whole or not self.first:
            return super().n_lines_in(size)
        with readable(self.name), opened(self.name) as file:
            to_come = _line_start(file, self.first) + size
            file.seek(0)
            n_lines = 0
            while to_come > 0 and (piece := file.read(min(to_come, PIECE_BYTES))):
                n_lines += piece.count(b"\n")
                to_come -= len(piece)
        return n_lines

    def _lines(self, file: BinaryIO) -> BinaryIO:
        first, last = _line_start(file, self.first), _line_start(file, self.last)
        file.seek(first)
        return cast(BinaryIO, _Stretch(file, last - first))


def _line_start(file: BinaryIO, position: int) -> int:
    """Where the first line begins that does not begin before `position`; the file's end if there is none."""
    if not position:
        return 0
    position -= 1
    file.seek(position)
    while piece := file.read(PIECE_BYTES):
        if (end := piece.find(b"\n")) >= 0:
            return position + end + 1
        position += len(piece)
    return position


class _Stretch(io.RawIOBase):
    """The next `size` bytes of a file."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._size = self._left = size

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        wanted = memoryview(target)[: self._left]
        n: int = cast(Any, self._file).readinto(wanted) if wanted else 0
        self._left -= n
        return n

    def tell(self) -> int:
        return self._size - self._left


# ---------------------------------------------------------------- listing and cutting


@dataclass(frozen=True)
class Listing:
    """What a worker sees of a corpus.

    left_out  files of folders that are not text
    """

    files: Sequence[Listed]
    left_out: Sequence[LeftOut] = ()

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)


def listed(paths: Iterable[str], folder: Any, options: FileOptions = AS_NAMED) -> Listing:
    """The files of a corpus, as this machine sees them. Raises: InputError"""
    files: list[Listed] = []
    left_out: list[LeftOut] = []
    for path in paths:
        if is_remote(path):
            sources, others = _remote_texts(path, options)
        else:
            sources, others = find_sources([path], folder, options)
        if packed := next((source for source in sources if source.copy is not None), None):
            raise InputError(f"{packed.name}: is in an archive; unpack it where the workers of the cluster can read it")
        files += map(_listed, sources)
        left_out += others
    return Listing(files, left_out)


def _listed(source: Source) -> Listed:
    name = source.name
    with readable(name), opened(name) as file:
        changed = 0 if is_remote(name) else os.stat(name).st_mtime_ns
        return Listed(name, source.size_bytes, changed, is_compressed(file.read(BYTES_OF_MAGIC)), source)


def _remote_texts(path: str, options: FileOptions) -> tuple[list[Source], list[LeftOut]]:
    """The texts at an address, and what is no text there. Raises: InputError if no text is"""
    sources, left_out = told_each((Part(name, size) for name, size in remote_files(path)), options)
    if not sources:
        raise InputError(f"{path}: is {left_out[0].kind.name}; {left_out[0].kind.remedy}")
    return sources, left_out


@dataclass(frozen=True)
class Shard:
    """Some of the text, which one worker reads.

    number  in the order of the corpus
    """

    number: int
    parts: tuple[Part, ...]

    @property
    def size_bytes(self) -> int:
        return sum(part.size_bytes for part in self.parts)


def cut(files: Sequence[Listed]) -> list[Shard]:
    """The corpus in shards, in its order: several small files are one, and a large one is several.

    They are a function of the corpus alone, so that a training goes on with other workers where it was.
    """
    total = sum(file.size_bytes for file in files)
    size = min(max(total // FEWEST_SHARDS, FEWEST_BYTES), MOST_BYTES)
    shards: list[tuple[Part, ...]] = []
    small: list[Part] = []
    n_small = 0
    for part in (part for file in files for part in _parts(file, size)):
        if small and n_small + part.size_bytes > size:
            shards.append(tuple(small))
            small, n_small = [], 0
        small.append(part)
        n_small += part.size_bytes
    return [Shard(number, parts) for number, parts in enumerate([*shards, tuple(small)] if small else shards)]


def _parts(file: Listed, size: int) -> Iterator[Part]:
    """Compressed files and tables, and those whose size is not known, are read from their beginning to their end."""
    if not file.may_be_cut or file.size_bytes <= size:
        yield file.whole
        return
    n_parts = -(-file.size_bytes // size)
    bounds = [file.size_bytes * i // n_parts for i in range(n_parts + 1)]
    for first, last in itertools.pairwise(bounds):
        yield Part(file.name, last - first, first=first, last=last, is_whole=False)

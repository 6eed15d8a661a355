"""A corpus: files, folders and pipes, and the blocks in which they are read."""

import hashlib
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast

from wordvec_cli.errors import InputError
from wordvec_cli.progress import Progress, Report, silent
from wordvec_cli.storage.files import STANDARD_STREAM, decompressed, readable
from wordvec_cli.text.corpus_files import LeftOut, Source, find_sources
from wordvec_cli.text.decoding import in_valid_utf8, is_utf8
from wordvec_cli.text.lines import BYTE_ORDER_MARK
from wordvec_cli.text.tokenizer import Tokenizer, invalid_utf8_message
from wordvec_cli.text.words import PADDING

BLOCK_BYTES = 1 << 21
NEWLINE = ord("\n")

# ---------------------------------------------------------------- a corpus


@dataclass(frozen=True)
class Block:
    """A piece of the text: whole lines, or a part of one line that ends at white space.

    buffer       the text and PADDING bytes of white space after it
    size         bytes of the text
    index        0, 1, 2, ... in the order of the corpus
    stored_done  bytes of the stored (compressed) files read so far
    """

    buffer: bytearray
    size: int
    index: int
    stored_done: int

    @property
    def text(self) -> bytes:
        return bytes(memoryview(self.buffer)[: self.size])


@dataclass(frozen=True)
class InvalidLine:
    """A line that is not UTF-8, and where it is: in a block that starts at the byte `offset` of its file."""

    source: Source
    offset: int
    line_of_block: int
    text: bytes

    @property
    def place(self) -> str:
        """`file:line`; the file is read again to count its lines, so that a pass over good ones need not."""
        return f"{self.source.name}:{self.source.n_lines_in(self.offset) + self.line_of_block + 1}"

    @property
    def may_be_latin1(self) -> bool:
        """Whether bytes beyond ASCII stand alone among letters, as accents in Latin-1 do; most encodings have runs."""
        runs = re.findall(rb"[\x80-\xff]+", self.text)
        return sum(map(len, runs)) < 2 * len(runs)


@dataclass(frozen=True)
class Reading:
    """What a full pass over a corpus found out.

    fingerprint      SHA-256 (hexadecimal) of the decompressed text, each file's end a line's end, without byte order
                     marks: a pipe, an .xz and a plain file agree
    n_bytes          of that text
    n_invalid_lines  lines with bytes that are not UTF-8
    n_dropped_lines  those of them that --invalid-utf8 skip has left out
    first_invalid    the first of them
    """

    fingerprint: str
    n_bytes: int
    n_invalid_lines: int
    n_dropped_lines: int
    first_invalid: InvalidLine | None = None


@dataclass(frozen=True)
class CorpusStatistics:
    """What a corpus holds: lines, words in sight of the tokenizer, and what was wrong with its text."""

    n_bytes: int
    n_lines: int
    n_tokens: int
    n_invalid_lines: int
    n_dropped_lines: int


@dataclass
class Corpus:
    """Paths and a tokenizer; `reading` is there after a first full pass over the blocks.

    size_bytes  of the files as stored, for progress
    left_out    files of folders that are no text
    """

    paths: tuple[str, ...]
    tokenizer: Tokenizer
    spool_folder: Path
    size_bytes: int
    reading: Reading | None = None
    left_out: tuple[LeftOut, ...] = ()
    _sources: tuple[Source, ...] = field(default=(), repr=False)

    @classmethod
    def open(cls, paths: Iterable[str | Source], tokenizer: Tokenizer, spool_folder: Path) -> "Corpus":
        """Check that all can be read and are text, list the folders, copy pipes to a nameless file in `spool_folder`.

        paths  files, folders (read recursively in byte order of relative paths), `-` for standard input; or sources
               that are open already
        Raises: InputError, OutputError (a full disk)
        """
        paths = tuple(paths)
        if paths.count(STANDARD_STREAM) > 1:
            raise InputError("-: standard input can be read once only; name it once")
        sources, left_out = find_sources(paths, spool_folder)
        size_bytes = sum(source.size_bytes for source in sources)
        names = tuple(path.name if isinstance(path, Source) else path for path in paths)
        return cls(names, tokenizer, spool_folder, size_bytes, left_out=tuple(left_out), _sources=tuple(sources))

    @property
    def n_files(self) -> int:
        return len(self._sources)

    @property
    def spooled_bytes(self) -> int:
        """Of the copies of pipes, in `spool_folder`."""
        return sum(source.size_bytes for source in self._sources if source.copy is not None)

    def check_not_output(self, path: str) -> None:
        """Raises: InputError if `path`, or its sidecar, would take the place of a file of the corpus."""
        for source in self._sources:
            for output in (path, f"{path}.json"):
                if source.copy is None and os.path.isfile(output) and os.path.samefile(source.name, output):
                    raise InputError(f"{output}: is part of the corpus; name another output, outside of its folder")

    def stamp(self) -> list[tuple[str, int, int]]:
        """Path, size and time of change of each file: as long as they stay, the text does; a pipe's copy has none."""
        return [
            (os.path.realpath(source.name), source.size_bytes, os.stat(source.name).st_mtime_ns)
            for source in self._sources
            if source.copy is None
        ]

    def read_through(self, report: Report = silent) -> Reading:
        """Read all of the text, for what there is to find out about it."""
        self.feed([lambda block: None], "reading", report)
        return cast(Reading, self.reading)

    def blocks(self, block_bytes: int = BLOCK_BYTES) -> Iterator[Block]:
        """The text in pieces of about `block_bytes`; larger where a word (or a line, for patterns) is.

        Lines that --invalid-utf8 concerns are already kept, replaced, or empty (skipped).
        Raises: InputError that names the file, and the line for --invalid-utf8 error
        """
        progress = _Pass(self.tokenizer)
        done_before = 0
        for source in self._sources:
            with readable(source.name), source.opened() as raw:
                progress.start_file(source)
                for buffer, size in _raw_blocks(decompressed(raw), block_bytes, self.tokenizer.needs_whole_lines):
                    yield progress.block(buffer, size, done_before + raw.tell())
            done_before += source.size_bytes
        self.reading = progress.reading()

    def statistics(self, n_lines: int, n_tokens: int) -> CorpusStatistics:
        """The figures of the full pass that has just ended, and those which only the tokenizer's user knows."""
        reading = cast(Reading, self.reading)
        return CorpusStatistics(reading.n_bytes, n_lines, n_tokens, reading.n_invalid_lines, reading.n_dropped_lines)

    def feed(
        self,
        workers: Sequence[Callable[[Block], None]],
        stage: str,
        report: Report = silent,
        block_bytes: int = BLOCK_BYTES,
    ) -> None:
        """Hand each block to one of the workers, each in a thread of its own, the first in the caller's.

        `report` is called from any of the threads, never from two at once. The first exception ends it all.
        """
        blocks = _SharedBlocks(self, stage, report, block_bytes)
        threads = [threading.Thread(target=blocks.run, args=(worker,), daemon=True) for worker in workers[1:]]
        for thread in threads:
            thread.start()
        blocks.run(workers[0])
        for thread in threads:
            thread.join()
        if blocks.error is not None:
            raise blocks.error


class _SharedBlocks:
    """The blocks of a corpus for many threads: each takes the next one when it is free."""

    def __init__(self, corpus: Corpus, stage: str, report: Report, block_bytes: int) -> None:
        self.error: BaseException | None = None
        self._blocks = corpus.blocks(block_bytes)
        self._total = corpus.size_bytes
        self._stage = stage
        self._report = report
        self._lock = threading.Lock()

    def run(self, worker: Callable[[Block], None]) -> None:
        try:
            while (block := self._next()) is not None:
                worker(block)
        except BaseException as error:  # noqa: BLE001  Ctrl-C too: `feed` raises it when all threads have stopped
            self.error = self.error or error

    def _next(self) -> Block | None:
        with self._lock:
            block = None if self.error else next(self._blocks, None)
            if block is not None:
                self._report(Progress(self._stage, block.stored_done, self._total, "B"))
            return block


# ---------------------------------------------------------------- the blocks


def _raw_blocks(stream: BinaryIO, block_bytes: int, whole_lines: bool) -> Iterator[tuple[bytearray, int]]:
    """The text of one file as (text and padding, size); the last one ends in a newline, whatever the file does."""
    carried = bytearray(len(BYTE_ORDER_MARK))
    del carried[_fill(stream, memoryview(carried)) :]
    if carried == BYTE_ORDER_MARK:
        carried.clear()
    at_end, ends_line = False, True
    while not at_end:
        capacity = max(block_bytes, 2 * len(carried))
        buffer = bytearray(capacity + 1 + PADDING)
        buffer[: len(carried)] = carried
        filled = len(carried) + _fill(stream, memoryview(buffer)[len(carried) : capacity])
        at_end = filled < capacity
        if at_end and not (buffer[filled - 1] == NEWLINE if filled else ends_line):
            buffer[filled] = NEWLINE
            filled += 1
        size = filled if at_end else _cut(buffer, filled, whole_lines)
        carried = buffer[size:filled]
        if size:
            ends_line = buffer[size - 1] == NEWLINE
            buffer[size : size + PADDING] = b"\n" * PADDING
            yield buffer, size


def _fill(stream: BinaryIO, target: memoryview) -> int:
    """Read until `target` is full or the stream ends; return the bytes read."""
    n_read = 0
    while n_read < len(target) and (n := cast(Any, stream).readinto(target[n_read:])):
        n_read += n
    return n_read


def _cut(buffer: bytearray, filled: int, whole_lines: bool) -> int:
    """Where to end the block: after the last newline, else after the last white space, else nowhere (0)."""
    after_line = buffer.rfind(b"\n", 0, filled) + 1
    if after_line or whole_lines:
        return after_line
    return max(buffer.rfind(space, 0, filled) for space in (b" ", b"\t", b"\r", b"\v", b"\f")) + 1


class _Pass:
    """One pass over a corpus: hashes the text, looks for invalid UTF-8, and does with it what is to be done."""

    _source: Source

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._invalid_utf8 = tokenizer.invalid_utf8
        self._hash = hashlib.sha256()
        self._n_bytes = self._n_blocks = 0
        self._n_invalid = self._n_dropped = 0
        self._first_invalid: InvalidLine | None = None
        self._file_start = 0
        self._line_is_counted = False

    def start_file(self, source: Source) -> None:
        self._source = source
        self._file_start = self._n_bytes

    def block(self, buffer: bytearray, size: int, stored_done: int) -> Block:
        text = memoryview(buffer)[:size]
        self._hash.update(text)
        if not (buffer.isascii() or is_utf8(text)):
            buffer, size = self._treated(bytes(text))
        elif self._line_is_counted and buffer.find(b"\n", 0, size) >= 0:
            self._line_is_counted = False
        self._n_bytes += len(text)
        self._n_blocks += 1
        return Block(buffer, size, self._n_blocks - 1, stored_done)

    def _treated(self, text: bytes) -> tuple[bytearray, int]:
        """A block with invalid UTF-8 as it is to be read: padded, and its size."""
        lines = text.split(b"\n")
        for i, line in enumerate(lines):
            if i > 0:  # lines[0] may go on from the last block
                self._line_is_counted = False
            if not is_utf8(line):
                lines[i] = self._treated_line(line, i)
        treated = b"\n".join(lines)
        return bytearray(treated + b"\n" * PADDING), len(treated)

    def _treated_line(self, line: bytes, line_of_block: int) -> bytes:
        if self._first_invalid is None:
            self._first_invalid = InvalidLine(self._source, self._n_bytes - self._file_start, line_of_block, line)
        self._n_invalid += not self._line_is_counted
        self._line_is_counted = True
        if self._invalid_utf8 == "error":
            self._raise_invalid(self._first_invalid)
        if self._invalid_utf8 == "skip":
            self._n_dropped += 1
            return b""
        return in_valid_utf8(line) if self._invalid_utf8 == "replace" else line

    def _raise_invalid(self, line: InvalidLine) -> None:
        try:
            line.text.decode("utf-8")
        except UnicodeDecodeError as error:
            raise InputError(f"{line.place}: {invalid_utf8_message(error)}") from error

    def reading(self) -> Reading:
        return Reading(self._hash.hexdigest(), self._n_bytes, self._n_invalid, self._n_dropped, self._first_invalid)

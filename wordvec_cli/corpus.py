"""A corpus: files, folders and pipes, the tokenizer that makes words of them, and the blocks in which they are read."""

import codecs
import functools
import hashlib
import os
import re
import stat
import sys
import threading
import unicodedata
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.errors import InputError
from wordvec_cli.files import STANDARD_STREAM, decompressed, readable, spool
from wordvec_cli.progress import Progress, Report, silent

BLOCK_BYTES = 1 << 21
PADDING = 72  # white space after a block's text, for kernels that read 64 bytes at a time
CHUNKS_AT_ONCE = 1 << 16
NEWLINE = ord("\n")
BYTE_ORDER_MARK = codecs.BOM_UTF8

# ---------------------------------------------------------------- the tokenizer

_KINDS = ("whitespace", "words", "pattern")
_NORMAL_FORMS = (None, "NFC", "NFKC")
_INVALID_UTF8 = ("keep", "replace", "skip", "error")
_JOINERS = "\u200c\u200d"
_UNDECODABLE = "\udc80-\udcff"  # what "surrogateescape" makes of bytes that are not UTF-8


@dataclass(frozen=True)
class Tokenizer:
    """What makes words of a line. Options only; `tokens` is the definition that the fast kernels are held to.

    kind          "whitespace": split at the six ASCII white-space bytes; "words": Unicode words, each other character
                  a token of its own; "pattern": every match of `pattern` (its group, if it has exactly one)
    lowercase     before the line is split, as is `normalise`
    invalid_utf8  "keep" the bytes as they are, "replace" them by U+FFFD, "skip" the line, or an "error"

    Raises: InputError if an option has no such value.
    """

    kind: str = "whitespace"
    pattern: str | None = None
    lowercase: bool = False
    normalise: str | None = None
    invalid_utf8: str = "keep"

    def __post_init__(self) -> None:
        _check_choice("--tokenizer", self.kind, _KINDS)
        _check_choice("--normalise", self.normalise, _NORMAL_FORMS)
        _check_choice("--invalid-utf8", self.invalid_utf8, _INVALID_UTF8)
        if (self.kind == "pattern") != (self.pattern is not None):
            raise InputError("--token-pattern: goes with the tokenizer 'pattern', and that one needs it")
        if self.pattern is not None:
            _compiled(self.pattern)

    def tokens(self, line: bytes) -> list[bytes]:
        """The words of a line. Raises: InputError on invalid UTF-8 if that is to be an error."""
        text = self._decoded(line)
        return [] if text is None else self._split(self._prepared(text))

    def tokens_of_each(self, chunks: Sequence[bytes]) -> list[list[bytes]]:
        """`tokens` of each of many chunks without ASCII white space, in one pass; not for patterns."""
        text = self._prepared(b"\n".join(chunks).decode("utf-8", "surrogateescape"))
        if self.kind == "whitespace":
            return [_encoded(line).split() for line in text.split("\n")]
        of_chunks: list[list[bytes]] = [[]]
        for token in _words_or_newlines().findall(text):
            if token == "\n":
                of_chunks.append([])
            else:
                of_chunks[-1].append(_encoded(token))
        return of_chunks

    @property
    def splits_at_white_space(self) -> bool:
        """Whether the tokens of a line are those of its chunks between ASCII white space, one after the other."""
        return self.kind != "pattern"

    @property
    def keeps_chunks(self) -> bool:
        """Whether the chunks between ASCII white space are the tokens."""
        return self.kind == "whitespace" and not self.lowercase and self.normalise is None

    @property
    def needs_whole_lines(self) -> bool:
        return self.kind == "pattern" or self.invalid_utf8 == "skip"

    def _decoded(self, line: bytes) -> str | None:
        """The text of a line, None if the line is to be skipped."""
        if self.invalid_utf8 == "keep":
            return line.decode("utf-8", "surrogateescape")
        if self.invalid_utf8 == "replace":
            return line.decode("utf-8", "replace")
        try:
            return line.decode("utf-8")
        except UnicodeDecodeError as error:
            if self.invalid_utf8 == "skip":
                return None
            raise InputError(invalid_utf8_message(error)) from error

    def _prepared(self, text: str) -> str:
        """The text as it is split: normalised, then lowercased, which can leave it not normalised."""
        if self.normalise is None:
            return text.lower() if self.lowercase else text
        normalised = functools.partial(unicodedata.normalize, cast(Any, self.normalise))
        return normalised(normalised(text).lower()) if self.lowercase else normalised(text)

    def _split(self, text: str) -> list[bytes]:
        if self.kind == "whitespace":
            return _encoded(text).split()  # bytes.split() knows the six ASCII white-space bytes only
        if self.kind == "words":
            return [_encoded(token) for token in _words().findall(text)]
        regex = _compiled(cast(str, self.pattern))
        line = text.removesuffix("\n").removesuffix("\r")
        matches = regex.findall(line) if regex.groups <= 1 else (match[0] for match in regex.finditer(line))
        return [_encoded(token) for token in matches if token]

    def describe(self) -> str:
        """For people: "words, lowercase, NFC"."""
        name = f"pattern {self.pattern!r}" if self.kind == "pattern" else self.kind
        invalid = None if self.invalid_utf8 == "keep" else f"invalid UTF-8: {self.invalid_utf8}"
        parts = (name, "lowercase" if self.lowercase else None, self.normalise, invalid)
        return ", ".join(part for part in parts if part)

    def to_metadata(self) -> dict[str, str | bool]:
        """The options that are not the defaults, and the kind, for JSON."""
        default = Tokenizer()
        options = {name: value for name, value in vars(self).items() if value != getattr(default, name)}
        return {"kind": self.kind, **options}

    @staticmethod
    def from_metadata(metadata: object) -> "Tokenizer":
        """Raises: InputError if the metadata is not what `to_metadata` gives."""
        if not isinstance(metadata, dict) or not metadata.keys() <= Tokenizer.__dataclass_fields__.keys():
            raise InputError(f"tokenizer {metadata!r}: not one that this version knows")
        return Tokenizer(**metadata)


def _check_choice(option: str, value: object, choices: Sequence[object]) -> None:
    if value not in choices:
        names = ", ".join(str(choice) for choice in choices if choice)
        raise InputError(f"{option}: {value!r} is not one of {names}")


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def invalid_utf8_message(error: UnicodeDecodeError) -> str:
    return (
        f"invalid UTF-8 (byte 0x{error.object[error.start]:02x} at byte {error.start + 1} of the line); "
        "choose what to do with such lines: --invalid-utf8 keep, replace or skip"
    )


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        where = "" if error.pos is None else f" at character {error.pos + 1}"
        raise InputError(f"--token-pattern: {pattern!r} is no regular expression: {error.msg}{where}") from error


@functools.cache
def _words() -> re.Pattern[str]:
    return re.compile(_words_pattern())


@functools.cache
def _words_or_newlines() -> re.Pattern[str]:
    return re.compile(_words_pattern() + "|\n")


def _words_pattern() -> str:
    r"""Words, and each other character that is no white space with the marks that sit on it.

    `\w` has no combining marks, so it would cut Hindi and Thai words; undecodable bytes count as letters, so that a
    Latin-1 word stays whole. An apostrophe joins word characters, a point or comma joins digits.
    """
    marks = _marks() + _JOINERS
    letters = rf"[\w{marks}{_UNDECODABLE}]"
    return rf"{letters}+(?:(?:['\u2019]|(?<=\d)[.,](?=\d)){letters}+)*|[^\s][{marks}]*"


def _marks() -> str:
    """The combining marks of Unicode (categories Mn, Mc, Me) as ranges for a character class."""
    # No other plane has any; a test looks at them all.
    code_points = [*range(0x300, 0x20000), *range(0xE0100, 0xE01F0)]
    marks = [code for code in code_points if unicodedata.category(chr(code))[0] == "M"]
    starts = [code for code, before in zip(marks, [-1, *marks], strict=False) if code != before + 1]
    ends = [code for code, after in zip(marks, [*marks[1:], -1], strict=True) if code != after - 1]
    return "".join(f"{chr(start)}-{chr(end)}" for start, end in zip(starts, ends, strict=True))


# ---------------------------------------------------------------- its fast path


class Pieces(NamedTuple):
    """The tokens of some chunks.

    chunks    (m,) which chunks
    n_pieces  (m,) how many tokens each of them has
    text      the tokens back to back, and PADDING bytes
    offsets   (sum of n_pieces + 1,)
    """

    chunks: NDArray[np.int64]
    n_pieces: NDArray[np.int32]
    text: NDArray[np.uint8]
    offsets: NDArray[np.int64]


def split_chunks(tokenizer: Tokenizer, text: NDArray[np.uint8], offsets: NDArray[np.int64]) -> Iterator[Pieces]:
    """The tokens of every chunk (the text between ASCII white space): natively if it is ASCII, else by `tokenizer`.

    text, offsets  the chunks back to back, `text` followed by PADDING bytes
    """
    for first in range(0, len(offsets) - 1, CHUNKS_AT_ONCE):
        some = offsets[first : first + CHUNKS_AT_ONCE + 1]
        chunks_text = text[some[0] : some[-1] + PADDING]
        ascii_pieces = _split_ascii(tokenizer, chunks_text, some - some[0])
        foreign = np.flatnonzero(ascii_pieces.n_pieces < 0)
        yield ascii_pieces._replace(chunks=ascii_pieces.chunks + first, n_pieces=np.maximum(ascii_pieces.n_pieces, 0))
        if len(foreign):
            chunks = [bytes(text[offsets[chunk] : offsets[chunk + 1]]) for chunk in foreign + first]
            yield _pieces(foreign + first, tokenizer.tokens_of_each(chunks))


def _split_ascii(tokenizer: Tokenizer, text: NDArray[np.uint8], offsets: NDArray[np.int64]) -> Pieces:
    """The tokens of the chunks that are ASCII; n_pieces is -1 for the others."""
    from wordvec_cli.kernels import text as kernels

    n_chunks, n_bytes = len(offsets) - 1, int(offsets[-1])
    pieces = np.empty(n_bytes + PADDING, np.uint8)
    piece_offsets = np.zeros(n_bytes + 1, np.int64)
    n_pieces = np.empty(n_chunks, np.int32)
    options = (tokenizer.kind == "words", tokenizer.lowercase)
    read_only = kernels.read_only
    n_tokens = kernels.split_ascii_chunks(
        read_only(text), read_only(offsets), *options, pieces, piece_offsets, n_pieces
    )
    return Pieces(np.arange(n_chunks), n_pieces, pieces, piece_offsets[: n_tokens + 1])


def _pieces(chunks: NDArray[np.int64], tokens_of_each: Sequence[Sequence[bytes]]) -> Pieces:
    n_pieces = np.fromiter(map(len, tokens_of_each), np.int32, len(tokens_of_each))
    text, offsets = back_to_back([token for tokens in tokens_of_each for token in tokens])
    return Pieces(chunks, n_pieces, text, offsets)


def back_to_back(words: Sequence[bytes]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The words as one text with PADDING bytes after it, and their offsets (n + 1,)."""
    text = np.frombuffer(b"".join((*words, bytes(PADDING))), np.uint8)
    offsets = np.zeros(len(words) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, words), np.int64, len(words)), out=offsets[1:])
    return text, offsets


# ---------------------------------------------------------------- the files


@dataclass(frozen=True)
class _Source:
    """One file of a corpus: a path, or for a pipe the copy of what came through it."""

    name: str
    size_bytes: int
    copy: BinaryIO | None = None

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        if self.copy is None:
            with open(self.name, "rb", buffering=0) as raw:
                yield cast(BinaryIO, raw)
        else:
            self.copy.seek(0)
            yield self.copy


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
class Reading:
    """What a full pass over a corpus found out.

    fingerprint      SHA-256 (hexadecimal) of the decompressed text, each file's end a line's end, without byte order
                     marks: a pipe, an .xz and a plain file agree
    n_bytes          of that text
    n_invalid_lines  lines with bytes that are not UTF-8
    n_dropped_lines  those of them that --invalid-utf8 skip has left out
    """

    fingerprint: str
    n_bytes: int
    n_invalid_lines: int
    n_dropped_lines: int


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
    """

    paths: tuple[str, ...]
    tokenizer: Tokenizer
    spool_folder: Path
    size_bytes: int
    reading: Reading | None = None
    _sources: tuple[_Source, ...] = field(default=(), repr=False)

    @classmethod
    def open(cls, paths: Iterable[str], tokenizer: Tokenizer, spool_folder: Path) -> "Corpus":
        """Check that all can be read, list the folders, copy pipes to a nameless file in `spool_folder`.

        paths  files, folders (read recursively in byte order of relative paths), `-` for standard input
        Raises: InputError, OutputError (a full disk)
        """
        paths = tuple(paths)
        if paths.count(STANDARD_STREAM) > 1:
            raise InputError("-: standard input can be read once only; name it once")
        sources = tuple(source for path in paths for source in _sources(path, spool_folder))
        return cls(paths, tokenizer, spool_folder, sum(source.size_bytes for source in sources), _sources=sources)

    def blocks(self, block_bytes: int = BLOCK_BYTES) -> Iterator[Block]:
        """The text in pieces of about `block_bytes`; larger where a word (or a line, for patterns) is.

        Lines that --invalid-utf8 concerns are already kept, replaced, or empty (skipped).
        Raises: InputError that names the file, and the line for --invalid-utf8 error
        """
        progress = _Pass(self.tokenizer)
        done_before = 0
        for source in self._sources:
            with readable(source.name), source.opened() as raw:
                progress.start_file(source.name)
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


def _sources(path: str, spool_folder: Path) -> Iterator[_Source]:
    """The files that `path` stands for, each of them opened once to see that it can be read."""
    if path == STANDARD_STREAM:
        yield _spooled("standard input", sys.stdin.buffer, spool_folder)
        return
    with readable(path):
        mode = Path(path).stat().st_mode
        if stat.S_ISDIR(mode):
            yield from _files_of_folder(path)
        elif stat.S_ISREG(mode):
            yield _file(path)
        else:
            with open(path, "rb") as pipe:
                yield _spooled(path, pipe, spool_folder)


def _spooled(name: str, stream: BinaryIO, folder: Path) -> _Source:
    with readable(name):
        copy = spool(stream, folder)
    source = _Source(name, os.fstat(copy.fileno()).st_size, copy)
    close_with(source, copy)
    return source


def close_with(owner: object, file: BinaryIO) -> None:
    """Close a nameless file when its owner goes; what could not be written by then has been told before."""

    def close() -> None:
        with suppress(OSError):
            file.close()

    weakref.finalize(owner, close)


def _file(path: str) -> _Source:
    with readable(path), open(path, "rb") as file:
        return _Source(path, os.fstat(file.fileno()).st_size)


def _files_of_folder(folder: str) -> list[_Source]:
    paths = [Path(parent, name) for parent, _, names in os.walk(folder, onerror=_raise) for name in names]
    files = [path for path in paths if path.is_file()]
    if not files:
        raise InputError(f"{folder}: the folder holds no files; name files or another folder")
    return [_file(str(path)) for path in sorted(files, key=lambda path: os.fsencode(path.relative_to(folder)))]


def _raise(error: OSError) -> None:
    raise error


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

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._invalid_utf8 = tokenizer.invalid_utf8
        self._hash = hashlib.sha256()
        self._n_bytes = self._n_blocks = 0
        self._n_invalid = self._n_dropped = 0
        self._name = ""
        self._n_lines_of_file = 0
        self._line_is_counted = False

    def start_file(self, name: str) -> None:
        self._name = name
        self._n_lines_of_file = 0

    def block(self, buffer: bytearray, size: int, stored_done: int) -> Block:
        text = memoryview(buffer)[:size]
        self._hash.update(text)
        self._n_bytes += size
        if not (buffer.isascii() or _is_utf8(text)):
            buffer, size = self._treated(bytes(text))
        elif self._line_is_counted and buffer.find(b"\n", 0, size) >= 0:
            self._line_is_counted = False
        if self._invalid_utf8 == "error":
            self._n_lines_of_file += buffer.count(b"\n", 0, size)
        self._n_blocks += 1
        return Block(buffer, size, self._n_blocks - 1, stored_done)

    def _treated(self, text: bytes) -> tuple[bytearray, int]:
        """A block with invalid UTF-8 as it is to be read: padded, and its size."""
        lines = text.split(b"\n")
        for i, line in enumerate(lines):
            if i > 0:  # lines[0] may go on from the last block
                self._line_is_counted = False
            if not _is_utf8(line):
                lines[i] = self._treated_line(line, i)
        treated = b"\n".join(lines)
        return bytearray(treated + b"\n" * PADDING), len(treated)

    def _treated_line(self, line: bytes, line_of_block: int) -> bytes:
        self._n_invalid += not self._line_is_counted
        self._line_is_counted = True
        if self._invalid_utf8 == "error":
            self._raise_invalid(line, self._n_lines_of_file + line_of_block + 1)
        if self._invalid_utf8 == "skip":
            self._n_dropped += 1
            return b""
        return line.decode("utf-8", "replace").encode() if self._invalid_utf8 == "replace" else line

    def _raise_invalid(self, line: bytes, number: int) -> None:
        try:
            line.decode("utf-8")
        except UnicodeDecodeError as error:
            raise InputError(f"{self._name}:{number}: {invalid_utf8_message(error)}") from error

    def reading(self) -> Reading:
        return Reading(self._hash.hexdigest(), self._n_bytes, self._n_invalid, self._n_dropped)


def _is_utf8(text: bytes | memoryview) -> bool:
    try:
        codecs.utf_8_decode(text, "strict", True)
    except UnicodeDecodeError:
        return False
    return True

"""The blocks in which text is read: cut at line ends or white space, hashed, and looked through for invalid UTF-8."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from wordvec_cli.errors import InputError
from wordvec_cli.text.decoding import in_valid_utf8, is_utf8
from wordvec_cli.text.lines import BYTE_ORDER_MARK
from wordvec_cli.text.source import Source
from wordvec_cli.text.tokenizer import Tokenizer, invalid_utf8_message
from wordvec_cli.text.words import PADDING

NEWLINE = ord("\n")


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
        return self.source.place(self.source.n_lines_in(self.offset) + self.line_of_block + 1)

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
    n_invalid_lines  lines with bytes that are not valid UTF-8
    n_dropped_lines  those of them that --invalid-utf8 skip has left out
    first_invalid    the first of them
    """

    fingerprint: str
    n_bytes: int
    n_invalid_lines: int
    n_dropped_lines: int
    first_invalid: InvalidLine | None = None


def raw_blocks(
    stream: BinaryIO, block_bytes: int, whole_lines: bool, starts_file: bool = True
) -> Iterator[tuple[bytearray, int]]:
    """The text of one file as (text and padding, size); the last one ends in a newline, whatever the file does.

    starts_file  whether a byte order mark at the beginning is one, and not a character of the text
    """
    carried = bytearray(len(BYTE_ORDER_MARK))
    del carried[_fill(stream, memoryview(carried)) :]
    if starts_file and carried == BYTE_ORDER_MARK:
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


class BlockReader:
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

"""Columns of CSV and TSV: the header by Python's csv module, the rows by a kernel that is held to it.

A cell of a CSV may be quoted, and then hold delimiters and line ends; in a TSV quotes are letters as any other.
"""

import csv
import io
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.errors import InputError
from wordvec_cli.storage.files import shown_size
from wordvec_cli.text.decoding import as_text, bytes_of_json
from wordvec_cli.text.lines import BYTE_ORDER_MARK
from wordvec_cli.text.tables.columns import Columns, TableRows
from wordvec_cli.text.words import PADDING

BLOCK_BYTES = 1 << 18
HEADER_BYTES = 1 << 18  # that are read for the header at first
MOST_ROW_BYTES = 1 << 26
QUOTE, NO_QUOTE = ord('"'), -1
DELIMITERS = (",", ";", "\t", "|")  # of a CSV; the header tells which


class Header(NamedTuple):
    """The line of column names, and how its table is written.

    size  in bytes, with its end
    """

    names: tuple[str, ...]
    delimiter: str
    quote: int
    size: int


def columns_of(stream: BinaryIO, name: str, is_quoted: bool) -> tuple[str, ...]:
    """The columns of a table. Raises: InputError if it has no header"""
    return _header(_Text(stream), name, is_quoted).names


def lines_of(stream: BinaryIO, columns: Columns, is_quoted: bool, rows: TableRows) -> Iterator[memoryview]:
    """The lines of all rows, many at a time, in memory that the next ones will take. Raises: InputError"""
    text = _Text(stream)
    header = _header(text, columns.table, is_quoted)
    columns.check(header.names)
    # of one column alone it may be a row as any other
    header_line = bytes(text.buffer[: header.size]).rstrip(b"\r\n") if len(header.names) > 1 else b""
    text.drop(header.size)
    slots = np.full(len(header.names), -1, np.int64)
    slots[[header.names.index(name) for name in columns.names]] = range(len(columns.names))
    fewest, most = 1 + int(np.flatnonzero(slots >= 0)[-1]), len(slots)
    separation = ord(columns.separator), len(columns.unreadable)
    start = int.from_bytes(header_line[:8], "little", signed=len(header_line) > 7)
    limits = fewest, most, len(header_line), start
    dialect = np.array([ord(header.delimiter), header.quote, *separation, *limits], np.int64)
    yield from _lines(text, _Scan(dialect, slots, _boundaries(slots)), columns, rows, header_line)


def _boundaries(slots: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where wanted cells begin and end: see `kernels.delimited.lines_of_rows`."""
    wanted = [(column, int(slots[column])) for column in np.flatnonzero(slots >= 0).tolist()]
    starts = [(column - 1, slot, 0) for column, slot in wanted if column]
    ends = [(column, slot, 1) for column, slot in wanted]
    return np.array(sorted(ends + starts, key=lambda boundary: boundary[0]), np.int64)  # stable: an end comes first


class _Text:
    """The part of a stream that has been read and not been used, always in the same memory while that is enough.

    buffer  the text, and at least PADDING bytes more
    at_end  whether nothing follows it; then a line end was added if none was there
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.buffer = np.zeros(HEADER_BYTES + 1 + PADDING, np.uint8)
        self.size = 0
        self.at_end = False
        self.fill(HEADER_BYTES)
        if bytes(self.buffer[: len(BYTE_ORDER_MARK)]) == BYTE_ORDER_MARK:
            self.drop(len(BYTE_ORDER_MARK))

    def fill(self, n_bytes: int) -> None:
        """Read on, until there are `n_bytes` of text or all there is."""
        if len(self.buffer) < n_bytes + 1 + PADDING:
            larger = np.zeros(n_bytes + 1 + PADDING, np.uint8)
            larger[: self.size] = self.buffer[: self.size]
            self.buffer = larger
        target = self.buffer.data[self.size : n_bytes]
        while len(target) and (n_read := cast(io.RawIOBase, self._stream).readinto(target)):
            target = target[n_read:]
            self.size += n_read
        self.at_end = len(target) > 0
        if self.at_end and self.size and self.buffer[self.size - 1] != ord("\n"):
            self.buffer[self.size] = ord("\n")
            self.size += 1

    def drop(self, n_bytes: int) -> None:
        """Of the start."""
        self.size -= n_bytes
        self.buffer[: self.size] = self.buffer[n_bytes : n_bytes + self.size].copy()


class _Scan(NamedTuple):
    """What the kernel is told of a table."""

    dialect: NDArray[np.int64]
    slots: NDArray[np.int64]
    boundaries: NDArray[np.int64]


def _lines(text: _Text, scan: _Scan, columns: Columns, rows: TableRows, header: bytes) -> Iterator[memoryview]:
    from wordvec_cli.kernels import delimited

    spans = np.zeros((len(columns.names), 3), np.int64)
    tallies = np.zeros(delimited.TALLIES, np.int64)
    lines = np.empty(0, np.uint8)
    room = 1 + len(columns.unreadable)  # of a row's bytes, what its line may take
    while text.size or not text.at_end:
        if len(lines) < room * text.size + PADDING:
            lines = np.empty(room * len(text.buffer), np.uint8)
        what = *scan, spans, lines, tallies
        delimited.lines_of_rows(text.buffer, text.size, *what)
        if n_unreadable := int(tallies[delimited.UNREADABLE]):
            first = rows.n + int(tallies[delimited.FIRST_UNREADABLE]) + 1
            n_cells = int(tallies[delimited.ITS_CELLS])
            rows.add_unreadable(n_unreadable, first, f"{n_cells} cells, where the header has {len(scan.slots)}")
        if n_misquoted := int(tallies[delimited.MISQUOTED]):
            rows.add_misquoted(n_misquoted, rows.n + int(tallies[delimited.FIRST_MISQUOTED]) + 1)
        if tallies[delimited.HEADERS]:
            rows.n_headers += bytes(text.buffer[: tallies[delimited.CONSUMED]]).splitlines().count(header)
        rows.add(int(tallies[delimited.ROWS]))
        yield lines.data[: int(tallies[delimited.WRITTEN])]
        text.drop(int(tallies[delimited.CONSUMED]))
        _check_end(text, columns.table, rows)
        text.fill(max(BLOCK_BYTES, 2 * text.size))


def _check_end(text: _Text, table: str, rows: TableRows) -> None:
    """Raises: InputError for a row that has no end"""
    row = f"{table}: row {rows.n + 1}"
    quotes = "the quote of a cell is not closed"
    remedy = 'write two quotes ("") for one within a cell; where quotes are plain letters, use --corpus-format tsv'
    if text.at_end and text.size:
        raise InputError(f"{row}: {quotes}; {remedy}")
    if text.size > MOST_ROW_BYTES:
        raise InputError(f"{row}: is longer than {shown_size(MOST_ROW_BYTES)}; perhaps {quotes}; {remedy}")


def _header(text: _Text, name: str, is_quoted: bool) -> Header:
    """Raises: InputError if there is none that can be read"""
    while (header := _header_in(bytes(text.buffer[: text.size]), name, is_quoted)).size == text.size:
        if text.at_end:
            break
        if text.size > MOST_ROW_BYTES:
            raise InputError(f"{name}: its header is longer than {shown_size(MOST_ROW_BYTES)}; is it a table?")
        text.fill(2 * text.size)
    return header


def _header_in(start: bytes, name: str, is_quoted: bool) -> Header:
    """Raises: InputError if there is none that can be read"""
    first = start.split(b"\n", 1)[0]
    delimiter = _delimiter(as_text(first)) if is_quoted else "\t"
    lines = _Lines(start)
    try:
        quoting: Any = csv.QUOTE_MINIMAL if is_quoted else csv.QUOTE_NONE
        names = next(csv.reader(lines, delimiter=delimiter, quoting=quoting), [])
    except csv.Error as error:
        raise InputError(f"{name}: its first line is not a header ({error}); write the names of the columns") from None
    if not names:
        raise InputError(f"{name}: has no header; write the names of the columns on its first line")
    return Header(tuple(names), delimiter, QUOTE if is_quoted else NO_QUOTE, lines.n_read)


class _Lines:
    """The lines of a text, as the csv module takes them, and how many bytes it has taken."""

    def __init__(self, text: bytes) -> None:
        self._lines = io.TextIOWrapper(io.BytesIO(text), "utf-8", "surrogateescape", newline="")
        self.n_read = 0

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.n_read += len(bytes_of_json(line))
            yield line


def _delimiter(header: str) -> str:
    """The most frequent of those that may be, a comma if there is none."""
    return max(DELIMITERS, key=header.count)

"""One file of a corpus, as it is opened, decompressed, decoded and, if it is a table, made text of."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from wordvec_cli.storage.archives import Member, Unpacked
from wordvec_cli.storage.file_kinds import START_BYTES, FileKind, kind_of_no_text
from wordvec_cli.storage.files import decompressed, readable
from wordvec_cli.text.encodings import InUtf8
from wordvec_cli.text.file_options import PARQUET, TEXT
from wordvec_cli.text.lines import BYTE_ORDER_MARK
from wordvec_cli.text.tables.columns import Columns, TableRows
from wordvec_cli.text.tables.reading import lines_of

READ_BYTES = 1 << 20


@dataclass(frozen=True)
class Source:
    """One file of a corpus: a path, or for a pipe the copy of what came through it.

    encoding  that is made UTF-8 of; None: it is that, or what it is
    format    of a table, whose `columns` are the text; "text" where the file is that
    """

    name: str
    size_bytes: int
    copy: BinaryIO | None = None
    encoding: str | None = None
    format: str = TEXT
    columns: Columns | None = None

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

    def decoded(self, raw: BinaryIO) -> BinaryIO:
        """What is in the file as it is opened: decompressed, and in UTF-8; a Parquet file as it is."""
        if self.format == PARQUET:
            return raw
        stream = decompressed(raw)
        return cast(BinaryIO, InUtf8(stream, self.encoding, self.name)) if self.encoding else stream

    def text_of(self, raw: BinaryIO, rows: TableRows | None = None) -> BinaryIO:
        """The text that the opened file holds; `rows` gets what is found out of those of a table."""
        stream = self.decoded(raw)
        if self.columns is None:
            return stream
        return lines_of(stream, self.format, self.columns, TableRows(self.name) if rows is None else rows)

    def kind_of_no_text(self) -> FileKind | None:
        """What the file is, if its content is not text. Raises: InputError if it cannot be read"""
        if self.format == PARQUET:
            return None
        with readable(self.name), self.opened() as raw:
            return kind_of_no_text(self.decoded(raw).read(START_BYTES))

    @property
    def reading(self) -> tuple[Any, ...]:
        """What decides the text of the file besides its bytes; empty where nothing does."""
        columns = None if self.columns is None else [self.format, *self.columns.names]
        return () if self.encoding is None and columns is None else (self.encoding, columns)

    def place(self, row: int) -> str:
        """Of a line, from 1, or of a row of a table."""
        return f"{self.name}:{row}" if self.columns is None else f"{self.name}: row {row}"

    def n_lines_in(self, size: int) -> int:
        """How many lines end in the first `size` bytes of the text, not counting a byte order mark."""
        n_lines = 0
        with readable(self.name), self.opened() as raw:
            text = io.BufferedReader(cast(io.RawIOBase, self.text_of(raw)))
            if text.peek(len(BYTE_ORDER_MARK)).startswith(BYTE_ORDER_MARK):
                size += len(BYTE_ORDER_MARK)
            while size > 0 and (piece := text.read(min(size, READ_BYTES))):
                n_lines += piece.count(b"\n")
                size -= len(piece)
            text.detach()
        return n_lines


@dataclass(frozen=True)
class OfArchive(Source):
    """A file of an archive, `member` of `unpacked`."""

    unpacked: Unpacked | None = None
    member: Member | None = None

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        assert self.unpacked and self.member
        yield self.unpacked.opened(self.member)

"""A table as a stream of lines, a line for each row, for all that reads text."""

import io
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

from wordvec_cli.text.tables import delimited, json_lines, parquet
from wordvec_cli.text.tables.columns import Columns, TableRows


def columns_of(stream: BinaryIO, name: str, format: str) -> tuple[str, ...]:
    """The columns that a table has. Raises: InputError if it is not of that format"""
    if format == "jsonl":
        return json_lines.columns_of(stream, name)
    if format == "parquet":
        return parquet.columns_of(stream, name)
    return delimited.columns_of(stream, name, is_quoted=format == "csv")


def lines_of(stream: BinaryIO, format: str, columns: Columns, rows: TableRows) -> BinaryIO:
    """The lines of a table's rows; what is found out of these on the way goes to `rows`.

    stream  decompressed and in UTF-8; of a Parquet file, the file
    """
    lines: Iterator[bytes] | Iterator[memoryview]
    if format == "jsonl":
        lines = json_lines.lines_of(stream, columns, rows)
    elif format == "parquet":
        lines = parquet.lines_of(stream, columns, rows)
    else:
        lines = delimited.lines_of(stream, columns, format == "csv", rows)
    return cast(BinaryIO, _Pieces(columns.header, lines))


class _Pieces(io.RawIOBase):
    """Pieces of text as a stream."""

    def __init__(self, first: bytes, pieces: Iterator[bytes] | Iterator[memoryview]) -> None:
        self._pieces = pieces
        self._rest = memoryview(first)

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        n = min(len(self._rest), len(target))
        target[:n] = self._rest[:n]
        self._rest = self._rest[n:]
        return n

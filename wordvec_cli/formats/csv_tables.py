"""Tables between commas, or semicolons where numbers have decimal commas: ours, pandas', R's and spreadsheets'."""

from collections.abc import Iterator
from typing import BinaryIO

from wordvec_cli.formats.reading import Oddities, ReadOptions
from wordvec_cli.formats.rows import Rows
from wordvec_cli.formats.table_layout import layout_of
from wordvec_cli.formats.table_rows import table_rows
from wordvec_cli.formats.tables import write_csv
from wordvec_cli.vectors.native import START_BYTES

__all__ = ["looks_like", "rows", "write_csv"]

SEPARATORS = (b",", b";")


def looks_like(start: bytes) -> bool:
    return layout_of(start, SEPARATORS, is_whole=len(start) < START_BYTES) is not None


def rows(path: str, source: BinaryIO, options: ReadOptions, oddities: Oddities) -> Iterator[Rows]:
    """Raises: InputError"""
    return table_rows(path, source, SEPARATORS, options, oddities)

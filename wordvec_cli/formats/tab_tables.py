"""Tables between tabs, or blanks: ours, pandas', and those that R's write.table writes, with titles or quotes."""

from collections.abc import Iterator
from typing import BinaryIO

from wordvec_cli.formats.reading import Oddities, ReadOptions
from wordvec_cli.formats.rows import Rows
from wordvec_cli.formats.table_layout import layout_of
from wordvec_cli.formats.table_rows import table_rows
from wordvec_cli.formats.tables import write_tsv
from wordvec_cli.formats.text_head import are_titles
from wordvec_cli.vectors.native import START_BYTES

__all__ = ["looks_like", "rows", "write_tsv"]

SEPARATORS = (b"\t", b" ")


def looks_like(start: bytes) -> bool:
    """Whether there are titles, or quotes around words; a table without is text as any other, and read as such."""
    if are_titles(start.partition(b"\n")[0]) and b'\n"' not in start:  # which text may have too
        return False
    return layout_of(start, SEPARATORS, is_whole=len(start) < START_BYTES) is not None


def rows(path: str, source: BinaryIO, options: ReadOptions, oddities: Oddities) -> Iterator[Rows]:
    """Raises: InputError"""
    return table_rows(path, source, SEPARATORS, options, oddities)

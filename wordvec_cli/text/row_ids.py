"""The ids of a corpus' rows: a column of its tables, beside outputs that have a row a line."""

from collections.abc import Iterator
from typing import Any, cast

from wordvec_cli.errors import InputError
from wordvec_cli.storage.files import readable, replacing
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.corpus_files import with_column
from wordvec_cli.text.source import Source

READ_BYTES = 1 << 18
ENDING = ".ids.txt"  # of the file beside an output


class RowIds:
    """The ids of all rows of a corpus, in its order: read again, so that they take no memory.

    Raises: InputError if a file of the corpus is not a table, or has no such column
    """

    def __init__(self, corpus: Corpus, column: str) -> None:
        self._name = ", ".join(corpus.paths)
        self._sources = [with_column(source, column) for source in corpus.sources]

    def pieces(self) -> Iterator[bytes]:
        """The ids, a line each. Raises: InputError"""
        for source in self._sources:
            yield from _pieces(source)

    def write(self, path: str, n_rows: int) -> None:
        """An id a line, line ends within it as blanks; an empty one where a row has none.

        n_rows  that there have to be
        Raises: OutputError; InputError if there are more or fewer
        """
        n_written = 0
        with replacing(path) as output:
            for piece in self.pieces():
                output.write(piece)
                n_written += piece.count(b"\n")
            if n_written != n_rows:
                raise InputError(f"{self._name}: had {n_rows} rows and has {n_written} now; do not change it meanwhile")


def _pieces(source: Source) -> Iterator[bytes]:
    with readable(source.name), source.opened() as raw:
        stream, piece = cast(Any, source.text_of(raw)), bytearray(READ_BYTES)
        while n := stream.readinto(piece):
            yield bytes(memoryview(piece)[:n])

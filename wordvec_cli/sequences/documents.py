"""The documents of a corpus whose lines are parts of them, as a column of its tables tells them: a book, an author."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.messages import counted
from wordvec_cli.sequences.samples import bootstrap
from wordvec_cli.storage.files import readable
from wordvec_cli.storage.spool import Spool, mapped
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.lines import whole_lines
from wordvec_cli.text.row_ids import RowIds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from wordvec_cli.sequences.samples import Times

DOCUMENTS_FILE = "documents"


@dataclass(frozen=True, eq=False)
class Documents:
    """Which document each line of a corpus is of.

    column    that tells it
    n         how many there are
    of_lines  (n_lines,) int32, the number of a document, in the order of their first lines
    """

    column: str
    n: int
    of_lines: "NDArray[np.int32]"

    def of(self, lines: "slice | NDArray[np.int64]") -> "Documents":
        """Those that have one of some lines, with these lines alone."""
        found, of_lines = np.unique(self.of_lines[lines], return_inverse=True)
        return Documents(self.column, len(found), of_lines.astype(np.int32))

    def times(self, n_lines: int, seed: int) -> "Times":
        """How often each line is taken, (n_lines,), when as many documents are drawn with replacement as there are.

        It is the cluster bootstrap (Davison and Hinkley, Bootstrap Methods and their Application, 1997, section 3.8).
        Raises: InputError if the corpus has other lines now
        """
        if len(self.of_lines) != n_lines:
            raise InputError(
                f"--document-column {self.column}: the corpus had {counted(len(self.of_lines), 'row')} and has "
                f"{n_lines} now; do not change it meanwhile"
            )
        times: Times = bootstrap(self.n, seed)[self.of_lines]
        return times


def read_documents(corpus: Corpus, column: str, folder: Path) -> Documents:
    """The documents of a corpus, also in a file of a folder, which `open_documents` reads again.

    A row whose column is empty is a document of its own.
    Raises: InputError if it is not of tables, or they have no such column, or one document is all; OutputError
    """
    of_lines = number_documents(corpus, column, folder, DOCUMENTS_FILE)
    n = int(of_lines.max(initial=-1)) + 1
    if n < 2:
        raise InputError(
            f"--document-column {column}: tells {counted(n, 'document')}, so there is nothing to draw from; name "
            "another column, or compare --seeds"
        )
    return Documents(column, n, of_lines)


def number_documents(corpus: Corpus, column: str, folder: Path, name: str | None = None) -> "NDArray[np.int32]":
    """The number of the document of each line, (n_lines,), in the order of their first lines, as `Documents` has it.

    folder, name  of the file in which they are; None: it has no name
    Raises: InputError if the corpus is not of tables, or they have no such column; OutputError
    """
    found = Spool(folder, np.int32, name)
    for numbers in _numbers(whole_lines(RowIds(corpus, column).pieces())):
        found.append(numbers)
    of_lines: NDArray[np.int32] = found.whole()
    return of_lines


def open_documents(folder: Path, column: str) -> Documents:
    """Raises: InputError if there are none, or they cannot be read"""
    path = folder / DOCUMENTS_FILE
    if not path.exists():
        raise InputError(
            f"--document-column {column}: the trainings to go on with do not draw documents; leave it out, or remove "
            f"{folder} to start afresh"
        )
    with readable(str(path)), path.open("rb") as file:
        of_lines = mapped(file, np.int32)
    return Documents(column, int(of_lines.max(initial=-1)) + 1, of_lines)


def _numbers(values: "Iterable[list[bytes]]") -> "Iterator[NDArray[np.int32]]":
    """Of the documents of rows, some at a time."""
    known: dict[bytes, int] = {}
    n_without = 0
    for some in values:
        numbers = np.empty(len(some), np.int32)
        for i, value in enumerate(map(bytes.strip, some)):
            numbers[i] = known.setdefault(value, len(known) + n_without) if value else len(known) + n_without
            n_without += not value
        yield numbers

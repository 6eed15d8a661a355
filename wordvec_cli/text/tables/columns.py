"""Which columns of a table make the lines, and the rows that could not be read."""

from collections.abc import Sequence
from dataclasses import dataclass

from wordvec_cli.errors import InputError
from wordvec_cli.text.decoding import as_bytes

MOST_SHOWN = 40  # columns in an error


@dataclass(frozen=True)
class Columns:
    """The columns that are wanted of a table.

    table      its name, for errors
    names      of the columns, in the order in which their cells make a line
    as_tsv     whether tabs stand between them, below a line of their names; else it is blanks. Within them, such
               separators and line ends become blanks
    """

    table: str
    names: tuple[str, ...]
    as_tsv: bool = False

    @property
    def separator(self) -> bytes:
        return b"\t" if self.as_tsv else b" "

    @property
    def header(self) -> bytes:
        """What stands above the lines."""
        return self.line([as_bytes(name) for name in self.names]) + b"\n" if self.as_tsv else b""

    @property
    def unreadable(self) -> bytes:
        """The line of a row that cannot be read: an empty one; in TSV, one that has too many cells."""
        return self.separator * len(self.names) if self.as_tsv else b""

    def check(self, there: Sequence[str]) -> None:
        """Raises: InputError if one is not among those that the table has"""
        for name in self.names:
            if name not in there:
                raise InputError(f"{self.table}: has no column {name!r}; its columns are: {listed(there)}")
            if (n := there.count(name)) > 1:
                raise InputError(f"{self.table}: has {n} columns {name!r}; give each a name of its own")

    def line(self, cells: Sequence[bytes]) -> bytes:
        """The line of a row."""
        if self.separator != b" ":
            cells = [cell.replace(self.separator, b" ") for cell in cells]
        return self.separator.join(cells).replace(b"\n", b" ").replace(b"\r", b" ")


@dataclass
class TableRows:
    """What was found out of the rows of a table so far: each gives a line, an empty one if it could not be read.

    first   the number of the first that could not be read, from 1
    reason  why: "has 3 cells, and there are 2 columns"
    n_misquoted, first_misquoted  those where text follows a closing quote, and the number of the first
    n_headers  rows that are the header once more
    """

    table: str
    n: int = 0
    n_unreadable: int = 0
    first: int = 0
    reason: str = ""
    n_misquoted: int = 0
    first_misquoted: int = 0
    n_headers: int = 0

    def add(self, n: int) -> None:
        self.n += n

    def add_unreadable(self, n: int, first: int, reason: str) -> None:
        """n  of them; `first` is the row of the first of them"""
        if not self.n_unreadable:
            self.first, self.reason = first, reason
        self.n_unreadable += n

    def add_misquoted(self, n: int, first: int) -> None:
        """n  of them; `first` is the row of the first of them"""
        self.first_misquoted = self.first_misquoted or first
        self.n_misquoted += n


def listed(names: Sequence[str]) -> str:
    """Names of columns, for an error."""
    more = f" and {len(names) - MOST_SHOWN} more" if len(names) > MOST_SHOWN else ""
    return ", ".join(map(repr, names[:MOST_SHOWN])) + more

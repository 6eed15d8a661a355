"""The groups of a corpus' lines, as a column of its tables tells them: a year, a source."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.messages import counted
from wordvec_cli.sequences.word_ids import Sequences
from wordvec_cli.storage.files import readable, replacing
from wordvec_cli.storage.spool import Spool, mapped
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.decoding import as_text
from wordvec_cli.text.lines import whole_lines
from wordvec_cli.text.row_ids import RowIds

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_GROUPS = 1000
MOST_NAMED = 12  # groups, in a note
LINES_AT_ONCE = 1 << 16
NAMES_FILE, LINES_FILE = "groups.json", "groups"
NO_GROUP = -1


@dataclass(frozen=True, eq=False)
class Groups:
    """Which group each line of a corpus is of.

    column    that tells it
    names     of the groups, in byte order
    of_lines  (n_lines,) int32: a number of a name, or NO_GROUP where the column is empty
    """

    column: str
    names: tuple[str, ...]
    of_lines: "NDArray[np.int32]"

    @property
    def named(self) -> str:
        """The first names, as notes and errors list them."""
        return ", ".join(self.names[:MOST_NAMED]) + ", ..." * (len(self.names) > MOST_NAMED)

    @property
    def n_without(self) -> int:
        """Lines of no group."""
        return int(np.count_nonzero(self.of_lines == NO_GROUP))

    def known_tokens(self, sequences: Sequences) -> "NDArray[np.int64]":
        """How many tokens of the vocabulary each group has, (n_groups,). Raises: InputError if the lines are others"""
        if len(self.of_lines) != sequences.n_sentences:
            raise InputError(
                f"--by {self.column}: the corpus had {counted(len(self.of_lines), 'row')} and has "
                f"{sequences.n_sentences} now; do not change it meanwhile"
            )
        found = np.zeros(len(self.names) + 1, np.int64)  # the last of no group
        for first in range(0, sequences.n_sentences, LINES_AT_ONCE):
            offsets = sequences.offsets[first : first + LINES_AT_ONCE + 1]
            groups = np.repeat(self.of_lines[first : first + LINES_AT_ONCE], np.diff(offsets))
            is_known = sequences.ids[offsets[0] : offsets[-1]] >= 0
            found += np.bincount(groups[is_known] % len(found), minlength=len(found))
        return found[:-1]

    def counts(self, group: int, sequences: Sequences, n_words: int) -> "NDArray[np.int64]":
        """How often each word occurs in a group, (n_words,)."""
        found = np.zeros(n_words, np.int64)
        for first in range(0, sequences.n_sentences, LINES_AT_ONCE):
            offsets = sequences.offsets[first : first + LINES_AT_ONCE + 1]
            ids = sequences.ids[offsets[0] : offsets[-1]]
            is_mine = np.repeat(self.of_lines[first : first + LINES_AT_ONCE] == group, np.diff(offsets))
            found += np.bincount(ids[is_mine & (ids >= 0)], minlength=n_words)
        return found

    def times(self, group: int) -> "NDArray[np.uint16]":
        """How often each line is taken for a group: once or never."""
        taken: NDArray[np.uint16] = (self.of_lines == group).astype(np.uint16)
        return taken


def read_groups(corpus: Corpus, column: str, folder: Path) -> Groups:
    """The groups of a corpus, also in files of a folder, which `open_groups` reads again.

    Raises: InputError if it is not of tables, or they have no such column; OutputError
    """
    numbers: dict[bytes, int] = {}
    found = Spool(corpus.spool_folder, np.int32)
    for lines in whole_lines(RowIds(corpus, column).pieces()):
        ids = [numbers.setdefault(line.strip(), len(numbers)) for line in lines]
        if len(numbers) > MOST_GROUPS:
            raise InputError(
                f"--by {column}: has more than {counted(MOST_GROUPS, 'value')}; name a column with fewer, as a year"
            )
        found.append(np.array(ids, np.int32))
    names = sorted(filter(None, numbers))
    if len(names) < 2:
        raise InputError(f"--by {column}: has {counted(len(names), 'value')}, so there is nothing to tell apart")
    rank = np.full(len(numbers), NO_GROUP, np.int32)
    rank[[numbers[name] for name in names]] = np.arange(len(names))
    of_lines = Spool(folder, np.int32, LINES_FILE)
    in_order_of_coming = found.whole()
    for first in range(0, len(in_order_of_coming), LINES_AT_ONCE):
        of_lines.append(rank[in_order_of_coming[first : first + LINES_AT_ONCE]])
    groups = Groups(column, tuple(map(as_text, names)), of_lines.whole())
    with replacing(str(folder / NAMES_FILE)) as file:
        file.write(json.dumps({"column": column, "names": groups.names}).encode())
    return groups


def open_groups(folder: Path, column: str) -> Groups:
    """Raises: InputError if they are of another column, or cannot be read"""
    path = folder / NAMES_FILE
    with readable(str(path)):
        table = json.loads(path.read_bytes())
        with (folder / LINES_FILE).open("rb") as file:
            groups = Groups(table["column"], tuple(table["names"]), mapped(file, np.int32))
    if groups.column != column:
        raise InputError(f"--by {column}: the trainings to go on with are by {groups.column}")
    return groups


def without(groups: Groups, dropped: "NDArray[np.bool_]") -> Groups:
    """The same without some groups, whose lines are of none then.

    dropped  (n_groups,)
    """
    kept = np.flatnonzero(~dropped)
    rank = np.full(len(groups.names) + 1, NO_GROUP, np.int32)
    rank[kept] = np.arange(len(kept))
    return replace(groups, names=tuple(groups.names[i] for i in kept), of_lines=rank[groups.of_lines])

"""Columns of a table of words: groups or numbers that the points of a map are coloured by."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from wordvec_cli.errors import InputError
from wordvec_cli.messages import counted
from wordvec_cli.progress import Note, ignore
from wordvec_cli.text.decoding import quoted, shown
from wordvec_cli.text.lines import read_lines

MOST_NAMED = 5


class Column(NamedTuple):
    """What a column says of each word of a map: a number, a group, or None where the file has no word or an empty cell.

    values  all of them numbers, or all of them texts
    """

    name: str
    values: Sequence[float | str | None]

    @property
    def is_numbers(self) -> bool:
        return all(isinstance(value, float) for value in self.values if value is not None)


def read_groups(path: str, words: Sequence[bytes], note: Note = ignore) -> list[Column]:
    """The columns of a file for these words: a header, `word` and the names of columns, then a word on each line.

    Raises: InputError
    """
    table, names = _table(path)
    places = {word: place for place, word in enumerate(words)}
    missing = [word for word in table if word not in places]
    if len(missing) == len(table):
        raise InputError(f"{path}: none of its words is on the map; put a word of the vectors first on each line")
    if missing:
        named = ", ".join(quoted(word) for word in missing[:MOST_NAMED])
        more = f" and {len(missing) - MOST_NAMED} more" if len(missing) > MOST_NAMED else ""
        note(f"{path}: {len(missing)} of its {counted(len(table), 'word')} are not on the map: {named}{more}")
    columns = [Column(name, _values(table, column, words)) for column, name in enumerate(names)]
    for each in columns:
        _note_mixed(path, each, note)
    return columns


def _note_mixed(path: str, column: Column, note: Note) -> None:
    """Say of a column that is taken for groups if most of it are numbers."""
    texts = [value for value in column.values if isinstance(value, str)]
    others = [text for text in texts if _number(text) is None]
    if 2 * len(others) < len(texts):
        told = f"the column {column.name!r} is taken for groups, though {len(texts) - len(others)} of its values are "
        note(f"{path}: {told}numbers, as {others[0]!r} is not; leave cells without a number empty")


def _table(path: str) -> tuple[dict[bytes, list[str]], list[str]]:
    header, *lines = read_lines(path) or [b""]
    names = [shown(name) for name in header.split(b"\t")[1:]]
    if not names or not lines:
        raise InputError(f"{path}: is not a table of words; the first line is `word`, a tab and the name of a column")
    table = {}
    for number, line in enumerate(lines, 2):
        word, *fields = line.split(b"\t")
        if len(fields) != len(names):
            raise InputError(f"{path}:{number}: {len(fields) + 1} fields where the header has {len(names) + 1}")
        if word in table:
            raise InputError(f"{path}:{number}: {quoted(word)} has a line already; leave one of them out")
        table[word] = [shown(field) for field in fields]
    return table, names


def _values(table: Mapping[bytes, list[str]], column: int, words: Sequence[bytes]) -> Sequence[float | str | None]:
    texts = [(table[word][column] or None) if word in table else None for word in words]
    numbers = [None if text is None else _number(text) for text in texts]
    if any(text is not None and number is None for text, number in zip(texts, numbers, strict=True)):
        return texts
    return numbers


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None

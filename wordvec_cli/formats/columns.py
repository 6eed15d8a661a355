"""Which columns of a table with named columns hold the words, their vectors and their counts."""

from collections.abc import Sequence
from typing import NamedTuple

from wordvec_cli.errors import InputError

WORD_NAMES = ("word", "words", "token", "term", "key", "text", "name", "label", "index", "__index_level_0__")
VECTOR_NAMES = ("vector", "vectors", "embedding", "embeddings", "emb", "values")
COUNT_NAMES = ("count", "counts", "frequency", "freq")
MOST_SHOWN = 8
NO_WORD = "rows without a word or a vector, left out"
WRONG_WIDTH = "rows with another number of values, left out"

TEXT, LIST, FLOAT, INTEGER, OTHER = "text", "list", "float", "integer", "other"  # what a column holds


class Columns(NamedTuple):
    """The names of the columns of a vector table.

    numbers  one column of lists, or one for each number of a vector
    """

    word: str
    numbers: tuple[str, ...]
    counts: str | None
    has_lists: bool


def chosen_columns(path: str, kinds: Sequence[tuple[str, str]]) -> Columns:
    """The columns by their names, or because there is only one that fits.

    kinds  the name of each column, and what it holds
    Raises: InputError if that cannot be told
    """
    word = _only_one(path, [name for name, kind in kinds if kind == TEXT], WORD_NAMES, ("words", "text"), kinds)
    counts = [name for name, kind in kinds if kind == INTEGER and name.lower() in COUNT_NAMES]
    counted = counts[0] if counts else None
    if lists := [name for name, kind in kinds if kind == LIST]:
        vector = _only_one(path, lists, VECTOR_NAMES, ("vectors", "lists of numbers"), kinds)
        return Columns(word, (vector,), counted, has_lists=True)
    numbers = tuple(name for name, kind in kinds if kind == FLOAT)
    if not numbers:
        numbers = tuple(name for name, kind in kinds if kind == INTEGER and name not in counts)
    if not numbers:
        raise InputError(f"{path}: has no column of vectors, but {_shown(kinds)}; call a column of lists vector")
    return Columns(word, numbers, counted, has_lists=False)


def _only_one(
    path: str, fitting: list[str], known: Sequence[str], what: tuple[str, str], kinds: Sequence[tuple[str, str]]
) -> str:
    """The one column that fits, or the one with a known name."""
    if len(fitting) == 1:
        return fitting[0]
    for name in known:
        for each in fitting:
            if each.lower() == name:
                return each
    many = f"{len(fitting)} columns of {what[1]}" if fitting else f"no column of {what[1]}"
    raise InputError(f"{path}: has {many} ({_shown(kinds)}); call the one of the {what[0]} {known[0]}")


def _shown(kinds: Sequence[tuple[str, str]]) -> str:
    names = ", ".join(f"{name} ({kind})" for name, kind in kinds[:MOST_SHOWN])
    return (names or "nothing") + (", ..." if len(kinds) > MOST_SHOWN else "")

"""Which columns of a table with named columns hold the words, their vectors and their counts."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from wordvec_cli.errors import InputError

WORD_NAMES = ("word", "words", "token", "term", "key", "text", "name", "label", "index", "__index_level_0__")
VECTOR_NAMES = ("vector", "vectors", "embedding", "embeddings", "emb", "values")
COUNT_NAMES = ("count", "counts", "frequency", "freq")
MOST_SHOWN = 8
NO_WORD = "rows without a word or a vector, left out"
WRONG_WIDTH = "rows with another number of values, left out"

BESIDE_SERIES = "columns taken for numbers of the vectors, though their names are not as those of the others"
TEXT, LIST, FLOAT, INTEGER, OTHER = "text", "list", "float", "integer", "other"  # what a column holds


class Columns(NamedTuple):
    """The names of the columns of a vector table.

    numbers   one column of lists, or one for each number of a vector
    left_out  columns of whole numbers beside those of numbers
    """

    word: str
    numbers: tuple[str, ...]
    counts: str | None
    has_lists: bool
    left_out: tuple[str, ...] = ()


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
    floats = [name for name, kind in kinds if kind == FLOAT]
    whole = [name for name, kind in kinds if kind == INTEGER and name not in counts]
    series = _series(floats)
    taken = {*floats, *(name for name in whole if not floats or _stem(name) == series)}
    numbers = tuple(name for name, _ in kinds if name in taken)
    if not numbers:
        raise InputError(f"{path}: has no column of vectors, but {_shown(kinds)}; call a column of lists vector")
    left_out = tuple(name for name in whole if name not in taken)
    return Columns(word, numbers, counted, has_lists=False, left_out=left_out)


def out_of_series(names: Sequence[str]) -> list[str]:
    """Those of the names of columns of numbers that are not counted as most are: idf beside v1, v2, v3."""
    series = _series(names)
    return [] if series is None else [name for name in names if _stem(name) != series]


def _series(names: Sequence[str]) -> str | None:
    """What stands before the number in most names: v of v1, v2; None if that is none."""
    ((stem, n),) = Counter(map(_stem, names)).most_common(1) or [(None, 0)]
    return stem if 2 * n > len(names) else None


def _stem(name: str) -> str | None:
    """A name without the number at its end; None if it has none."""
    stem = name.rstrip("0123456789")
    return None if stem == name else stem


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

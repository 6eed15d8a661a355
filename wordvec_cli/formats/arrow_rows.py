"""The words and rows of Arrow's record batches: a column of text, and one of lists of numbers or many of numbers."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.errors import InputError
from wordvec_cli.formats import columns as kinds_of
from wordvec_cli.formats.columns import NO_WORD, WRONG_WIDTH, Columns
from wordvec_cli.formats.matrices import Words
from wordvec_cli.formats.reading import Oddities, ReadOptions
from wordvec_cli.formats.rows import Integers, Matrix, Rows
from wordvec_cli.progress import Progress
from wordvec_cli.storage.files import readable

_TEXT_TYPES = ("string", "large_string", "string_view", "binary", "large_binary", "binary_view")
_NO_NUMBERS: Matrix = np.empty((0, 0), np.float32)


class Table(NamedTuple):
    """An open file: its schema, and its rows as record batches of the columns with these names."""

    path: str
    schema: Any
    batches: Callable[[list[str]], Iterator[Any]]
    n_bytes: int  # decompressed


@contextmanager
def arrow_errors(path: str) -> Iterator[None]:
    """Turn whatever can be wrong with a file into an InputError."""
    import pyarrow as arrow

    try:
        with readable(path):
            yield
    except (arrow.ArrowException, ValueError, LookupError, TypeError, OverflowError, MemoryError) as error:
        what = (str(error) or type(error).__name__).partition("\n")[0]
        raise InputError(f"{path}: is damaged or cut short ({what}); make or copy it again") from None


def kind_of(type: Any) -> str:
    """What `columns.Columns` are chosen by."""
    from pyarrow import types

    if types.is_dictionary(type):
        return kind_of(type.value_type)
    if types.is_list(type) or types.is_large_list(type) or types.is_fixed_size_list(type):
        return kinds_of.LIST if kind_of(type.value_type) in (kinds_of.FLOAT, kinds_of.INTEGER) else kinds_of.OTHER
    if str(type) in _TEXT_TYPES:
        return kinds_of.TEXT
    if types.is_floating(type):
        return kinds_of.FLOAT
    return kinds_of.INTEGER if types.is_integer(type) else kinds_of.OTHER


def words_of(table: Table, columns: Columns) -> Words:
    """The words and counts of all rows, those without a word among them as empty ones."""
    import pyarrow as arrow

    texts: list[NDArray[np.uint8]] = []
    lengths: list[Integers] = []
    counts: list[Any] = []
    with arrow_errors(table.path):
        for batch in table.batches([columns.word] + ([columns.counts] if columns.counts else [])):
            text, offsets = _text(batch.column(0))
            texts.append(text)
            lengths.append(np.diff(offsets))
            counts += [batch.column(1).cast(arrow.int64())] if columns.counts else []
    if not texts:
        raise InputError(f"{table.path}: holds no vectors")
    has_counts = bool(counts) and not any(each.null_count for each in counts)
    numbers = np.concatenate([each.to_numpy() for each in counts]) if has_counts else None
    return Words(np.concatenate(texts), np.concatenate([[0], np.cumsum(np.concatenate(lengths))]), numbers)


def _text(array: Any) -> tuple[NDArray[np.uint8], Integers]:
    """The words of a column back to back, and their offsets; a null is empty."""
    import pyarrow as arrow

    if arrow.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if str(array.type) == "string_view":  # which older versions of pyarrow do not know
        array = array.cast(arrow.large_string())
    array = array.cast(arrow.large_binary())
    if array.null_count:
        array = array.fill_null(b"")
    _, offsets, content = array.buffers()
    places = np.frombuffer(offsets, np.int64)[array.offset : array.offset + len(array) + 1]
    text = np.frombuffer(content or b"", np.uint8)[places[0] : places[-1]]
    return text, places - places[0]


def rows_of(table: Table, columns: Columns, words: Words, options: ReadOptions, oddities: Oddities) -> Iterator[Rows]:
    """The rows that have a word of `words` and as many numbers as the first, some at a time."""
    dim = 0 if columns.has_lists else len(columns.numbers)
    first = 0
    with arrow_errors(table.path):
        for batch in table.batches([columns.word, *columns.numbers]):
            last = first + batch.num_rows
            if not dim:
                dim = _width(batch.column(1))
            start, end = words.offsets[first], words.offsets[last]
            offsets, places = words.offsets[first : last + 1] - start, np.arange(first + 1, last + 1)
            whole = Rows(words.text[start:end], offsets, _NO_NUMBERS, places)
            taken = _of_lists(batch, dim, whole, oddities) if columns.has_lists else _wide(batch, whole, oddities)
            if taken.matrix.size:
                yield taken
            first = last
            options.report(Progress("reading", last, len(words), "rows"))


def _valid(array: Any) -> NDArray[np.bool_]:
    valid: NDArray[np.bool_] = array.is_valid().to_numpy(zero_copy_only=False)
    return valid


def _width(array: Any) -> int:
    """How long the first list is; 0 if there is none."""
    if hasattr(array.type, "list_size"):
        return int(array.type.list_size)
    lengths = array.value_lengths().drop_null()
    return lengths[0].as_py() if len(lengths) else 0


def _of_lists(batch: Any, dim: int, rows: Rows, oddities: Oddities) -> Rows:
    """The rows that have a word and a list of `dim` numbers; a null among the numbers is NaN."""
    import pyarrow as arrow

    words, lists = batch.columns
    is_there = _valid(words) & _valid(lists)
    fits = is_there if hasattr(lists.type, "list_size") else is_there & (_lengths(lists) == dim)
    oddities.add(NO_WORD, rows.places[~is_there])
    oddities.add(WRONG_WIDTH, rows.places[is_there & ~fits])
    if not fits.all():
        lists, rows = lists.filter(arrow.array(fits)), _taken(rows, fits)
    numbers = lists.flatten().to_numpy(zero_copy_only=False)
    return rows._replace(matrix=_floats(numbers).reshape(-1, max(dim, 1)))


def _lengths(lists: Any) -> Integers:
    lengths: Integers = lists.value_lengths().fill_null(-1).to_numpy()
    return lengths


def _wide(batch: Any, rows: Rows, oddities: Oddities) -> Rows:
    """Rows of a column for each number; a null is NaN."""
    has_word = _valid(batch.column(0))
    oddities.add(NO_WORD, rows.places[~has_word])
    numbers = [_floats(each.to_numpy(zero_copy_only=False))[has_word] for each in batch.columns[1:]]
    return _taken(rows, has_word)._replace(matrix=np.stack(numbers, axis=1))


def _taken(rows: Rows, fits: NDArray[np.bool_]) -> Rows:
    """Some of the rows, whose matrix is not there yet."""
    return rows._replace(matrix=np.empty((len(fits), 0), np.float32)).taken(np.flatnonzero(fits))


def _floats(numbers: NDArray[Any]) -> Matrix:
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(numbers, np.float32)

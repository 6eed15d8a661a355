"""Parquet, and Arrow's own files (Feather): tables that duckdb, polars, pandas and Hugging Face's datasets open.

Written are the columns `word` (string), `vector` (a list of `dim` float32), and `count` (int64) if counts are known;
how the vectors were made is JSON under the key `wordvec` of the schema's metadata. What is read may have other names
and types: a column of text, and one of lists of numbers or one for each number, as pandas writes a frame.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.errors import InputError
from wordvec_cli.formats import columns as kinds_of
from wordvec_cli.formats.columns import Columns, chosen_columns
from wordvec_cli.formats.matrices import Words, joined_rows, lost_by_format
from wordvec_cli.formats.packages import package
from wordvec_cli.formats.reading import Oddities, ReadOptions, WriteOptions
from wordvec_cli.formats.rows import Integers, Matrix, Rows
from wordvec_cli.progress import Progress
from wordvec_cli.storage.files import readable, replacing
from wordvec_cli.text.decoding import is_utf8
from wordvec_cli.vectors.embeddings import Embeddings, recorded
from wordvec_cli.vectors.native import CLASSIFIER
from wordvec_cli.vectors.row_tensors import KEY as PACKING
from wordvec_cli.vectors.subword_tensors import KEY as SUBWORDS
from wordvec_cli.vocabulary.vocabulary import Vocabulary

EXTRA = "parquet"
METADATA = "wordvec"
PART_BYTES = 1 << 24  # of vectors that are read, or written to an Arrow file, at a time
ROW_GROUP_BYTES = 1 << 26
ROWS_OF_LISTS = 1024  # at a time, of lists whose length is not known
NO_WORD = "rows without a word or a vector, left out"
_TEXT_TYPES = ("string", "large_string", "string_view", "binary", "large_binary", "binary_view")
_OF_TENSORS = (CLASSIFIER, SUBWORDS, PACKING)  # what metadata tells of tensors that only a native file has
_NO_NUMBERS: Matrix = np.empty((0, 0), np.float32)
WRONG_WIDTH = "rows with another number of values, left out"


class _Table(NamedTuple):
    """An open file: its schema, and its rows as record batches of the columns with these names."""

    path: str
    schema: Any
    batches: Callable[[list[str]], Iterator[Any]]
    n_bytes: int  # decompressed


# ---------------------------------------------------------------- reading


def read_parquet(path: str, options: ReadOptions, oddities: Oddities) -> Embeddings:
    """The vectors of a Parquet file. Raises: InputError"""
    parquet = package(path, "pyarrow.parquet", EXTRA)
    with _arrow_errors(path):
        file = parquet.ParquetFile(path)
        schema, about = file.schema_arrow, file.metadata
        parts = (about.row_group(i).column(j) for i in range(about.num_row_groups) for j in range(about.num_columns))
        size = sum(max(part.total_uncompressed_size, 4 * part.num_values) for part in parts)

    def batches(names: list[str]) -> Iterator[Any]:
        return iter(file.iter_batches(_rows_at_once(schema, names), columns=names))

    return _read(_Table(path, schema, batches, size), options, oddities)


def read_arrow(path: str, options: ReadOptions, oddities: Oddities) -> Embeddings:
    """The vectors of an Arrow (or Feather) file. Raises: InputError"""
    arrow = package(path, "pyarrow", EXTRA)
    with _arrow_errors(path):
        mapped = arrow.memory_map(path)
        file = arrow.ipc.open_file(mapped)

    def batches(names: list[str]) -> Iterator[Any]:
        for i in range(file.num_record_batches):
            batch = _checked(file.get_batch(i).select(names))
            n = _rows_at_once(file.schema, names)
            yield from (batch.slice(first, n) for first in range(0, batch.num_rows, n))

    return _read(_Table(path, file.schema, batches, mapped.size()), options, oddities)


def _checked(batch: Any) -> Any:
    """A batch of which nothing lies outside the file; words need not be valid UTF-8. Raises: pyarrow.ArrowInvalid"""
    import pyarrow as arrow

    loose = {arrow.string(): arrow.binary(), arrow.large_string(): arrow.large_binary()}
    arrays = [each.view(loose[each.type]) if each.type in loose else each for each in batch.columns]
    for each in arrays:
        each.validate(full=True)
    return arrow.RecordBatch.from_arrays(arrays, names=batch.schema.names)


def _rows_at_once(schema: Any, names: list[str]) -> int:
    widths = [getattr(schema.field(name).type, "list_size", 0) for name in names]
    if any(getattr(schema.field(name).type, "value_type", None) for name in names) and not max(widths):
        return ROWS_OF_LISTS
    return int(max(1, PART_BYTES // (4 * max(*widths, len(names)))))


def _read(table: _Table, options: ReadOptions, oddities: Oddities) -> Embeddings:
    oddities.unit = "row"
    if options.max_bytes is not None and table.n_bytes > options.max_bytes:
        raise InputError(f"{table.path}: is longer than --max-bytes; raise it if you trust the file")
    with _arrow_errors(table.path):
        kinds = [(each.name, _kind(each.type)) for each in table.schema]
    columns = chosen_columns(table.path, kinds)
    words = _words(table, columns)
    embeddings = joined_rows(table.path, words, _rows(table, columns, words, options, oddities), options, oddities)
    return replace(embeddings, metadata=_metadata(table.schema))


def _kind(type: Any) -> str:
    """What `columns.Columns` are chosen by."""
    from pyarrow import types

    if types.is_dictionary(type):
        return _kind(type.value_type)
    if types.is_list(type) or types.is_large_list(type) or types.is_fixed_size_list(type):
        return kinds_of.LIST if _kind(type.value_type) in (kinds_of.FLOAT, kinds_of.INTEGER) else kinds_of.OTHER
    if str(type) in _TEXT_TYPES:
        return kinds_of.TEXT
    if types.is_floating(type):
        return kinds_of.FLOAT
    return kinds_of.INTEGER if types.is_integer(type) else kinds_of.OTHER


def _words(table: _Table, columns: Columns) -> Words:
    """The words and counts of all rows, those without a word among them as empty ones."""
    import pyarrow as arrow

    texts: list[NDArray[np.uint8]] = []
    lengths: list[Integers] = []
    counts: list[Any] = []
    with _arrow_errors(table.path):
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


def _rows(table: _Table, columns: Columns, words: Words, options: ReadOptions, oddities: Oddities) -> Iterator[Rows]:
    dim = 0 if columns.has_lists else len(columns.numbers)
    first = 0
    with _arrow_errors(table.path):
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


def _metadata(schema: Any) -> dict[str, str]:
    """How the vectors were made, if a file of ours says so."""
    stored = (schema.metadata or {}).get(METADATA.encode(), b"{}")
    table = recorded({METADATA: stored.decode("utf-8", "replace")}, METADATA)
    return {str(key): str(value) for key, value in table.items() if key not in _OF_TENSORS}


@contextmanager
def _arrow_errors(path: str) -> Iterator[None]:
    """Turn whatever can be wrong with a file into an InputError."""
    import pyarrow as arrow

    try:
        with readable(path):
            yield
    except (arrow.ArrowException, ValueError, LookupError, TypeError, OverflowError, MemoryError) as error:
        what = (str(error) or type(error).__name__).partition("\n")[0]
        raise InputError(f"{path}: is damaged or cut short ({what}); make or copy it again") from None


# ---------------------------------------------------------------- writing


def write_parquet(path: str, embeddings: Embeddings, options: WriteOptions) -> list[str]:
    """A Parquet file without compression, which vectors hardly allow. Raises: InputError"""
    parquet = package(path, "pyarrow.parquet", EXTRA)
    plain = {"compression": "NONE", "use_dictionary": False, "write_statistics": False}

    def write(file: IO[bytes], schema: Any) -> None:
        with parquet.ParquetWriter(file, schema, **plain) as writer:
            for table in _tables(embeddings, schema, ROW_GROUP_BYTES):
                writer.write_table(table)

    return _write(path, embeddings, options, write)


def write_arrow(path: str, embeddings: Embeddings, options: WriteOptions) -> list[str]:
    """An Arrow file, which is Feather's second version too. Raises: InputError"""
    arrow = package(path, "pyarrow", EXTRA)

    def write(file: IO[bytes], schema: Any) -> None:
        with arrow.ipc.new_file(file, schema) as writer:
            for table in _tables(embeddings, schema, PART_BYTES):
                writer.write_table(table)

    return _write(path, embeddings, options, write)


def _write(
    path: str, embeddings: Embeddings, options: WriteOptions, write: Callable[[IO[bytes], Any], None]
) -> list[str]:
    n_broken = _n_broken(embeddings.vocabulary)
    if n_broken:
        options.note(
            f"{path}: {n_broken} words are not valid UTF-8, so that the column word is binary, not string; "
            "--invalid-utf8 replace writes U+FFFD, skip leaves such words out"
        )
    with replacing(path) as file:
        write(file, _schema(embeddings, is_text=not n_broken))
    return lost_by_format(embeddings, "counts", "how the vectors were made")


def _n_broken(vocabulary: Vocabulary) -> int:
    """How many words are not valid UTF-8: none, if their whole text is, and no word begins within a character."""
    text, offsets = np.asarray(vocabulary.text), np.asarray(vocabulary.offsets)
    starts = text[offsets[:-1][np.diff(offsets) > 0]]
    if is_utf8(text.data) and not ((starts & 0xC0) == 0x80).any():
        return 0
    return sum(not is_utf8(word) for word in vocabulary)


def _schema(embeddings: Embeddings, is_text: bool) -> Any:
    import pyarrow as arrow

    number = arrow.field("element", arrow.float32(), nullable=False)
    fields = [
        arrow.field("word", arrow.string() if is_text else arrow.binary(), nullable=False),
        arrow.field("vector", arrow.list_(number, embeddings.dim), nullable=False),
    ]
    if embeddings.vocabulary.has_counts:
        fields.append(arrow.field("count", arrow.int64(), nullable=False))
    made = {key: value for key, value in embeddings.metadata.items() if key not in _OF_TENSORS}
    return arrow.schema(fields, metadata={METADATA: json.dumps(made)} if made else None)


def _tables(embeddings: Embeddings, schema: Any, n_bytes: int) -> Iterator[Any]:
    """The rows, some megabytes of vectors at a time."""
    import pyarrow as arrow

    vocabulary = embeddings.vocabulary
    counts = np.asarray(vocabulary.counts, np.int64) if vocabulary.has_counts else None
    n = max(1, n_bytes // (4 * embeddings.dim))
    for first in range(0, len(vocabulary), n):
        some = slice(first, min(first + n, len(vocabulary)))
        words = _word_array(vocabulary, some).cast(schema.field(0).type)
        rows = np.ascontiguousarray(embeddings.rows(some), np.float32)
        vectors = arrow.FixedSizeListArray.from_arrays(arrow.array(rows.reshape(-1)), type=schema.field(1).type)
        columns = [words, vectors] + ([] if counts is None else [arrow.array(counts[some])])
        yield arrow.Table.from_arrays(columns, schema=schema)


def _word_array(vocabulary: Vocabulary, some: slice) -> Any:
    """Some words as Arrow has them: back to back, as they are in the vocabulary."""
    import pyarrow as arrow

    offsets = np.asarray(vocabulary.offsets)[some.start : some.stop + 1]
    text = np.ascontiguousarray(np.asarray(vocabulary.text)[offsets[0] : offsets[-1]])
    places = np.ascontiguousarray(offsets - offsets[0], np.int64)
    buffers = [None, arrow.py_buffer(places), arrow.py_buffer(text)]
    return arrow.Array.from_buffers(arrow.large_binary(), some.stop - some.start, buffers)

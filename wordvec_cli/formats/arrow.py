"""Parquet, and Arrow's own files (Feather): tables that duckdb, polars, pandas and Hugging Face's datasets open.

Written are the columns `word` (string), `vector` (a list of `dim` float32), and `count` (int64) if counts are known;
how the vectors were made is JSON under the key `wordvec` of the schema's metadata. What is read may have other names
and types: a column of text, and one of lists of numbers or one for each number, as pandas writes a frame.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import IO, Any

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.formats.arrow_rows import Table, arrow_errors, kind_of, rows_of, words_of
from wordvec_cli.formats.columns import BESIDE_SERIES, chosen_columns, out_of_series
from wordvec_cli.formats.matrices import joined_rows, lost_by_format
from wordvec_cli.formats.packages import package
from wordvec_cli.formats.reading import Oddities, ReadOptions, WriteOptions
from wordvec_cli.storage.files import replacing
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
_OF_TENSORS = (CLASSIFIER, SUBWORDS, PACKING)  # what metadata tells of tensors that only a native file has


# ---------------------------------------------------------------- reading


def read_parquet(path: str, options: ReadOptions, oddities: Oddities) -> Embeddings:
    """The vectors of a Parquet file. Raises: InputError"""
    parquet = package(path, "pyarrow.parquet", EXTRA)
    with arrow_errors(path):
        file = parquet.ParquetFile(path)
        schema, about = file.schema_arrow, file.metadata
        parts = (about.row_group(i).column(j) for i in range(about.num_row_groups) for j in range(about.num_columns))
        size = sum(max(part.total_uncompressed_size, 4 * part.num_values) for part in parts)

    def batches(names: list[str]) -> Iterator[Any]:
        return iter(file.iter_batches(_rows_at_once(schema, names), columns=names))

    return _read(Table(path, schema, batches, size), options, oddities)


def read_arrow(path: str, options: ReadOptions, oddities: Oddities) -> Embeddings:
    """The vectors of an Arrow (or Feather) file. Raises: InputError"""
    arrow = package(path, "pyarrow", EXTRA)
    with arrow_errors(path):
        mapped = arrow.memory_map(path)
        file = arrow.ipc.open_file(mapped)

    def batches(names: list[str]) -> Iterator[Any]:
        for i in range(file.num_record_batches):
            batch = _checked(file.get_batch(i).select(names))
            n = _rows_at_once(file.schema, names)
            yield from (batch.slice(first, n) for first in range(0, batch.num_rows, n))

    return _read(Table(path, file.schema, batches, mapped.size()), options, oddities)


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


def _read(table: Table, options: ReadOptions, oddities: Oddities) -> Embeddings:
    oddities.unit = "row"
    if options.max_bytes is not None and table.n_bytes > options.max_bytes:
        raise InputError(f"{table.path}: is longer than --max-bytes; raise it if you trust the file")
    with arrow_errors(table.path):
        kinds = [(each.name, kind_of(each.type)) for each in table.schema]
    columns = chosen_columns(table.path, kinds)
    for told, names in (
        ("columns of whole numbers, not read", columns.left_out),
        (BESIDE_SERIES, () if columns.has_lists else out_of_series(columns.numbers)),
    ):
        if names:
            oddities.note(f"{told}: {', '.join(names)}")
    words = words_of(table, columns)
    embeddings = joined_rows(table.path, words, rows_of(table, columns, words, options, oddities), options, oddities)
    return replace(embeddings, metadata=_metadata(table.schema))


def _metadata(schema: Any) -> dict[str, str]:
    """How the vectors were made, if a file of ours says so."""
    stored = (schema.metadata or {}).get(METADATA.encode(), b"{}")
    table = recorded({METADATA: stored.decode("utf-8", "replace")}, METADATA)
    return {str(key): str(value) for key, value in table.items() if key not in _OF_TENSORS}


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

"""Columns of Parquet files, by pyarrow."""

from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.storage.files import is_compressed
from wordvec_cli.text.tables.columns import Columns, TableRows
from wordvec_cli.text.words import PADDING

ROWS_AT_ONCE = 1 << 16
START_BYTES = 16


def columns_of(stream: BinaryIO, name: str) -> tuple[str, ...]:
    """The columns, as dotted paths where they lie in structs. Raises: InputError"""
    return tuple(_paths(_opened(stream, name).schema_arrow))


def lines_of(stream: BinaryIO, columns: Columns, rows: TableRows) -> Iterator[memoryview]:
    """The lines of all rows, many at a time: a null is an empty line. Raises: InputError"""
    import pyarrow as pa

    file = _opened(stream, columns.table)
    columns.check(tuple(_paths(file.schema_arrow)))
    try:
        for batch in file.iter_batches(ROWS_AT_ONCE, columns=list(columns.names)):
            rows.add(len(batch))
            if len(batch):
                yield _lines([_texts(_at(batch, name), columns, name) for name in columns.names], columns)
    except (pa.ArrowException, OSError) as error:
        raise _broken(columns.table, error) from error


def _opened(stream: BinaryIO, name: str) -> Any:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise InputError(f"{name}: Parquet needs pyarrow; install it: pip install 'wordvec-cli[parquet]'") from None
    stream.seek(0)
    if is_compressed(stream.read(START_BYTES)):
        raise InputError(f"{name}: is compressed, and a Parquet file has to be read from its end; decompress it first")
    stream.seek(0)
    try:
        return pq.ParquetFile(pa.PythonFile(stream, "r"))
    except (pa.ArrowException, OSError) as error:
        raise _broken(name, error) from error


def _broken(name: str, error: Exception) -> InputError:
    reason = str(error).splitlines()[0]
    return InputError(f"{name}: is not a Parquet file that can be read ({reason}); copy it again")


def _paths(fields: Any, before: str = "") -> Iterator[str]:
    import pyarrow as pa

    for field in fields:
        if pa.types.is_struct(field.type):
            yield from _paths(field.type, f"{before}{field.name}.")
        else:
            yield f"{before}{field.name}"


def _at(batch: Any, name: str) -> Any:
    """The array of a column, or of a dotted path."""
    import pyarrow.compute as pc

    if name in batch.schema.names:
        return batch.column(name)
    first, *others = name.split(".")
    return pc.struct_field(batch.column(first), others)


def _texts(array: Any, columns: Columns, name: str) -> Any:
    """As large strings: numbers as they are written, lists with blanks between their parts. Raises: InputError"""
    import pyarrow as pa

    kind = array.type
    if pa.types.is_dictionary(kind):
        return _texts(array.dictionary_decode(), columns, name)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        if columns.as_tsv:
            raise InputError(f"{columns.table}: the column {name!r} holds lists; write those as JSON lines")
        return _of_lists(array, columns, name)
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return array.cast(pa.large_binary())
    try:
        return array.cast(pa.large_string())
    except pa.ArrowException:
        raise InputError(f"{columns.table}: the column {name!r} holds {kind}, not texts; name one that does") from None


def _of_lists(array: Any, columns: Columns, name: str) -> Any:
    """A text of each list, an empty one of a null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    filled = pc.if_else(pc.is_null(array), pa.scalar([], array.type), array)
    parts = pc.fill_null(_texts(filled.flatten(), columns, name), "").cast(pa.string())
    lengths = pc.list_value_length(filled).to_numpy(zero_copy_only=False)
    ends = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
    return pc.binary_join(pa.ListArray.from_arrays(ends, parts), " ").cast(pa.large_string())


def _lines(arrays: list[Any], columns: Columns) -> memoryview:
    import pyarrow as pa
    import pyarrow.compute as pc

    from wordvec_cli.kernels.delimited import lines_of_strings

    if columns.separator != b" ":
        arrays = [pc.replace_substring(array, columns.separator, b" ") for array in arrays]
    filled = [pc.fill_null(array.cast(pa.large_binary()), b"") for array in arrays]
    (joined,) = (
        filled
        if len(filled) == 1
        else [pc.binary_join_element_wise(*filled, pa.scalar(columns.separator, pa.large_binary()))]
    )
    _, offsets_buffer, text_buffer = joined.buffers()
    offsets = np.frombuffer(offsets_buffer, np.int64)[joined.offset : joined.offset + len(joined) + 1]
    size = int(offsets[-1] - offsets[0])
    text = np.zeros(size + PADDING, np.uint8)
    if size:
        text[:size] = np.frombuffer(text_buffer, np.uint8)[offsets[0] : offsets[-1]]
    lines = np.empty(size + len(joined) + PADDING, np.uint8)
    return lines.data[: lines_of_strings(text, offsets - offsets[0], lines)]

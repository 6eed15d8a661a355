"""SQLite: a table of words, counts, and vectors as blobs of float32, little-endian, as sqlite-vec has them too.

Written is `CREATE TABLE vectors (word PRIMARY KEY, count INTEGER, vector BLOB)`, in the order of the ids; words that
are not valid UTF-8 are blobs. What is read is a table of any name with columns called so.
"""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.formats.columns import COUNT_NAMES, NO_WORD, VECTOR_NAMES, WORD_NAMES, WRONG_WIDTH
from wordvec_cli.formats.matrices import Words, joined_rows, lost_by_format
from wordvec_cli.formats.reading import Oddities, ReadOptions, WriteOptions
from wordvec_cli.formats.rows import Rows
from wordvec_cli.storage.claims import temporary_folder
from wordvec_cli.storage.files import COPY_BYTES, output_folder, replacing, writable
from wordvec_cli.text.decoding import is_utf8
from wordvec_cli.text.words import back_to_back
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.row_tensors import ROWS_PER_PART


def read(path: str, options: ReadOptions, oddities: Oddities) -> Embeddings:
    """Raises: InputError"""
    from urllib.parse import quote

    oddities.unit = "row"
    # immutable: of a file that nobody may write to, and no journal beside it is looked at
    with _errors(path), closing(sqlite3.connect(f"file:{quote(path)}?mode=ro&immutable=1", uri=True)) as connection:
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
        connection.text_factory = bytes
        table, columns = _table(path, connection)
        words, counts = _words(connection, table, columns)
        text, offsets = back_to_back(words)
        if any(count is None for count in counts):
            counts = []
        known = Words(text[: offsets[-1]], offsets, np.array(counts, np.int64) if counts else None)
        return joined_rows(path, known, _rows(connection, table, columns, words, oddities), options, oddities)


def _table(path: str, connection: sqlite3.Connection) -> tuple[str, tuple[str, str, str | None]]:
    """The table, and its columns of words, vectors and counts, quoted for SQL. Raises: InputError"""
    names = [name.decode("utf-8", "replace") for (name,) in connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
    )]  # fmt: skip
    for table in names:
        there = [
            bytes(row[1]).decode("utf-8", "replace") for row in connection.execute(f"PRAGMA table_info({_q(table)})")
        ]
        word, vector = (_first(there, known) for known in (WORD_NAMES, VECTOR_NAMES))
        if word and vector:
            count = _first(there, COUNT_NAMES)
            return _q(table), (_q(word), _q(vector), count and _q(count))
    shown = ", ".join(names[:8]) or "none"
    raise InputError(
        f"{path}: has no table with the columns word and vector (its tables: {shown}); name the columns so"
    )


def _first(there: Sequence[str], known: Sequence[str]) -> str | None:
    return next((name for each in known for name in there if name.lower() == each), None)


def _q(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _words(
    connection: sqlite3.Connection, table: str, columns: tuple[str, str, str | None]
) -> tuple[list[bytes], list[int | None]]:
    """The words of all rows, empty where there is none, and their counts."""
    word, _, count = columns
    rows = connection.execute(f"SELECT {word}, {count or 'NULL'} FROM {table} ORDER BY rowid").fetchall()
    words = [each if isinstance(each, bytes) else b"" if each is None else str(each).encode() for each, _ in rows]
    return words, [each if isinstance(each, int) and each >= 0 else None for _, each in rows]


def _rows(
    connection: sqlite3.Connection,
    table: str,
    columns: tuple[str, str, str | None],
    words: list[bytes],
    oddities: Oddities,
) -> Iterator[Rows]:
    cursor = connection.execute(f"SELECT {columns[1]}, {columns[0]} IS NULL FROM {table} ORDER BY rowid")
    first, n_bytes = 0, 0
    while part := cursor.fetchmany(ROWS_PER_PART):
        blobs = [blob if isinstance(blob, bytes) and not is_null else None for blob, is_null in part]
        n_bytes = n_bytes or next((len(blob) for blob in blobs if blob and len(blob) % 4 == 0), 0)
        fits = [i for i, blob in enumerate(blobs) if blob is not None and len(blob) == n_bytes > 0]
        places = np.arange(first + 1, first + len(part) + 1)
        oddities.add(NO_WORD, [first + i + 1 for i, blob in enumerate(blobs) if blob is None])
        oddities.add(
            WRONG_WIDTH, [first + i + 1 for i, blob in enumerate(blobs) if blob is not None and len(blob) != n_bytes]
        )
        if fits:
            matrix = np.frombuffer(b"".join([blobs[i] or b"" for i in fits]), "<f4").reshape(len(fits), -1)
            yield Rows.of([words[first + i] for i in fits], matrix.astype(np.float32, copy=False), places[fits])
        first += len(part)


@contextmanager
def _errors(path: str) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OverflowError, MemoryError, UnicodeError) as error:
        raise InputError(f"{path}: SQLite cannot read it ({error}); make or copy it again") from None


def write(path: str, embeddings: Embeddings, options: WriteOptions) -> list[str]:
    """Raises: OutputError"""
    import shutil

    folder = output_folder(path)
    with writable(path), temporary_folder(folder) as room:
        made = os.path.join(room, "vectors.sqlite")
        _write(made, embeddings)
        with open(made, "rb") as source, replacing(path) as target:
            shutil.copyfileobj(source, target, COPY_BYTES)
    return lost_by_format(embeddings, "counts")


def _write(path: str, embeddings: Embeddings) -> None:
    """A database that nobody sees before it is whole: without a journal."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        connection.execute("CREATE TABLE vectors (word PRIMARY KEY, count INTEGER, vector BLOB)")
        counts = embeddings.vocabulary.counts
        for first in range(0, len(embeddings.vocabulary), ROWS_PER_PART):
            ids = range(first, min(first + ROWS_PER_PART, len(embeddings.vocabulary)))
            matrix = np.ascontiguousarray(embeddings.rows(slice(ids.start, ids.stop)), "<f4")
            connection.executemany(
                "INSERT INTO vectors VALUES (?, ?, ?)",
                (
                    (
                        _stored(embeddings.vocabulary.word(id)),
                        None if counts is None else int(counts[id]),
                        row.tobytes(),
                    )
                    for id, row in zip(ids, matrix, strict=True)
                ),
            )
        connection.execute("COMMIT")


def _stored(word: bytes) -> str | bytes:
    return word.decode() if is_utf8(word) else word

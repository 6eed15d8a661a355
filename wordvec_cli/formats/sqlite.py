"""SQLite: a table of words, counts, and vectors as blobs of float32, little-endian, as sqlite-vec has them too.

Written is `CREATE TABLE vectors (word PRIMARY KEY, count INTEGER, vector BLOB)`, in the order of the ids; words that
are not valid UTF-8 are blobs. What is read is a table of any name with columns called so.
"""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from typing import NamedTuple

import numpy as np

from wordvec_cli.errors import InputError, OutputError
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

JOURNAL_MAGIC = bytes.fromhex("d9d505f920a163d7")  # of a change that has not ended


class _Table(NamedTuple):
    """A table and its columns, all quoted for SQL."""

    name: str
    word: str
    vector: str
    counts: str | None


def read(path: str, options: ReadOptions, oddities: Oddities) -> Embeddings:
    """Raises: InputError"""
    from urllib.parse import quote

    oddities.unit = "row"
    _check_journals(path)
    # immutable: of a file that nobody may write to, and no journal beside it is looked at
    with _errors(path), closing(sqlite3.connect(f"file:{quote(path)}?mode=ro&immutable=1", uri=True)) as connection:
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
        connection.text_factory = bytes
        table = _table(path, connection, options.matrix)
        words, counts = _words(connection, table)
        text, offsets = back_to_back(words)
        if any(count is None for count in counts):
            counts = []
        known = Words(text[: offsets[-1]], offsets, np.array(counts, np.int64) if counts else None)
        return joined_rows(path, known, _rows(path, connection, table, words, oddities), options, oddities)


def _check_journals(path: str) -> None:
    """Raises: InputError if the file alone is not what is in the database"""
    real = os.path.realpath(path)
    for suffix, fewest in (("-wal", 1), ("-journal", len(JOURNAL_MAGIC))):
        beside = real + suffix
        with suppress(OSError), open(beside, "rb") as file:
            start = file.read(fewest)
            if len(start) == fewest and (suffix == "-wal" or start == JOURNAL_MAGIC):
                raise InputError(
                    f"{path}: {os.path.basename(beside)} beside it has changes that are not in it yet; end the program "
                    "that writes it, or open it once with sqlite3 (PRAGMA wal_checkpoint(TRUNCATE))"
                )


def _table(path: str, connection: sqlite3.Connection, wanted: str | None) -> _Table:
    """The table with words and vectors, or the one called `wanted`. Raises: InputError"""
    names = [name.decode("utf-8", "replace") for (name,) in connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
    )]  # fmt: skip
    fitting = {}
    for table in names:
        there = [
            bytes(row[1]).decode("utf-8", "replace") for row in connection.execute(f"PRAGMA table_info({_q(table)})")
        ]
        word, vector = (_first(there, known) for known in (WORD_NAMES, VECTOR_NAMES))
        if word and vector:
            count = _first(there, COUNT_NAMES)
            fitting[table] = _Table(_q(table), _q(word), _q(vector), count and _q(count))
    if wanted is not None:
        fitting = {name: found for name, found in fitting.items() if name == wanted}
    if len(fitting) > 1:
        several = ", ".join(fitting)
        raise InputError(f"{path}: has several tables of vectors ({several}); name one: {path}#{next(iter(fitting))}")
    for found in fitting.values():
        return found
    shown, which = ", ".join(names[:8]) or "none", "" if wanted is None else f" {wanted}"
    raise InputError(
        f"{path}: has no table{which} with the columns word and vector (its tables: {shown}); name the columns so"
    )


def _first(there: Sequence[str], known: Sequence[str]) -> str | None:
    return next((name for each in known for name in there if name.lower() == each), None)


def _q(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _words(connection: sqlite3.Connection, table: _Table) -> tuple[list[bytes], list[int | None]]:
    """The words of all rows, empty where there is none, and their counts."""
    query = f"SELECT {table.word}, {table.counts or 'NULL'} FROM {table.name} ORDER BY rowid"
    rows = connection.execute(query).fetchall()
    words = [each if isinstance(each, bytes) else b"" if each is None else str(each).encode() for each, _ in rows]
    return words, [each if isinstance(each, int) and each >= 0 else None for _, each in rows]


def _rows(
    path: str, connection: sqlite3.Connection, table: _Table, words: list[bytes], oddities: Oddities
) -> Iterator[Rows]:
    asked_for = f"{table.vector}, {table.word} IS NULL, typeof({table.vector})"
    cursor = connection.execute(f"SELECT {asked_for} FROM {table.name} ORDER BY rowid")
    first, n_bytes, has_texts = 0, 0, False
    while part := cursor.fetchmany(ROWS_PER_PART):
        has_texts |= any(kind == b"text" for _, _, kind in part)
        values = [b"" if kind == b"text" else value for value, _, kind in part]  # the letters of a text are no numbers
        blobs = [
            value if isinstance(value, bytes) and not is_null else None
            for value, (_, is_null, _) in zip(values, part, strict=True)
        ]
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
    if has_texts and not n_bytes:
        raise InputError(f"{path}: its vectors are texts; store them as blobs of float32")


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
        try:
            _write(made, embeddings)
        except sqlite3.Error as error:
            raise OutputError(f"{path}: SQLite cannot write it ({error}); free some space") from None
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

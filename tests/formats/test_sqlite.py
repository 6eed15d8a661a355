"""SQLite databases of vectors: what sqlite3 reads of ours, and what is read of others."""

import os
import sqlite3
import struct
from pathlib import Path

import numpy as np
import pytest

from wordvec_cli.errors import InputError, OutputError
from wordvec_cli.formats import format_for, open_vectors, write_vectors
from wordvec_cli.formats.reading import ReadOptions, WriteOptions
from wordvec_cli.vectors.embeddings import from_matrix
from wordvec_cli.vocabulary.vocabulary import Vocabulary

WORDS = [b"the", "東京".encode(), b"caf\xe9", b"", b"a\0b"]
MATRIX = np.random.default_rng(1).normal(size=(5, 3)).astype(np.float32)


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def made(*statements: tuple[str, tuple[object, ...]]) -> str:
    with sqlite3.connect("v.db") as connection:
        for statement, values in statements:
            connection.execute(statement, values)
    connection.close()
    return "v.db"


def blob(*numbers: float) -> bytes:
    return struct.pack(f"<{len(numbers)}f", *numbers)


@pytest.mark.parametrize("counts", [None, [9, 7, 5, 3, 1]])
def test_what_is_written_sqlite_reads_and_comes_back(counts: list[int] | None) -> None:
    vectors = from_matrix(Vocabulary.from_words(WORDS, counts), MATRIX, {})
    assert write_vectors("v.sqlite", vectors, format_for("v.sqlite"), WriteOptions()) == []
    connection = sqlite3.connect("v.sqlite")
    assert connection.execute("SELECT vector FROM vectors WHERE word = '東京'").fetchone() == (MATRIX[1].tobytes(),)
    assert connection.execute("SELECT typeof(word), sum(count) FROM vectors GROUP BY 1 ORDER BY 1").fetchall() == [
        ("blob", 5 if counts else None), ("text", 20 if counts else None)
    ]  # fmt: skip
    connection.close()
    found = open_vectors("v.sqlite", ReadOptions())
    assert list(found.vocabulary) == WORDS
    np.testing.assert_array_equal(found.matrix, MATRIX)
    assert (found.vocabulary.counts is None) == (counts is None)
    assert counts is None or list(found.vocabulary.counts) == counts
    assert list(open_vectors("v.sqlite", ReadOptions(words=frozenset([b"the"]))).vocabulary) == [b"the"]


def test_other_tables_are_read_and_odd_rows_counted() -> None:
    rows = [
        ("a", blob(1, 2)),
        (None, blob(1, 2)),
        ("b", None),
        ("c", blob(1)),
        ("d", "text"),
        (5, blob(3, 4)),
        ("e", b"123"),
    ]
    made(
        ("CREATE TABLE notes (text, other)", ()),
        ('CREATE TABLE "my ""words""" (id, Token, Embedding)', ()),
        *(('INSERT INTO "my ""words""" VALUES (0, ?, ?)', row) for row in rows),
    )
    notes: list[str] = []
    found = open_vectors("v.db", ReadOptions(), None, notes.append)
    assert (list(found.vocabulary), found.matrix.tolist()) == ([b"a", b"5"], [[1, 2], [3, 4]])
    assert notes == [
        "v.db: rows without a word or a vector, left out: 2, the first on row 2",
        "v.db: rows with another number of values, left out: 3, the first on row 4",
    ]


def test_a_database_without_vectors_is_an_error_that_names_its_tables() -> None:
    made(("CREATE TABLE a (x, y)", ()), ("CREATE VIEW b AS SELECT 1 AS word, 2 AS vector", ()))
    with pytest.raises(InputError, match=r"^v.db: has no table with the columns word and vector \(its tables: a\)"):
        open_vectors("v.db", ReadOptions())
    made(("DROP TABLE a", ()), ("CREATE TABLE c (word, vector)", ()))
    with pytest.raises(InputError, match=r"^v.db: holds no vectors"):
        open_vectors("v.db", ReadOptions())


def test_vectors_that_are_texts_are_not_read_as_numbers() -> None:
    text = "[0.25, -1.5]"
    assert len(text) % 4 == 0
    made(("CREATE TABLE v (word, vector)", ()), *(("INSERT INTO v VALUES (?, ?)", (word, text)) for word in "ab"))
    with pytest.raises(InputError, match=r"^v.db: its vectors are texts; store them as blobs of float32"):
        open_vectors("v.db", ReadOptions())
    made(("INSERT INTO v VALUES ('c', ?)", (blob(1, 2, 3),)))
    assert list(open_vectors("v.db", ReadOptions()).vocabulary) == [b"c"]


def test_of_several_tables_of_vectors_one_is_named() -> None:
    for table in "ab":
        made((f"CREATE TABLE {table} (word, vector)", ()), (f"INSERT INTO {table} VALUES (?, ?)", (table, blob(1))))
    with pytest.raises(InputError, match=r"^v.db: has several tables of vectors \(a, b\); name one: v.db#a"):
        open_vectors("v.db", ReadOptions())
    assert list(open_vectors("v.db#b").vocabulary) == [b"b"]
    with pytest.raises(
        InputError, match=r"^v.db: has no table c with the columns word and vector \(its tables: a, b\)"
    ):
        open_vectors("v.db#c")


def test_what_stands_in_a_journal_alone_is_not_overlooked() -> None:
    made(("CREATE TABLE v (word, vector)", ()), ("INSERT INTO v VALUES ('a', ?)", (blob(1),)))
    with sqlite3.connect("v.db") as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("INSERT INTO v VALUES ('b', ?)", (blob(2),))
        writer.commit()
        os.symlink("v.db", "link.db")
        for name in ("v.db", "link.db"):
            with pytest.raises(InputError, match=f"^{name}: v.db-wal beside it has changes that are not in it yet"):
                open_vectors(name, ReadOptions())
        writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert list(open_vectors("v.db", ReadOptions()).vocabulary) == [b"a", b"b"]
    writer.close()
    Path("v.db-journal").write_bytes(bytes(512))  # of a change that has ended
    assert list(open_vectors("v.db", ReadOptions()).vocabulary) == [b"a", b"b"]
    Path("v.db-journal").write_bytes(bytes.fromhex("d9d505f920a163d7") + bytes(504))
    with pytest.raises(InputError, match=r"^v.db: v.db-journal beside it has changes"):
        open_vectors("v.db", ReadOptions())


def test_a_damaged_database_is_an_error_or_vectors() -> None:
    words = [b"w%d" % i for i in range(300)]
    vectors = from_matrix(Vocabulary.from_words(words), np.ones((300, 20), np.float32), {})
    write_vectors("v.db", vectors, format_for("v.db"), WriteOptions())
    whole = Path("v.db").read_bytes()
    for i in range(16, len(whole), 501):
        Path("v.db").write_bytes(whole[:i] + bytes([whole[i] ^ 0xFF]) + whole[i + 1 :])
        try:
            open_vectors("v.db", ReadOptions())
        except InputError as error:
            assert str(error).startswith("v.db: ")
    for n in (20, 100, 5000, len(whole) - 4096):
        Path("v.db").write_bytes(whole[:n])
        with pytest.raises(InputError, match=r"^v.db: SQLite cannot read it"):
            open_vectors("v.db", ReadOptions())


def test_a_full_disk_leaves_the_old_file_and_nothing_else(file_size_limit: None) -> None:
    vectors = from_matrix(Vocabulary.from_words([b"a"]), np.zeros((1, 3_000_000), np.float32), {})
    Path("v.db").write_bytes(b"the old file")
    with pytest.raises(OutputError, match=r"^v.db: SQLite cannot write it \(.*\); free some space"):
        write_vectors("v.db", vectors, format_for("v.db"), WriteOptions())
    assert Path("v.db").read_bytes() == b"the old file"
    assert os.listdir() == ["v.db"]


def test_sqlite_vec_computes_with_the_vectors() -> None:
    sqlite_vec = pytest.importorskip("sqlite_vec")
    vectors = from_matrix(Vocabulary.from_words(WORDS), MATRIX, {})
    write_vectors("v.db", vectors, format_for("v.db"), WriteOptions())
    connection = sqlite3.connect("v.db")
    if not hasattr(connection, "enable_load_extension"):
        pytest.skip("this Python's sqlite3 loads no extensions")
    connection.enable_load_extension(True)
    sqlite_vec.load(connection)
    found = connection.execute(
        "SELECT vec_distance_cosine(a.vector, b.vector) FROM vectors a, vectors b WHERE a.word = 'the' AND b.rowid = 2"
    ).fetchone()[0]
    a, b = MATRIX[0].astype(float), MATRIX[1].astype(float)
    assert found == pytest.approx(1 - a @ b / np.linalg.norm(a) / np.linalg.norm(b), abs=1e-6)
    connection.close()

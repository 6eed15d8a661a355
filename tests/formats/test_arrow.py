"""Parquet and Arrow files: what pyarrow, pandas and we write, and what is odd about them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas
import pyarrow as pa
import pytest
from pyarrow import feather, parquet

from wordvec_cli.errors import InputError
from wordvec_cli.formats import FORMATS, format_for, open_vectors, write_vectors
from wordvec_cli.formats.reading import ReadOptions, WriteOptions
from wordvec_cli.vectors.embeddings import Embeddings, from_matrix
from wordvec_cli.vocabulary.vocabulary import Vocabulary

WORDS = ["the", "東京", "cat", "dog"]
MATRIX = np.float32([[1, 2, 3], [0.25, -1, 1e-9], [4, 5, 6], [7, 8, 9.5]])
COUNTS = [9, 7, 5, 3]
NAMES = ["v.parquet", "v.arrow", "v.feather"]


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def vectors(words: list[bytes] | None = None, counts: list[int] | None = None) -> Embeddings:
    words = [word.encode() for word in WORDS] if words is None else words
    return from_matrix(Vocabulary.from_words(words, counts), MATRIX[: len(words)], {"seed": "7"})


def saved(name: str, table: pa.Table, **options: object) -> str:
    parquet.write_table(table, name, **options) if name.endswith(".parquet") else feather.write_feather(
        table, name, **options
    )
    return name


def read(path: str, **options: object) -> tuple[list[bytes], list[list[float]], list[int] | None, list[str]]:
    notes: list[str] = []
    found = open_vectors(path, ReadOptions(**options), None, notes.append)  # type: ignore[arg-type]
    counts = found.vocabulary.counts
    return list(found.vocabulary), found.matrix.tolist(), None if counts is None else list(counts), notes


@pytest.mark.parametrize("name", NAMES)
def test_what_is_written_pyarrow_and_pandas_read(name: str) -> None:
    assert write_vectors(name, vectors(counts=COUNTS), format_for(name), WriteOptions()) == []
    table = parquet.read_table(name) if name == "v.parquet" else feather.read_table(name)
    table.validate(full=True)
    assert [str(each.type) for each in table.schema][::2] == ["string", "int64"]
    assert table.schema.field("vector").type == pa.list_(pa.field("element", pa.float32(), False), 3)
    assert (table["word"].to_pylist(), table["count"].to_pylist()) == (WORDS, COUNTS)
    np.testing.assert_array_equal(np.array(table["vector"].to_pylist(), np.float32), MATRIX)
    frame = pandas.read_parquet(name) if name == "v.parquet" else pandas.read_feather(name)
    np.testing.assert_array_equal(np.stack(frame["vector"]), MATRIX)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_written_comes_back_with_counts_and_how_it_was_made(name: str) -> None:
    write_vectors(name, vectors(counts=COUNTS), format_for(name), WriteOptions())
    found = open_vectors(name)
    assert read(name) == ([word.encode() for word in WORDS], MATRIX.tolist(), COUNTS, [])
    assert found.metadata == {"seed": "7", "converted_from": "parquet" if name == "v.parquet" else "arrow"}
    assert read(name, limit=2)[:3] == ([b"the", "東京".encode()], MATRIX[:2].tolist(), COUNTS[:2])
    assert read(name, words=frozenset([b"dog"]))[:3] == ([b"dog"], MATRIX[3:].tolist(), [3])


@pytest.mark.parametrize("name", NAMES[:2])
def test_many_parts_are_read_in_order(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wordvec_cli.formats.arrow.PART_BYTES", 700)
    monkeypatch.setattr("wordvec_cli.formats.arrow.ROW_GROUP_BYTES", 1000)
    matrix = np.random.default_rng(1).normal(size=(500, 8)).astype(np.float32)
    words = [b"%d" % i for i in range(500)]
    write_vectors(name, from_matrix(Vocabulary.from_words(words), matrix, {}), format_for(name), WriteOptions())
    assert read(name)[:3] == (words, matrix.tolist(), None)


@pytest.mark.parametrize("name", NAMES[:2])
def test_words_that_are_not_utf8_are_binary_and_come_back(name: str) -> None:
    notes: list[str] = []
    words = [b"the", b"caf\xe9", b"", b"a\0b"]
    write_vectors(name, vectors(words), format_for(name), WriteOptions(note=notes.append))
    assert notes == [
        f"{name}: 1 words are not valid UTF-8, so that the column word is binary, not string; "
        "--invalid-utf8 replace writes U+FFFD, skip leaves such words out"
    ]
    assert read(name)[0] == words


FRAME = pandas.DataFrame(MATRIX, index=WORDS)
LISTS = {"word": WORDS, "vector": MATRIX.tolist()}
OTHERS: dict[str, Callable[[], pa.Table]] = {
    "lists of float64": lambda: pa.table(LISTS),
    "large lists": lambda: pa.table({"w": WORDS, "e": pa.array(MATRIX.tolist(), pa.large_list(pa.float32()))}),
    "another order": lambda: pa.table({"id": [1, 2, 3, 4], "embedding": MATRIX.tolist(), "text": WORDS}),
    "several texts": lambda: pa.table({"lang": ["en"] * 4, "Word": WORDS, "vector": MATRIX.tolist()}),
    "a dictionary": lambda: pa.table({"word": pa.array(WORDS).dictionary_encode(), "vector": MATRIX.tolist()}),
    "large strings": lambda: pa.table({"word": pa.array(WORDS, pa.large_string()), "vector": MATRIX.tolist()}),
    "views of strings": lambda: pa.table({"word": pa.array(WORDS, pa.string_view()), "vector": MATRIX.tolist()}),
    "an index of pandas": lambda: pa.Table.from_pandas(FRAME.rename(columns=str)),
    "columns of numbers": lambda: pa.table({"x": WORDS} | {f"d{i}": MATRIX[:, i].astype("f8") for i in range(3)}),
    "in chunks": lambda: pa.concat_tables([pa.table(LISTS).slice(0, 1), pa.table(LISTS).slice(1)]),
}


@pytest.mark.parametrize("name", ["v.parquet", "v.feather"])
@pytest.mark.parametrize("kind", OTHERS)
def test_tables_of_other_programs_are_read(kind: str, name: str) -> None:
    assert read(saved(name, OTHERS[kind]())) == ([word.encode() for word in WORDS], MATRIX.tolist(), None, [])


def test_counts_are_whole_numbers_with_a_name_that_says_so() -> None:
    table = pa.table(LISTS | {"Frequency": pa.array(COUNTS, pa.int32())})
    assert read(saved("v.parquet", table))[2] == COUNTS
    table = pa.table(LISTS | {"count": pa.array([1, None, 2, 3])})
    assert read(saved("v.parquet", table))[2] is None


def test_whole_numbers_among_the_numbers_are_of_the_vectors_and_others_are_told() -> None:
    """A column that holds whole numbers only, as a frame may have by chance, is one of integers in the file."""
    columns = {"id": [7, 8], "word": ["a", "b"], "d0": [0.5, 1], "d1": [2, 3], "d2": [4.0, 0.25], "idf": [9.0, 9.5]}
    told = "columns taken for numbers of the vectors, though their names are not as those of the others: idf"
    notes = ["v.parquet: columns of whole numbers, not read: id", f"v.parquet: {told}"]
    expected = [[0.5, 2, 4, 9], [1, 3, 0.25, 9.5]]
    assert read(saved("v.parquet", pa.table(columns))) == ([b"a", b"b"], expected, None, notes)
    whole = {"word": ["a"], "x": [1], "y": [2]}
    assert read(saved("v.parquet", pa.table(whole))) == ([b"a"], [[1, 2]], None, [])


@pytest.mark.parametrize("name", ["v.parquet", "v.feather"])
def test_rows_that_cannot_be_read_are_left_out_and_counted(name: str) -> None:
    rows = [[1, 2], None, [3], [4, 5], [6, None], [7, 8]]
    words = ["a", "b", "c", None, "e", "a"]
    found = read(saved(name, pa.table({"word": words, "vector": pa.array(rows, pa.list_(pa.float32()))})))
    assert found[0] == [b"a", b"e"]
    np.testing.assert_array_equal(found[1], [[1, 2], [6, np.nan]])
    assert found[3] == [
        f"{name}: rows without a word or a vector, left out: 2, the first on row 2",
        f"{name}: rows with another number of values, left out: 1, the first on row 3",
        f"{name}: rows with numbers that are not finite: 1, the first on row 5",
        f"{name}: repeated words: 1, the first on row 6",
    ]


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ({"word": WORDS}, r"has no column of vectors, but word \(text\); call a column of lists vector"),
        ({"vector": MATRIX.tolist()}, r"has no column of text \(vector \(list\)\); call the one of the words word"),
        ({"a": WORDS, "b": WORDS, "vector": MATRIX.tolist()}, r"has 2 columns of text .*; call the one of the words"),
        (LISTS | {"other": MATRIX.tolist(), "vector2": MATRIX.tolist()}, None),
        ({"word": WORDS, "a": MATRIX.tolist(), "b": MATRIX.tolist()}, r"has 2 columns of lists of numbers"),
        ({"word": pa.array([], pa.string()), "vector": pa.array([], pa.list_(pa.float32()))}, "holds no vectors"),
        ({"word": WORDS, "vector": pa.nulls(4)}, r"has no column of vectors, but word \(text\), vector \(other\)"),
    ],
)
def test_a_table_without_vectors_is_an_error_that_names_its_columns(table: dict[str, object], text: str | None) -> None:
    for name in ("v.parquet", "v.feather"):
        saved(name, pa.table(table))
        if text is None:
            assert read(name)[1] == MATRIX.tolist()
            continue
        with pytest.raises(InputError, match=f"^{name}: {text}"):
            read(name)


@pytest.mark.parametrize("name", NAMES[:2])
def test_a_file_with_any_damaged_byte_or_cut_is_an_error_or_vectors(name: str) -> None:
    write_vectors(name, vectors(counts=COUNTS), format_for(name), WriteOptions())
    whole = Path(name).read_bytes()
    for i in range(8, len(whole), 11):
        Path(name).write_bytes(whole[:i] + bytes([whole[i] ^ 0xFF]) + whole[i + 1 :])
        try:
            read(name)
        except InputError as error:
            assert str(error).startswith(f"{name}: ")
    for n in range(8, len(whole), 61):
        Path(name).write_bytes(whole[:n])
        with pytest.raises(InputError, match=f"^{name}: is damaged or cut short"):
            read(name)


def test_the_bound_is_of_what_a_file_holds() -> None:
    saved("v.parquet", pa.table({"word": [f"w{i}" for i in range(10_000)], "vector": [[0.0] * 20] * 10_000}))
    assert Path("v.parquet").stat().st_size < 400_000
    with pytest.raises(InputError, match=r"^v.parquet: is longer than --max-bytes"):
        read("v.parquet", max_bytes=400_000)


def test_where_pyarrow_is_not_installed_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    saved("v.parquet", pa.table(LISTS))
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    message = r"needs pyarrow, which is not installed; install it: pip install 'wordvec-cli\[parquet\]'"
    with pytest.raises(InputError, match=f"^v.parquet: {message}"):
        read("v.parquet")
    with pytest.raises(InputError, match=f"^x.arrow: {message}"):
        write_vectors("x.arrow", vectors(), FORMATS["arrow"], WriteOptions())

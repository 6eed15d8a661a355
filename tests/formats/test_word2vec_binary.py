"""word2vec's binary files: gensim's and word2vec.c's are read, ours are gensim's byte for byte, damage is told."""

import io
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors
from hypothesis import given, settings
from hypothesis import strategies as st

from wordvec_cli.errors import InputError
from wordvec_cli.formats import word2vec_binary
from wordvec_cli.formats.reading import NOT_FINITE, NOT_UTF8, REPEATED, Oddities, ReadOptions, WriteOptions, collected
from wordvec_cli.vectors.embeddings import Embeddings, from_matrix
from wordvec_cli.vocabulary.vocabulary import Vocabulary

WORDS = [b"the", "東京".encode(), b"no\xc2\xa0break", b"2009", b"a\xe2\x80\xa8b", b"</s>", b"x" * 1000, b"tab\tthere"]
RNG = np.random.default_rng(1)
MATRIX = (RNG.standard_normal((len(WORDS), 5)) * 10.0 ** RNG.integers(-30, 30, (len(WORDS), 5))).astype("f4")
MATRIX[1] = np.frombuffer(b"\n \n  \n\n\n" + b" " * 12, "f4")  # numbers whose bytes are blanks and line ends
Row = tuple[bytes, list[float]]


def file_of(words: list[bytes], matrix: np.ndarray, end: bytes = b"", header: bytes | None = None) -> bytes:
    """Such a file, written by hand; end: what word2vec.c puts after each row."""
    dim = matrix.shape[1]
    rows = [word + b" " + struct.pack(f"<{dim}f", *row) + end for word, row in zip(words, matrix.tolist(), strict=True)]
    return (b"%d %d\n" % (len(words), dim) if header is None else header) + b"".join(rows)


def read(content: bytes, options: ReadOptions | None = None) -> tuple[Embeddings, list[str]]:
    """The vectors, and what is odd about the file."""
    options, oddities = options or ReadOptions(), Oddities()
    source = io.BytesIO(content)
    found = collected("v.bin", word2vec_binary.rows("v.bin", source, options, oddities), options, oddities)
    return found, list(oddities.lines())


def told(what: str, n: int, first: int) -> str:
    """How an oddity that comes n times is told."""
    return f"{what}: {n}, the first on row {first}"


def rows(embeddings: Embeddings) -> list[Row]:
    return list(zip(embeddings.vocabulary, embeddings.matrix.tolist(), strict=True))


def vectors(words: list[bytes], matrix: np.ndarray) -> Embeddings:
    return from_matrix(Vocabulary.from_words(words), matrix, {})


ALL_ROWS = list(zip(WORDS, MATRIX.tolist(), strict=True))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # gensim leaves its file open
def test_ours_are_gensims_byte_for_byte_and_gensim_reads_them_exactly(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours.bin", tmp_path / "theirs.bin"
    assert word2vec_binary.write(str(ours), vectors(WORDS, MATRIX), WriteOptions()) == []
    keyed = KeyedVectors(5)
    keyed.add_vectors([word.decode() for word in WORDS], MATRIX)
    keyed.save_word2vec_format(theirs, binary=True)
    assert ours.read_bytes() == theirs.read_bytes() == file_of(WORDS, MATRIX)
    reread = KeyedVectors.load_word2vec_format(ours, binary=True)
    assert reread.index_to_key == [word.decode() for word in WORDS]
    np.testing.assert_array_equal(reread.vectors, MATRIX)


@pytest.mark.parametrize("end", [b"", b"\n"], ids=["gensim", "word2vec.c"])
@pytest.mark.parametrize("block_bytes", [1, 3, 20, 21, 22, 64, 1000, 1 << 23])
@pytest.mark.parametrize("header", [b"8 5\n", b"8 5 \n", b" 8\t5\r\n"])
def test_both_variants_are_read_exactly_in_blocks_of_any_size(
    monkeypatch: pytest.MonkeyPatch, end: bytes, block_bytes: int, header: bytes
) -> None:
    monkeypatch.setattr(word2vec_binary, "BLOCK_BYTES", max(block_bytes, len(header)))
    monkeypatch.setattr(word2vec_binary, "MOST_WORD_BYTES", 1002)
    found, notes = read(file_of(WORDS, MATRIX, end, header))
    assert (rows(found), notes) == (ALL_ROWS, [])


@pytest.mark.parametrize("block_bytes", [9, 100])
def test_vectors_longer_than_a_block_are_read(monkeypatch: pytest.MonkeyPatch, block_bytes: int) -> None:
    monkeypatch.setattr(word2vec_binary, "BLOCK_BYTES", block_bytes)
    matrix = np.random.default_rng(2).standard_normal((3, 400)).astype("f4")
    found, notes = read(file_of([b"a", b"b", b"c"], matrix, b"\n"))
    assert (rows(found), notes) == (list(zip([b"a", b"b", b"c"], matrix.tolist(), strict=True)), [])


def test_words_are_any_bytes_but_blanks() -> None:
    words = [b"caf\xe9", b"a\x00b", b"\x00", b"", b"x\r", b"\t", b"x" * 100_000, b"two\nlines", b"\xef\xbb\xbf"]
    matrix = np.arange(len(words) * 2, dtype=np.float32).reshape(-1, 2)
    for end in (b"", b"\n"):
        found, notes = read(file_of(words, matrix, end))
        assert rows(found) == list(zip(words, matrix.tolist(), strict=True))
        assert notes == [told(NOT_UTF8, 1, 1)]


def test_what_is_odd_is_told_by_the_number_of_the_row() -> None:
    words = [b"a", b"caf\xe9", b"a", b"b"]
    matrix = np.float32([[1, 2], [3, 4], [5, 6], [np.nan, 8]])
    found, notes = read(file_of(words, matrix, b"\n"), ReadOptions(duplicates="mean", invalid_utf8="skip"))
    assert list(found.vocabulary) == [b"a", b"b"]
    np.testing.assert_array_equal(found.matrix, np.float32([[3, 4], [np.nan, 8]]))
    assert notes == [
        told(NOT_UTF8, 1, 2),
        told(NOT_FINITE, 1, 4),
        told(REPEATED, 1, 3),
    ]
    with pytest.raises(InputError, match=r"^v\.bin: row 3: 'a' is repeated"):
        read(file_of(words, matrix), ReadOptions(duplicates="error"))


def test_wanted_words_and_first_rows_are_chosen() -> None:
    content = file_of(WORDS, MATRIX, b"\n")
    found, _ = read(content, ReadOptions(words=frozenset([b"</s>", b"the", b"absent"])))
    assert rows(found) == [ALL_ROWS[0], ALL_ROWS[5]]
    found, notes = read(content, ReadOptions(limit=3))
    assert (rows(found), notes) == (ALL_ROWS[:3], [])


@pytest.mark.parametrize("block_bytes", [30, 60])
def test_words_that_are_in_the_last_blocks_alone_are_found(monkeypatch: pytest.MonkeyPatch, block_bytes: int) -> None:
    monkeypatch.setattr(word2vec_binary, "BLOCK_BYTES", block_bytes)
    content = file_of(WORDS, MATRIX)
    for wanted in ([7], [5, 7], [0, 7]):
        found, _ = read(content, ReadOptions(words=frozenset(WORDS[i] for i in wanted)))
        assert rows(found) == [ALL_ROWS[i] for i in wanted]


# ---------------------------------------------------------------- what is damaged


@pytest.mark.parametrize("end", [b"", b"\n"], ids=["gensim", "word2vec.c"])
def test_a_file_that_is_cut_anywhere_has_its_whole_rows_and_says_so(end: bytes) -> None:
    words, matrix = [b"the", "東京".encode(), b"c"], MATRIX[:3]
    content = file_of(words, matrix, end)
    n_row_bytes = [len(word) + 1 + 20 + len(end) for word in words]
    for n_bytes in range(len(content) - len(end)):
        whole = sum(n_bytes + len(end) >= 4 + sum(n_row_bytes[: n + 1]) for n in range(3))
        if not whole:
            with pytest.raises(InputError, match=r"^v\.bin: "):
                read(content[:n_bytes])
            continue
        found, notes = read(content[:n_bytes])
        assert rows(found) == list(zip(words, matrix.tolist(), strict=True))[:whole]
        assert notes == [f"the header says 3 rows, there are {whole}: the file is cut short, or its header is wrong"]


@pytest.mark.parametrize("block_bytes", [10, 60, 1 << 23])
def test_a_header_that_counts_too_few_rows_is_told(monkeypatch: pytest.MonkeyPatch, block_bytes: int) -> None:
    monkeypatch.setattr(word2vec_binary, "BLOCK_BYTES", block_bytes)
    for end in (b"", b"\n"):
        found, notes = read(file_of(WORDS, MATRIX, end, b"3 5\n"))
        assert (rows(found), notes) == (ALL_ROWS[:3], ["the header says 3 rows, and there is more after them"])


@pytest.mark.parametrize("block_bytes", [60, 1 << 23])
@pytest.mark.parametrize("end", [b"", b"\n"], ids=["gensim", "word2vec.c"])
@pytest.mark.parametrize("n_blanks", [1, 3])
def test_words_with_blanks_put_rows_out_of_step_and_are_an_error_and_not_garbage(
    monkeypatch: pytest.MonkeyPatch, block_bytes: int, end: bytes, n_blanks: int
) -> None:
    """gensim writes such files of doc2vec's tags, and cannot read them either."""
    monkeypatch.setattr(word2vec_binary, "BLOCK_BYTES", block_bytes)
    words = [b"a", b"b", *(b"doc" + b" 1" * n_blanks for _ in range(40))]
    matrix = np.random.default_rng(1).standard_normal((42, 5)).astype("f4")
    with pytest.raises(InputError, match=r"^v\.bin: row \d+: its word is a part of the numbers before it"):
        read(file_of(words, matrix, end))


def test_a_row_of_a_billion_numbers_is_an_error_before_any_memory_is_taken() -> None:
    with pytest.raises(InputError, match=r"^v\.bin: says that its rows have 999999999 numbers"):
        read(b"999999999999999999 999999999\nword " + bytes(1000))


def test_a_word_that_would_not_be_read_again_is_an_error_on_writing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a word of 1048577 bytes is too long to be read again"):
        word2vec_binary.write(str(tmp_path / "v.bin"), vectors([b"x" * 1048577], np.float32([[1]])), WriteOptions())


@pytest.mark.parametrize("n_told", [9, 99999999999, 10**17])
def test_a_header_that_counts_too_many_rows_is_told_and_takes_no_memory_for_them(n_told: int) -> None:
    content = file_of(WORDS, MATRIX, b"\n", b"%d 5\n" % n_told)
    tracemalloc.start()
    found, notes = read(content)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert rows(found) == ALL_ROWS
    assert notes == [f"the header says {n_told} rows, there are 8: the file is cut short, or its header is wrong"]
    assert most < 50_000_000


@pytest.mark.parametrize("header", [b"99999999999 300\n", b"1 999999999\n", b"99999999999 99999999\n"])
def test_a_header_that_promises_more_than_the_file_has_takes_no_memory_for_it(tmp_path: Path, header: bytes) -> None:
    """A read of so many bytes takes room for all of them before there are any: from a file, unlike from BytesIO."""
    path = tmp_path / "v.bin"
    path.write_bytes(header + b"king " + bytes(100))
    tracemalloc.start()
    with path.open("rb") as source, pytest.raises(InputError, match=r"v\.bin: (holds no vectors|says that its rows)"):
        collected("v.bin", word2vec_binary.rows("v.bin", source, ReadOptions(), Oddities()), ReadOptions(), Oddities())
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 50_000_000


@pytest.mark.parametrize(
    "start",
    [b"", b"\n", b"5\n", b"5 5", b"5 5 5\n", b"five 5\n", b"-1 5\n", b"5 -1\n", b"5 0\n", b"5.0 5\n", b"x" * 100,
     b" " * 100, b"1 1" + b" " * 100 + b"\n", b"5 9999999999\n", b"9" * 60 + b" 5\n"],
)  # fmt: skip
def test_a_file_without_a_header_is_an_error_that_names_it(start: bytes) -> None:
    with pytest.raises(InputError, match=r"^v\.bin: does not begin with `rows dimension`"):
        read(start + bytes(100) if start.endswith(b"\n") else start)


def test_a_word_that_does_not_end_is_an_error_before_all_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word2vec_binary, "BLOCK_BYTES", 1000)
    monkeypatch.setattr(word2vec_binary, "MOST_WORD_BYTES", 5000)
    source = io.BytesIO(file_of([b"a"], MATRIX[:1], b"", b"5 5\n") + b"x" * 1_000_000)
    with pytest.raises(InputError, match=r"^v\.bin: row 2: its word does not end; the file is damaged"):
        collected("v.bin", word2vec_binary.rows("v.bin", source, ReadOptions(), Oddities()), ReadOptions(), Oddities())
    assert source.tell() < 10_000


@settings(max_examples=200)
@given(
    st.integers(0, 10**12), st.integers(1, 12), st.binary(max_size=400), st.sampled_from([1, 10, 100, 1000]),
    st.booleans(),
)  # fmt: skip
def test_random_bytes_after_a_header_are_an_error_or_whole_rows(
    n_told: int, dim: int, content: bytes, block_bytes: int, has_blanks: bool
) -> None:
    """The rows must be those of a plain reader: to the next space, then `dim` numbers."""
    if has_blanks:
        content = content.replace(b"\x01", b" ").replace(b"\x02", b"\n").replace(b"\x00", b" ")
    expected, position = {}, 0
    for _ in range(min(n_told, 500)):
        while content[position : position + 1] == b"\n":
            position += 1
        end = content.find(b" ", position)
        if end < 0 or end + 1 + 4 * dim > len(content):
            break
        numbers = content[end + 1 : end + 1 + 4 * dim]
        expected.setdefault(content[position:end], numbers)
        position = end + 1 + 4 * dim
    header = b"%d %d\n" % (n_told, dim)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(word2vec_binary, "BLOCK_BYTES", max(block_bytes, len(header)))
        try:
            found, _ = read(header + content)
        except InputError as error:
            assert not expected or "its word is a part of the numbers before it" in str(error)
            return
    got = [(word, row.tobytes()) for word, row in zip(found.vocabulary, found.matrix, strict=True)]
    assert got == list(expected.items())


# ---------------------------------------------------------------- what it is, and writing


@pytest.mark.parametrize(
    ("content", "is_one"),
    [
        (file_of(WORDS, MATRIX), True),
        (file_of(WORDS, MATRIX, b"\n"), True),
        (file_of([b"a"], np.zeros((1, 1), "f4")), True),
        (file_of([b"New"], np.zeros((1, 300), "f4"), b"\n", b"3000000 300\n"), True),
        (b"2 3\nking 0.1 0.2 0.3\nqueen 0.4 0.5 0.6\n", False),
        (b"2 3\nking 1 2 3\nqueen 4 5 6\n", False),  # 12 bytes after the word are more than its line
        (b"2 3\nNew York 0.1 0.2 0.3\nqueen 0.4 0.5 0.6\n", False),
        (b"2 3\nking\t0.1\t0.2\t0.3\nNew York\t0.4\t0.5\t0.6\n", False),
        (b"2 3\r\nking 1 2 3\r\nqueen 4 5 6\r\n", False),
        (b"2 3\nking nan inf -1e5\n", False),
        (b"king 0.1 0.2 0.3\n", False),
        (b"", False),
        (b"2 3\n", False),
        (b"2 3", False),
        (b"2 3\nking", False),
    ],
)
def test_a_file_is_told_from_text_by_its_beginning(content: bytes, is_one: bool) -> None:
    assert word2vec_binary.looks_like(content) == is_one


@pytest.mark.parametrize("word", [b"New York", b" ", b"", b"two\nlines", b"\n"])
def test_a_word_with_a_blank_is_an_error_and_the_old_file_stays(tmp_path: Path, word: bytes) -> None:
    path = tmp_path / "v.bin"
    path.write_bytes(b"old")
    with pytest.raises(InputError, match=r"v\.bin: the word .* has a blank, which this format cannot hold"):
        word2vec_binary.write(str(path), vectors([b"a", word], MATRIX[:2]), WriteOptions())
    assert path.read_bytes() == b"old"


def test_more_rows_than_a_chunk_are_written_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word2vec_binary, "ROWS_PER_CHUNK", 3)
    path = tmp_path / "v.bin"
    word2vec_binary.write(str(path), vectors(WORDS, MATRIX), WriteOptions(decimals=2))  # digits are for text
    assert path.read_bytes() == file_of(WORDS, MATRIX)


def test_what_the_format_has_no_room_for_is_told(tmp_path: Path) -> None:
    full = from_matrix(Vocabulary.from_words([b"a"], [7]), np.float32([[1, 2]]), {"seed": "1"})
    full = Embeddings(full.vocabulary, full.values, 2, full.metadata, full.values, full.values)
    assert word2vec_binary.write(str(tmp_path / "v.bin"), full, WriteOptions(3)) == [
        "the vector of unknown words", "counts", "context vectors", "how the vectors were made"
    ]  # fmt: skip

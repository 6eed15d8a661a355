"""finalfusion's files, packed here byte by byte as its own libraries do it."""

import struct
from pathlib import Path

import numpy as np
import pytest

from wordvec_cli.errors import InputError
from wordvec_cli.formats import format_for, open_vectors, write_vectors
from wordvec_cli.formats.reading import ReadOptions, WriteOptions
from wordvec_cli.vectors.embeddings import from_matrix
from wordvec_cli.vectors.subwords import ngram_buckets
from wordvec_cli.vocabulary.vocabulary import Vocabulary

WORDS = ["the", "東京", "cat"]
MATRIX = np.random.default_rng(1).normal(size=(3, 4)).astype(np.float32)
NORMS = np.float32([2, 1, 0.5])


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def items(texts: list[str]) -> bytes:
    return b"".join(struct.pack("<I", len(text.encode())) + text.encode() for text in texts)


def simple() -> tuple[int, bytes]:
    return 1, struct.pack("<Q", 3) + items(WORDS)


def array(id: int, head: bytes, values: np.ndarray) -> tuple[int, bytes, bytes]:
    """A chunk that ends with an array, before which there is padding."""
    return id, head, values.astype("<f4").tobytes()


def matrix(rows: np.ndarray = MATRIX) -> tuple[int, bytes, bytes]:
    return array(2, struct.pack("<QII", *rows.shape, 10), rows)


def norms() -> tuple[int, bytes, bytes]:
    return array(6, struct.pack("<QI", 3, 10), NORMS)


def file_of(*chunks: tuple[int, bytes] | tuple[int, bytes, bytes]) -> bytes:
    content = b"FiFu" + struct.pack(f"<II{len(chunks)}I", 0, len(chunks), *(chunk[0] for chunk in chunks))
    for id, head, *values in chunks:
        padding = bytes(4 - (len(content) + 12 + len(head)) % 4) if values else b""
        body = head + padding + b"".join(values)
        content += struct.pack("<IQ", id, len(body)) + body
    return content


def read(content: bytes, **options: object) -> tuple[list[str], np.ndarray]:
    Path("v.fifu").write_bytes(content)
    found = open_vectors("v.fifu", ReadOptions(**options))  # type: ignore[arg-type]
    return [word.decode("utf-8", "replace") for word in found.vocabulary], found.matrix


def test_words_and_a_matrix_are_read_and_lengths_multiplied_back() -> None:
    words, rows = read(file_of(simple(), matrix()))
    assert words == WORDS
    np.testing.assert_array_equal(rows, MATRIX)
    metadata = (5, b'a = "b"')
    words, rows = read(file_of(metadata, simple(), matrix(), norms()))
    np.testing.assert_array_equal(rows, MATRIX * NORMS[:, None])
    assert read(file_of(simple(), matrix()), limit=2)[0] == WORDS[:2]


@pytest.mark.parametrize("has_projection", [False, True])
@pytest.mark.parametrize("has_norms", [False, True])
def test_quantised_rows_are_their_centroids(has_projection: bool, has_norms: bool) -> None:
    rng = np.random.default_rng(2)
    projection, centroids = rng.normal(size=(4, 4)).astype("f4"), rng.normal(size=(2, 5, 2)).astype("f4")
    codes = rng.integers(0, 5, (3, 2), dtype=np.uint8)
    head = struct.pack("<IIIIIQII", has_projection, has_norms, 2, 4, 5, 3, 1, 10)
    parts = [projection] * has_projection + [centroids] + [NORMS] * has_norms
    chunk = (4, head, b"".join(part.astype("<f4").tobytes() for part in parts) + codes.tobytes())
    expected = np.concatenate([centroids[0][codes[:, 0]], centroids[1][codes[:, 1]]], axis=1)
    if has_projection:
        expected = expected @ projection.T
    if has_norms:
        expected = expected * NORMS[:, None]
    np.testing.assert_allclose(read(file_of(simple(), chunk))[1], expected, rtol=1e-6)


def fnv(ngram: str) -> int:
    value = 0xCBF29CE484222325
    for byte in len(ngram).to_bytes(8, "little") + b"".join(ord(each).to_bytes(4, "little") for each in ngram):
        value = ((value ^ byte) * 0x100000001B3) % 2**64
    return value


NGRAMS = ["<ca", "cab", "ab>", "<cab", "cab>"]  # of cab, with 3 or 4 characters
SUBWORDS = {
    "buckets": ((3, struct.pack("<QIII", 3, 3, 4, 3) + items(WORDS)), 8, [fnv(each) % 8 for each in NGRAMS]),
    "fasttext": ((7, struct.pack("<QIII", 3, 3, 4, 11) + items(WORDS)), 11, list(ngram_buckets(b"cab", 3, 4, 11))),
    "explicit": (
        (8, struct.pack("<QQII", 3, 2, 3, 4) + items(WORDS) + b"".join(
            items([each]) + struct.pack("<Q", i) for i, each in enumerate(["cab", "ab>"])
        )),
        2, [0, 1],
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", SUBWORDS)
def test_unknown_words_have_the_direction_of_the_sum_of_their_ngrams(kind: str) -> None:
    chunk, n_more, rows = SUBWORDS[kind]
    more = np.random.default_rng(3).normal(size=(n_more, 4)).astype(np.float32)
    content = file_of(chunk, matrix(np.concatenate([MATRIX, more])), norms())
    assert read(content)[0] == WORDS
    expected = more[rows].astype(float).sum(axis=0)
    found = open_vectors("v.fifu", ReadOptions()).vector("cab")
    np.testing.assert_allclose(found, expected / np.linalg.norm(expected), rtol=1e-5)


def test_what_is_written_is_unit_vectors_and_lengths_and_comes_back() -> None:
    rows = np.concatenate([MATRIX, np.zeros((1, 4), np.float32)])
    vectors = from_matrix(Vocabulary.from_words([*(word.encode() for word in WORDS), b""]), rows, {})
    notes = write_vectors("w.fifu", vectors, format_for("w.fifu"), WriteOptions())
    assert notes == ["the last bit of numbers, as a vector's length stands apart from its direction"]
    lengths = np.linalg.norm(rows.astype(float), axis=1)
    unit = (rows / np.where(lengths > 0, lengths, 1)[:, None]).astype("f4")
    words = (1, struct.pack("<Q", 4) + items([*WORDS, ""]))
    assert Path("w.fifu").read_bytes() == file_of(words, matrix(unit), array(6, struct.pack("<QI", 4, 10), lengths))
    np.testing.assert_allclose(open_vectors("w.fifu", ReadOptions()).matrix, rows, rtol=3e-7)


@pytest.mark.filterwarnings("error")
def test_a_vector_that_is_not_finite_comes_back_as_it_is() -> None:
    rows = np.float32([[1, np.inf], [np.nan, 2], [3, -np.inf], [3e38, 3e38], [1e-45, 1e-45]])
    vectors = from_matrix(Vocabulary.from_words([b"a", b"b", b"c", b"d", b"e"]), rows, {})
    write_vectors("w.fifu", vectors, format_for("w.fifu"), WriteOptions())
    np.testing.assert_allclose(open_vectors("w.fifu", ReadOptions()).matrix, rows, rtol=3e-7)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", ["matrix", "quantised"])
def test_numbers_beyond_float32_become_infinite_without_a_word_of_numpy(kind: str) -> None:
    if kind == "matrix":
        stored = matrix(np.full((3, 4), 3e38, np.float32))
    else:
        arrays = np.full(2 * 2, 3e38, "<f4").tobytes() + NORMS.tobytes() + bytes(3 * 2)
        stored = 4, struct.pack("<IIIIIQII", 0, 1, 2, 4, 1, 3, 1, 10), arrays
    found = read(file_of(simple(), stored, *([norms()] if kind == "matrix" else [])))[1]
    np.testing.assert_array_equal(found, np.repeat(np.float32([[np.inf], [3e38], [1.5e38]]), 4, axis=1))


def test_a_damaged_or_foreign_file_is_an_error_or_vectors() -> None:
    whole = file_of(SUBWORDS["explicit"][0], matrix(np.concatenate([MATRIX, MATRIX[:2]])), norms())
    assert read(whole)[0] == WORDS
    for n in range(4, len(whole)):
        with pytest.raises(InputError, match=r"^v.fifu: "):
            read(whole[:n])
    for i in range(4, len(whole)):
        try:
            read(whole[:i] + bytes([whole[i] ^ 0xFF]) + whole[i + 1 :])
            open_vectors("v.fifu", ReadOptions()).compose(b"cab")
        except InputError as error:
            assert str(error).startswith("v.fifu: ")
    with pytest.raises(InputError, match=r"^v.fifu: has no vocabulary that wordvec reads \(its chunks are 9, 2\)"):
        read(file_of((9, b""), matrix()))

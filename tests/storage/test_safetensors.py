import json
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.damage import with_metadata
from wordvec_cli.errors import InputError, UnknownWordError, WordvecError
from wordvec_cli.storage import safetensors as store
from wordvec_cli.vectors import embeddings, native
from wordvec_cli.vocabulary.vocabulary import Vocabulary

WORDS = ["the", "東京", "a\x00b", "naïve", "zebra"]
MATRIX = np.arange(15, dtype=np.float32).reshape(5, 3) / 7


@pytest.fixture(scope="module")
def vector_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "v.safetensors"
    vocabulary = Vocabulary.from_words([word.encode() for word in WORDS], [50, 40, 30, 20, 10])
    native.save(str(path), vocabulary, MATRIX, {"seed": "7", "note": 'a "quoted" checksum":" value'})
    return path


def test_the_safetensors_library_reads_our_file(vector_file: Path) -> None:
    tensors = safetensors.numpy.load_file(vector_file)
    assert set(tensors) == {"words.offsets", "words.order", "counts", "vectors", "words.text"}
    np.testing.assert_array_equal(tensors["vectors"], MATRIX)
    assert tensors["words.text"].tobytes() == "".join(WORDS).encode()
    assert tensors["counts"].tolist() == [50, 40, 30, 20, 10]
    with safetensors.safe_open(vector_file, "numpy") as file:
        assert file.metadata()["seed"] == "7"


def test_we_read_what_the_safetensors_library_writes(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    safetensors.numpy.save_file({"a": MATRIX, "b": np.arange(4, dtype=np.int64)}, path, {"who": "them"})
    file = store.open_file(str(path))
    assert file.metadata == {"who": "them"}
    np.testing.assert_array_equal(np.asarray(file.tensors["a"].data).reshape(5, 3), MATRIX)
    assert file.tensors["b"].data.tolist() == [0, 1, 2, 3]


def test_vectors_start_at_a_multiple_of_64_bytes_and_metadata_keys_are_sorted(vector_file: Path) -> None:
    content = vector_file.read_bytes()
    (n_header,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + n_header])
    assert (8 + n_header + header["vectors"]["data_offsets"][0]) % 64 == 0
    assert list(header["__metadata__"]) == sorted(header["__metadata__"])


def test_words_and_vectors_come_back_as_they_were(vector_file: Path) -> None:
    loaded = native.load(str(vector_file))
    assert [loaded.vocabulary.word(i).decode() for i in range(5)] == WORDS
    for word, row in zip(WORDS, MATRIX, strict=True):
        np.testing.assert_array_equal(loaded.vector(word), row)
    matrix, is_known = loaded.vectors(["zebra", "unheard", "the"])
    assert is_known.tolist() == [True, False, True]
    np.testing.assert_array_equal(matrix, [MATRIX[4], [0, 0, 0], MATRIX[0]])
    with pytest.raises(UnknownWordError, match="'unheard'"):
        loaded.vector("unheard")
    with pytest.raises(ValueError, match="read-only"):
        loaded.matrix[0, 0] = 1


def test_the_checksum_is_the_sha256_with_its_own_digits_as_zeros(vector_file: Path) -> None:
    import hashlib

    content = vector_file.read_bytes()
    digits = store.open_file(str(vector_file)).metadata["checksum"]
    assert content.count(digits.encode()) == 1
    assert hashlib.sha256(content.replace(digits.encode(), b"0" * 64)).hexdigest() == digits
    assert store.open_file(str(vector_file)).checksum_holds()


@pytest.mark.parametrize("position", [0.5, 0.9, 0.999])
def test_a_changed_byte_breaks_the_checksum(vector_file: Path, tmp_path: Path, position: float) -> None:
    content = bytearray(vector_file.read_bytes())
    content[int(len(content) * position)] ^= 1
    (tmp_path / "changed").write_bytes(content)
    try:
        holds = store.open_file(str(tmp_path / "changed")).checksum_holds()
    except InputError:
        holds = False
    assert not holds


def test_a_file_cut_short_anywhere_is_an_error(vector_file: Path, tmp_path: Path) -> None:
    content = vector_file.read_bytes()
    for size in range(len(content)):
        (tmp_path / "cut").write_bytes(content[:size])
        with pytest.raises(InputError, match="cut: "):
            native.load(str(tmp_path / "cut"))


@pytest.mark.parametrize(
    "header",
    [
        b"[]",
        b"{",
        b'{"a": 1}',
        b'{"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}',
        b'{"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}',
        b'{"a": {"dtype": "F32", "shape": [1.0], "data_offsets": [0, 4]}}',
        b'{"a": {"dtype": "X", "shape": [1], "data_offsets": [0, 4]}}',
        b'{"a": {"dtype": "F32", "shape": [99999999999, 300], "data_offsets": [0, 119999999998800]}}',
        b'{"a": {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]}, "__metadata__": {"x": 1}}',
        b"{" + b'"a":{' * 100_000,
    ],
)
def test_a_damaged_header_is_an_error(tmp_path: Path, header: bytes) -> None:
    (tmp_path / "bad").write_bytes(struct.pack("<Q", len(header)) + header + b"1234")
    with pytest.raises(InputError, match="bad: "):
        store.open_file(str(tmp_path / "bad"))


def test_a_header_length_of_2_to_the_63_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "bad").write_bytes(struct.pack("<Q", 2**63) + b"{}")
    with pytest.raises(InputError, match="not a safetensors file"):
        store.open_file(str(tmp_path / "bad"))


@settings(max_examples=200)
@given(st.data())
def test_a_mutated_file_never_ends_in_anything_but_our_error(
    vector_file: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(vector_file.read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "mutated"
    path.write_bytes(content)
    try:
        loaded = native.load(str(path))
        for word in WORDS:
            loaded.vocabulary.find(word.encode())
            _ = loaded.matrix
    except WordvecError:
        pass


def test_a_foreign_safetensors_file_is_named_as_such(tmp_path: Path) -> None:
    safetensors.numpy.save_file({"weight": MATRIX}, tmp_path / "model.safetensors")
    with pytest.raises(InputError, match="not one of word vectors"):
        native.load(str(tmp_path / "model.safetensors"))


def test_padded_rows_are_written_without_their_padding(tmp_path: Path) -> None:
    padded = np.zeros((5, 16), dtype=np.float32)
    padded[:, :3] = MATRIX
    vocabulary = Vocabulary.from_words([word.encode() for word in WORDS], None)
    native.save(str(tmp_path / "v"), vocabulary, padded[:, :3], {})
    loaded = native.load(str(tmp_path / "v"))
    np.testing.assert_array_equal(loaded.matrix, MATRIX)
    assert loaded.vocabulary.counts is None


def test_the_same_values_make_the_same_bytes(vector_file: Path, tmp_path: Path) -> None:
    loaded = native.load(str(vector_file))
    native.save(str(tmp_path / "again"), loaded.vocabulary, loaded.matrix, loaded.metadata)
    assert (tmp_path / "again").read_bytes() == vector_file.read_bytes()


def test_a_word_may_be_asked_for_as_text_or_as_bytes(vector_file: Path) -> None:
    vocabulary = native.load(str(vector_file)).vocabulary
    assert "東京" in vocabulary
    assert "東京".encode() in vocabulary
    assert "tokyo" not in vocabulary
    assert 7 not in vocabulary
    assert vocabulary.find("naïve") == vocabulary.find("naïve".encode()) == 3


def test_text_that_stands_for_broken_bytes_finds_them() -> None:
    vocabulary = Vocabulary.from_words([b"caf\xe9", b"the"])
    assert b"caf\xe9".decode("utf-8", "surrogateescape") in vocabulary


@pytest.mark.parametrize("word", ["war", b"war"])
def test_one_word_is_not_taken_for_a_list_of_letters(vector_file: Path, word: str | bytes) -> None:
    with pytest.raises(InputError, match=r"war' is one word; give a list of words, or ask for its vector\(\)"):
        native.load(str(vector_file)).vectors(word)


def test_vectors_of_several_words_are_those_of_each_with_words_that_are_made_of_their_parts() -> None:
    parts = {b"ab": memoryview(np.array([1, 2], np.float32))}
    vectors = embeddings.from_matrix(Vocabulary.from_words([b"a"]), np.array([[3, 4]], np.float32), {})
    vectors = replace(vectors, composed=parts.get)
    matrix, is_found = vectors.vectors(["ab", "a", "c"])
    assert is_found.tolist() == [True, True, False]
    np.testing.assert_array_equal(matrix, [vectors.vector("ab"), vectors.vector("a"), [0, 0]])


@pytest.mark.parametrize(
    ("version", "what"),
    [
        ("2", "has format version 2, newer than this wordvec; install a newer wordvec"),
        ("0", "has format version 0, and this wordvec knows 1 only; the file is damaged, make it again"),
        ("x", "has format version x, and this wordvec knows 1 only; the file is damaged, make it again"),
    ],
)
def test_only_a_newer_version_is_called_newer(vector_file: Path, tmp_path: Path, version: str, what: str) -> None:
    path = with_metadata(vector_file, tmp_path / "v.safetensors", {"format_version": version})
    with pytest.raises(InputError, match=what):
        native.load(str(path))

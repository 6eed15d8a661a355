"""Folders of spaCy's vectors, written here byte by byte as spaCy does; its own hash values are those of its library."""

import json
import struct
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import run_here
from wordvec_cli.errors import InputError
from wordvec_cli.formats import open_vectors
from wordvec_cli.formats.reading import ReadOptions
from wordvec_cli.formats.spacy_vectors import murmur_hashes

# murmurhash.mrmr.hash64(word, seed=1) of spaCy 3.8
HASHES = {
    "the": 7425985699627899538,
    "cat": 5439657043933447811,
    "東京": 9360021637096476946,
    "New York City": 15896708525412175258,
    "a": 11901859001352538922,
    "exactly8": 17695040895084571796,
    "sixteen letters!": 17332165322239613434,
    "naïve café": 9646334175591888092,
}
MATRIX = np.float32([[1, 2, 3], [0.25, -1, 1e-9], [4, 5, 6]])


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def packed(rows: dict[int, int]) -> bytes:
    """A map in msgpack, as srsly writes it: 64-bit keys, small numbers in a byte."""
    return bytes([0x80 | len(rows)]) + b"".join(
        b"\xcf" + struct.pack(">Q", key) + bytes([row]) for key, row in rows.items()
    )


def made(folder: str, rows: dict[str, int], strings: list[str] | None = None, settings: object = None) -> Path:
    path = Path(folder)
    path.mkdir(parents=True)
    with (path / "vectors").open("wb") as file:
        np.save(file, MATRIX)
    (path / "key2row").write_bytes(packed({HASHES[word]: row for word, row in rows.items()}))
    (path / "strings.json").write_text(json.dumps(list(HASHES) if strings is None else strings))
    (path / "vectors.cfg").write_text(json.dumps({"mode": "default", "attr": "ORTH"} if settings is None else settings))
    return path


def test_words_are_known_by_spacys_hashes() -> None:
    assert murmur_hashes([word.encode() for word in HASHES]).tolist() == list(HASHES.values())


@pytest.mark.parametrize("folder", ["en/vocab", "en"])
def test_a_pipeline_is_read(folder: str) -> None:
    """Rows in their order; words that share a row, as after pruning, each have it."""
    made(folder, {"東京": 1, "the": 0, "cat": 1, "New York City": 2})
    found = open_vectors("en", ReadOptions())
    assert [word.decode() for word in found.vocabulary] == ["the", "東京", "cat", "New York City"]
    np.testing.assert_array_equal(found.matrix, MATRIX[[0, 1, 1, 2]])
    assert found.metadata["converted_from"] == "spacy"
    assert list(open_vectors("en", ReadOptions(words=frozenset([b"cat"]))).vocabulary) == [b"cat"]
    assert run_here("similar", "en", "the", "-k", "1").returncode == 0


def test_hashes_without_a_string_are_left_out_and_counted() -> None:
    made("en", {"the": 0, "cat": 1}, ["the"])
    notes: list[str] = []
    assert list(open_vectors("en", ReadOptions(), None, notes.append).vocabulary) == [b"the"]
    assert notes == ["en: 1 vectors belong to hashes of no string in strings.json, and are left out"]


def test_floret_vectors_compose_any_word() -> None:
    rule = {"mode": "floret", "minn": 2, "maxn": 3, "hash_count": 2, "hash_seed": 7, "bow": "<", "eow": ">"}
    made("en", {}, settings=rule)
    Path("v.floret").write_text(
        "3 3 2 3 2 7 < >\n" + "".join(f"{i} {' '.join(map(str, row))}\n" for i, row in enumerate(MATRIX.tolist()))
    )
    one, other = open_vectors("en", ReadOptions()), open_vectors("v.floret", ReadOptions())
    for word in (b"the", b"never seen"):
        np.testing.assert_array_equal(one.vector(word), other.vector(word))


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("key2row", b"", "is not a table of hashes and rows"),
        ("key2row", b"\x82\xcf\0", "is not a table of hashes and rows"),
        ("key2row", b"\x81\xa1a\x01", "is not a table of hashes and rows"),
        ("key2row", b"\x81\x05\x07", "key2row names row 7 of 3"),
        ("vectors", b"", "is not an array of numpy's"),
        ("vectors", b"\x93NUMPY\x01", "does not begin as numpy's arrays do"),
        ("strings.json", b"{", "is not JSON as spaCy writes it"),
        ("strings.json", b"[]", "holds no vectors"),
        ("vectors.cfg", b'{"mode": "floret"}', "does not say how words are hashed"),
    ],
)
def test_damaged_files_are_named(name: str, content: bytes, text: str) -> None:
    (made("en", {"the": 0}) / name).write_bytes(content)
    with pytest.raises(InputError, match=f"^en.*{text}"):
        open_vectors("en", ReadOptions())

"""floret's tables: their hashes, against published values; and what a reader as spaCy's makes of what we write."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import run_here
from tests.damage import with_values
from tests.reference_subwords import ngram_buckets
from wordvec_cli import formats
from wordvec_cli.errors import InputError
from wordvec_cli.formats.floret_hashes import TableRule, murmur3_x64_128
from wordvec_cli.formats.floret_keys import word_keys
from wordvec_cli.formats.reading import WriteOptions
from wordvec_cli.vectors.embeddings import Embeddings, from_matrix
from wordvec_cli.vectors.subwords import buckets_of, of_arrays
from wordvec_cli.vocabulary.vocabulary import Vocabulary

WORDS = [b"the", "東京".encode(), b"houses", b"a", b"unthinkable"]
DIM = 4


def floats(*shape: int, seed: int = 1) -> Any:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def vectors() -> Embeddings:
    words, sizes = Vocabulary.from_words(WORDS, range(5, 0, -1)), (3, 5, 1 << 30)
    buckets = buckets_of(words, sizes)
    subwords = of_arrays(*sizes, buckets, floats(len(buckets), DIM), floats(len(WORDS), DIM, seed=2))
    return replace(from_matrix(words, subwords.vocabulary_vectors(words), {}), subwords=subwords)


def run(*arguments: str | Path, status: int = 0) -> str:
    done = run_here(*arguments)
    assert done.returncode == status, done.stderr
    return (done.stdout + done.stderr).decode("utf-8", "replace")


def test_words_that_turn_out_to_be_damaged_leave_no_table(tmp_path: Path) -> None:
    source, broken = tmp_path / "v.safetensors", tmp_path / "broken.safetensors"
    formats.write_vectors(str(source), vectors(), formats.format_for(str(source)), WriteOptions())
    with_values(source, broken, {"words.order": lambda order: order + 1})
    assert "words.order" in run("export", broken, tmp_path / "x.floret", "--buckets", "40", status=1)
    assert not (tmp_path / "x.floret").exists()


def test_a_table_that_is_cut_within_its_last_number_is_noted(tmp_path: Path) -> None:
    path = tmp_path / "x.floret"
    formats.write_vectors(str(path), vectors(), formats.format_for(str(path)), WriteOptions(n_buckets=9))
    assert "cut short" not in run("lookup", path, "the")
    path.write_bytes(path.read_bytes()[:-2])
    assert f"{path}: the last line has no end; the file may be cut short" in run("lookup", path, "the")


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (b"", "0" * 32),
        (b"hello", "cbd8a7b341bd9b025b1e906a48ae1d19"),
        (b"The quick brown fox jumps over the lazy dog", "e34bbc7bbc071b6c7a433ca9c49a9347"),
    ],
)
def test_the_hash_is_murmur3_of_128_bits(key: bytes, expected: str) -> None:
    assert "{:016x}{:016x}".format(*murmur3_x64_128(key, 0)) == expected


def test_keys_are_the_whole_word_and_its_ngrams_of_characters() -> None:
    rule = TableRule(10, 3, 1, 2, 1, 0, b"<", b">")
    assert [key.decode() for key in rule.keys("東a".encode())] == ["<東a>", "<東", "東", "東a", "a", "a>"]


class Spacy:
    """Reads a table and makes vectors as spaCy's Vectors in the mode `floret` do. Source: spaCy, vectors.pyx"""

    def __init__(self, path: Path) -> None:
        first, *lines = path.read_text("utf-8").splitlines()
        n_rows, dim, *numbers = map(int, first.split()[:6])
        self.shortest, self.longest, self.n_hashes, self.seed = numbers
        self.begin, self.end = first.split()[6:]
        fields = [line.rsplit(" ", dim) for line in lines]
        assert [int(number) for number, *_ in fields] == list(range(n_rows))
        self.table = np.array([values for _, *values in fields], np.float32)

    def vector(self, word: str) -> Any:
        key = self.begin + word + self.end
        keys = [key] + [
            key[start : start + size]
            for size in range(self.shortest, self.longest + 1)
            for start in range(len(key) - size + 1)
        ]
        halves = [murmur3_x64_128(each.encode(), self.seed) for each in keys]
        numbers = [
            n for h1, h2 in halves for n in (h1 & 0xFFFFFFFF, h1 >> 32, h2 & 0xFFFFFFFF, h2 >> 32)[: self.n_hashes]
        ]
        return self.table[np.array(numbers) % len(self.table)].mean(axis=0)


def test_spacy_makes_the_same_vectors_of_a_table_where_no_rows_meet(tmp_path: Path) -> None:
    own, path, notes = vectors(), tmp_path / "v.floret", list[str]()
    formats.write_vectors(str(path), own, formats.FORMATS["floret"], WriteOptions(n_buckets=500_009, note=notes.append))
    reader, again = Spacy(path), formats.open_vectors(str(path))
    for id, word in enumerate(WORDS):
        np.testing.assert_allclose(reader.vector(word.decode()), own.matrix[id], rtol=1e-4, atol=1e-6)
    for name in ("the", "東京", "house", "thinkable", "qqq"):
        found = np.array(again.compose(name.encode()), np.float32)
        np.testing.assert_allclose(found, reader.vector(name), rtol=1e-4, atol=1e-6)
    assert "share 500009 rows; the cosine error" in notes[0]


def test_rows_that_meet_become_their_mean_and_the_loss_is_told(tmp_path: Path) -> None:
    own = vectors()
    assert own.subwords is not None
    formats.write_vectors(str(tmp_path / "v.safetensors"), own, formats.FORMATS["native"], WriteOptions())
    said = run("export", tmp_path / "v.safetensors", tmp_path / "v.floret", "--buckets", "1")
    assert "share 1 rows; the cosine error of a word's vector is at most" in said
    header, row = (tmp_path / "v.floret").read_text().splitlines()
    assert header == f"1 {DIM} 3 5 1 2166136261 < >"
    everything = np.vstack([own.subwords.rows, own.subwords.word_rows])
    np.testing.assert_allclose(np.array(row.split()[1:], float), everything.mean(axis=0), rtol=1e-4, atol=1e-6)


def test_commands_ask_a_table_for_any_word(tmp_path: Path) -> None:
    path = tmp_path / "table"
    path.write_bytes(b"2 3 4 5 2 2166136261 < >\n0 1 2 3\n1 1 2 3\n")
    assert run("lookup", path, "whatever") == "whatever 1 2 3\n"
    (tmp_path / "words").write_bytes(b"one\ntwo\n")
    run("export", path, tmp_path / "v.txt", "--words", tmp_path / "words", "--quiet")
    assert (tmp_path / "v.txt").read_bytes() == b"one 1 2 3\ntwo 1 2 3\n"


NASTY = [
    *WORDS, b"</s>", b"", b"<", b">", b"\x80x", b"\xff\xfe", b"a\0b", b"x" * 14, b"x" * 15, "é".encode() * 300,
    b"\x80" * 40, b"z" * 100_000, "🙂🙂".encode(), b"q" * 30,
]  # fmt: skip


@pytest.mark.parametrize(("shortest", "longest"), [(1, 2), (0, 1), (3, 6), (5, 5), (9, 3)])
def test_keys_of_many_words_are_those_of_each(shortest: int, longest: int) -> None:
    rule = TableRule(1000, 3, shortest, longest, 1, 7, b"<", b">")
    found = word_keys(NASTY, rule)
    for i, word in enumerate(NASTY):
        keys = [murmur3_x64_128(key, 7) for key in rule.keys(word)] if len(word) < 1000 else []
        if keys:
            mine = [found.words[i], *found.ngrams[found.offsets[i] : found.offsets[i + 1]]]
            assert [tuple(map(int, pair)) for pair in mine] == keys, word
    assert len(found.ngrams) == found.offsets[-1]
    assert len(word_keys([], rule).ngrams) == 0


@pytest.mark.parametrize("n_buckets", [1, 7, 100_003])
def test_a_table_holds_the_mean_of_what_each_key_brings(tmp_path: Path, n_buckets: int) -> None:
    """Key by key: a word's own row for the whole word, and for each n-gram, once, that of its bucket."""
    words, sizes = Vocabulary.from_words([word for word in NASTY if len(word) < 1000]), (2, 4, 300)
    buckets = buckets_of(words, sizes)[::2].copy()  # some n-grams have no row
    subwords = of_arrays(*sizes, buckets, floats(len(buckets), DIM), floats(len(words), DIM, seed=2))
    own = replace(from_matrix(words, subwords.vocabulary_vectors(words), {}), subwords=subwords)
    path = tmp_path / "v.floret"
    formats.write_vectors(str(path), own, formats.FORMATS["floret"], WriteOptions(n_buckets=n_buckets))
    rule = TableRule(n_buckets, DIM, 2, 4, 1, 2166136261, b"<", b">")
    brought: dict[int, list[Any]] = {}
    row_of, seen = dict(zip(buckets.tolist(), subwords.rows, strict=True)), set()
    for id, word in enumerate(words):
        whole, *ngrams = rule.keys(word)
        brought.setdefault(rule.buckets(whole)[0], []).append(subwords.word_rows[id])
        for ngram, bucket in zip(ngrams, ngram_buckets(word, *sizes), strict=False):
            if bucket in row_of and ngram not in seen:
                seen.add(ngram)
                brought.setdefault(rule.buckets(ngram)[0], []).append(row_of[bucket])
    table = np.array([line.split()[1:] for line in path.read_text().splitlines()[1:]], np.float32)
    expected = np.zeros_like(table)
    for bucket, rows in brought.items():
        expected[bucket] = np.mean(np.array(rows, np.float64), axis=0)
    np.testing.assert_allclose(table, expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(
    "content",
    [
        b"2 3 4 5 2 2166136261 < >\n0 1 2 3\n",
        b"2 3 4 5 2 2166136261 < >\n0 1 2 3\n1 1 2 3\n2 1 2 3\n",
        b"2 3 4 5 2 2166136261 < >\n0 1 2 3\n2 1 2 3\n",
        b"2 3 4 5 2 2166136261 < >\n0 1 2 3\n\n1 1 2 3\n",
        b"2 3 4 5 2 2166136261 < >\n0 1 2 3\n \n",
        b"2 3 4 5 2 2166136261 < >\n0 1 2 3\n1 1 2\n",
        b"2 3 4 5 2 2166136261 < >\n0 1 2 3\n1 1 2 x\n",
        b"0 3 4 5 2 2166136261 < >\n",
        b"2 0 4 5 2 2166136261 < >\n0\n1\n",
        b"1 1 4 5 9 2166136261 < >\n0 1\n",
        b"1 1 4 999 2 2166136261 < >\n0 1\n",
        b"1 1 4 5 2 9999999999 < >\n0 1\n",
        b"2147483647 65536 4 5 2 2166136261 < >\n0 1\n",
    ],
)
def test_a_table_that_lies_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "table"
    path.write_bytes(content)
    with pytest.raises(InputError):
        formats.open_vectors(str(path))


@pytest.mark.filterwarnings("error")
def test_rows_of_any_bits_make_a_table(tmp_path: Path) -> None:
    words, sizes = Vocabulary.from_words(WORDS), (3, 5, 1 << 30)
    buckets = buckets_of(words, sizes)
    rows = np.uint32([0x7F800001, 0x7F800000, 0xFF800000, 0x7F7FFFFF]).view(np.float32)  # nan that signals, infinities
    damaged = np.tile(rows, (len(WORDS), 1))
    subwords = of_arrays(*sizes, buckets, floats(len(buckets), DIM), damaged)
    own = replace(from_matrix(words, damaged, {}), subwords=subwords)
    path = str(tmp_path / "v.floret")
    formats.write_vectors(path, own, formats.FORMATS["floret"], WriteOptions(n_buckets=9))
    assert "nan" in Path(path).read_text()


def test_vectors_without_ngrams_make_no_table(tmp_path: Path) -> None:
    plain = replace(vectors(), subwords=None)
    with pytest.raises(InputError, match="no rows of n-grams"):
        formats.write_vectors(str(tmp_path / "v.floret"), plain, formats.FORMATS["floret"], WriteOptions())

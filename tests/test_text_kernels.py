"""The hash table and the scans of kernels/text.py against plain Python."""

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reference import NASTY_PIECES
from wordvec_cli import corpus
from wordvec_cli.corpus import Tokenizer, back_to_back, split_chunks
from wordvec_cli.kernels import text as text_kernels
from wordvec_cli.kernels.text import WordTable, padded

texts = st.lists(st.one_of(st.sampled_from(NASTY_PIECES), st.binary(max_size=20)), max_size=60).map(b"".join)
chunk_lists = st.lists(st.binary(min_size=1, max_size=30), max_size=40)

SPECIAL_TEXTS = {
    "nothing": b"",
    "one word": b"word",
    "a word of a million bytes": b"a " + b"x" * 1_000_000 + b" b",
    "words that differ in their last byte": b" ".join(b"x" * n + end for n in range(1, 40) for end in (b"y", b"z")),
    "words with NUL at the end": b"a a\x00 a\x00\x00 a \x00 \x00\x00",
    "many words": b" ".join(b"%x" % (i * i) for i in range(60_000)),
    "words at the edges of 64 bytes": b" ".join(b"w" * (60 + n) for n in range(10)),
}


def entries(table: WordTable) -> dict[bytes, int]:
    text, ends = bytes(table.text), table.offsets.tolist()
    words = [text[start:end] for start, end in itertools.pairwise(ends)]
    assert len(set(words)) == len(words)
    return dict(zip(words, table.counts.tolist(), strict=True))


def check_count(text: bytes) -> None:
    table = WordTable(1)
    assert table.count_chunks(padded(text), 0, len(text)) == len(text)
    assert entries(table) == Counter(text.split())


def check_numbers(text: bytes) -> None:
    """bytes.split() is the definition of a chunk, lines end at newlines only."""
    table = WordTable(1)
    numbers, line_ends = table.number_chunks(padded(text), len(text), may_insert=True)
    words = list(entries(table))
    assert [words[number] for number in numbers] == text.split()
    lines = text.split(b"\n")[:-1]
    assert line_ends.tolist() == np.cumsum([len(line.split()) for line in lines]).tolist()


@pytest.mark.parametrize("text", SPECIAL_TEXTS.values(), ids=SPECIAL_TEXTS)
def test_chunks_of_special_texts_are_counted_and_numbered_as_python_splits_them(text: bytes) -> None:
    check_count(text)
    check_numbers(text)


@given(texts)
def test_chunks_are_counted_and_numbered_as_python_splits_them(text: bytes) -> None:
    check_count(text)
    check_numbers(text)


def test_a_word_is_not_confused_with_what_follows_the_text() -> None:
    table = WordTable()
    text = b"ab" + b"c" * 100
    assert table.count_chunks(np.frombuffer(text, np.uint8), 0, 0) == 0
    assert len(table) == 0


def test_unknown_chunks_are_minus_one_where_none_may_be_inserted() -> None:
    table = WordTable()
    table.add(*back_to_back([b"b", b"a"]), np.zeros(2, np.int64))
    numbers, line_ends = table.number_chunks(padded(b"a x b\n\nb"), 8, may_insert=False)
    assert (numbers.tolist(), line_ends.tolist(), len(table)) == ([1, -1, 0, 0], [3, 3], 2)


@given(chunk_lists, chunk_lists)
def test_words_are_found_by_their_bytes(known: list[bytes], asked: list[bytes]) -> None:
    table = WordTable(1)
    table.add(*back_to_back(known), np.ones(len(known), np.int64))
    words = list(entries(table))
    assert entries(table) == Counter(known)
    expected = [words.index(word) if word in words else -1 for word in known + asked]
    assert table.find(*back_to_back(known + asked)).tolist() == expected


def test_a_full_table_stops_and_goes_on_after_clearing() -> None:
    text = SPECIAL_TEXTS["many words"]
    table = WordTable(1, max_bytes=60_000)
    total: Counter[bytes] = Counter()
    position, n_stops = 0, 0
    while (position := table.count_chunks(padded(text), position, len(text))) < len(text):
        assert table.size_bytes <= 60_000
        total.update(entries(table))
        table.clear()
        n_stops += 1
    total.update(entries(table))
    assert n_stops > 3
    assert total == Counter(text.split())


TOKENIZERS = [
    Tokenizer(kind, lowercase=lowercase, normalise=normalise)
    for kind in ("whitespace", "words")
    for lowercase in (False, True)
    for normalise in (None, "NFC", "NFKC")
]


def check_split(tokenizer: Tokenizer, chunks: list[bytes]) -> None:
    found: dict[int, list[bytes]] = {}
    for pieces in split_chunks(tokenizer, *back_to_back(chunks)):
        text, ends = bytes(pieces.text), pieces.offsets.tolist()
        words = iter([text[start:end] for start, end in itertools.pairwise(ends)])
        for chunk, n_pieces in zip(pieces.chunks.tolist(), pieces.n_pieces.tolist(), strict=True):
            found.setdefault(chunk, []).extend(next(words) for _ in range(n_pieces))
        assert next(words, None) is None
    assert found == {i: tokenizer.tokens(chunk) for i, chunk in enumerate(chunks)}


@given(texts, st.sampled_from(TOKENIZERS))
def test_chunks_are_cut_as_the_tokenizer_does(text: bytes, tokenizer: Tokenizer) -> None:
    check_split(tokenizer, text.split())


@given(texts, st.sampled_from(TOKENIZERS))
def test_the_tokens_of_a_line_are_those_of_its_chunks(line: bytes, tokenizer: Tokenizer) -> None:
    assert [token for chunk in line.split() for token in tokenizer.tokens(chunk)] == tokenizer.tokens(line)


@pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=Tokenizer.describe)
def test_every_pair_and_triple_of_ascii_kinds_is_cut_as_the_tokenizer_does(tokenizer: Tokenizer) -> None:
    characters = "aZ_09',.-\x00\x1c\x1f\x7f"
    chunks = {a + b + c + d for a in characters for b in characters for c in characters for d in ("", *characters)}
    check_split(
        tokenizer, [*(bytes([byte]) for byte in range(256) if not bytes([byte]).isspace()), *map(str.encode, chunks)]
    )


def test_blocks_are_padded_as_the_kernels_need_it() -> None:
    assert corpus.PADDING >= text_kernels.PADDING

"""The hash table and the scans of kernels/text.py against plain Python."""

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reference import NASTY_PIECES
from wordvec_cli.text.word_table import WordTable, padded
from wordvec_cli.text.words import back_to_back

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

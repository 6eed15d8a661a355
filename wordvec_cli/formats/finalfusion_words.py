"""The vocabularies of finalfusion's files: words, and of which rows vectors of n-grams are made.

Source: src/chunks/vocab (finalfusion/finalfusion-rust).
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from wordvec_cli.vectors.subwords import LONGEST_NGRAM, ngram_buckets

SIMPLE, BUCKETS, FASTTEXT, EXPLICIT = 1, 3, 7, 8  # ids of chunks
KINDS = SIMPLE, BUCKETS, FASTTEXT, EXPLICIT
_FNV_START, _FNV_PRIME, _MASK = 0xCBF29CE484222325, 0x100000001B3, (1 << 64) - 1


@dataclass(frozen=True)
class Vocabulary:
    """words, and the rows of the storage for the n-grams of a word; None: there are none"""

    words: list[bytes]
    n_more: int = 0  # rows of n-grams after those of the words
    ngram_rows: Callable[[bytes], list[int]] | None = None


def vocabulary_of(id: int, text: bytes) -> Vocabulary:
    """What a chunk of such an id holds. Raises: ValueError, struct.error, IndexError if it is damaged"""
    (n_words,) = struct.unpack_from("<Q", text)
    if id == SIMPLE:
        return Vocabulary(_items(text, 8, n_words)[0])
    if id == EXPLICIT:
        return _explicit(text, n_words)
    shortest, longest, n = struct.unpack_from("<III", text, 8)
    _check_lengths(shortest, longest)
    words, _ = _items(text, 20, n_words)
    if id == FASTTEXT:
        return Vocabulary(words, n, lambda word: [n_words + i for i in ngram_buckets(word, shortest, longest, n)])
    if not 0 < n < 32:
        raise ValueError("an exponent")
    return Vocabulary(
        words,
        1 << n,
        lambda word: [n_words + (_hash(each) & (1 << n) - 1) for each in _ngrams(word, shortest, longest)],
    )


def _check_lengths(shortest: int, longest: int) -> None:
    if not 0 < shortest <= longest <= LONGEST_NGRAM:
        raise ValueError("lengths of n-grams")


def _items(text: bytes, place: int, n: int, n_after: int = 0) -> tuple[list[bytes], int]:
    """`n` texts with their lengths before them, and where they end; `n_after` bytes follow each."""
    if n > len(text):
        raise ValueError("more items than bytes")
    items: list[bytes] = []
    for _ in range(n):
        (length,) = struct.unpack_from("<I", text, place)
        place += 4 + length + n_after
        if place > len(text):
            raise ValueError("an item beyond the end")
        items.append(text[place - length - n_after : place])
    return items, place


def _explicit(text: bytes, n_words: int) -> Vocabulary:
    n_ngrams, shortest, longest = struct.unpack_from("<QII", text, 8)
    _check_lengths(shortest, longest)
    words, place = _items(text, 24, n_words)
    items, _ = _items(text, place, n_ngrams, n_after=8)
    rows = {item[:-8].decode("utf-8", "replace"): int.from_bytes(item[-8:], "little") for item in items}
    n_more = max(rows.values(), default=-1) + 1

    def ngram_rows(word: bytes) -> list[int]:
        return [n_words + rows[each] for each in _ngrams(word, shortest, longest) if each in rows]

    return Vocabulary(words, n_more, ngram_rows)


def _ngrams(word: bytes, shortest: int, longest: int) -> Iterator[str]:
    wrapped = f"<{word.decode('utf-8', 'replace')}>"
    for first in range(len(wrapped) + 1 - shortest):
        for last in range(first + shortest, min(first + longest, len(wrapped)) + 1):
            yield wrapped[first:last]


def _hash(ngram: str) -> int:
    """FNV-1a of how many characters there are, as 8 bytes, and of each of them, as 4."""
    value = _FNV_START
    for byte in struct.pack("<Q", len(ngram)) + ngram.encode("utf-32-le"):
        value = (value ^ byte) * _FNV_PRIME & _MASK
    return value

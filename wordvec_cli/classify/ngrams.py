"""fastText's hashes of words and of n-grams: of words, and of characters. Source: fastText, src/dictionary.cc"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.text.ngram_lengths import NgramLengths
from wordvec_cli.vectors.subwords import word_ngrams
from wordvec_cli.vocabulary.counting import SENTENCE_END

FNV_START, FNV_PRIME = 2166136261, 16777619
NGRAM_FACTOR, ALL_BITS = 116049371, (1 << 64) - 1


def unsigned_hash(word: bytes) -> int:
    """The hash of a word, or of characters: FNV-1a, of bytes with a sign."""
    state = FNV_START
    for byte in word:
        state = ((state ^ (byte | 0xFFFFFF00 if byte >= 0x80 else byte)) * FNV_PRIME) & 0xFFFFFFFF
    return state


def signed_hash(word: bytes) -> int:
    """The hash of a word as it counts in that of an n-gram."""
    state = unsigned_hash(word)
    return state - (1 << 32) if state >> 31 else state


def extended(state: int, word_hash: int) -> int:
    """The hash of an n-gram that is one word longer; that of its first word is where it begins."""
    return (state * NGRAM_FACTOR + word_hash) & ALL_BITS


def hashes_of(text: NDArray[np.uint8], offsets: NDArray[np.int64]) -> NDArray[np.uint32]:
    """The hash of each of the words back to back, (n,)."""
    from wordvec_cli.kernels.fasttext import hash_words

    hashes = np.empty(len(offsets) - 1, np.uint32)
    hash_words(text, offsets[:-1], np.diff(offsets), hashes)
    return hashes


def subword_buckets(word: bytes, lengths: NgramLengths, n_buckets: int) -> list[int]:
    """The buckets of the n-grams of characters of <word>, in the order of fastText; the line end has none."""
    if word == SENTENCE_END or not lengths.longest:
        return []
    wrapped = b"<" + word + b">"
    bounds = [i for i, byte in enumerate(wrapped) if byte & 0xC0 != 0x80] + [len(wrapped)]
    buckets = []
    for first, start in enumerate(bounds[:-1]):
        for n, end in enumerate(bounds[first + 1 : first + 1 + lengths.longest], 1):
            if n >= lengths.shortest and (n > 1 or 0 < start < len(wrapped) - 1):
                buckets.append(unsigned_hash(wrapped[start:end]) % n_buckets)
    return buckets


class Subwords(NamedTuple):
    """The buckets of the n-grams of characters of words: those of word i are buckets[offsets[i] : offsets[i + 1]]."""

    buckets: NDArray[np.int32]
    offsets: NDArray[np.int64]


def subwords_of(text: NDArray[np.uint8], offsets: NDArray[np.int64], lengths: NgramLengths, n_buckets: int) -> Subwords:
    """Those of each of the words back to back."""
    if not lengths.longest or len(offsets) == 1:
        return Subwords(np.empty(0, np.int32), np.zeros(len(offsets), np.int64))
    ends, buckets = word_ngrams(text, offsets[:-1], np.diff(offsets), (*lengths, n_buckets))
    return Subwords(buckets, ends)


def rows_with_subwords(
    own: NDArray[np.int32], subwords: Subwords, buckets: NDArray[np.int32], first_row: int
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """(starts (n + 1,), rows): the rows of each word, its own, and those of its subwords that have one.

    own      (n,), -1 for a word without a row
    buckets  those that have a row, ascending; the first has `first_row`
    """
    n = len(own)
    places = np.searchsorted(buckets, subwords.buckets).astype(np.int32)
    is_known = np.zeros(len(places), bool)
    if len(buckets):
        is_known = buckets[np.minimum(places, len(buckets) - 1)] == subwords.buckets
    is_own = np.zeros(n + len(places), bool)
    is_own[subwords.offsets[:-1] + np.arange(n)] = True
    rows = np.empty(n + len(places), np.int32)
    rows[is_own], rows[~is_own] = own, np.where(is_known, places + np.int32(first_row), -1)
    n_kept = np.concatenate([[0], np.cumsum(rows >= 0)])
    return n_kept[subwords.offsets + np.arange(n + 1)], rows[rows >= 0]

"""The keys of many words at once, and their hashes: what `TableRule.keys` and `murmur3_x64_128` give one by one."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.formats.floret_hashes import C1, C2, TableRule, murmur3_x64_128

Bytes = NDArray[np.uint8]
Int64s = NDArray[np.int64]
Hashes = NDArray[np.uint64]

LONGEST_TOGETHER = 256  # bytes: keys of the same length are hashed together; the few longer ones by themselves


class WordKeys(NamedTuple):
    """The two halves of the hash of each key of some words.

    words    (n, 2) of the wrapped words themselves
    ngrams   (n_ngrams, 2): those of word i from offsets[i] to offsets[i + 1], by where they begin and then by length
    offsets  (n + 1,)
    """

    words: Hashes
    ngrams: Hashes
    offsets: Int64s


def word_keys(words: Sequence[bytes], rule: TableRule) -> WordKeys:
    wrapped = [rule.begin + word + rule.end for word in words]
    ends = np.cumsum([len(each) for each in wrapped], dtype=np.int64)
    starts = np.concatenate([np.zeros(1, np.int64), ends])[: len(wrapped)]
    text = np.frombuffer(b"".join(wrapped), np.uint8)
    first, last, counts = _ngrams(text, starts, rule)
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    return WordKeys(_hashes(text, starts, ends, rule.seed), _hashes(text, first, last, rule.seed), offsets)


def _ngrams(text: Bytes, starts: Int64s, rule: TableRule) -> tuple[Int64s, Int64s, Int64s]:
    """Where the n-grams of wrapped words begin and end in the text, and how many each word has."""
    is_begin = text & 0xC0 != 0x80  # of a character of UTF-8
    is_begin[starts] = True
    begins = np.append(np.flatnonzero(is_begin), len(text))
    first = np.searchsorted(begins, starts)  # character of each word
    n_characters = np.diff(np.append(first, len(begins) - 1))
    after = first + n_characters
    character, sizes = np.arange(len(begins) - 1)[:, None], np.arange(max(rule.shortest, 1), rule.longest + 1)
    of_word_first, of_word_after = (np.repeat(each, n_characters)[:, None] for each in (first, after))
    is_mark = (sizes == 1) & ((character == of_word_first) | (character + 1 == of_word_after))
    is_there = (character + sizes <= of_word_after) & ~is_mark
    place, size = np.nonzero(is_there)
    n_before = np.concatenate([np.zeros(1, np.int64), np.cumsum(is_there.sum(axis=1))])
    return begins[place], begins[place + sizes[size]], n_before[after] - n_before[first]


def _hashes(text: Bytes, starts: Int64s, ends: Int64s, seed: int) -> Hashes:
    """The hashes of pieces of a text, (n, 2)."""
    hashes, lengths = np.empty((len(starts), 2), np.uint64), ends - starts
    for length in np.unique(lengths[lengths <= LONGEST_TOGETHER]).tolist():
        some = np.flatnonzero(lengths == length)
        padded = np.zeros((len(some), 16 * (length // 16 + 1)), np.uint8)
        padded[:, :length] = text[starts[some, None] + np.arange(length)]
        hashes[some] = _murmur3(padded.view("<u8"), length, seed)
    for i in np.flatnonzero(lengths > LONGEST_TOGETHER).tolist():
        hashes[i] = murmur3_x64_128(text[starts[i] : ends[i]].tobytes(), seed)
    return hashes


def _murmur3(parts: Hashes, length: int, seed: int) -> Hashes:
    """Of keys of one length in bytes, (n, parts), zeros after their ends: (n, 2). See `murmur3_x64_128`"""
    c1, c2 = np.uint64(C1), np.uint64(C2)
    h1 = h2 = np.full(len(parts), seed, np.uint64)
    for i in range(0, 2 * (length // 16), 2):
        h1 = h1 ^ _rotated(parts[:, i] * c1, 31) * c2
        h1 = (_rotated(h1, 27) + h2) * np.uint64(5) + np.uint64(0x52DCE729)
        h2 = h2 ^ _rotated(parts[:, i + 1] * c2, 33) * c1
        h2 = (_rotated(h2, 31) + h1) * np.uint64(5) + np.uint64(0x38495AB5)
    h2 = h2 ^ _rotated(parts[:, -1] * c2, 33) * c1
    h1 = h1 ^ _rotated(parts[:, -2] * c1, 31) * c2
    h1, h2 = h1 ^ np.uint64(length), h2 ^ np.uint64(length)
    h1 = h1 + h2
    h1, h2 = _mixed(h1), _mixed(h2 + h1)
    h1 = h1 + h2
    return np.stack([h1, h2 + h1], axis=1)


def _rotated(numbers: Hashes, n: int) -> Hashes:
    return numbers << np.uint64(n) | numbers >> np.uint64(64 - n)


def _mixed(numbers: Hashes) -> Hashes:
    numbers = (numbers ^ numbers >> np.uint64(33)) * np.uint64(0xFF51AFD7ED558CCD)
    numbers = (numbers ^ numbers >> np.uint64(33)) * np.uint64(0xC4CEB9FE1A85EC53)
    return numbers ^ numbers >> np.uint64(33)

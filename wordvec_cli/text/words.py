"""Words back to back: many words as one text and the offsets at which they start; sorting and choosing among them."""

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

PADDING = 72  # bytes after a text that is scanned, for kernels that read 64 at a time


def back_to_back(words: Sequence[bytes]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The words as one text with PADDING bytes after it, and their offsets (n + 1,)."""
    text = np.frombuffer(b"".join((*words, bytes(PADDING))), np.uint8)
    offsets = np.zeros(len(words) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, words), np.int64, len(words)), out=offsets[1:])
    return text, offsets


def take_words(
    text: NDArray[np.uint8], offsets: NDArray[np.int64], chosen: NDArray[np.int64]
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The text and offsets of the words with the numbers `chosen`."""
    lengths = offsets[chosen + 1] - offsets[chosen]
    new_offsets = np.zeros(len(chosen) + 1, np.int64)
    np.cumsum(lengths, out=new_offsets[1:])
    new_text = np.empty(int(new_offsets[-1]), np.uint8)
    for first in range(0, len(chosen), 1 << 16):  # positions take 8 times the space of the bytes
        some = slice(first, first + (1 << 16))
        start, end = new_offsets[first], new_offsets[min(first + (1 << 16), len(chosen))]
        shifts = np.repeat(offsets[chosen[some]] - new_offsets[:-1][some], lengths[some])
        new_text[start:end] = text[np.arange(start, end) + shifts]
    return new_text, new_offsets


def byte_order(text: NDArray[np.uint8], offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    """The numbers of the words in byte order, (n,) int64; a word before those that it begins.

    Sorts by 8 bytes at a time, as numbers; what is tied goes on to the next 8, the few still tied after 32 to Python.
    """
    order = np.arange(len(offsets) - 1)
    tied = _Tied(order, np.zeros_like(order))
    for depth in range(0, 32, 8):
        if not len(tied.places):
            return order
        tied = _sort_by_8_bytes(text, offsets, order, tied, depth)
    bounds = [*np.flatnonzero(np.diff(tied.groups, prepend=-1)).tolist(), len(tied.places)]
    for first, last in itertools.pairwise(bounds):
        places = tied.places[first:last]
        words = sorted(order[places].tolist(), key=lambda word: bytes(text[offsets[word] : offsets[word + 1]]))
        order[places] = words
    return order


class _Tied(NamedTuple):
    """Places in an order whose words are alike so far, and the number of the group of each: equal words share one."""

    places: NDArray[np.int64]
    groups: NDArray[np.int64]


def _sort_by_8_bytes(
    text: NDArray[np.uint8], offsets: NDArray[np.int64], order: NDArray[np.int64], tied: _Tied, depth: int
) -> _Tied:
    """Sort tied words by bytes `depth` to `depth + 8`, in place in `order`; return those that are tied still."""
    words = order[tied.places]
    left = offsets[words + 1] - offsets[words] - depth
    keys = _keys(text, offsets[words] + depth, left)
    left = np.clip(left, 0, 9)  # of words with the same key the shorter comes first; 9: there is more to compare
    ranks = np.lexsort((left, keys, tied.groups))
    places = tied.places.copy()  # `tied.places` may be `order` itself
    order[places] = words[ranks]
    alike = np.ones(len(words) - 1, bool)
    for values in (keys[ranks], left[ranks], tied.groups[ranks]):
        alike &= values[1:] == values[:-1]
    groups = np.cumsum(np.append(True, ~alike))
    goes_on = (np.append(False, alike) | np.append(alike, False)) & (left[ranks] > 8)
    return _Tied(places[goes_on], groups[goes_on])


def _keys(text: NDArray[np.uint8], starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.uint64]:
    """The first 8 bytes of each word (zeros after its end) as a number that compares as they do."""
    padded = np.append(text, np.zeros(8, np.uint8))
    every_8_bytes = np.ndarray(len(padded) - 7, ">u8", padded, strides=(1,))
    keys = every_8_bytes[np.minimum(starts, len(text))].astype(np.uint64)
    missing_bits = (8 * (8 - np.clip(lengths, 0, 8))).astype(np.uint64)
    return np.where(missing_bits == 64, 0, (keys >> (missing_bits % 64)) << (missing_bits % 64))


def repeats_previous(
    text: NDArray[np.uint8], offsets: NDArray[np.int64], order: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """For each word of a byte order whether it is the same as the one before, (n,)."""
    lengths = np.diff(offsets)[order]
    starts = offsets[order]
    repeats = np.zeros(len(order), bool)
    suspects = np.flatnonzero(lengths[1:] == lengths[:-1])
    first, second = starts[suspects], starts[suspects + 1]
    suspects = suspects[_keys(text, first, lengths[suspects]) == _keys(text, second, lengths[suspects])]
    repeats[suspects + 1] = [
        bytes(text[starts[i] : starts[i] + lengths[i]]) == bytes(text[starts[i + 1] : starts[i + 1] + lengths[i]])
        for i in suspects.tolist()
    ]
    return repeats


def first_repeated(text: NDArray[np.uint8], offsets: NDArray[np.int64], order: NDArray[np.int64]) -> int | None:
    """The lowest number of a word that has come before, if any."""
    again = np.flatnonzero(repeats_previous(text, offsets, order))
    return int(np.maximum(order[again], order[again - 1]).min()) if len(again) else None


# ---------------------------------------------------------------- words that somebody else has written


def fault_of_words(text: Any, offsets: Any, order: Any, counts: Any) -> str | None:
    """What is wrong with words that come from a file, as `Vocabulary` has them; None if nothing is."""
    text, offsets, order = (np.asarray(values) for values in (text, offsets, order))
    if offset_fault := fault_of_offsets(offsets, len(text)):
        return f"its words.offsets {offset_fault}"
    if len(order) and not (order.min() >= 0 and order.max() < len(order)):
        return "its words.order names words that do not exist"
    if not rises(text, offsets, order):
        return "its words are repeated, or words.order does not sort them"
    if counts is not None and len(counts) and np.asarray(counts).min() < 0:
        return "it has counts below 0"
    return None


def fault_of_offsets(offsets: NDArray[np.int64], n: int) -> str | None:
    """What is wrong with offsets into something of length n; None if nothing is."""
    if not len(offsets) or offsets[0] != 0:
        return "do not begin at 0"
    if offsets[-1] != n:
        return f"end at {offsets[-1]} where there are {n}"
    return "fall" if (offsets[1:] < offsets[:-1]).any() else None


def rises(text: NDArray[np.uint8], offsets: NDArray[np.int64], order: NDArray[np.int64]) -> bool:
    """Whether each word of an order comes after the one before it in byte order, and none of them twice.

    Compares 8 bytes at a time, as numbers; the few that are alike in their first 32 as bytes.
    """
    before, after = order[:-1], order[1:]
    keys, left = _keys_at(text, offsets, order, 0)
    pairs = _Pairs(keys[:-1], left[:-1], keys[1:], left[1:])
    for depth in range(8, 40, 8):
        if not pairs.may_rise.all():
            return False
        go_on = np.flatnonzero(pairs.go_on)
        before, after = before[go_on], after[go_on]
        pairs = _Pairs(*_keys_at(text, offsets, before, depth), *_keys_at(text, offsets, after, depth))
    words = ((bytes(text[offsets[i] : offsets[i + 1]]) for i in ids.tolist()) for ids in (before, after))
    return all(word < following for word, following in zip(*words, strict=True))


class _Pairs(NamedTuple):
    """8 bytes of each of some words and of the words that follow them, as `_keys_at` gives them."""

    keys: NDArray[np.uint64]
    left: NDArray[np.int64]
    next_keys: NDArray[np.uint64]
    next_left: NDArray[np.int64]

    @property
    def go_on(self) -> NDArray[np.bool_]:
        """Whether they are alike so far."""
        alike: NDArray[np.bool_] = (self.keys == self.next_keys) & (self.left > 8) & (self.next_left > 8)
        return alike

    @property
    def may_rise(self) -> NDArray[np.bool_]:
        shorter = (self.keys == self.next_keys) & (self.left < self.next_left)
        rise: NDArray[np.bool_] = (self.keys < self.next_keys) | shorter | self.go_on
        return rise


def _keys_at(
    text: NDArray[np.uint8], offsets: NDArray[np.int64], ids: NDArray[np.int64], depth: int
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Bytes `depth` to `depth + 8` of words as numbers, and how many bytes are left there; 9: more than these."""
    starts = offsets[ids] + depth
    left = offsets[ids + 1] - starts
    return _keys(text, starts, left), np.clip(left, 0, 9)

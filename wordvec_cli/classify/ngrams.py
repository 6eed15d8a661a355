"""fastText's hashes of words, of which those of word n-grams are made. Source: fastText, src/dictionary.cc"""

import numpy as np
from numpy.typing import NDArray

FNV_START, FNV_PRIME = 2166136261, 16777619
NGRAM_FACTOR, ALL_BITS = 116049371, (1 << 64) - 1


def signed_hash(word: bytes) -> int:
    """The hash of a word (FNV-1a, of bytes with a sign), as it counts in that of an n-gram."""
    state = FNV_START
    for byte in word:
        state = ((state ^ (byte | 0xFFFFFF00 if byte >= 0x80 else byte)) * FNV_PRIME) & 0xFFFFFFFF
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

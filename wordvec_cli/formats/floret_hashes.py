"""Where floret's tables have the rows of a word: hashes of the whole word and of its n-grams, wrapped in two marks.

MurmurHash3 for 64-bit machines gives 128 bits: four numbers of 32 bits, of which a table uses the first one to four.
Source: explosion/floret, dictionary.cc; spaCy, vectors.pyx; Austin Appleby's MurmurHash3 (MurmurHash3_x64_128).
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

BITS = (1 << 64) - 1
C1, C2 = 0x87C37B91114253D5, 0x4CF5AD432745937F
_CHARACTER = re.compile(rb"[^\x80-\xbf]?[\x80-\xbf]*", re.DOTALL)  # of UTF-8; of other bytes, whatever comes of them


class TableRule(NamedTuple):
    """What the first line of a table says of it."""

    n_buckets: int
    dim: int
    shortest: int
    longest: int
    n_hashes: int
    seed: int
    begin: bytes
    end: bytes

    def header(self) -> bytes:
        return b"%d %d %d %d %d %d %b %b\n" % self

    def rows(self, word: bytes) -> list[int]:
        """The rows that the vector of a word is the mean of."""
        return [bucket for key in self.keys(word) for bucket in self.buckets(key)]

    def buckets(self, key: bytes) -> list[int]:
        return [number % self.n_buckets for number in _numbers(key, self.seed)[: self.n_hashes]]

    def keys(self, word: bytes) -> Iterator[bytes]:
        """The wrapped word and its n-grams, each as often as it comes; the marks by themselves are none."""
        wrapped = self.begin + word + self.end
        yield wrapped
        characters = [part for part in _CHARACTER.findall(wrapped) if part]
        n_characters = len(characters)
        for start in range(n_characters):
            for size in range(max(self.shortest, 1), min(self.longest, n_characters - start) + 1):
                if size > 1 or 0 < start < n_characters - 1:
                    yield b"".join(characters[start : start + size])


@lru_cache(1 << 18)
def _numbers(key: bytes, seed: int) -> tuple[int, int, int, int]:
    first, second = murmur3_x64_128(key, seed)
    return first & 0xFFFFFFFF, first >> 32, second & 0xFFFFFFFF, second >> 32


def murmur3_x64_128(key: bytes, seed: int) -> tuple[int, int]:
    """The two halves of the hash."""
    h1 = h2 = seed
    n_whole = len(key) & ~15
    for at in range(0, n_whole, 16):
        k1, k2 = int.from_bytes(key[at : at + 8], "little"), int.from_bytes(key[at + 8 : at + 16], "little")
        h1 ^= _rotated(k1 * C1 & BITS, 31) * C2 & BITS
        h1 = ((_rotated(h1, 27) + h2) * 5 + 0x52DCE729) & BITS
        h2 ^= _rotated(k2 * C2 & BITS, 33) * C1 & BITS
        h2 = ((_rotated(h2, 31) + h1) * 5 + 0x38495AB5) & BITS
    tail = key[n_whole:]
    h2 ^= _rotated(int.from_bytes(tail[8:], "little") * C2 & BITS, 33) * C1 & BITS
    h1 ^= _rotated(int.from_bytes(tail[:8], "little") * C1 & BITS, 31) * C2 & BITS
    h1, h2 = h1 ^ len(key), h2 ^ len(key)
    h1 = (h1 + h2) & BITS
    h2 = (h2 + h1) & BITS
    h1, h2 = _mixed(h1), _mixed(h2)
    h1 = (h1 + h2) & BITS
    return h1, (h2 + h1) & BITS


def _rotated(number: int, n: int) -> int:
    return (number << n | number >> (64 - n)) & BITS


def _mixed(number: int) -> int:
    number = (number ^ number >> 33) * 0xFF51AFD7ED558CCD & BITS
    number = (number ^ number >> 33) * 0xC4CEB9FE1A85EC53 & BITS
    return number ^ number >> 33

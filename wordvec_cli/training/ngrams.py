"""Which rows of a matrix the words of a vocabulary consist of: their own, and those of their n-grams' buckets."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordvec_cli.vectors.subwords import Subwords, of_arrays, read_only, word_ngrams
from wordvec_cli.vocabulary.vocabulary import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

SLOTS_PER_BUCKET = 2  # of the hash table that numbers them, at least


@dataclass(frozen=True)
class NgramRows:
    """The rows of each word, its own first; numbered as they first appear.

    sizes     (shortest, longest, n_buckets): n-grams in characters, and how many buckets there could be
    offsets   (n_words + 1,) int64: word w has the rows rows[offsets[w] : offsets[w + 1]]
    rows      int32, below `n_rows`
    own_rows  (n_words,) int32: that of each word itself
    buckets   (n,) int32, ascending: those that n-grams of the words fall into
    bucket_rows  (n,) int32: the row of each
    """

    sizes: tuple[int, int, int]
    offsets: "NDArray[np.int64]"
    rows: "NDArray[np.int32]"
    own_rows: "NDArray[np.int32]"
    buckets: "NDArray[np.int32]"
    bucket_rows: "NDArray[np.int32]"

    @property
    def n_rows(self) -> int:
        """Of words and buckets together."""
        return len(self.own_rows) + len(self.buckets)

    def subwords(self, rows: "Matrix") -> Subwords:
        """The rows, (n_rows, dim), copied in the order of the words and the buckets."""
        return of_arrays(*self.sizes, self.buckets, rows[self.bucket_rows], rows[self.own_rows])


class NgramCounts(NamedTuple):
    """Of a vocabulary: the n-grams of all words, and the buckets that they fall into."""

    n_ngrams: int
    n_buckets: int


def count_ngrams(vocabulary: Vocabulary, lengths: tuple[int, int], n_buckets: int) -> NgramCounts:
    found = ngram_rows(vocabulary, lengths, n_buckets)
    return NgramCounts(len(found.rows) - len(vocabulary), len(found.buckets))


def ngram_rows(vocabulary: Vocabulary, lengths: tuple[int, int], n_buckets: int) -> NgramRows:
    """lengths  of n-grams in characters, the shortest and the longest"""
    from wordvec_cli.kernels.ngrams import list_rows

    n_words, sizes = len(vocabulary), (*lengths, n_buckets)
    starts = np.asarray(vocabulary.offsets, np.int64)
    text = read_only(np.asarray(vocabulary.text, np.uint8))
    offsets, ngrams = word_ngrams(text, starts[:-1], np.diff(starts), sizes)
    most = min(len(ngrams), n_buckets)
    rows, own_rows, buckets, bucket_rows = (np.empty(n, np.int32) for n in (n_words + len(ngrams), n_words, most, most))
    slots = np.full(1 << (SLOTS_PER_BUCKET * most).bit_length(), -1, np.int32)
    n = list_rows(offsets, ngrams, rows, own_rows, buckets, bucket_rows, slots)
    order = np.argsort(buckets[:n])
    offsets += np.arange(n_words + 1)
    return NgramRows(sizes, offsets, rows, own_rows, buckets[:n][order], bucket_rows[:n][order])

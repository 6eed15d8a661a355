"""The rows of a matrix that words consist of: their own, and those of the buckets of their n-grams."""

import numpy as np

from wordvec_cli.kernels.parts import kernel

_HASH = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio: multiplication spreads what is close
_EMPTY = np.int32(-1)


@kernel
def list_rows(offsets, ngrams, rows, own_rows, buckets, bucket_rows, slots):
    """Write the list of rows of each word, and what each row is; returns how many buckets there are.

    Rows are numbered as they first appear, so that those of a word lie close together in memory, and those of frequent
    words too.

    offsets, ngrams  the buckets of word w's n-grams are ngrams[offsets[w] : offsets[w + 1]], int32
    rows      (n_words + len(ngrams),) int32: word w's list begins at offsets[w] + w, with its own row
    own_rows  (n_words,) int32: the row of each word itself
    buckets, bucket_rows  int32, with room for all that there are: which, and the row of each
    slots     (a power of two, more than there are buckets,) int32, all -1: a table of hashes, overwritten
    """
    n_buckets = 0
    last_slot = np.uint64(len(slots) - 1)
    for word in range(len(own_rows)):
        place = offsets[word] + word
        rows[place] = own_rows[word] = word + n_buckets
        for i in range(offsets[word], offsets[word + 1]):
            slot = ((np.uint64(ngrams[i]) * _HASH) >> np.uint64(32)) & last_slot
            while slots[slot] != _EMPTY and buckets[slots[slot]] != ngrams[i]:
                slot = (slot + np.uint64(1)) & last_slot
            if slots[slot] == _EMPTY:
                slots[slot], buckets[n_buckets] = n_buckets, ngrams[i]
                bucket_rows[n_buckets] = word + 1 + n_buckets
                n_buckets += 1
            place += 1
            rows[place] = bucket_rows[slots[slot]]
    return n_buckets

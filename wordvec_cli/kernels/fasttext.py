"""fastText's models: kernels that scan a dictionary and make vectors of the rows of words and of their n-grams.

All of them read the bytes of the mapped file, as nothing in it is aligned. Sums are made in fastText's order and in its
precision, without fast math, so that the vectors are its own to the last bit.
"""

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from wordvec_cli.kernels.parts import address_of, n_below, prefetch

part = njit(nogil=True, error_model="numpy", forceinline=True)
kernel = njit(cache=True, nogil=True, error_model="numpy")

ENTRY_TAIL = 9  # bytes after a word and its NUL: the count, int64, and the type
CENTROIDS = 256
LINE_BYTES = 64
LINES_AHEAD = 20  # of a row: all of 300 floats
LESS_THAN, GREATER_THAN = 60, 62
FNV_START, FNV_PRIME = np.uint32(2166136261), np.uint32(16777619)


@intrinsic
def float_at(typing, content, position):
    """The float32 that starts at a byte, aligned or not, unchecked."""

    def generate(context, builder, signature, args):
        address = address_of(context, builder, signature.args[0], *args, ir.FloatType())
        return builder.load(address, align=1)

    return types.float32(content, types.intp), generate


@kernel
def scan_entries(content, position, starts, lengths, counts, entry_types):
    """Find the words of a dictionary from a byte on; returns where they end, or -1 if that is beyond the file.

    starts, lengths  (n,) int64: where each word is; counts: (n,) int64; entry_types: (n,) uint8; all written
    """
    size = len(content)
    for entry in range(len(starts)):
        start = position
        while position < size and content[position] != 0:
            position += 1
        if position + 1 + ENTRY_TAIL > size:
            return -1
        starts[entry], lengths[entry] = start, position - start
        count = np.uint64(0)
        for i in range(8):
            count |= np.uint64(content[position + 1 + i]) << np.uint64(8 * i)
        counts[entry] = np.int64(count)
        entry_types[entry] = content[position + ENTRY_TAIL]
        position += 1 + ENTRY_TAIL
    return position


@kernel
def copy_words(content, starts, lengths, text):
    """The words back to back, written to `text`."""
    n = 0
    for word in range(len(starts)):
        for position in range(starts[word], starts[word] + lengths[word]):
            text[n] = content[position]
            n += 1


@part
def hashed(state, byte):
    """One step of FNV-1a, but that a byte from 0x80 on sets all higher bits too: fastText's chars are signed."""
    return np.uint32((state ^ np.uint32(np.int8(byte))) * FNV_PRIME)


@kernel
def hash_words(content, starts, lengths, hashes):
    """The hash of each word, (n,) uint32, written."""
    for word in range(len(starts)):
        state = FNV_START
        for position in range(starts[word], starts[word] + lengths[word]):
            state = hashed(state, content[position])
        hashes[word] = state


@part
def is_inside(byte):
    """Whether a byte goes on with a character of UTF-8 that has begun before."""
    return byte & 0xC0 == 0x80


@part
def is_end_of_sentence(text, start, length):
    return (
        length == 4
        and text[start] == LESS_THAN
        and text[start + 1] == 47
        and text[start + 2] == 115
        and text[start + 3] == GREATER_THAN
    )


@part
def ngram_rows(wrapped, size, start, sizes, kept, kept_rows, rows):
    """The rows of the n-grams that begin at a byte of a wrapped word; returns how many. See `word_vectors`."""
    shortest, longest, n_buckets, first_row = sizes[0], sizes[1], sizes[2], sizes[3]
    n_rows = 0
    if start >= size or is_inside(wrapped[start]):
        return n_rows
    state, end = FNV_START, start
    for n in range(1, longest + 1):
        if end >= size:
            break
        state = hashed(state, wrapped[end])
        end += 1
        while end < size and is_inside(wrapped[end]):
            state = hashed(state, wrapped[end])
            end += 1
        if n < shortest or (n == 1 and (start == 0 or end == size)):
            continue
        row = np.int64(state) % n_buckets
        if len(kept):
            place = n_below(kept, row)
            if place == len(kept) or kept[place] != row:
                continue
            row = np.int64(kept_rows[place])
        rows[n_rows] = first_row + row
        n_rows += 1
    return n_rows


@part
def add_row(content, layout, row, sums):
    """Add a row of the file's matrix to `sums`. See `word_vectors`."""
    rows_at, n_parts, part_size, centroids_at, norm_codes_at, norms_at = layout
    dim = len(sums)
    if not n_parts:
        row_at = rows_at + 4 * dim * row
        for d in range(dim):
            sums[d] += float_at(content, row_at + 4 * d)
        return
    norm = np.float32(1)
    if norms_at:
        norm = float_at(content, norms_at + 4 * np.int64(content[norm_codes_at + row]))
    for p in range(n_parts):
        first = p * part_size
        width = min(part_size, dim - first)
        code = np.int64(content[rows_at + n_parts * row + p])
        centroid_at = centroids_at + 4 * (CENTROIDS * first + code * width)
        for d in range(width):
            sums[first + d] += norm * float_at(content, centroid_at + 4 * d)


@part
def ask_for(content, layout, dim, rows, n_rows):
    """Have the cache lines of rows fetched."""
    n_bytes = layout[1] if layout[1] else 4 * dim
    for i in range(n_rows):
        row_at = layout[0] + n_bytes * rows[i]
        for line in range(min(LINES_AHEAD, n_bytes // LINE_BYTES + 1)):
            prefetch(content, row_at + line * LINE_BYTES)


@kernel
def word_vectors(content, layout, text, starts, lengths, ids, sizes, kept, kept_rows, matrix):
    """Vectors of words: the mean of the row of each, if it has one, and those of its n-grams; zeros if there is none.

    content   uint8, the file, which holds the rows
    layout    (rows_at, n_parts, part_size, centroids_at, norm_codes_at, norms_at), bytes from the file's start.
              n_parts is 0 where rows are floats; else a row is as many codes, each of which stands for `part_size`
              floats, times the norm that its norm code stands for, if norms_at is not 0
    text      uint8, which holds the words: word i is text[starts[i] : starts[i] + lengths[i]]
    ids       (n,) int64: the row of each word; -1 for a word without one
    sizes     (shortest, longest, n_buckets, first_row, splits_all): of n-grams in characters; no n-grams if n_buckets
              is 0; whether the end of a sentence, </s>, has some too
    kept      int32, ascending: the n-grams that were left by pruning, whose rows are kept_rows; empty: all
    matrix    (n, dim) float32, written
    """
    dim, longest, n_buckets = matrix.shape[1], sizes[1], sizes[2]
    wrapped = np.empty(lengths.max() + 2, np.uint8)
    rows, rows_after = np.empty(longest + 1, np.int64), np.empty(longest + 1, np.int64)
    for word in range(len(ids)):
        sums, n_added = matrix[word], 0
        sums[:] = 0
        if ids[word] >= 0:
            add_row(content, layout, ids[word], sums)
            n_added = 1
        start, length = starts[word], lengths[word]
        if n_buckets and (sizes[4] or not is_end_of_sentence(text, start, length)):
            wrapped[0] = LESS_THAN
            for i in range(length):
                wrapped[i + 1] = text[start + i]
            wrapped[length + 1] = GREATER_THAN
            n_rows = ngram_rows(wrapped, length + 2, 0, sizes, kept, kept_rows, rows)
            for begin in range(length + 2):
                n_after = ngram_rows(wrapped, length + 2, begin + 1, sizes, kept, kept_rows, rows_after)
                ask_for(content, layout, dim, rows_after, n_after)
                for i in range(n_rows):
                    add_row(content, layout, rows[i], sums)
                n_added += n_rows
                rows, rows_after, n_rows = rows_after, rows, n_after
        if n_added:
            factor = np.float32(1.0 / n_added)
            for d in range(dim):
                sums[d] *= factor


@kernel
def write_ngrams(text, starts, lengths, sizes, offsets, buckets):
    """The buckets of the n-grams of words, one after the other; those of word i begin at offsets[i].

    text, starts, lengths, sizes  as in `word_vectors`; n_buckets is not 0
    offsets  (n + 1,) int64, the first is 0, the others are written
    buckets  int32, long enough, written
    """
    wrapped = np.empty(lengths.max() + 2, np.uint8)
    rows, no_kept = np.empty(sizes[1] + 1, np.int64), np.empty(0, np.int32)
    n = 0
    for word in range(len(starts)):
        start, length = starts[word], lengths[word]
        if sizes[4] or not is_end_of_sentence(text, start, length):
            wrapped[0] = LESS_THAN
            for i in range(length):
                wrapped[i + 1] = text[start + i]
            wrapped[length + 1] = GREATER_THAN
            for begin in range(length + 2):
                n_rows = ngram_rows(wrapped, length + 2, begin, sizes, no_kept, no_kept, rows)
                for i in range(n_rows):
                    buckets[n + i] = rows[i]
                n += n_rows
        offsets[word + 1] = n


@kernel
def mean_rows(own, rows, places, offsets, matrix):
    """The mean of rows for each word: of its own, if there are any, and of those at its places; zeros of none.

    own      (n, dim) float32, or (0, dim)
    rows     (n_rows, dim) float32
    places   int64, those of word i from offsets[i] to offsets[i + 1]: numbers of rows, or -1 for a row of zeros
    matrix   (n, dim) float32, written
    """
    dim = matrix.shape[1]
    for word in range(len(matrix)):
        sums, n_added = matrix[word], offsets[word + 1] - offsets[word]
        sums[:] = 0
        if len(own):
            n_added += 1
            for d in range(dim):
                sums[d] += own[word, d]
        for i in range(offsets[word], offsets[word + 1]):
            place = places[i]
            if place >= 0:
                for d in range(dim):
                    sums[d] += rows[place, d]
        if n_added:
            factor = np.float32(1.0 / n_added)
            for d in range(dim):
                sums[d] *= factor

"""The rows of n-grams hashed into another number of buckets, and what that loses."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.messages import counted
from wordvec_cli.progress import Note
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.lengths import unit_rows
from wordvec_cli.vectors.subwords import Subwords, of_arrays, read_only, word_ngrams
from wordvec_cli.vocabulary.vocabulary import Vocabulary

Matrix = NDArray[np.float32]
WORDS_AT_ONCE = 1 << 14


def rehashed(embeddings: Embeddings, subwords: Subwords, n_buckets: int, note: Note) -> Subwords:
    """The same rows in `n_buckets` buckets; those of different n-grams of the vocabulary that meet become their mean.

    Notes how many meet, and how far the words' vectors move: not at all if none do.
    """
    places, new_buckets = _moves(embeddings.vocabulary, subwords, n_buckets)
    buckets, groups, sizes = np.unique(new_buckets, return_inverse=True, return_counts=True)
    sums = np.zeros((len(buckets), subwords.dim), np.float64)
    np.add.at(sums, groups, subwords.rows[places])
    rows = (sums / sizes[:, None]).astype(np.float32)
    moved = of_arrays(
        subwords.shortest, subwords.longest, n_buckets, buckets.astype(np.int32), rows, subwords.word_rows
    )
    n_shared = int(np.count_nonzero(sizes > 1))
    if n_shared:
        error = _largest_error(embeddings.matrix, moved.vocabulary_vectors(embeddings.vocabulary))
        note(
            f"--buckets {n_buckets}: {n_shared} of {counted(len(buckets), 'bucket')} hold the mean of rows that were "
            f"apart; the largest cosine error of a word's vector is {error:.2g}"
        )
    return replace(moved, word_row_values=subwords.word_row_values)


def _largest_error(before: Matrix, after: Matrix) -> float:
    """The largest 1 - cosine of a vector and what became of it."""
    error = 0.0
    for first in range(0, len(before), WORDS_AT_ONCE):
        both = (unit_rows(rows[first : first + WORDS_AT_ONCE]) for rows in (before, after))
        error = max(error, float((1 - np.einsum("ij,ij->i", *both)).max()))
    return error


def _moves(vocabulary: Vocabulary, subwords: Subwords, n_buckets: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """The row and the new bucket of each n-gram of the vocabulary, those with the same of both once."""
    offsets = np.asarray(vocabulary.offsets, np.int64)
    text = read_only(np.asarray(vocabulary.text, np.uint8))
    table = subwords.checked_buckets
    found: list[NDArray[np.int64]] = []
    for first in range(0, len(vocabulary), WORDS_AT_ONCE):
        starts, lengths = offsets[:-1][first : first + WORDS_AT_ONCE], np.diff(offsets)[first : first + WORDS_AT_ONCE]
        old, new = (
            word_ngrams(text, starts, lengths, (subwords.shortest, subwords.longest, n))[1]
            for n in (subwords.n_buckets, n_buckets)
        )
        places = np.searchsorted(table, old)
        is_there = table[np.minimum(places, len(table) - 1)] == old if len(table) else np.zeros(len(old), bool)
        found.append(np.unique(places[is_there].astype(np.int64) << 31 | new[is_there]))
    pairs = np.unique(np.concatenate([*found, np.empty(0, np.int64)]))
    return pairs >> 31, (pairs & (1 << 31) - 1).astype(np.int32)

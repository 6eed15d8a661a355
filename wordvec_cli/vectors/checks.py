"""Whether vectors are what they should be: numbers, with directions, of words that each come once."""

import itertools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.text.words import fault_of_offsets
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.lengths import row_lengths
from wordvec_cli.vectors.subwords import Subwords
from wordvec_cli.vocabulary.vocabulary import Vocabulary

ROWS_AT_ONCE = 1 << 16
FAR = 10  # times the middle distance from the median, from which a length is called an outlier
EXAMPLES = 3


class Finding(NamedTuple):
    """What a check found: how many rows or words, some of them, and whether that makes the file a bad one."""

    check: str
    n: int
    examples: tuple[bytes, ...] = ()
    is_error: bool = True


def findings(embeddings: Embeddings) -> Iterator[Finding]:
    """The results of all checks, those that found nothing too."""
    vocabulary = embeddings.vocabulary
    repeated, unsorted = _wrong_order(vocabulary.unchecked())
    yield Finding("words that come twice", len(repeated), tuple(repeated[:EXAMPLES]))
    yield Finding("words that cannot be found", unsorted)
    is_finite, lengths = _lengths(embeddings)
    for check, rows, is_error in (
        ("rows with numbers that are not finite", np.flatnonzero(~is_finite), True),
        ("rows of zeros", np.flatnonzero(lengths == 0), False),
        ("rows of an unusual length", _outliers(lengths, is_finite), False),
    ):
        examples = tuple(vocabulary.word(row) for row in rows[:EXAMPLES].tolist())
        yield Finding(check, len(rows), examples, is_error)
    if embeddings.subwords is not None:
        yield from _findings_of_subwords(embeddings.subwords)


def _findings_of_subwords(subwords: Subwords) -> Iterator[Finding]:
    try:
        n_unsorted = 0 * len(subwords.checked_buckets)
    except InputError:
        n_unsorted = len(subwords.buckets)
    yield Finding("n-grams that cannot be found", n_unsorted)
    both = subwords.rows, subwords.word_rows
    n_infinite = sum(int(np.count_nonzero(~np.isfinite(part).all(axis=1))) for rows in both for part in _parts(rows))
    yield Finding("rows of n-grams or words with numbers that are not finite", n_infinite)


def _parts(rows: np.ndarray) -> Iterator[np.ndarray]:
    return (rows[first : first + ROWS_AT_ONCE] for first in range(0, len(rows), ROWS_AT_ONCE))


def _wrong_order(vocabulary: Vocabulary) -> tuple[list[bytes], int]:
    """Words that come twice, and how many are not where bisection looks for them."""
    n_words, repeated, n_unsorted = len(vocabulary), [], 0
    ids = np.asarray(vocabulary.order)
    if fault_of_offsets(np.asarray(vocabulary.offsets), len(vocabulary.text)):
        return [], n_words
    if sorted(ids.tolist()) != list(range(n_words)):
        return [], n_words
    words = list(vocabulary)
    for first, second in itertools.pairwise(ids.tolist()):
        before, word = words[first], words[second]
        if before == word:
            repeated.append(word)
        n_unsorted += before > word
    return repeated, n_unsorted


def _lengths(
    embeddings: Embeddings,
) -> "tuple[np.ndarray[tuple[int], np.dtype[np.bool_]], np.ndarray[tuple[int], np.dtype[np.float64]]]":
    """For each row whether all its numbers are finite, and its length, (n,) both."""
    n_rows = len(embeddings.vocabulary)
    is_finite, lengths = np.ones(n_rows, bool), np.zeros(n_rows)
    for first in range(0, n_rows, ROWS_AT_ONCE):
        with np.errstate(invalid="ignore"):  # a NaN of any bits is counted, not warned of
            rows = embeddings.rows(slice(first, first + ROWS_AT_ONCE)).astype(np.float64)
        is_finite[first : first + len(rows)] = np.isfinite(rows).all(axis=1)
        lengths[first : first + len(rows)] = row_lengths(rows)
    return is_finite, lengths


def _outliers(lengths: np.ndarray, is_finite: np.ndarray) -> np.ndarray:
    """Rows whose length is far from the median, by the median distance from it."""
    usual = lengths[is_finite & (lengths > 0)]
    if not len(usual):
        return np.empty(0, np.int64)
    median = np.median(usual)
    spread = np.median(np.abs(usual - median))
    is_far = is_finite & (lengths > 0) & (np.abs(lengths - median) > FAR * max(spread, 1e-6 * median))
    return np.flatnonzero(is_far)

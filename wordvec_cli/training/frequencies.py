"""How often words occur, are kept by subsampling, and are trained on."""

from typing import TYPE_CHECKING

import numpy as np

from wordvec_cli.sequences.word_ids import Sequences
from wordvec_cli.vocabulary.vocabulary import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

TOKENS_AT_ONCE = 1 << 20  # of the corpus, that are counted


def word_counts(vocabulary: Vocabulary, sequences: Sequences) -> "NDArray[np.float64]":
    """How often each word occurs: as its vocabulary says, or else in the corpus itself."""
    counts = np.zeros(len(vocabulary)) if vocabulary.counts is None else np.asarray(vocabulary.counts, dtype=np.float64)
    if counts.any():
        return counts
    for start in range(0, len(sequences.ids), 1 << 20):
        ids = sequences.ids[start : start + (1 << 20)]
        counts += np.bincount(ids[ids >= 0], minlength=len(vocabulary))
    return counts


def trained_counts(sequences: Sequences, keep: "NDArray[np.uint32]", window: int) -> "NDArray[np.float64]":
    """How often each word of the corpus is trained on, but for a factor: each time that it is kept, once for each word
    of its line that stands near it.

    They are counted in the corpus, as the counts of the vocabulary may be those of other text. Of one that lies
    elsewhere, all are taken to be alike.
    """
    counts = np.zeros(len(keep))
    offsets, n_tokens = sequences.offsets, len(sequences.ids)
    for first in range(0, n_tokens, TOKENS_AT_ONCE):
        last = min(first + TOKENS_AT_ONCE, n_tokens)
        inside = offsets[np.searchsorted(offsets, first, "right") : np.searchsorted(offsets, last)]
        is_known = sequences.ids[first:last] >= 0
        n_before = np.concatenate([[0], np.cumsum(is_known, dtype=np.int64)])
        n_known = np.diff(n_before[np.concatenate([[first], inside, [last]]) - first])
        near = np.repeat(np.clip(n_known - 1, 0, 2 * window), n_known)
        counts += np.bincount(sequences.ids[first:last][is_known], near, minlength=len(keep))
    return counts * keep if counts.any() else np.ones(len(keep))


def keep_thresholds(counts: "NDArray[np.float64]", sample: float) -> "NDArray[np.uint32]":
    """For each word the 32-bit number up to which a random one keeps an occurrence of it.

    Source: word2vec.c; with f the word's share of the corpus, it is kept with probability sqrt(t/f) + t/f.
    """
    highest = np.iinfo(np.uint32).max
    if sample == 0:
        return np.full(len(counts), highest, dtype=np.uint32)
    share = np.maximum(counts, 1) / max(counts.sum(), 1)
    probability = np.minimum(np.sqrt(sample / share) + sample / share, 1)
    thresholds: NDArray[np.uint32] = (probability * highest).astype(np.uint32)
    return thresholds


def highest_share(counts: "NDArray[np.float64]", keep: "NDArray[np.uint32]") -> float:
    """The share of the most frequent word in the tokens that subsampling leaves."""
    n_kept = counts * keep
    return float(n_kept.max() / n_kept.sum())


def mean_line(sequences: Sequences) -> float:
    """How many tokens the line of a token has, on average."""
    total, squares = 0.0, 0.0
    for first in range(0, len(sequences.offsets) - 1, TOKENS_AT_ONCE):
        lengths = np.diff(sequences.offsets[first : first + TOKENS_AT_ONCE + 1]).astype(np.float64)
        total, squares = total + float(lengths.sum()), squares + float(lengths @ lengths)
    return squares / max(total, 1.0)

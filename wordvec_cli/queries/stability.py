"""How many of a word's nearest neighbours stay from one training to the next, by how often the word occurs.

Source: Antoniak and Mimno 2018, Evaluating the Stability of Embedding-based Word Similarities; Wendlandt et al. 2018,
Factors Influencing the Surprising Instability of Word Embeddings, whose measure this is, over all pairs of models.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.messages import counted
from wordvec_cli.parallel import on_threads, scans_at_once
from wordvec_cli.queries.models import Models
from wordvec_cli.queries.shared_neighbours import SCORES_AT_ONCE, Space

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Exact = NDArray[np.float64]
    Ids = NDArray[np.int64]

STABLE, SHAKY = 0.5, 0.25  # of the neighbours, that stay
BYTES_AT_ONCE = 1 << 27  # of the words that are asked about and all that may be neighbours, two bytes each
PER_BAND = 200  # words of a band that are asked about
BAND_EDGES = (1, 2, 5)  # times the powers of ten


class Band(NamedTuple):
    """Words that occur about equally often.

    least, most  how often; of vectors without counts, the places in the file, from 1
    n_words, n_asked  that there are, and of which a sample was asked about
    overlap      the mean share of neighbours that stay
    stable       the share of words that keep half of theirs and more
    """

    least: int
    most: int
    n_words: int
    n_asked: int
    overlap: float
    stable: float


def shares_that_stay(models: Models, word_ids: "Ids", k: int) -> "Exact":
    """The share of the `k` nearest neighbours of some words that two models have in common, in the mean, (n,).

    Raises: InputError if there are no more than k words, or a vector is not finite
    """
    n_words = len(models.vocabulary)
    if k >= n_words:
        raise InputError(f"-k {k}: there are {counted(n_words, 'word')}, of which each has {n_words - 1} neighbours")
    size = max(1, BYTES_AT_ONCE // (2 * n_words))
    parts = [word_ids[start : start + size] for start in range(0, len(word_ids), size)]
    return np.concatenate([_shares_of(models, part, k) for part in parts])


def _shares_of(models: Models, word_ids: "Ids", k: int) -> "Exact":
    """As `shares_that_stay`, of no more words than memory has room for; one model after the other is in memory."""
    n_words = len(models.vocabulary)
    times = np.zeros((len(word_ids), n_words), np.uint16)
    size = max(1, SCORES_AT_ONCE // n_words)
    for model in range(len(models)):
        space = _space(models, model)

        def add(start: int, space: Space = space) -> None:
            times[start : start + size] += space.nearest(word_ids[start : start + size], k)

        on_threads(add, range(0, len(word_ids), size), scans_at_once())
    return _shares(times, len(models), k)


def _space(models: Models, model: int) -> Space:
    vectors = models.vectors[model]
    rows = np.ascontiguousarray(vectors.rows(slice(0, len(vectors.vocabulary))), np.float32)
    are_finite = np.isfinite(rows).all(axis=1)
    if not are_finite.all():
        raise models.refuse_infinite(model, int(np.argmin(are_finite)))
    return Space.of(rows)


def _shares(times: "NDArray[np.uint16]", n_models: int, k: int) -> "Exact":
    """times  (n, n_words) how many models have a word among the neighbours: each of these shares it with the others"""
    n_shared = np.array([int((each * (each.astype(np.int64) - 1)).sum()) for each in times], np.float64)
    shares: Exact = n_shared / (n_models * (n_models - 1) * k)
    return shares


def bands(models: Models, k: int, seed: int = 1, per_band: int = PER_BAND) -> list[Band]:
    """The stability of words of all frequencies, the most frequent first; of each band a sample. Raises: InputError"""
    counts = models.vocabulary.counts
    n_words = len(models.vocabulary)
    figures = np.arange(1, n_words + 1) if counts is None else np.asarray(counts, np.int64)
    edges = _edges(int(figures.max()))
    groups = [np.flatnonzero((figures >= least) & (figures < most)) for least, most in pairwise(edges)]
    rng = np.random.default_rng(seed)
    sampled = [np.sort(rng.choice(each, min(per_band, len(each)), replace=False)) for each in groups]
    shares = shares_that_stay(models, np.concatenate(sampled), k)
    ends = np.cumsum([len(each) for each in sampled])
    found = [
        Band(least, most - 1, len(group), len(of_band), float(of_band.mean()), float((of_band >= STABLE).mean()))
        for (least, most), group, of_band in zip(pairwise(edges), groups, np.split(shares, ends[:-1]), strict=True)
        if len(of_band)
    ]
    return found if counts is None else found[::-1]


def _edges(highest: int) -> list[int]:
    edges = [factor * 10**power for power in range(len(str(highest)) + 1) for factor in BAND_EDGES]
    return edges[: next(i for i, edge in enumerate(edges) if edge > highest) + 1]


def least_stable_count(found: Sequence[Band]) -> int | None:
    """From which count on all bands keep half of their neighbours, in the mean; None if not even the first does."""
    least = None
    for band in found:
        if band.overlap < STABLE:
            break
        least = band.least
    return least


def verdict(share: float) -> str:
    """What may be said of a word that keeps this share of its neighbours."""
    return "stable" if share >= STABLE else "shaky" if share >= SHAKY else "unstable"

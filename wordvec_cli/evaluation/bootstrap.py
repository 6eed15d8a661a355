"""How far a score would move with other questions of the same kind: the bootstrap.

Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapters 6 and 13 (percentile intervals).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Counts = NDArray[np.int64]

CONFIDENCE = 0.95
DRAWS_AT_ONCE = 1 << 20


@dataclass(frozen=True)
class Resampling:
    """How many resamples are drawn, each with as many questions as the set has, with replacement; and the seed."""

    n_resamples: int = 2000
    seed: int = 1


def correlations(judged: "Numbers", values: "Numbers", resampling: Resampling) -> "Numbers":
    """Spearman's correlation in each resample, (m, n_resamples); NaN where either side has one value only.

    judged  (n,) people's scores of the pairs
    values  (m, n) the cosines from m vector files, which share the resamples
    """
    ranked = [_Ranked(each) for each in (judged, *values)]
    drawn = [_correlations(ranked, counts) for counts in draws(len(judged), resampling)]
    return np.concatenate(drawn, axis=1)


def draws(n: int, resampling: Resampling) -> "Iterator[Counts]":
    """How often each of n questions is drawn, (some resamples, n)."""
    rng = np.random.default_rng(resampling.seed)
    at_once = max(1, DRAWS_AT_ONCE // n)
    for start in range(0, resampling.n_resamples, at_once):
        n_drawn = min(at_once, resampling.n_resamples - start)
        drawn = rng.integers(0, n, (n_drawn, n)) + n * np.arange(n_drawn)[:, None]
        yield np.bincount(drawn.ravel(), minlength=n_drawn * n).reshape(n_drawn, n)


class _Ranked:
    """Values in order, so that the ranks in a resample are a running sum of what was drawn."""

    def __init__(self, values: "Numbers") -> None:
        self._order = np.argsort(values, kind="stable")
        _, self._starts, self._groups = np.unique(values[self._order], return_index=True, return_inverse=True)
        self._places = np.argsort(self._order)

    def centred(self, counts: "Counts") -> "Numbers":
        """The ranks of all values in each resample, less their mean; equal ones share the mean of theirs."""
        sizes = np.add.reduceat(counts[:, self._order], self._starts, axis=1)
        ranks = np.cumsum(sizes, axis=1) - (sizes - 1) / 2 - (counts.shape[1] + 1) / 2
        centred: Numbers = ranks[:, self._groups[self._places]]
        return centred


def _correlations(ranked: list[_Ranked], counts: "Counts") -> "Numbers":
    judged, *others = (each.centred(counts) for each in ranked)
    weighted = counts * judged
    of_judged = np.einsum("ij,ij->i", weighted, judged)
    rows = []
    for other in others:
        norms = np.sqrt(of_judged * np.einsum("ij,ij,ij->i", counts, other, other))
        products = np.einsum("ij,ij->i", weighted, other)
        rows.append(np.divide(products, norms, out=np.full(len(norms), math.nan), where=norms > 0))
    return np.array(rows)


def accuracies(is_right: "NDArray[np.bool_]", resampling: Resampling) -> "Numbers":
    """The share of right answers in each resample, (m, n_resamples).

    is_right  (m, n) whether each of m vector files, at most a few, answers each question

    Only the pattern of right and wrong over the files matters: how often each pattern is drawn is multinomial.
    """
    m, n = is_right.shape
    kinds = np.arange(1 << m)
    n_of_kind = np.bincount(is_right.T @ (1 << np.arange(m)), minlength=len(kinds))
    rng = np.random.default_rng(resampling.seed)
    drawn = rng.multinomial(n, n_of_kind / n, size=resampling.n_resamples)
    shares: Numbers = (drawn @ ((kinds[:, None] >> np.arange(m)) & 1)).T / n
    return shares


def interval(drawn: "Numbers") -> tuple[float, float]:
    """The bounds of the middle 95 %; NaN if no resample has a score."""
    drawn = drawn[~np.isnan(drawn)]
    if not len(drawn):
        return math.nan, math.nan
    low, high = np.quantile(drawn, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)


def p_value(differences: "Numbers") -> float:
    """The two-sided share of resamples whose difference has the other sign or is 0; never 0; NaN without resamples."""
    differences = differences[~np.isnan(differences)]
    n = len(differences)
    if not n:
        return math.nan
    fewer = min(int((differences <= 0).sum()), int((differences >= 0).sum()))
    return min(1.0, 2 * (fewer + 1) / (n + 1))

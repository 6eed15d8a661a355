"""Whether trainings of two groups share fewer neighbours than trainings of one group do.

The overlap of two models is taken to be a mean, what each of the two adds to it, and a rest of the pair:
o(i, j) = m + u(i) + u(j) + e(i, j), as of any mean over pairs (Hoeffding 1948). Within a group and between groups the
u are the same, so that of two groups of two and more they cancel, and the rests alone say how far chance reaches; they
are what the overlaps between the groups, and within groups of four and more, have beyond what each model adds. Of a
single model and a group its u is what is asked about, and those of the group say how far that goes.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordvec_cli.evaluation.neighbour_changes import neighbours_within
from wordvec_cli.queries.models import Models
from wordvec_cli.queries.spread import CONFIDENCE, SHARES, Gap, gap_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

UNKNOWN = Gap(math.nan, math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class GroupOverlaps:
    """The share of a word's `k` nearest neighbours that two models have in common, in the mean over words and pairs.

    within_first, within_second  of two models of one group; NaN if it is a single model
    between    of one of each
    less       how much more that is than within groups, with its interval and p; NaN where models are too few to tell
    """

    k: int
    n_words: int
    within_first: float
    within_second: float
    between: float
    less: Gap

    @property
    def bounds(self) -> tuple[float, float]:
        """The interval of the overlap between the groups."""
        low, high = (self.between + bound - self.less.value for bound in (self.less.low, self.less.high))
        found = SHARES.within(np.array([low]), np.array([high]))
        return float(found[0][0]), float(found[1][0])

    @property
    def is_within_noise(self) -> bool | None:
        """Whether models of different groups share as many neighbours as two of one group do; None: too few to tell."""
        if math.isnan(self.less.p_value):
            return None
        return self.less.value >= 0 or self.less.p_value >= 1 - CONFIDENCE


def group_overlaps(models: Models, n_first: int, word_ids: Sequence[int], k: int) -> GroupOverlaps:
    """How many neighbours two models share, within each group and between them; NaN where there is no word."""
    found = [neighbours_within(each, word_ids, k) for each in models.vectors]
    shares = np.full((len(models), len(models)), np.nan)
    for i, mine in enumerate(found):
        for j, theirs in enumerate(found[:i]):
            in_common = [len(a & b) / max(len(a), 1) for a, b in zip(mine, theirs, strict=True)]
            shares[i, j] = shares[j, i] = np.mean(in_common) if in_common else np.nan
    within_first, within_second, between = map(_mean, _parts(shares, n_first))
    return GroupOverlaps(k, len(word_ids), within_first, within_second, between, fewer_between(shares, n_first))


def _parts(shares: "Numbers", n_first: int) -> "tuple[Numbers, Numbers, Numbers]":
    """The overlaps within the first group, within the second, and between them."""
    return shares[:n_first, :n_first], shares[n_first:, n_first:], shares[:n_first, n_first:]


def _mean(shares: "Numbers") -> float:
    known = shares[~np.isnan(shares)]
    return float(known.mean()) if len(known) else math.nan


class _Rest(NamedTuple):
    """The rests of overlaps: the sum of their squares, and how many of them are free."""

    squares: float
    df: int


def fewer_between(shares: "Numbers", n_first: int) -> Gap:
    """How much more models of two groups have in common than models of one group, with its interval and two-sided p.

    shares  (n, n) of each two models, symmetric; the diagonal is NaN
    """
    first, second, between = _parts(shares, n_first)
    groups = [each for each in (first, second) if len(each) > 1]
    if not groups or np.isnan(between).any():  # no two models are of one group, or there is no word
        return UNKNOWN
    value = _mean(between) - float(np.mean([_mean(each) for each in groups]))
    if len(groups) < 2:
        n = len(groups[0])
        if n < 3:
            return UNKNOWN._replace(value=value)
        variance = float(np.var(_additions(groups[0]), ddof=1)) * (1 + 1 / n)
        return gap_of(value, math.sqrt(variance), n - 1)
    rests = [_between_rest(between), *map(_within_rest, groups)]
    df = sum(each.df for each in rests)
    pairs = [1 / between.size, *(1 / (2 * len(each) * (len(each) - 1)) for each in groups)]
    variance = sum(each.squares for each in rests) / df * sum(pairs)
    return gap_of(value, math.sqrt(variance), df)


def _additions(shares: "Numbers") -> "Numbers":
    """What each model of a group of three and more adds to its overlaps, (n,), by least squares."""
    n = len(shares)
    means = np.nanmean(shares, axis=1)
    found: Numbers = (means - means.mean()) * (n - 1) / (n - 2)
    return found


def _within_rest(shares: "Numbers") -> _Rest:
    """Of a group; of three and fewer what each model adds explains all."""
    n = len(shares)
    if n < 4:
        return _Rest(0.0, 0)
    added = _additions(shares)
    rest = shares - np.nanmean(shares) - added[:, None] - added
    return _Rest(float(np.nansum(rest**2)) / 2, n * (n - 3) // 2)


def _between_rest(shares: "Numbers") -> _Rest:
    rest = shares - shares.mean(axis=1, keepdims=True) - shares.mean(axis=0, keepdims=True) + shares.mean()
    return _Rest(float((rest**2).sum()), (shares.shape[0] - 1) * (shares.shape[1] - 1))

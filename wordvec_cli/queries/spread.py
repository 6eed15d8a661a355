"""A value that several models give: its mean, how far it spreads, and where the next model's would lie.

The interval is Student's for one more observation, mean ± t(n - 1) · sd · sqrt(1 + 1/n). Of trainings with other seeds
it holds what another training would give; of trainings on bootstraps of the documents, whose spread stands for that of
texts drawn anew, it is an interval for the value itself. Percentiles of 20 values would be too narrow for either.
What cannot be, a cosine above 1, is cut off an interval: as no value lies there, it holds as many as before.
"""

import functools
import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Numbers = NDArray[np.float64]

CONFIDENCE = 0.95
_T_DIGITS = 60  # halvings of the range in which a quantile is looked for


class Bounds(NamedTuple):
    """Between which a value can lie."""

    low: float = -math.inf
    high: float = math.inf

    def within(self, low: "Numbers", high: "Numbers") -> "tuple[Numbers, Numbers]":
        """What of intervals can be."""
        return np.clip(low, *self), np.clip(high, *self)


ANY, COSINES, SHARES, DISTANCES = Bounds(), Bounds(-1.0, 1.0), Bounds(0.0, 1.0), Bounds(0.0)


class Spread(NamedTuple):
    """Of a value: the mean over `n` models, the standard deviation (ddof 1), and the bounds of the interval."""

    mean: float
    sd: float
    low: float
    high: float
    n: int


class Spreads(NamedTuple):
    """As `Spread`, of several values, (m,) each."""

    mean: "Numbers"
    sd: "Numbers"
    low: "Numbers"
    high: "Numbers"
    n: int

    def of(self, i: int) -> Spread:
        mean, sd, low, high = (float(each[i]) for each in self[:4])
        return Spread(mean, sd, low, high, self.n)


def spreads(values: "ArrayLike", bounds: Bounds = ANY) -> Spreads:
    """The spread of each column of values that lie within bounds.

    values  (n_models, m); a column with a NaN has no spread; of one model nothing but the mean is known
    """
    numbers = np.asarray(values, np.float64)
    n = len(numbers)
    mean = numbers.mean(axis=0)
    if n < 2:
        unknown = np.full_like(mean, math.nan)
        return Spreads(mean, unknown, unknown, unknown, n)
    sd = numbers.std(axis=0, ddof=1)
    reach = t_quantile(n - 1) * sd * math.sqrt(1 + 1 / n)
    return Spreads(mean, sd, *bounds.within(mean - reach, mean + reach), n)


def spread(values: "ArrayLike", bounds: Bounds = ANY) -> Spread:
    """The spread of one value over models, (n_models,)."""
    return spreads(np.asarray(values, np.float64)[:, None], bounds).of(0)


@functools.cache
def t_quantile(df: int, confidence: float = CONFIDENCE) -> float:
    """The t within whose bounds Student's distribution has this share; without scipy, whose import takes longer."""
    low, high = 0.0, math.pi / 2  # of the angle atan(t / sqrt(df))
    for _ in range(_T_DIGITS):
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, df) < confidence else (low, middle)
    return math.sqrt(df) * math.tan((low + high) / 2)


def t_quantile_between(df: float) -> float:
    """The t of degrees of freedom, from 1, that are no whole number: along 1/df between the whole ones beside them.

    There t is convex, so that this is never too small; from 2 on it is too large by 0.06 at most, of 3 to 4.3.
    """
    low = math.floor(df)
    share = (1 / low - 1 / df) / (1 / low - 1 / (low + 1))
    return (1 - share) * t_quantile(low) + (share * t_quantile(low + 1) if share else 0.0)


def _within(angle: float, df: int) -> float:
    """The share of Student's distribution between -t and t, t = sqrt(df) · tan(angle).

    Source: Abramowitz and Stegun, Handbook of Mathematical Functions (1964), 26.7.3 and 26.7.4
    """
    is_odd = df % 2
    cosine, total = math.cos(angle), 0.0
    term = cosine if is_odd else 1.0
    for i in range(2 if is_odd else 1, df, 2):
        total += term
        term *= cosine * cosine * i / (i + 1)
    if is_odd:
        return 2 / math.pi * (angle + math.sin(angle) * total)
    return math.sin(angle) * total


class Gap(NamedTuple):
    """The difference of two means, the second less the first; its interval, and Student's two-sided p."""

    value: float
    low: float
    high: float
    p_value: float


def gap(first: "ArrayLike", second: "ArrayLike", bounds: Bounds = ANY) -> Gap:
    """How far the means of two groups of models are apart: Student's test with one variance for both.

    One of the groups may be a single model, which then is asked whether it could be one of the others. NaN where
    neither group shows a variance.

    bounds  of the values of models
    """
    groups = [np.asarray(each, np.float64) for each in (first, second)]
    value = float(groups[1].mean() - groups[0].mean())
    df = sum(map(len, groups)) - 2
    if df < 1:
        return Gap(value, math.nan, math.nan, math.nan)
    squares = sum(float(((each - each.mean()) ** 2).sum()) for each in groups)
    found = gap_of(value, math.sqrt(squares / df * sum(1 / len(each) for each in groups)), df)
    widest = bounds.high - bounds.low
    return found._replace(low=max(found.low, -widest), high=min(found.high, widest))


def gap_of(value: float, error: float, df: int) -> Gap:
    """A difference with the interval and the p of its standard error, which has so many degrees of freedom."""
    reach = t_quantile(df) * error
    p_value = 1 - _within(math.atan(abs(value) / error / math.sqrt(df)), df) if error else float(value == 0)
    return Gap(value, value - reach, value + reach, max(p_value, 0.0))

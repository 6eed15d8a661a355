"""How far a word's vectors in two groups of documents are apart, how sure that is, and whether chance would do it.

A group's vector is the mean over the word's places in it. Documents, not places, are what is drawn, left out and
shuffled, as the places in one are alike; a document may have places in both groups (an author in two years).

Sources: Rodriguez, Spirling and Stewart 2023, Embedding Regression: Models for Context-Specific Description; Green et
al. 2025, Measuring Distances in High Dimensional Spaces, doi:10.1017/pan.2024.22 (the distance less its bias).
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordvec_cli.queries.spread import t_quantile_between

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Exact = NDArray[np.float64]
    Ids = NDArray[np.int64]

FEWEST = 3  # documents of a group, of which one can be left out and the bias of the others be known
DOCUMENTS_AT_ONCE = 1 << 12
NUMBERS_AT_ONCE = 1 << 22
MOST_DF = 100_000  # beyond, Student's distribution differs by less than 0.0001 from the normal one
AS_LARGE = 1 - 1e-9  # as another order of summing up the same places may make it
ROUNDING = 1e-24  # of the squared length of the vectors: what it may make of a distance of 0
_NONE = slice(0, 0)


class Uses(NamedTuple):
    """The places of a word in a group, by document.

    documents  (n,) their numbers, ascending, each once
    sums       (n, dim) of the vectors of the places in each
    sizes      (n,) the numbers of places
    """

    documents: "Ids"
    sums: "Exact"
    sizes: "Ids"

    @property
    def n_places(self) -> int:
        return int(self.sizes.sum())

    @property
    def vector(self) -> "Exact":
        """The mean over the places, (dim,)."""
        mean: Exact = self.sums.sum(axis=0) / self.n_places
        return mean


def uses_of_groups(groups: "Ids", documents: "Ids", vectors: "Exact", n_groups: int) -> list[Uses]:
    """The uses of a word in each of the groups.

    groups, documents  (n,) of each place; a place whose group is below 0 is of none
    vectors            (n, dim)
    """
    order = np.lexsort((documents, groups))
    order = order[np.searchsorted(groups[order], 0) :]
    groups, documents = groups[order], documents[order]
    is_first = np.ones(len(order), np.bool_)
    is_first[1:] = (groups[1:] != groups[:-1]) | (documents[1:] != documents[:-1])
    starts = np.flatnonzero(is_first)
    sums = np.add.reduceat(vectors[order], starts, axis=0) if len(starts) else np.zeros((0, vectors.shape[1]))
    sizes = np.diff(np.append(starts, len(order)))
    bounds = np.searchsorted(groups[starts], np.arange(n_groups + 1)).tolist()
    parts = [slice(*pair) for pair in itertools.pairwise(bounds)]
    return [Uses(documents[starts][part], sums[part], sizes[part]) for part in parts]


class Difference(NamedTuple):
    """How far a word's vectors in two groups are apart; NaN where there are too few documents.

    distance   squared
    debiased   less the variance of the difference, which documents that differ by chance add; may be below 0
    se         the jackknife's standard error of `debiased`
    low, high  95 % of Student's distribution around it
    p_value    the share of shufflings of documents between the groups with a distance as large
    """

    distance: float
    debiased: float
    se: float
    low: float
    high: float
    p_value: float


def difference(first: Uses, other: Uses, n_shuffled: int, seed: int) -> Difference:
    """Compare two groups, each of which has a place of the word.

    The documents of the first group alone, those of the other alone and those of both are strata, whose variances add
    up; one document of each in turn is left out, with its parts in both groups (`_jackknife`).
    """
    pair = _Pair(first, other)
    distance, debiased = (float(values[0]) for values in pair.distances(_NONE))
    se = reach = math.nan
    if min(pair.first.n_documents, pair.other.n_documents) >= FEWEST:
        without = np.concatenate([pair.distances(some)[1] for some in _slices(pair.n_documents, DOCUMENTS_AT_ONCE)])
        se, df = _jackknife(debiased, [without[stratum] for stratum in pair.strata])
        reach = t_quantile_between(min(df, MOST_DF)) * se
    p_value = (pair.n_as_far(distance, n_shuffled, seed) + 1) / (n_shuffled + 1)
    return Difference(distance, debiased, se, debiased - reach, debiased + reach, p_value)


def _jackknife(whole: float, strata: "Sequence[Exact]") -> tuple[float, float]:
    """The standard error of a value, and its degrees of freedom.

    Of one document alone, nothing tells how others like it would differ: its square is that of its deviation from the
    value of all, which holds how it differs from other strata too, so that it is too large in the mean if anything.

    whole   the value
    strata  the values without each document of a stratum; strata differ, so that one mean for all would not do
    Sources: of one sample Efron and Stein 1981; of variances that add up Satterthwaite 1946 and Welch 1947
    """
    strata = [without for without in strata if len(without)]
    dfs = np.array([max(len(without) - 1, 1) for without in strata])
    variances = np.array([_variance(whole, without) for without in strata])
    total = float(variances.sum())
    df = total**2 / float((variances**2 / dfs).sum()) if total > 0 else float(dfs.sum())
    return math.sqrt(total), df


def _variance(whole: float, without: "Exact") -> float:
    """What a stratum adds to the variance of a value."""
    n = len(without)
    return float(((without - without.mean()) ** 2).sum()) * (n - 1) / n if n > 1 else float((without[0] - whole) ** 2)


def _slices(n: int, n_at_once: int) -> Iterator[slice]:
    return (slice(first, min(first + n_at_once, n)) for first in range(0, n, n_at_once))


def _left_out(values: "Exact", some: slice) -> "Exact":
    """Some values, of _NONE a zero."""
    return values[some] if some != _NONE else np.zeros_like(values[:1])


class _Side:
    """One group's part of the documents of both: sums (D, dim) and sizes (D,), 0 where it has no place."""

    def __init__(self, sums: "Exact", sizes: "Exact") -> None:
        self.sums, self.sizes = sums, sizes
        self.has_places: Exact = (sizes > 0).astype(np.float64)
        self.total, self.n_places, self.n_documents = sums.sum(axis=0), float(sizes.sum()), int(self.has_places.sum())

    def without(self, some: slice) -> "tuple[Exact, Exact]":
        """The mean without one document, (m, dim), and what its deviations are multiplied by for a variance, (m,).

        some  the documents, each of which is left out in turn; _NONE: none is, and m is 1
        """
        n_places = self.n_places - _left_out(self.sizes, some)
        n_documents = self.n_documents - _left_out(self.has_places, some)
        factors = np.sqrt(n_documents / np.where(n_documents > 1, n_documents - 1, np.nan)) / n_places
        return (self.total - _left_out(self.sums, some)) / n_places[:, None], factors


class _Products:
    """The sum over documents of (s - n m) · (s' - n' m'): sums, sizes and means of one side and of another."""

    def __init__(self, one: _Side, other: _Side) -> None:
        self._one, self._other = one, other
        self._of_sums, self._of_sizes = float(np.vdot(one.sums, other.sums)), float(one.sizes @ other.sizes)
        self._of_one, self._of_other = other.sizes @ one.sums, one.sizes @ other.sums

    def without(self, some: slice, mean: "Exact", other_mean: "Exact") -> "Exact":
        """(m,), with a document left out as in `_Side.without`; the means are those without it."""
        sums, sizes = (_left_out(each, some) for each in (self._one.sums, self._one.sizes))
        others, other_sizes = (_left_out(each, some) for each in (self._other.sums, self._other.sizes))
        found: Exact = (
            self._of_sums - _dots(sums, others)
            - _dots(self._of_one - other_sizes[:, None] * sums, other_mean)
            - _dots(self._of_other - sizes[:, None] * others, mean)
            + (self._of_sizes - sizes * other_sizes) * _dots(mean, other_mean)
        )  # fmt: skip
        return found


def _dots(one: "Exact", other: "Exact") -> "Exact":
    """The scalar products of rows."""
    found: Exact = np.einsum("ij,ij->i", one, other)
    return found


class _Pair:
    """Two groups, by the same documents."""

    def __init__(self, first: Uses, other: Uses) -> None:
        documents = np.union1d(first.documents, other.documents)
        self.n_documents = len(documents)
        longest = max(float(((each.sums / each.sizes[:, None]) ** 2).sum(axis=1).max()) for each in (first, other))
        self._rounding = ROUNDING * longest
        # About the mean of all places, so that differences of sums keep their digits.
        centre = (first.sums.sum(axis=0) + other.sums.sum(axis=0)) / (first.n_places + other.n_places)
        self.first, self.other = (_side(uses, documents, centre) for uses in (first, other))
        sides = self.first, self.other
        self._variances, self._covariance = [_Products(side, side) for side in sides], _Products(*sides)

    @property
    def strata(self) -> "list[NDArray[np.bool_]]":
        """Which documents, (D,), are of the first group alone, of the other alone, of both."""
        in_first, in_other = self.first.sizes > 0, self.other.sizes > 0
        return [in_first & ~in_other, in_other & ~in_first, in_first & in_other]

    def distances(self, some: slice) -> "tuple[Exact, Exact]":
        """The squared distance, and that less its bias, with a document left out as in `_Side.without`; (m,) each.

        The bias is the variance of the difference: of the squares of what each document adds to it, which is
        (s - n m) / N in one group less that in the other; n / (n - 1) makes up for the means, taken from these.
        """
        means, factors = zip(*(side.without(some) for side in (self.first, self.other)), strict=True)
        squared = ((means[0] - means[1]) ** 2).sum(axis=1)
        bias = -2 * factors[0] * factors[1] * self._covariance.without(some, *means)
        for factor, variance, mean in zip(factors, self._variances, means, strict=True):
            bias += factor**2 * variance.without(some, mean, mean)
        return squared, squared - bias

    def n_as_far(self, distance: float, n_shuffled: int, seed: int) -> int:
        """In how many shufflings the groups are as far apart.

        Documents of one group alone are shuffled between the groups, which keep their numbers of them; those of both
        have their parts swapped or not, as a coin says. Without a difference all outcomes are as likely as the first.
        """
        labels = _Labels(self.first, self.other)
        total_sums, total_sizes = self.first.total + self.other.total, self.first.n_places + self.other.n_places
        rng, n_found = np.random.default_rng(seed), 0
        as_large = distance * AS_LARGE - self._rounding
        n_numbers = max(self.n_documents, len(total_sums))  # that a shuffling takes in memory, labels or a vector
        for some in _slices(n_shuffled, max(1, NUMBERS_AT_ONCE // n_numbers)):
            sums, sizes = labels.first_group(some.stop - some.start, rng)
            apart = sums / sizes[:, None] - (total_sums - sums) / (total_sizes - sizes)[:, None]
            n_found += int(np.count_nonzero(_dots(apart, apart) >= as_large))
        return n_found


def _side(uses: Uses, documents: "Ids", centre: "Exact") -> _Side:
    """The part of a group in documents, its vectors less a centre."""
    sums, sizes = np.zeros((len(documents), len(centre))), np.zeros(len(documents))
    at = np.searchsorted(documents, uses.documents)
    sums[at], sizes[at] = uses.sums - uses.sizes[:, None] * centre, uses.sizes
    return _Side(sums, sizes)


class _Labels:
    """Which group each document goes to: 1 is the first one, and of a document of both, each part to its own."""

    def __init__(self, first: _Side, other: _Side) -> None:
        self._is_of_both = (first.sizes > 0) & (other.sizes > 0)
        self._alone = (first.sizes > 0)[~self._is_of_both]
        # What label 1 gives the first group more than 0 does; 0 gives it only the other part of documents of both.
        sign = np.where(self._is_of_both, -1.0, 1.0)
        self._sums, self._sizes = first.sums + sign[:, None] * other.sums, first.sizes + sign * other.sizes
        self._least_sums, self._least_size = self._is_of_both @ other.sums, float(self._is_of_both @ other.sizes)

    def first_group(self, n: int, rng: "np.random.Generator") -> "tuple[Exact, Exact]":
        """The sums (n, dim) and sizes (n,) of the first group in some shufflings."""
        drawn = np.empty((n, len(self._sizes)))
        drawn[:, ~self._is_of_both] = rng.permuted(np.tile(self._alone, (n, 1)), axis=1)
        drawn[:, self._is_of_both] = rng.integers(0, 2, (n, len(self._sizes) - len(self._alone)))
        return drawn @ self._sums + self._least_sums, drawn @ self._sizes + self._least_size

"""Permutation tests of two sets of numbers: over all partitions of the same sizes, or over a sample of them.

All of them are gone through by halves: a partition takes some numbers of the one half and the rest of the other, so
that its sum is one of 2^(n/2) and one of another, and counting those beyond a bar is a search in a sorted list. 18 and
18 words have 9 thousand million partitions, and take a fraction of a second.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

ROUNDING = 1e-12  # sums of the same numbers in another order count as equal
DRAWS_AT_ONCE = 1 << 20


@dataclass(frozen=True)
class Partitions:
    """How the partitions are gone through.

    most_words  of both sets, up to which all partitions are; beyond, a sample is drawn
    n_drawn     how many then
    """

    most_words: int = 36
    n_drawn: int = 100_000
    seed: int = 1


class PValues(NamedTuple):
    """As in `Association`."""

    p_one: float
    p_two: float
    n_partitions: int
    is_exact: bool


def p_values(first: "Numbers", second: "Numbers", partitions: Partitions) -> PValues:
    """How often a partition into sets of these sizes has a difference of means as high, or as far from 0.

    The partition as it is counts too, so that p is never 0; of a sample it is (k + 1) / (n + 1).
    Source: Phipson and Smyth 2010, Permutation p-values should never be zero
    """
    numbers = np.concatenate([first, second])
    centred = numbers - numbers.mean()  # of which the sum over the first set orders the differences of means
    observed, slack = float(centred[: len(first)].sum()), ROUNDING * max(1.0, float(np.abs(centred).sum()))
    bars = observed - slack, abs(observed) - slack
    if len(numbers) <= partitions.most_words:
        n_all = math.comb(len(numbers), len(first))
        n_high, n_far = _n_beyond(centred, len(first), bars)
        return PValues(n_high / n_all, n_far / n_all, n_all, True)
    n_high = n_far = 0
    for sums in _drawn_sums(centred, len(first), partitions):
        n_high += int(np.count_nonzero(sums >= bars[0]))
        n_far += int(np.count_nonzero(np.abs(sums) >= bars[1]))
    n = partitions.n_drawn
    return PValues((n_high + 1) / (n + 1), (n_far + 1) / (n + 1), n, False)


def _n_beyond(numbers: "Numbers", n_chosen: int, bars: tuple[float, float]) -> tuple[int, int]:
    """Of all choices of so many numbers, how many sum up to the first bar or more, and how many as far from 0."""
    halves = [_sums_by_size(half) for half in np.array_split(numbers, 2)]
    n_high = n_far = 0
    for size, sums in enumerate(halves[0]):
        if not 0 <= n_chosen - size < len(halves[1]):
            continue
        others = halves[1][n_chosen - size]
        n_others = len(others) * len(sums)
        n_high += n_others - int(np.searchsorted(others, bars[0] - sums, "left").sum())
        if bars[1] <= 0:
            n_far += n_others
            continue
        n_far += n_others - int(np.searchsorted(others, bars[1] - sums, "left").sum())
        n_far += int(np.searchsorted(others, -bars[1] - sums, "right").sum())
    return n_high, n_far


def _sums_by_size(numbers: "Numbers") -> "list[Numbers]":
    """For each number of numbers, the sums of all choices of so many, ascending."""
    sums, sizes = np.zeros(1), np.zeros(1, np.int64)
    for number in numbers:
        sums, sizes = np.concatenate([sums, sums + number]), np.concatenate([sizes, sizes + 1])
    return [np.sort(sums[sizes == size]) for size in range(len(numbers) + 1)]


def _drawn_sums(numbers: "Numbers", n_chosen: int, partitions: Partitions) -> "Iterator[Numbers]":
    """The sums of choices that are drawn without replacement of numbers, each choice anew."""
    rng = np.random.default_rng(partitions.seed)
    at_once = max(1, DRAWS_AT_ONCE // len(numbers))
    for start in range(0, partitions.n_drawn, at_once):
        n = min(at_once, partitions.n_drawn - start)
        chosen = np.argpartition(rng.random((n, len(numbers))), n_chosen - 1, axis=1)[:, :n_chosen]
        yield numbers[chosen].sum(axis=1)

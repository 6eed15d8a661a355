"""How far two groups of documents are apart: against loops over documents, by hand, and on draws of known distance."""

import itertools
import tracemalloc

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from wordvec_cli.training import group_difference
from wordvec_cli.training.group_difference import Difference, Uses, difference, uses_of_groups

Exact = NDArray[np.float64]
Documents = dict[int, Exact]  # the vectors of a group's places, by document


def uses(documents: Documents) -> Uses:
    names = sorted(documents)
    sums, sizes = [documents[i].sum(axis=0) for i in names], [len(documents[i]) for i in names]
    return Uses(np.array(names), np.array(sums), np.array(sizes))


def mean(documents: Documents) -> Exact:
    found: Exact = np.concatenate(list(documents.values())).mean(axis=0)
    return found


def debiased(first: Documents, other: Documents) -> float:
    """The squared distance less the sum of squares of what each document adds to the difference of the means."""
    added: dict[int, Exact] = {}
    for sign, group in ((1, first), (-1, other)):
        m, n_places, n = mean(group), sum(map(len, group.values())), len(group)
        for i, places in group.items():
            part = sign * np.sqrt(n / (n - 1)) * sum(place - m for place in places) / n_places
            added[i] = added.get(i, 0) + part
    distance = float(((mean(first) - mean(other)) ** 2).sum())
    return distance - sum(float((each**2).sum()) for each in added.values())


def jackknife(first: Documents, other: Documents) -> tuple[float, float]:
    """The variance, and its degrees of freedom, by strata: the documents of one group alone, and those of both."""
    total = fourth = 0.0
    for stratum in ({*first} - {*other}, {*other} - {*first}, {*first} & {*other}):
        groups = [[{i: p for i, p in group.items() if i != left} for group in (first, other)] for left in stratum]
        without, n = [debiased(*each) for each in groups], len(stratum)
        if n:
            centre = np.mean(without) if n > 1 else debiased(first, other)
            variance = max(n - 1, 1) / n * sum((each - centre) ** 2 for each in without)
            total, fourth = total + variance, fourth + variance**2 / max(n - 1, 1)
    return total, total**2 / fourth


def drawn(rng: np.random.Generator, names: range, dim: int = 3, shift: float = 0.0) -> Documents:
    """Documents of one to three places, which share a part of their own."""
    return {i: rng.normal(size=dim) + shift + rng.normal(size=(int(rng.integers(1, 4)), dim)) for i in names}


@pytest.mark.parametrize(
    "names", [(range(7), range(7, 12)), (range(9), range(5, 14)), (range(6), range(6)), (range(6), range(1, 9))]
)
def test_distances_and_the_jackknife_are_those_of_loops_over_documents(
    names: tuple[range, range], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of documents that are each of one group, some of both, all of both, all but one of the first group."""
    monkeypatch.setattr(group_difference, "DOCUMENTS_AT_ONCE", 4)
    rng = np.random.default_rng(3)
    first, other = drawn(rng, names[0]), drawn(rng, names[1], shift=0.4)
    found = difference(uses(first), uses(other), 1, 1)
    assert found.distance == pytest.approx(((mean(first) - mean(other)) ** 2).sum())
    assert found.debiased == pytest.approx(debiased(first, other))
    variance, df = jackknife(first, other)
    assert found.se == pytest.approx(np.sqrt(variance))
    reach = stats.t.ppf(0.975, df) * found.se
    assert (found.low, found.high) == pytest.approx((found.debiased - reach, found.debiased + reach), rel=0.01)


def test_six_numbers_by_hand() -> None:
    """0 1 2 and 6 8 10: means 1 and 8, variances 1 and 4 of three each, so 49 - 1/3 - 4/3.

    Without 0: (8 - 1.5)^2 - 0.5/2 - 4/3, without 1: 49 - 2/2 - 4/3, without 2: 7.5^2 - 0.5/2 - 4/3; without 6:
    8^2 - 1/3 - 2/2, without 8: 49 - 1/3 - 8/2, without 10: 6^2 - 1/3 - 2/2.
    """
    first = Uses(np.arange(3), np.array([[0.0], [1], [2]]), np.ones(3, np.int64))
    other = Uses(np.arange(3, 6), np.array([[6.0], [8], [10]]), np.ones(3, np.int64))
    found = difference(first, other, 1, 1)
    assert (found.distance, found.debiased) == pytest.approx((49, 49 - 5 / 3))
    without = np.array([[40 + 2 / 3, 46 + 2 / 3, 54 + 2 / 3], [62 + 2 / 3, 44 + 2 / 3, 34 + 2 / 3]])
    variances = 2 / 3 * ((without - without.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    assert found.se == pytest.approx(np.sqrt(variances.sum()))
    t = stats.t.ppf(0.975, variances.sum() ** 2 / (variances**2 / 2).sum())
    assert found.high - found.debiased == pytest.approx(t * found.se, rel=0.02)


@pytest.mark.parametrize("shared", [0, 6])
def test_p_values_are_uniform_without_a_difference_and_low_with_one(shared: int) -> None:
    """Some documents may have places in both groups; the places of one are alike."""
    rng, p_values = np.random.default_rng(1), []
    for run in range(200):
        sides = [{}, {}]
        for i in range(22):
            own = rng.normal(size=3)
            for side in (0, 1) if i < shared else (int(i % 3 == 0),):
                sides[side][i] = own + rng.normal(size=(int(rng.integers(1, 4)), 3))
        p_values.append(difference(*map(uses, sides), 39, run).p_value - rng.random() / 40)
    assert stats.kstest(p_values, "uniform").pvalue > 0.01
    apart = {i: places + 4 for i, places in sides[1].items()}
    assert difference(uses(sides[0]), uses(apart), 199, 1).p_value == 1 / 200


def test_shufflings_are_all_ways_to_deal_documents_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """p is near the share of all: documents 0 and 1 of the first group, 2 3 4 of the other, 5 and 6 of both."""
    monkeypatch.setattr(group_difference, "NUMBERS_AT_ONCE", 70)
    rng = np.random.default_rng(6)
    first, other = drawn(rng, range(2)), drawn(rng, range(2, 5), shift=0.5)
    both = [(rng.normal(size=(2, 3)), rng.normal(size=(1, 3)) + 0.5) for _ in range(2)]
    alone, distances = first | other, []
    for chosen in itertools.combinations(range(5), 2):
        for swaps in itertools.product((0, 1), repeat=2):
            sides = [[alone[i] for i in range(5) if (i in chosen) == is_first] for is_first in (True, False)]
            for swap, parts in zip(swaps, both, strict=True):
                for side in (0, 1):
                    sides[side].append(parts[side ^ swap])
            means = [np.concatenate(side).mean(axis=0) for side in sides]
            distances.append(float(((means[0] - means[1]) ** 2).sum()))
    sides_as_they_are = (
        {**group, **{5 + i: both[i][side] for i in (0, 1)}} for side, group in enumerate((first, other))
    )
    found = difference(*map(uses, sides_as_they_are), 4000, 1)
    assert distances[0] == pytest.approx(found.distance)
    assert found.p_value == pytest.approx(np.mean(np.array(distances) >= distances[0] - 1e-9), abs=0.03)


def test_shufflings_take_as_much_memory_for_few_documents_of_many_dimensions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(group_difference, "NUMBERS_AT_ONCE", 1 << 16)
    rng = np.random.default_rng(7)
    sides = uses(drawn(rng, range(3), dim=300)), uses(drawn(rng, range(3, 6), dim=300))
    tracemalloc.start()
    difference(*sides, 10_000, 1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 6 * 8 * (1 << 16)


@pytest.mark.parametrize(("n_first", "shift"), [(3, 0.3), (3, 0.8), (5, 0.3), (5, 0.8)])
def test_the_interval_beside_a_small_group_is_not_too_narrow(n_first: int, shift: float) -> None:
    """As if all documents were of one kind, it covered the distance of 3 and 100 documents 83 to 94 times of 100."""
    rng, n_covered = np.random.default_rng(8), 0
    for _ in range(200):
        first, other = drawn(rng, range(n_first)), drawn(rng, range(n_first, n_first + 60), shift=shift)
        found = difference(uses(first), uses(other), 1, 1)
        n_covered += found.low <= 3 * shift**2 <= found.high
    assert n_covered > 0.93 * 200


def test_documents_that_are_alike_have_an_interval_of_no_width() -> None:
    first = Uses(np.arange(3), np.zeros((3, 2)), np.ones(3, np.int64))
    other = Uses(np.arange(3, 7), np.full((4, 2), 2.0), np.full(4, 2))
    found = difference(first, other, 1, 1)
    assert (found.debiased, found.se, found.low, found.high) == pytest.approx((2, 0, 2, 2), abs=1e-12)


def test_the_distance_is_debiased_and_its_interval_covers_the_true_one() -> None:
    rng, found = np.random.default_rng(2), list[Difference]()
    for _ in range(400):
        found.append(difference(uses(drawn(rng, range(25))), uses(drawn(rng, range(25, 60), shift=0.8)), 1, 1))
    true = 3 * 0.8**2
    assert np.mean([each.debiased for each in found]) == pytest.approx(true, abs=0.1)
    assert np.mean([each.distance for each in found]) > true + 0.15
    assert 0.91 < np.mean([each.low <= true <= each.high for each in found]) < 0.98


def test_too_few_documents_have_no_interval_and_one_no_bias() -> None:
    rng = np.random.default_rng(4)
    two = difference(uses(drawn(rng, range(2))), uses(drawn(rng, range(2, 9))), 9, 1)
    assert np.isnan([two.se, two.low, two.high]).all()
    assert np.isfinite([two.distance, two.debiased, two.p_value]).all()
    one = difference(uses(drawn(rng, range(1))), uses(drawn(rng, range(2, 9))), 9, 1)
    assert np.isnan(one.debiased)
    assert np.isfinite(one.distance)
    alone = difference(uses(drawn(rng, range(1))), uses(drawn(rng, range(2, 3))), 9, 1)
    assert alone.p_value == 1


def test_places_are_summed_by_group_and_document() -> None:
    rng = np.random.default_rng(5)
    groups, documents = rng.integers(-1, 4, 200), rng.integers(0, 9, 200) * 10
    groups[groups == 2] = 1  # one has none
    vectors = rng.normal(size=(200, 3))
    for group, found in enumerate(uses_of_groups(groups, documents, vectors, 4)):
        mine = np.flatnonzero(groups == group)
        assert found.documents.tolist() == sorted(set(documents[mine].tolist()))
        for document, of_document, size in zip(*found, strict=True):
            there = mine[documents[mine] == document]
            assert of_document == pytest.approx(vectors[there].sum(axis=0))
            assert size == len(there)
    assert [len(each.documents) for each in uses_of_groups(groups[:0], documents[:0], vectors[:0], 2)] == [0, 0]


def test_groups_without_any_distance_are_no_farther_apart_than_all_shufflings() -> None:
    """Every document has the same place, so that what is computed is what rounding leaves."""
    place = np.random.default_rng(5).normal(size=(1, 7))
    first, other = ({i: place.repeat(i % 3 + 1, axis=0) for i in names} for names in (range(7), range(7, 12)))
    assert difference(uses(first), uses(other), 99, 1).p_value == 1

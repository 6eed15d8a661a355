import math

import numpy as np
import pytest
from scipy import stats

from wordvec_cli.evaluation.bootstrap import Resampling, accuracies, correlations, draws, interval, p_value

RNG = np.random.default_rng(4)
JUDGED = RNG.normal(size=60).round(1)  # with ties
VALUES = (JUDGED + RNG.normal(size=60)).round(1)
OTHERS = (JUDGED + RNG.normal(size=60) * 3).round(1)


def test_a_correlation_is_that_of_the_pairs_that_are_drawn() -> None:
    resampling = Resampling(50, 3)
    drawn = correlations(JUDGED, np.array([VALUES, OTHERS]), resampling)
    counts = np.concatenate(list(draws(60, resampling)))
    for row, values in zip(drawn, (VALUES, OTHERS), strict=True):
        expected = [stats.spearmanr(np.repeat(JUDGED, c), np.repeat(values, c)).statistic for c in counts]
        np.testing.assert_allclose(row, expected, atol=1e-12)


def test_as_many_are_drawn_as_there_are_and_all_as_often(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = np.concatenate(list(draws(7, Resampling(4000))))
    assert (counts.sum(axis=1) == 7).all()
    np.testing.assert_allclose(counts.mean(axis=0), 1, atol=0.06)
    monkeypatch.setattr("wordvec_cli.evaluation.bootstrap.DRAWS_AT_ONCE", 20)
    assert [len(some) for some in draws(7, Resampling(5))] == [2, 2, 1]


def test_the_interval_of_a_correlation_is_scipys() -> None:
    drawn = correlations(JUDGED, VALUES[None], Resampling(2000))
    expected = stats.bootstrap(
        (JUDGED, VALUES), lambda x, y: stats.spearmanr(x, y).statistic, paired=True, vectorized=False,
        method="percentile", n_resamples=2000, rng=np.random.default_rng(8),
    ).confidence_interval  # fmt: skip
    assert interval(drawn[0]) == pytest.approx((expected.low, expected.high), abs=0.02)


@pytest.mark.parametrize(("n", "n_right"), [(200, 60), (10, 1), (5, 5), (5, 0)])
def test_the_interval_of_an_accuracy_is_the_binomial_one(n: int, n_right: int) -> None:
    drawn = accuracies(np.arange(n)[None] < n_right, Resampling(20_000))
    expected = stats.binom.ppf([0.025, 0.975], n, n_right / n) / n
    assert interval(drawn[0]) == pytest.approx(tuple(expected), abs=1.01 / n if 0 < n_right < n else 0)


def test_two_files_are_asked_the_same_questions() -> None:
    """Of two questions each answers one: both are drawn in half of the resamples, each alone in a quarter."""
    first, second = accuracies(np.array([[True, False], [False, True]]), Resampling(20_000))
    difference = second - first
    shares = [float((difference == value).mean()) for value in (-1, 0, 1)]
    assert shares == pytest.approx([0.25, 0.5, 0.25], abs=0.015)
    assert (first + second == 1).all()
    same, again = accuracies(np.array([[True, False, True]] * 2), Resampling(100))
    assert (same == again).all()


def test_the_same_seed_draws_the_same_and_another_does_not() -> None:
    for draw in (
        lambda seed: correlations(JUDGED, VALUES[None], Resampling(20, seed)),
        lambda seed: accuracies(VALUES[None] > 0, Resampling(20, seed)),
    ):
        np.testing.assert_array_equal(draw(1), draw(1))
        assert (draw(1) != draw(2)).any()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("judged", "values"), [([1.0], [0.5]), ([1.0, 2.0], [0.5, 0.5]), ([3.0, 3.0, 3.0], [1.0, 2.0, 3.0])]
)
def test_there_is_no_interval_where_all_is_alike(judged: list[float], values: list[float]) -> None:
    drawn = correlations(np.array(judged), np.array([values]), Resampling(50))
    assert np.isnan(drawn).all()
    assert all(map(math.isnan, (*interval(drawn[0]), p_value(drawn[0]))))


def test_resamples_without_a_score_are_left_out_of_the_interval() -> None:
    assert interval(np.array([math.nan, 0.5, math.nan, 0.5])) == (0.5, 0.5)


@pytest.mark.parametrize(
    ("differences", "expected"),
    [
        ([1, 1, 1, 1], 2 * 1 / 5),
        ([-1] * 99, 2 * 1 / 100),
        ([1, 1, 1, -1], 2 * 2 / 5),
        ([0, 0, 0], 1),
        ([1, -1], 1),
        ([math.nan, 1, 1, 1, 1], 2 * 1 / 5),
    ],
)
def test_the_p_value_counts_resamples_on_the_other_side(differences: list[float], expected: float) -> None:
    assert p_value(np.array(differences, float)) == pytest.approx(expected)

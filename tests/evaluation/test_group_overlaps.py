"""Whether two groups of trainings share fewer neighbours than one does: by hand, and in a simulation that counts."""

import numpy as np
import pytest

from wordvec_cli.evaluation.group_overlaps import fewer_between, group_overlaps
from wordvec_cli.queries.models import models_of
from wordvec_cli.vectors.embeddings import from_matrix
from wordvec_cli.vocabulary.vocabulary import Vocabulary


def symmetric(pairs: dict[tuple[int, int], float], n: int) -> np.ndarray:
    shares = np.full((n, n), np.nan)
    for (i, j), share in pairs.items():
        shares[i, j] = shares[j, i] = share
    return shares


def test_a_single_model_is_asked_whether_it_could_be_one_of_a_group() -> None:
    """By hand: what three models add is 0.1, 0 and -0.1, a deviation of 0.1; the fourth adds 0.3 less than the mean."""
    group = {(0, 1): 0.6, (0, 2): 0.5, (1, 2): 0.4}
    found = fewer_between(symmetric(group | {(i, 3): share for i, share in enumerate((0.3, 0.2, 0.1))}, 4), 3)
    assert found.value == pytest.approx(-0.3)
    assert found.high - found.value == pytest.approx(4.302653 * 0.1 * np.sqrt(4 / 3), abs=1e-6)
    assert found.p_value == pytest.approx(0.1217, abs=1e-4)  # Student's of -0.3 / 0.11547 with 2 degrees of freedom


def test_what_a_model_shares_with_all_others_is_no_difference_of_groups() -> None:
    """The overlaps are sums of what models add, however unlike; the rests, all 0, leave no doubt."""
    added = np.array([0.1, -0.2, 0.05, 0.0, 0.15])
    shares = 0.5 + added[:, None] + added
    np.fill_diagonal(shares, np.nan)
    assert fewer_between(shares, 2).value == pytest.approx(0)
    shares[:2, 2:] -= 0.1
    shares[2:, :2] -= 0.1
    found = fewer_between(shares, 2)
    assert (found.value, found.p_value) == (pytest.approx(-0.1), pytest.approx(0, abs=1e-12))


@pytest.mark.parametrize(("n_first", "n_second"), [(3, 3), (2, 5), (6, 1), (1, 12)])
def test_groups_that_are_alike_are_found_to_differ_in_one_case_of_twenty(n_first: int, n_second: int) -> None:
    rng, n, n_runs = np.random.default_rng(n_first), n_first + n_second, 1000
    found = np.empty((2, n_runs))
    for run in range(n_runs):
        added, rests = rng.normal(0, 0.01, n), np.triu(rng.normal(0, 0.005, (n, n)), 1)
        shares = 0.5 + added[:, None] + added + rests + rests.T
        np.fill_diagonal(shares, np.nan)
        found[0, run] = fewer_between(shares, n_first).p_value
        shares[:n_first, n_first:] -= 0.1
        shares[n_first:, :n_first] -= 0.1
        found[1, run] = fewer_between(shares, n_first).p_value
    alike, apart = (found < 0.05).mean(axis=1)
    assert alike == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / n_runs))
    assert apart > 0.95


@pytest.mark.parametrize(("n_first", "is_within"), [(2, None), (3, True)])
def test_two_models_are_too_few_to_say_what_chance_does(n_first: int, is_within: bool | None) -> None:
    rng = np.random.default_rng(1)
    words, base = Vocabulary.from_words([b"w%d" % i for i in range(60)]), rng.normal(size=(60, 8))
    vectors = [
        from_matrix(words, (base + rng.normal(size=base.shape)).astype(np.float32), {}) for _ in range(n_first + 1)
    ]
    found = group_overlaps(models_of([f"m{i}" for i in range(n_first + 1)], vectors), n_first, range(60), 5)
    assert found.is_within_noise is is_within
    if is_within:
        low, high = found.bounds
        assert 0 <= low < found.between < high <= 1

"""Steps that do the same to each row, against their formulas and scikit-learn's PCA."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from tests.vectors.transform.conftest import After, made
from wordvec_cli.errors import InputError, OptionError


def up_to_signs(found: np.ndarray, right: np.ndarray) -> np.ndarray:
    return found * np.sign((found * right).sum(axis=0))


def test_normalise_brings_rows_to_length_1(after: After) -> None:
    found = after(made([[3, 4], [0, 0], [-2e30, 0], [1e-40, 0]]), "normalise")
    np.testing.assert_allclose(found, [[0.6, 0.8], [0, 0], [-1, 0], [1, 0]], atol=1e-6)


def test_centre_takes_the_mean_off(after: After, spread: np.ndarray) -> None:
    right = spread - spread.astype(np.float64).mean(axis=0)
    np.testing.assert_allclose(after(made(spread), "centre"), right, atol=1e-5)


def test_a_mean_can_be_that_of_the_first_words(after: After) -> None:
    assert after(made([[1, 2], [3, 4], [100, 100]]), "centre:fit-on=2").tolist() == [[-1, -1], [1, 1], [98, 97]]
    assert after(made([[1, 2], [3, 4]]), "centre:fit-on=9").tolist() == [[-1, -1], [1, 1]]


@pytest.mark.parametrize("n", [1, 2, 5])
def test_all_but_the_top_leaves_nothing_of_the_first_components(after: After, spread: np.ndarray, n: int) -> None:
    rows = spread.astype(np.float64)
    moved = rows - rows.mean(axis=0)
    top = PCA(n).fit(rows).components_
    right = moved - moved @ top.T @ top
    np.testing.assert_allclose(after(made(spread), f"abtt:{n}"), right, atol=1e-4)


def test_components_can_be_those_of_the_first_words(after: After, spread: np.ndarray) -> None:
    first = PCA(3).fit(spread[:500].astype(np.float64))
    right = first.transform(spread.astype(np.float64))
    np.testing.assert_allclose(up_to_signs(after(made(spread), "pca:3,fit-on=500"), right), right, atol=1e-4)


def test_pca_gives_the_coordinates_that_scikit_learn_does(after: After, spread: np.ndarray) -> None:
    right = PCA(4).fit_transform(spread.astype(np.float64))
    np.testing.assert_allclose(up_to_signs(after(made(spread), "pca:4"), right), right, atol=1e-4)


def test_each_component_has_its_largest_number_above_0(after: After, spread: np.ndarray) -> None:
    """So that files do not depend on whim: the axes themselves are what unit vectors become."""
    axes = after(made(np.vstack([spread, np.eye(12)])), "pca:12,fit-on=3000")[-12:]
    axes -= after(made(np.vstack([spread, np.full((1, 12), 1e-30)])), "pca:12,fit-on=3000")[-1]
    assert (axes[np.abs(axes).argmax(axis=0), np.arange(12)] > 0).all()


def test_whitening_gives_what_scikit_learn_does(after: After, spread: np.ndarray) -> None:
    right = PCA(whiten=True).fit_transform(spread.astype(np.float64))
    np.testing.assert_allclose(up_to_signs(after(made(spread), "whiten"), right), right, atol=1e-4)


def test_whitening_by_half_takes_the_fourth_root_of_variances(after: After, spread: np.ndarray) -> None:
    pca = PCA().fit(spread.astype(np.float64))
    right = pca.transform(spread.astype(np.float64)) / pca.explained_variance_**0.25
    np.testing.assert_allclose(up_to_signs(after(made(spread), "whiten:0.25"), right), right, atol=1e-4)


def test_a_column_that_is_constant_is_whitened_to_0(after: After, spread: np.ndarray) -> None:
    found = after(made(np.column_stack([spread, np.full(len(spread), 3.0)])), "whiten")
    assert found.shape == (3000, 13)
    assert np.isfinite(found).all()
    assert after.notes == ["whiten: 1 component of 13 without variance becomes 0"]
    assert (np.abs(found).max(axis=0) == 0).sum() == 1


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_a_power_beyond_all_numbers_is_refused(after: After, spread: np.ndarray, scale: float) -> None:
    with pytest.raises(OptionError, match=r"whiten:1e\+09: makes numbers that no file can hold"):
        after(made(spread * np.float32(scale)), "whiten:1e9")


def test_vectors_that_are_all_the_same_cannot_be_whitened(after: After) -> None:
    with pytest.raises(InputError, match="whiten: all vectors are the same"):
        after(made(np.full((5, 3), 2.0)), "whiten")


def test_scale_multiplies_all_numbers(after: After) -> None:
    assert after(made([[1, 2], [3, 4]]), "scale:0.5").tolist() == [[0.5, 1], [1.5, 2]]


def test_scale_without_a_number_makes_the_mean_length_1(after: After) -> None:
    found = after(made([[3, 4], [0, 1], [0, 0]]), "scale")
    np.testing.assert_allclose(found, np.array([[3, 4], [0, 1], [0, 0]]) / 3, rtol=1e-6)


def test_round_keeps_so_many_decimals(after: After) -> None:
    found = after(made([[1.234567, -9.876543], [0.005, 1e9]]), "round:2")
    np.testing.assert_array_equal(found, np.array([[1.23, -9.88], [0.0, 1e9]], np.float32))


@pytest.mark.parametrize("step", ["centre", "abtt:1", "pca:2", "whiten", "normalise", "scale", "round:1"])
def test_a_row_of_zeros_stays_one_and_teaches_nothing(after: After, step: str) -> None:
    rows = np.random.default_rng(1).normal(size=(50, 3)) + 2
    with_zeros = after(made(np.vstack([rows[:25], np.zeros((3, 3)), rows[25:]])), step)
    assert not with_zeros[25:28].any()
    np.testing.assert_allclose(np.delete(with_zeros, [25, 26, 27], axis=0), after(made(rows), step), atol=1e-6)


@pytest.mark.parametrize("step", ["centre", "abtt:1", "pca:2", "whiten", "scale"])
def test_a_row_that_is_not_finite_teaches_nothing_and_is_counted(after: After, step: str) -> None:
    rows = np.random.default_rng(1).normal(size=(50, 3)) + 2
    found = after(made(np.vstack([rows, [[np.nan, 1, 1], [np.inf, 1, 1]]])), step)
    name = step.split(":", maxsplit=1)[0]
    assert after.notes == [f"{name}: rows with numbers that are not finite, which nothing is learnt from: 2"]
    np.testing.assert_allclose(found[:50], after(made(rows), step), atol=1e-6)
    assert not np.isfinite(found[50:]).all(axis=1).any()


@pytest.mark.parametrize("step", ["centre", "abtt:1", "pca:1", "whiten", "scale"])
def test_nothing_can_be_learnt_from_no_sound_row(after: After, step: str) -> None:
    with pytest.raises(InputError, match="look with wordvec verify"):
        after(made([[0, 0], [np.nan, 1]]), step)


@pytest.mark.parametrize(("step", "message"), [("abtt:3", "would leave nothing"), ("pca:4", "have 3 numbers")])
def test_more_components_than_there_are_is_an_error(after: After, step: str, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        after(made(np.eye(3)), step)


@pytest.mark.parametrize("step", ["centre", "abtt:2", "whiten", "pca:5"])
def test_the_bytes_do_not_depend_on_threads(after: After, step: str) -> None:
    rows = np.random.default_rng(3).normal(size=(70_000, 40)).astype(np.float32)  # three blocks
    one, two = (after(made(rows), step, n_threads=n) for n in (1, 2))
    np.testing.assert_array_equal(one, two)


def test_a_mean_far_away_does_not_swallow_what_lies_about_it(after: After) -> None:
    rows = np.random.default_rng(3).normal(size=(5000, 6)) * [5, 4, 3, 2, 1, 0.5]
    right = PCA(3).fit_transform((rows + 1000).astype(np.float32).astype(np.float64))
    found = after(made(rows + 1000), "pca:3")
    np.testing.assert_allclose(up_to_signs(found, right), right, atol=0.01)


def test_steps_are_taken_in_the_order_given(after: After) -> None:
    rows = made([[3, 4], [0, 2]])
    np.testing.assert_allclose(after(rows, "centre", "scale:2"), [[3, 2], [-3, -2]])
    np.testing.assert_allclose(after(rows, "normalise", "centre"), [[0.3, -0.1], [-0.3, 0.1]], atol=1e-6)

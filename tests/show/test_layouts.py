"""Places of words in the plane, and the neighbours they keep, against numpy's SVD and scikit-learn's neighbours."""

import sys

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from wordvec_cli.errors import OptionError
from wordvec_cli.show.layouts import METHODS, kept_neighbours, lay_out, neighbours, pca

pytestmark = pytest.mark.xdist_group("umap")  # which compiles its loops in every process that imports it


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    """Three clouds of 20 words, far from each other."""
    rng = np.random.default_rng(5)
    middles = np.repeat(rng.normal(size=(3, 12)) * 3, 20, axis=0)
    return (middles + rng.normal(size=(60, 12))).astype(np.float32)


def directions(rows: np.ndarray) -> np.ndarray:
    exact = rows.astype(np.float64)
    return exact / np.linalg.norm(exact, axis=1, keepdims=True)


def test_pca_is_that_of_a_singular_value_decomposition(rows: np.ndarray) -> None:
    centred = directions(rows) - directions(rows).mean(axis=0)
    left, sizes, axes = np.linalg.svd(centred, full_matrices=False)
    expected = left[:, :2] * sizes[:2] * np.sign(axes[np.arange(2), np.abs(axes[:2]).argmax(axis=1)])
    found = pca(rows)
    np.testing.assert_allclose(found.places, expected, atol=1e-12)
    np.testing.assert_allclose(found.explained, sizes[:2] ** 2 / (sizes**2).sum())


def test_neighbours_and_those_that_the_plane_keeps_are_those_of_a_full_search(rows: np.ndarray) -> None:
    places = pca(rows).places
    true = NearestNeighbors(n_neighbors=11, metric="cosine").fit(rows).kneighbors(return_distance=False)[:, :10]
    flat = NearestNeighbors(n_neighbors=11).fit(places).kneighbors(return_distance=False)[:, :10]
    np.testing.assert_array_equal(neighbours(rows, 10).ids, true)
    expected = np.mean([len({*one} & {*other}) / 10 for one, other in zip(true, flat, strict=True)])
    kept = kept_neighbours(rows, places)
    assert kept is not None
    assert kept.share == pytest.approx(expected)
    assert kept.k == 10
    assert kept_neighbours(rows, places, neighbours(rows, 20)) == kept


@pytest.mark.parametrize("method", METHODS)
def test_each_layout_keeps_the_clouds_apart_and_is_the_same_again(rows: np.ndarray, method: str) -> None:
    found = lay_out(rows, method)
    assert found.method == method
    assert found.places.tobytes() == lay_out(rows, method).places.tobytes()
    clouds = found.places.reshape(3, 20, 2)
    spread = np.linalg.norm(clouds - clouds.mean(axis=1, keepdims=True), axis=2).mean()
    middles = clouds.mean(axis=1)
    assert min(np.linalg.norm(middles[i] - middles[j]) for i, j in ((0, 1), (0, 2), (1, 2))) > 2 * spread


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n_words", [0, 1, 2, 4])
def test_few_words_have_places_but_no_neighbours_to_keep(rows: np.ndarray, method: str, n_words: int) -> None:
    found = lay_out(rows[:n_words], method)
    assert (found.places.shape, found.method) == ((n_words, 2), "pca")
    assert np.isfinite(found.places).all()
    assert kept_neighbours(rows[:n_words], found.places) is None


@pytest.mark.parametrize("method", METHODS)
def test_equal_vectors_lie_in_one_point_and_vectors_of_one_number_on_a_line(method: str) -> None:
    assert not lay_out(np.full((9, 4), 0.3, np.float32), method).places.any()
    line = lay_out(np.array([[1], [-2], [3], [0], [5], [-1]], np.float32), method).places
    assert not line[:, 1].any()
    assert len(set(line[:, 0].round(9))) == 3


@pytest.mark.parametrize(("method", "module"), [("umap", "umap"), ("tsne", "openTSNE")])
def test_a_layout_whose_package_is_missing_names_the_extra(
    rows: np.ndarray, method: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(OptionError, match=rf"wordvec-cli\[{method}\]"):
        lay_out(rows, method)

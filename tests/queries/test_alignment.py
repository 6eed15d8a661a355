"""Vectors in the space of others, against scipy's Procrustes, a known rotation, and CSLS by its formula."""

from pathlib import Path

import numpy as np
import pytest
from scipy.linalg import orthogonal_procrustes

from wordvec_cli.errors import InputError
from wordvec_cli.queries.alignment import AlignOptions, align, read_pairs
from wordvec_cli.queries.common_space import align_all
from wordvec_cli.queries.csls import K, Neighbourhood, nearness
from wordvec_cli.queries.index import Index
from wordvec_cli.queries.nearest import nearest
from wordvec_cli.queries.translation import precisions
from wordvec_cli.vectors.embeddings import Embeddings, from_matrix
from wordvec_cli.vectors.procrustes import Fitting
from wordvec_cli.vectors.transform.rows import held
from wordvec_cli.vocabulary.vocabulary import Vocabulary


def made(matrix: object, words: list[str] | None = None) -> Embeddings:
    rows = np.array(matrix, np.float32)
    names = words or [f"w{i}" for i in range(len(rows))]
    return from_matrix(Vocabulary.from_words([name.encode() for name in names]), rows, {})


def rotation(dim: int, seed: int = 3) -> np.ndarray:
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(dim, dim)))[0]


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture
def rows() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(400, 20)).astype(np.float32).astype(np.float64)


def test_a_rotation_is_taken_back_to_1e_5(rows: np.ndarray) -> None:
    names = [f"w{i}" for i in range(400)]
    source = made((rows @ rotation(20))[::-1], names[::-1])
    found = align(source, made(rows, names), AlignOptions())
    np.testing.assert_allclose(held(found.vectors).matrix[::-1], rows, atol=1e-5)
    assert found.fit.cosine == pytest.approx(1, abs=1e-6)
    assert found.before < 0.5


def test_it_is_the_rotation_that_scipy_finds(rows: np.ndarray) -> None:
    noisy = rows @ rotation(20) + np.random.default_rng(2).normal(size=rows.shape) * 0.5
    source, target = made(noisy), made(rows)
    sides = source.matrix.astype(np.float64), target.matrix.astype(np.float64)
    right, _ = orthogonal_procrustes(unit(sides[0]), unit(sides[1]))
    found = align(source, target, AlignOptions())
    np.testing.assert_allclose(found.fit.rotation, right, atol=1e-10)
    np.testing.assert_allclose(held(found.vectors).matrix, sides[0] @ right, atol=1e-5)
    raw, _ = orthogonal_procrustes(*sides)
    np.testing.assert_allclose(align(source, target, AlignOptions(Fitting(False))).fit.rotation, raw, atol=1e-10)


def test_scaling_takes_lengths_to_those_of_the_target(rows: np.ndarray) -> None:
    found = align(made(rows @ rotation(20) * 3), made(rows), AlignOptions(Fitting(is_scaled=True)))
    assert found.fit.scale == pytest.approx(1 / 3, rel=1e-6)
    np.testing.assert_allclose(held(found.vectors).matrix, rows, atol=1e-5)


def test_centring_takes_means_off_and_gives_the_targets(rows: np.ndarray) -> None:
    """By hand, of rows at length 1."""
    source = rows @ rotation(20) + 0.7
    a, b = unit(source.astype(np.float32).astype(np.float64)), unit(rows)
    turn, _ = orthogonal_procrustes(a - a.mean(axis=0), b - b.mean(axis=0))
    right = (a - a.mean(axis=0)) @ turn + b.mean(axis=0)
    found = align(made(source), made(rows), AlignOptions(Fitting(is_centred=True)))
    np.testing.assert_allclose(held(found.vectors).matrix, right, atol=1e-5)


def test_centring_raw_vectors_takes_a_shift_back(rows: np.ndarray) -> None:
    fitting = Fitting(is_unit=False, is_centred=True, is_scaled=True)
    found = align(made((rows + 5) @ rotation(20) * 2), made(rows), AlignOptions(fitting))
    np.testing.assert_allclose(held(found.vectors).matrix, rows, atol=1e-4)


def test_a_dictionary_gives_the_pairs_and_a_word_may_have_several(rows: np.ndarray, tmp_path: Path) -> None:
    source = made(rows[:30] @ rotation(20), [f"d{i}" for i in range(30)])
    lines = [f"d{i}\tw{i}\n" for i in range(30)] + ["d0\tw30\n", "zebra\tw1\n"]
    (tmp_path / "pairs.tsv").write_text("".join(lines))
    notes: list[str] = []
    options = AlignOptions(dictionary=str(tmp_path / "pairs.tsv"))
    found = align(source, made(rows), options, lambda text, **_: notes.append(text))
    assert found.fit.n_pairs == 31
    assert notes == [f"{tmp_path}/pairs.tsv: 1 of 32 pairs have a word without a vector"]
    ids = [*range(30), 0], [*range(30), 30]
    right, _ = orthogonal_procrustes(unit(source.matrix[ids[0]].astype(float)), unit(rows[ids[1]]))
    np.testing.assert_allclose(found.fit.rotation, right, atol=1e-9)


def test_anchors_and_first_words_choose_among_common_ones(rows: np.ndarray, tmp_path: Path) -> None:
    (tmp_path / "anchors.txt").write_text("w3\nw5\nzebra\n")
    source, target = made(rows), made(rows)
    assert align(source, target, AlignOptions(anchors=str(tmp_path / "anchors.txt"))).fit.n_pairs == 2
    assert align(source, target, AlignOptions(first_words=40)).fit.n_pairs == 40


def test_rows_without_a_direction_are_no_pairs(rows: np.ndarray) -> None:
    damaged = rows.copy()
    damaged[3], damaged[5, 2] = 0, np.nan
    notes: list[str] = []
    found = align(made(damaged), made(rows), AlignOptions(), lambda text, **_: notes.append(text))
    assert found.fit.n_pairs == 398
    assert notes == ["left out 2 pairs with a vector that is zeros or not finite"]


def test_few_pairs_are_told_and_none_is_an_error(rows: np.ndarray) -> None:
    notes: list[str] = []
    align(made(rows), made(rows[:5]), AlignOptions(), lambda text, **_: notes.append(text))
    assert notes[0].startswith("5 pairs do not determine a rotation of 20 dimensions")
    with pytest.raises(InputError, match="no word in common; give pairs with --dictionary"):
        align(made(rows[:2], ["a", "b"]), made(rows), AlignOptions())
    with pytest.raises(InputError, match="no pair has two vectors"):
        align(made(np.zeros((4, 20))), made(rows), AlignOptions())


def test_files_of_other_dimensions_are_not_aligned(rows: np.ndarray) -> None:
    with pytest.raises(InputError, match=r"the vectors have 20 and 10 numbers; .* pca:10"):
        align(made(rows), made(rows[:, :10]), AlignOptions())


@pytest.mark.parametrize(
    ("content", "message"), [("", "holds no pairs"), ("a b\na b c\n", ":2: 3 words where a pair has 2")]
)
def test_a_dictionary_that_is_none_is_an_error(content: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "pairs.tsv").write_text(content)
    with pytest.raises(InputError, match=message):
        read_pairs(str(tmp_path / "pairs.tsv"))


def test_refining_finds_the_rotation_from_few_noisy_pairs(rows: np.ndarray, tmp_path: Path) -> None:
    turn = rotation(20)
    target = rows + np.random.default_rng(8).normal(size=rows.shape) * 0.15
    (tmp_path / "pairs.tsv").write_text("".join(f"w{i}\tw{i}\n" for i in range(22)))
    pairs = str(tmp_path / "pairs.tsv")
    plain, refined = (
        align(made(rows @ turn), made(target), AlignOptions(dictionary=pairs, n_refined=n)) for n in (0, 3)
    )
    errors = [np.abs(found.fit.rotation - turn.T).max() for found in (plain, refined)]
    assert errors[1] < errors[0] / 3
    assert refined.fit.n_pairs == 400


# ---------------------------------------------------------------- several files


def test_all_files_come_to_the_first(rows: np.ndarray) -> None:
    files = [made(rows), made(rows @ rotation(20, 4)), made(rows[:300] @ rotation(20, 5))]
    for space in ("first", "chain"):
        found = align_all(files, space, AlignOptions())
        assert found[0] is None
        for each, n in zip(found[1:], (400, 300), strict=True):
            assert each is not None
            np.testing.assert_allclose(held(each.vectors).matrix, rows[:n], atol=1e-4)


def test_all_files_come_to_their_mean(rows: np.ndarray) -> None:
    """Noisy copies in spaces of their own come nearer to each other than any is to the first."""
    rng = np.random.default_rng(6)
    files = [made((rows + rng.normal(size=rows.shape) * 0.3) @ rotation(20, seed)) for seed in range(4)]
    found = align_all(files, "mean", AlignOptions())
    matrices = [unit(held(each.vectors).matrix.astype(float)) for each in found if each is not None]
    mean = np.mean(matrices, axis=0)
    for matrix in matrices:
        right, _ = orthogonal_procrustes(matrix, mean)
        np.testing.assert_allclose(right, np.eye(20), atol=1e-3)  # no rotation is left to be gained


# ---------------------------------------------------------------- CSLS


def csls_by_formula(asked: np.ndarray, others: np.ndarray, near_others: np.ndarray) -> np.ndarray:
    cosines = unit(asked) @ unit(others).T
    near_asked = np.sort(cosines, axis=1)[:, -K:].mean(axis=1)
    return 2 * cosines - near_asked[:, None] - near_others


def test_csls_within_a_file_is_what_its_formula_says(rows: np.ndarray) -> None:
    vectors = made(rows)
    index = Index(vectors)
    neighbourhood = Neighbourhood.within(index)
    itself = [(i,) for i in range(len(rows))]
    found = nearest(neighbourhood.index, neighbourhood.scorer(rows, itself), 5, itself)
    cosines = unit(rows) @ unit(rows).T
    np.fill_diagonal(cosines, -np.inf)
    near = np.sort(cosines, axis=1)[:, -K:].mean(axis=1)
    right = 2 * cosines - near[:, None] - near
    order = np.argsort(-right, axis=1, kind="stable")[:, :5]
    np.testing.assert_array_equal(found.ids, order)
    np.testing.assert_allclose(found.scores, np.take_along_axis(right, order, axis=1), atol=1e-6)


def test_precisions_are_those_of_cosines_and_csls(rows: np.ndarray) -> None:
    rng = np.random.default_rng(9)
    source = made(rows[:100] + rng.normal(size=(100, 20)) * 1.2, [f"d{i}" for i in range(100)])
    target = made(rows)
    pairs = [(b"d%d" % i, b"w%d" % i) for i in range(60)] + [(b"d0", b"w7"), (b"zebra", b"w1")]
    found = precisions((source, target), pairs)
    gold = {i: {i} for i in range(60)} | {0: {0, 7}}
    a, b = source.matrix.astype(float), target.matrix.astype(float)
    cosines = unit(a[:60]) @ unit(b).T
    near = np.sort(unit(b) @ unit(a).T, axis=1)[:, -K:].mean(axis=1)
    for each, scores in zip(found, (cosines, csls_by_formula(a[:60], b, near)), strict=True):
        order = np.argsort(-scores, axis=1)
        shares = [np.mean([bool(gold[i] & set(order[i, :rank].tolist())) for i in range(60)]) for rank in (1, 5, 10)]
        assert each.at == pytest.approx(shares)
        assert (each.n_used, each.n_total) == (60, 61)


def test_nearness_needs_no_more_neighbours_than_there_are() -> None:
    vectors = made(np.eye(3))
    np.testing.assert_allclose(nearness(Index(vectors), vectors.matrix, np.arange(3)), [0, 0, 0], atol=1e-7)
    np.testing.assert_allclose(nearness(Index(vectors), vectors.matrix), [1 / 3] * 3, atol=1e-7)

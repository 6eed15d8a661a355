"""Axes by hand and against a plain twin; intervals by leaving out against the formula."""

import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from wordvec_cli.errors import InputError
from wordvec_cli.evaluation.axes import AxisWords, axis_words, project, read_axes
from wordvec_cli.queries.spread import COSINES, spread
from wordvec_cli.vectors.embeddings import Embeddings, from_matrix
from wordvec_cli.vocabulary.vocabulary import Vocabulary

WORDS = ["a", "b", "c", "d", "e", "f", "g", "h"]
PAIRS = ((b"a", b"b"), (b"c", b"d"), (b"e", b"f"))


def model(seed: int, opposed: float = 0) -> Embeddings:
    """opposed  how far the words of each pair are moved apart, all pairs in one direction"""
    matrix = np.random.default_rng(seed).normal(size=(len(WORDS), 5)).astype(np.float32)
    matrix[:6, 0] += opposed * np.array([1, -1] * 3, np.float32)
    return of(dict(zip(WORDS, matrix, strict=True)))


def of(vectors: dict[str, object]) -> Embeddings:
    matrix = np.array(list(vectors.values()), np.float32)
    return from_matrix(Vocabulary.from_words([word.encode() for word in vectors]), matrix, {})


def unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def direction(each: Embeddings, word: bytes) -> np.ndarray:
    return unit(each.vector(word).astype(np.float64))


def plain(each: Embeddings, pairs: tuple[tuple[bytes, bytes], ...], word: bytes) -> float:
    differences = [unit(direction(each, upper) - direction(each, lower)) for upper, lower in pairs]
    return float(direction(each, word) @ unit(np.mean(differences, axis=0)))


def test_words_lie_where_their_cosine_with_the_mean_difference_is() -> None:
    """East and west, whatever their lengths, make an axis on which north is 0."""
    vectors = of({"east": [3, 0], "west": [-1, 0], "north": [0, 2], "both": [1, 1]})
    found = project([vectors], AxisWords("x", ((b"east", b"west"),)), [b"north", b"both", b"west"])
    assert [each.over_models.mean for each in found.projections] == pytest.approx([0, math.sqrt(0.5), -1])
    assert np.isnan(found.projections[0].over_pairs).all()  # of one pair nothing can be left out


@pytest.mark.parametrize("n_models", [1, 4])
def test_projections_have_the_spread_of_models_and_of_pairs(n_models: int) -> None:
    models = [model(seed, 9) for seed in range(n_models)]
    (found,) = project(models, AxisWords("x", PAIRS), [b"g"]).projections
    values = [plain(each, PAIRS, b"g") for each in models]
    assert found.over_models == pytest.approx(spread(values, COSINES), abs=1e-12, nan_ok=True)
    without = [np.mean([plain(each, PAIRS[:i] + PAIRS[i + 1 :], b"g") for each in models]) for i in range(3)]
    error = math.sqrt(2 / 3 * sum((each - np.mean(without)) ** 2 for each in without))
    reach = stats.t.ppf(0.975, 2) * error
    assert found.over_pairs == pytest.approx((np.mean(values) - reach, np.mean(values) + reach), abs=1e-10)


def test_no_interval_of_a_projection_reaches_beyond_a_cosine() -> None:
    for_models, for_pairs = [model(seed) for seed in range(2)], [model(0)]
    (found,) = project(for_models, AxisWords("x", PAIRS), [b"g"]).projections
    assert (found.over_models.low, found.over_models.high) == (-1, 1)
    (found,) = project(for_pairs, AxisWords("x", PAIRS), [b"g"]).projections
    assert found.over_pairs == (-1, 1)


def test_sets_make_an_axis_of_the_difference_of_their_means() -> None:
    each = model(3)
    axis = AxisWords("x", (), (b"a", b"b", b"c"), (b"d", b"e"))
    (found,) = project([each], axis, [b"g"]).projections

    def at(positive: list[bytes], negative: list[bytes]) -> float:
        means = [np.mean([direction(each, word) for word in words], axis=0) for words in (positive, negative)]
        return float(direction(each, b"g") @ unit(means[0] - means[1]))

    whole = at([*axis.positive], [*axis.negative])
    assert found.over_models.mean == pytest.approx(whole, abs=1e-12)
    upper = [at([w for w in axis.positive if w != out], [*axis.negative]) for out in axis.positive]
    lower = [at([*axis.positive], [w for w in axis.negative if w != out]) for out in axis.negative]
    variance = sum((len(part) - 1) * np.var(part) for part in (upper, lower))
    reach = stats.t.ppf(0.975, 3) * math.sqrt(variance)
    assert found.over_pairs == pytest.approx((whole - reach, whole + reach), abs=1e-10)


def test_a_pair_that_points_the_other_way_is_named() -> None:
    vectors = of(
        {
            "a": [1, 0],
            "b": [-1, 0.1],
            "c": [1, 0.2],
            "d": [-1, 0],
            "e": [-1, 0.3],
            "f": [1, 0],
            "g": [2, 1],
            "h": [-1, 0],
        }
    )
    found = project([vectors], AxisWords("x", (*PAIRS, (b"g", b"h"))), [b"a"])
    assert [each.pair for each in found.disagreeing] == [(b"e", b"f")]


def test_pairs_with_missing_words_are_left_out_and_too_many_refused() -> None:
    notes: list[str] = []
    pairs = (*PAIRS, (b"g", b"h"), (b"absent", b"a"))
    found = project([model(1)], AxisWords("x", pairs), [b"g"], notes.append)
    assert found.words.pairs == pairs[:4]
    assert notes == ["x: pairs: 'absent' missing, 1 of 5 lost"]
    with pytest.raises(InputError, match="x: pairs: 'absent' missing, 1 of 2 lost; more than a fifth"):
        project([model(1)], AxisWords("x", pairs[3:]), [b"g"])
    with pytest.raises(InputError, match="x: 'a' and 'a' have one direction"):
        project([model(1)], AxisWords("x", ((b"a", b"a"),)), [b"g"])


def test_what_comes_twice_is_refused_as_its_interval_would_be_too_narrow() -> None:
    with pytest.raises(InputError, match="x: pairs: 'a', 'b' comes twice; leave one out"):
        project([model(1)], AxisWords("x", ((b"a", b"b"), (b"c", b"d"), (b"A", b"b"))), [b"g"])
    with pytest.raises(InputError, match="x: negative: 'c' comes twice; leave one out"):
        project([model(1)], AxisWords("x", (), (b"a", b"b"), (b"c", b"C")), [b"g"])


def test_axes_are_read_from_files(tmp_path: Path) -> None:
    path = tmp_path / "class.toml"
    path.write_text('pairs = [["rich", "poor"]]\n')
    assert read_axes(str(path)) == [AxisWords("class", ((b"rich", b"poor"),))]
    path.write_text('[one]\npairs = [["a", "b"]]\n[two]\npositive = ["a"]\nnegative = ["b"]\n')
    assert [each.name for each in read_axes(str(path))] == ["one", "two"]
    assert read_axes(str(path), ["two"]) == [AxisWords("two", (), (b"a",), (b"b",))]
    with pytest.raises(InputError, match="has no axis 'three'; it has one, two"):
        read_axes(str(path), ["three"])
    path.write_text('{"pairs": [["\\ud800", "a"]]}')
    assert read_axes(str(path))[0].pairs == ((b"\xed\xa0\x80", b"a"),)


@pytest.mark.parametrize(
    "table",
    [{}, {"pairs": []}, {"pairs": [["a"]]}, {"pairs": [["a", 1]]}, {"positive": ["a"]}, {"x": 1}, ["a"],
     {"positive": "ab", "negative": ["c"]}],
)  # fmt: skip
def test_what_is_not_an_axis_is_refused_by_name(table: object) -> None:
    with pytest.raises(InputError, match=r"^f\.toml: x: "):
        axis_words("x", table, "f.toml")

"""Questions to several models: the spread against scipy and a simulation, neighbours against a plain twin."""

import numpy as np
import pytest
from scipy import stats

from wordvec_cli.errors import InputError
from wordvec_cli.queries.models import Models, models_of
from wordvec_cli.queries.models_nearest import CommonSearch, common_neighbours
from wordvec_cli.queries.models_pairs import pair_spreads
from wordvec_cli.queries.questions import Question
from wordvec_cli.queries.spread import COSINES, SHARES, gap, spread, spreads, t_quantile, t_quantile_between
from wordvec_cli.vectors.embeddings import Embeddings, from_matrix
from wordvec_cli.vocabulary.vocabulary import Vocabulary

N_WORDS, DIM = 60, 8


def vectors_of(words: list[bytes], seed: int, dim: int = DIM) -> Embeddings:
    matrix = np.random.default_rng(seed).normal(size=(len(words), dim)).astype(np.float32)
    return from_matrix(Vocabulary.from_words(words), matrix, {})


def words_of(n: int = N_WORDS) -> list[bytes]:
    return [b"w%d" % i for i in range(n)]


def models(n: int = 5) -> Models:
    return models_of([f"m{i}" for i in range(n)], [vectors_of(words_of(), i) for i in range(n)])


def questions(found: Models, *words: int) -> list[tuple[Question, ...]]:
    return [
        tuple(Question([b"w%d" % i], [each.matrix[i]], [1.0], frozenset([i])) for each in found.vectors) for i in words
    ]


def cosines_of(each: Embeddings, word_id: int) -> np.ndarray:
    unit = each.matrix.astype(np.float64)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    return unit @ unit[word_id]


def test_quantiles_of_degrees_between_whole_ones_are_never_too_small() -> None:
    for df in (1.0, 2.0, 2.1, 2.5, 2.9, 3.5, 11.7, 99_999.5, 100_000.0):
        exact = stats.t.ppf(0.975, df)
        assert exact * (1 - 1e-9) <= t_quantile_between(df) <= exact + (0.06 if df < 3 else 0.011)


@pytest.mark.parametrize("df", [1, 2, 3, 4, 9, 19, 100])
def test_quantiles_and_p_values_are_those_of_student(df: int) -> None:
    assert t_quantile(df) == pytest.approx(stats.t.ppf(0.975, df), rel=1e-12)
    rng = np.random.default_rng(df)
    first, second = rng.normal(size=df), rng.normal(0.3, 1, 2)
    assert gap(first, second).p_value == pytest.approx(stats.ttest_ind(first, second).pvalue, abs=1e-12)


def test_a_spread_is_mean_and_deviation_and_has_none_of_one_model() -> None:
    found = spread([1.0, 2.0, 6.0])
    reach = stats.t.ppf(0.975, 2) * np.sqrt(7) * np.sqrt(4 / 3)
    assert found == pytest.approx((3, np.sqrt(7), 3 - reach, 3 + reach, 3))
    assert np.isnan(spread([1.0])[1:4]).all()
    assert np.isnan(spread([1.0, np.nan])[:4]).all()


@pytest.mark.parametrize("n_models", [3, 20])
def test_intervals_over_bootstraps_hold_the_truth_as_often_as_they_say(n_models: int) -> None:
    """A text's value lies around the truth, those of its bootstraps around the text's, both as far."""
    rng = np.random.default_rng(n_models)
    texts = rng.normal(0.3, 0.05, 4000)
    found = spreads(rng.normal(texts, 0.05, (n_models, len(texts))))
    coverage = np.mean((found.low < 0.3) & (found.high > 0.3))
    assert coverage == pytest.approx(0.95, abs=3 * np.sqrt(0.95 * 0.05 / len(texts)))


@pytest.mark.parametrize("k", [50, 1000])
@pytest.mark.parametrize("n_models", [3, 20])
def test_intervals_of_shares_end_where_shares_do_and_hold_as_much(n_models: int, k: int) -> None:
    """Near 0, shares of k neighbours: what no share can be is cut off, and no truth lies there."""
    rng = np.random.default_rng(n_models)
    texts = rng.normal(0.12, 0.04, 4000)
    shares = np.clip(np.round(k * rng.normal(texts, 0.04, (n_models, len(texts)))) / k, 0, 1)
    bounded, free = spreads(shares, SHARES), spreads(shares)
    assert free.low.min() < 0 == bounded.low.min()
    assert (bounded.mean.tolist(), bounded.sd.tolist()) == (free.mean.tolist(), free.sd.tolist())
    holds = [(each.low <= 0.12) & (each.high >= 0.12) for each in (bounded, free)]
    assert holds[0].tolist() == holds[1].tolist()
    assert holds[0].mean() > 0.9


def test_a_difference_of_bounded_values_is_bounded_too() -> None:
    found = gap([0.9, -0.9], [0.8, -0.8], COSINES)
    assert (found.low, found.high) == (-2, 2)
    assert found.p_value == gap([0.9, -0.9], [0.8, -0.8]).p_value


@pytest.mark.parametrize("threshold", [None, 0.2])
def test_neighbours_and_ranks_are_those_of_a_plain_twin(threshold: float | None) -> None:
    found = models()
    answers = list(common_neighbours(questions(found, 0, 7), CommonSearch(found, 6, None, threshold)))
    for word_id, neighbours in zip((0, 7), answers, strict=True):
        cosines = np.array([cosines_of(each, word_id) for each in found.vectors])
        others = np.delete(np.arange(N_WORDS), word_id)
        order = others[np.argsort(-cosines.mean(axis=0)[others], kind="stable")][:6]
        order = [i for i in order if threshold is None or cosines[:, i].mean() >= threshold]
        assert [each.word_id for each in neighbours] == order
        for each in neighbours:
            ranks = [1 + int((row[others] > row[each.word_id]).sum()) for row in cosines]
            assert each.ranks == (min(ranks), max(ranks))
            assert each.cosine == pytest.approx(spread(cosines[:, each.word_id], COSINES), abs=1e-12)


def test_ranks_are_decided_where_single_precision_cannot_tell() -> None:
    """Words whose cosines with the question differ in the ninth digit."""
    angles = np.array([0, 1, 1 + 1e-5, 1 - 1e-5, 2])
    matrix = np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)
    found = models_of("ab", [from_matrix(Vocabulary.from_words(words_of(5)), matrix, {})] * 2)
    (neighbours,) = common_neighbours(questions(found, 0), CommonSearch(found, 4))
    exact = cosines_of(found.vectors[0], 0)
    assert [each.word_id for each in neighbours] == [3, 1, 2, 4]
    assert [each.ranks for each in neighbours] == [(1, 1), (2, 2), (3, 3), (4, 4)]
    assert exact[3] > exact[1] > exact[2]


def test_a_pair_has_its_cosines_and_the_ranks_of_its_second_word() -> None:
    found = models()
    pair = tuple(Question([b"w3", b"w9"], list(each.matrix[[3, 9]]), [1.0, 1.0]) for each in found.vectors)
    one, none = pair_spreads(found, [pair, tuple(Question([b"x", b"y"]) for _ in found.vectors)], "cosine")
    cosines = [cosines_of(each, 3) for each in found.vectors]
    ranks = [1 + int((np.delete(row, 3) > row[9]).sum()) for row in cosines]
    assert none is None
    assert one is not None
    assert one.spread == pytest.approx(spread([row[9] for row in cosines], COSINES), abs=1e-12)
    assert one.ranks == (min(ranks), max(ranks))


def test_models_with_other_words_are_asked_about_those_that_all_have() -> None:
    words = words_of()
    first, second = vectors_of(words, 1), vectors_of([b"only", *words[:5:-1]], 2)
    found = models_of(["a", "b"], [first, second])
    assert list(found.vocabulary) == words[6:]
    for word in (words[6], words[-1]):
        assert [each.vector(word).tolist() for each in found.vectors] == [
            each.vector(word).tolist() for each in (first, second)
        ]


def test_a_file_that_is_not_of_the_set_is_refused_by_name() -> None:
    first = vectors_of(words_of(), 1)
    foreign = vectors_of([b"w1", *(b"x%d" % i for i in range(20))], 1)
    with pytest.raises(InputError, match=r"^foreign.vec: shares only 1 of 21 words with a"):
        models_of(["a", "b", "foreign.vec"], [first, first, foreign])
    with pytest.raises(InputError, match=r"^wide.vec: its vectors have 9 numbers where those of a have 8"):
        models_of(["a", "wide.vec"], [first, vectors_of(words_of(), 1, 9)])
    with pytest.raises(InputError, match=r"^a: is one vector file"):
        models_of(["a"], [first])
    matrix = first.matrix.copy()
    matrix[5, 2] = np.nan
    broken = models_of(["a", "broken.vec"], [first, from_matrix(first.vocabulary, matrix, {})])
    with pytest.raises(InputError, match=r"^broken.vec: the vector of 'w5' holds numbers that are not finite"):
        list(common_neighbours(questions(broken, 0), CommonSearch(broken, 2)))

"""Association measures against plain twins over all partitions, against scikit-learn, and by hand."""

import itertools
import math
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from wordvec_cli.errors import InputError
from wordvec_cli.evaluation.associating import associate, associate_all
from wordvec_cli.evaluation.association import MEASURES, Rules, association, logistic
from wordvec_cli.evaluation.association_sets import STANDARD, read_word_sets, word_sets
from wordvec_cli.evaluation.partitions import Partitions, p_values
from wordvec_cli.vectors.embeddings import Embeddings, from_matrix
from wordvec_cli.vocabulary.vocabulary import Vocabulary

DIM = 6


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b) / math.sqrt(float(a @ a) * float(b @ b))


def s(word: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    return sum(cosine(word, each) for each in a) / len(a) - sum(cosine(word, each) for each in b) / len(b)


def plain_weat(sets: dict[str, np.ndarray], ddof: int) -> tuple[float, float, float, float]:
    """Statistic, effect size and p-values, partition by partition."""
    words = [*sets["X"], *sets["Y"]]
    values = [s(word, sets["A"], sets["B"]) for word in words]
    n = len(sets["X"])

    def difference(chosen: tuple[int, ...]) -> float:
        others = [values[i] for i in range(len(values)) if i not in chosen]
        return sum(values[i] for i in chosen) / n - sum(others) / len(others)

    observed = difference(tuple(range(n)))
    mean = sum(values) / len(values)
    deviation = math.sqrt(sum((each - mean) ** 2 for each in values) / (len(values) - ddof))
    all_of_them = [difference(chosen) for chosen in itertools.combinations(range(len(values)), n)]
    p_one = sum(each >= observed - 1e-12 for each in all_of_them) / len(all_of_them)
    p_two = sum(abs(each) >= abs(observed) - 1e-12 for each in all_of_them) / len(all_of_them)
    return sum(values[:n]) - sum(values[n:]), observed / deviation, p_one, p_two


def random_sets(seed: int, sizes: tuple[int, int, int, int]) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {name: rng.normal(size=(size, DIM)) for name, size in zip("XYAB", sizes, strict=True)}


@pytest.mark.parametrize("ddof", [0, 1])
@pytest.mark.parametrize("sizes", [(5, 5, 3, 3), (4, 4, 1, 2), (6, 3, 4, 2), (1, 2, 2, 2), (2, 6, 3, 3), (8, 8, 8, 8)])
def test_weat_is_that_of_a_twin_that_goes_through_all_partitions(sizes: tuple[int, int, int, int], ddof: int) -> None:
    sets = random_sets(sum(sizes), sizes)
    (found,) = association("weat", sets, Rules(ddof))
    assert found[1:5] == pytest.approx(plain_weat(sets, ddof), abs=1e-12)
    assert (found.n_partitions, found.is_exact) == (math.comb(sizes[0] + sizes[1], sizes[0]), True)


def test_equal_values_count_as_equal_whatever_the_order_of_adding() -> None:
    values = np.array([0.1, 0.2, 0.3, 0.1, 0.2, 0.3])
    found = p_values(values[:3], values[3:], Partitions())
    sums = [round(sum(each), 9) for each in itertools.combinations(values.tolist(), 3)]
    assert found.p_one == sum(each >= 0.6 for each in sums) / 20
    assert found.p_two == 1.0


def test_many_words_have_the_p_value_of_a_sample_that_the_seed_repeats() -> None:
    rng = np.random.default_rng(3)
    first, second = rng.normal(0.6, 1, 18), rng.normal(0, 1, 18)
    exact = p_values(first, second, Partitions())
    assert exact.n_partitions == math.comb(36, 18)
    drawn = [p_values(first, second, Partitions(most_words=0, n_drawn=20_000, seed=seed)) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]
    for each in drawn:
        assert not each.is_exact
        assert each.p_one == pytest.approx(exact.p_one, abs=4 * math.sqrt(exact.p_one / 20_000))
        assert (each.p_one * 20_001) == pytest.approx(round(each.p_one * 20_001))
    far = p_values(np.arange(18) + 100.0, np.arange(18) * 1.0, Partitions(most_words=0, n_drawn=99))
    assert (far.p_one, far.p_two) == (0.01, 0.01)


def test_p_values_without_an_association_are_uniform() -> None:
    from scipy import stats

    rng = np.random.default_rng(11)
    drawn = [p_values(rng.normal(size=8), rng.normal(size=8), Partitions()) for _ in range(400)]
    for found in ([each.p_one for each in drawn], [each.p_two for each in drawn]):
        assert stats.kstest(found, "uniform").pvalue > 0.01


def test_single_words_have_an_effect_size_of_their_own() -> None:
    sets = random_sets(2, (3, 1, 4, 4))
    found = association("sc-weat", sets, Rules(0))
    for word, each in zip(sets["X"], found, strict=True):
        of_a, of_b = ([cosine(word, one) for one in sets[name]] for name in "AB")
        difference = np.mean(of_a) - np.mean(of_b)
        assert each.value == pytest.approx(difference / np.std([*of_a, *of_b]), abs=1e-12)
        sums = [sum(chosen) for chosen in itertools.combinations([*of_a, *of_b], 4)]
        assert each.p_one == sum(one >= sum(of_a) - 1e-12 for one in sums) / 70


def test_measures_of_distance_and_order_are_those_of_their_formulas() -> None:
    sets = random_sets(5, (3, 4, 5, 2))
    unit = {name: rows / np.linalg.norm(rows, axis=1, keepdims=True) for name, rows in sets.items()}
    means = unit["X"].mean(axis=0), unit["Y"].mean(axis=0)
    distances = [np.linalg.norm(a - means[0]) - np.linalg.norm(a - means[1]) for a in unit["A"]]
    (rnd,) = association("rnd", sets, Rules())
    assert (rnd.statistic, rnd.value) == pytest.approx((sum(distances), np.mean(distances)), abs=1e-12)
    from scipy import stats

    cosines = [[cosine(a, mean) for a in sets["A"]] for mean in means]
    assert association("ect", sets, Rules())[0].value == pytest.approx(stats.spearmanr(*cosines).statistic, abs=1e-12)
    of_targets = [np.mean([1 - cosine(t, a) for a in sets[name]]) for name in "AB" for t in (*sets["X"], *sets["Y"])]
    assert association("mac", sets, Rules())[0].value == pytest.approx(np.mean(of_targets), abs=1e-12)


def test_the_classifier_is_that_of_scikit_learn_and_its_shares_diverge_as_written() -> None:
    sets = random_sets(7, (4, 3, 9, 11))
    unit = {name: rows / np.linalg.norm(rows, axis=1, keepdims=True) for name, rows in sets.items()}
    rows, labels = np.concatenate([unit["A"], unit["B"]]), np.repeat([1.0, 0.0], [9, 11])
    peer = LogisticRegression(tol=1e-12, max_iter=10_000).fit(rows, labels)
    weights = logistic(rows, labels)
    assert weights == pytest.approx([*peer.coef_[0], *peer.intercept_], abs=1e-5)
    negative = peer.predict_proba(np.concatenate([unit["X"], unit["Y"]]))[:, 1]
    shares = negative / negative.sum()
    expected = sum(share * math.log(share / (1 / 7)) for share in shares)
    assert association("rnsb", sets, Rules())[0].value == pytest.approx(expected, abs=1e-6)


def test_each_measure_says_which_set_it_lacks() -> None:
    for name, measure in MEASURES.items():
        with pytest.raises(InputError, match=f"^{name}: needs the set"):
            association(name, {each: np.ones((2, 3)) for each in measure.needs[:-1]}, Rules())


# ---------------------------------------------------------------- words


def model(seed: int, words: str = "a b c d e f g h i j k l") -> Embeddings:
    names = [word.encode() for word in words.split()]
    matrix = np.random.default_rng(seed).normal(size=(len(names), DIM)).astype(np.float32)
    return from_matrix(Vocabulary.from_words(names), matrix, {})


SETS = {"X": ["a", "b", "C"], "Y": ["d", "e", "f"], "A": ["g", "h"], "B": ["i", "j"]}


def test_models_agree_as_far_as_they_have_the_sign_of_the_mean() -> None:
    models = [model(seed) for seed in range(6)]
    (found,) = associate(models, word_sets("t", SETS, "here"), "weat", Rules())
    values = [associate([each], word_sets("t", SETS, "here"), "weat", Rules())[0].value.mean for each in models]
    assert [each.value for each in found.of_models] == values
    assert found.value.mean == pytest.approx(np.mean(values))
    assert found.agreement == np.mean(np.sign(values) == np.sign(np.mean(values)))
    assert 0 < found.agreement < 1


def test_a_measure_without_a_value_is_told() -> None:
    notes: list[str] = []
    alone = SETS | {"A": ["d"]}
    (found,) = associate([model(1)], word_sets("t", alone, "here"), "ect", Rules(), notes.append)
    assert math.isnan(found.value.mean)
    assert notes == ["t: ect: has no value where its cosines do not differ, or are of one word alone"]


def test_missing_words_are_named_and_a_set_that_loses_a_fifth_is_refused() -> None:
    notes: list[str] = []
    large = SETS | {"X": ["a", "b", "c", "k", "nowhere"]}
    (found,) = associate([model(1)], word_sets("t", large, "here"), "weat", Rules(), notes.append)
    assert notes == ["t: X: 1 of 5 words are missing: 'nowhere'"]
    assert found.sizes == {"X": 4, "Y": 3, "A": 2, "B": 2}
    small = SETS | {"X": ["a", "b", "c", "nowhere"]}
    with pytest.raises(InputError, match="t: X: 1 of 4 words are missing: 'nowhere'; more than a fifth"):
        associate([model(1)], word_sets("t", small, "here"), "weat", Rules())
    tests = [word_sets("small", small, "here"), word_sets("whole", SETS, "here")]
    assert [each.test for each in associate_all([model(1)], tests, ["weat"], Rules(), notes.append)] == ["whole"]
    assert notes[-1].startswith("small: X: 1 of 4")
    both = SETS | {"X": ["a", "b"], "Y": ["c", "A"]}
    with pytest.raises(InputError, match="t: 'a' is in X and in Y in lower case; leave one out"):
        associate([model(1)], word_sets("t", both, "here"), "weat", Rules())


def test_sets_are_read_from_toml_and_json_and_by_name(tmp_path: Path) -> None:
    one, several = tmp_path / "mine.toml", tmp_path / "several.json"
    one.write_text('about = "a study"\nX = ["a"]\nY = ["b"]\nA = ["c", "é"]\nB = ["d"]\n')
    several.write_text('{"first": {"X": ["a"], "A": ["b"]}, "second": {"X": ["c"], "A": ["d"]}}')
    (found,) = read_word_sets(str(one))
    assert found.name == "mine"
    assert found.words["A"] == (b"c", "é".encode())
    assert [each.name for each in read_word_sets(str(several))] == ["first", "second"]
    assert [each.name for each in read_word_sets(str(several), ["second"])] == ["second"]
    with pytest.raises(InputError, match="has no test 'third'; it has first, second"):
        read_word_sets(str(several), ["third"])
    assert len(read_word_sets("weat")) == 10
    several.write_text('{"X": ["\\ud800"], "A": ["b"]}')
    assert read_word_sets(str(several))[0].words["X"] == (b"\xed\xa0\x80",)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("X = [", "is neither TOML nor JSON"),
        ("", "holds no test"),
        ("[t]\nX = [1]\n", "t: X: is not a list of words"),
        ("[t]\nX = []\n", "t: X: is not a list of words"),
        ('[t]\nX = ["a", "a"]\n', "t: X: b?'a' comes twice"),
        ('[t]\nX = ["a"]\nY = ["b", "a"]\n', "t: 'a' is in X and in Y"),
        ('[t]\nC = ["a"]\n', "t: has no set 'C'"),
        ('t = ["a"]\n', "t: is not a table"),
        ('{"t": {"X": ["a"], "A": ["b"], "X": ["c"]}}', r"is neither TOML nor JSON \('X' comes twice\)"),
    ],
)
def test_files_of_sets_that_are_wrong_say_where(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "s.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=f"{path}: {reason}"):
        read_word_sets(str(path))


def test_the_standard_sets_are_as_large_as_in_the_paper() -> None:
    """Table 1 of Caliskan et al. 2017: the number of target words and of attributes of each test."""
    sizes = {name: (len(sets["X"]), len(sets["A"])) for name, sets in STANDARD["weat"].items()}
    assert list(sizes.values()) == [
        (25, 25), (25, 25), (32, 25), (16, 25), (16, 8), (8, 8), (8, 8), (8, 8), (6, 7), (8, 8),
    ]  # fmt: skip
    for sets in STANDARD["weat"].values():
        assert len(sets["X"]) == len(sets["Y"])
        assert len(sets["A"]) == len(sets["B"])

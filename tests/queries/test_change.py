"""Change between periods: against plain twins, a planted change, and halves of one text, which have none."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from scipy.linalg import orthogonal_procrustes

from tests.conftest import run_here
from wordvec_cli.errors import InputError
from wordvec_cli.queries import shared_neighbours as module
from wordvec_cli.queries.change import ChangeRules, common_words, from_first, trends, word_changes
from wordvec_cli.queries.changes import change_table
from wordvec_cli.queries.matched import ALIKE, matched_ranks
from wordvec_cli.queries.shared_neighbours import Space, shared_neighbours
from wordvec_cli.sequences.word_ids import Sequences
from wordvec_cli.text.corpus import CorpusStatistics
from wordvec_cli.training.models import configured
from wordvec_cli.training.permuting import Shuffled, p_values
from wordvec_cli.vectors.embeddings import Embeddings, from_matrix
from wordvec_cli.vocabulary.vocabulary import Vocabulary

N_TOPICS, N_IN_TOPIC = 20, 15
SWAPPED = "t0w0", "t1w0"
ASKED = "-k", "20", "--min-count", "50"


def neighbours_of(rows: np.ndarray, word: int, k: int) -> set[int]:
    unit = rows.astype(np.float64)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    cosines = unit @ unit[word]
    cosines[word] = -np.inf
    return set(np.argsort(-cosines, kind="stable")[:k].tolist())


@pytest.mark.parametrize("sample", [4, 64, 4096])
@pytest.mark.parametrize("k", [1, 7, 50])
def test_shared_neighbours_are_those_of_a_plain_twin(k: int, sample: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the bound that a sample gives is too high, and where many words are equally near."""
    monkeypatch.setattr(module, "SAMPLE", sample)
    monkeypatch.setattr(module, "SCORES_AT_ONCE", 1000)
    rng = np.random.default_rng(k)
    first = rng.normal(size=(300, 6)).astype(np.float32)
    second = (first + rng.normal(size=first.shape)).astype(np.float32)
    first[100:140] = first[100]  # forty equals, of which a part is among the neighbours
    words = np.arange(0, 300, 3)
    expected = [len(neighbours_of(first, i, k) & neighbours_of(second, i, k)) for i in words.tolist()]
    assert shared_neighbours(Space.of(first), Space.of(second), words, k).tolist() == expected


def vectors_of(rows: np.ndarray, counts: list[int] | None = None, words: list[bytes] | None = None) -> Embeddings:
    words = words or [b"w%d" % i for i in range(len(rows))]
    return from_matrix(Vocabulary.from_words(words, counts), np.asarray(rows, np.float32), {})


def test_the_cosine_is_that_after_the_best_rotation_of_unit_rows() -> None:
    rng = np.random.default_rng(1)
    first, second = rng.normal(size=(2, 60, 5))
    rules = ChangeRules(5, 1)
    common = common_words([[vectors_of(first)], [vectors_of(second)]], rules)
    unit = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (first, second)]
    rotation, _ = orthogonal_procrustes(*unit)
    expected = ((unit[0] @ rotation) * unit[1]).sum(axis=1)
    assert word_changes(common, 0, 1, rules).cosine.mean == pytest.approx(expected, abs=1e-5)


def test_a_vector_too_long_to_be_turned_has_no_cosine_and_the_others_have_theirs() -> None:
    rng = np.random.default_rng(3)
    first = rng.normal(size=(60, 5)).astype(np.float32)
    first[7] = np.float32(3e38)
    second = first @ np.linalg.qr(rng.normal(size=(5, 5)))[0]
    second[7] = 1
    rules = ChangeRules(5, 1)
    common = common_words([[vectors_of(first)], [vectors_of(second)]], rules)
    cosines = word_changes(common, 0, 1, rules).cosine.mean
    assert np.flatnonzero(np.isnan(cosines)).tolist() == [7]
    assert np.delete(cosines, 7) == pytest.approx(np.ones(59), abs=0.1)


def test_a_rotation_is_no_change_and_a_word_that_moved_is_found_by_stable_words() -> None:
    rng = np.random.default_rng(2)
    first = rng.normal(size=(60, 5))
    second = first @ np.linalg.qr(rng.normal(size=(5, 5)))[0]
    second[7] = -second[7]
    rules = ChangeRules(5, 1, anchors=[b"w%d" % i for i in range(20, 60)])
    periods = [[vectors_of(first)], [vectors_of(second)]]
    common = common_words(periods, rules)
    changes = word_changes(common, 0, 1, rules)
    assert changes.cosine.mean[7] == pytest.approx(-1, abs=1e-5)
    assert np.delete(changes.cosine.mean, 7) == pytest.approx(np.ones(59), abs=1e-5)
    assert int(np.argmin(changes.overlap.mean)) == 7
    with pytest.raises(InputError, match="--anchors: 1 word of them"):
        word_changes(common, 0, 1, rules._replace(anchors=[b"w1"]))


def test_a_word_is_ranked_among_those_of_its_frequency() -> None:
    rng = np.random.default_rng(3)
    scores, counts = (
        rng.integers(0, 9, 500) / 9,
        np.column_stack(rng.permuted(np.arange(1, 501).repeat(2).reshape(2, 500), axis=1)),
    )
    totals = counts.sum(axis=0)
    frequency = np.log(counts / totals).sum(axis=1)
    found = matched_ranks(scores, counts, totals)
    order = np.argsort(frequency, kind="stable")
    for place in (0, 37, 250, 499):
        start = min(max(place - 100, 0), 299)
        others = [i for i in order[start : start + 201].tolist() if i != order[place]]
        less = np.mean([(scores[i] > scores[order[place]]) + (scores[i] == scores[order[place]]) / 2 for i in others])
        assert found[order[place]] == pytest.approx(less)


def test_words_whose_means_over_trainings_are_equal_rank_alike() -> None:
    scores = np.array([np.mean(shares) for shares in ([0.1, 0.2, 0.3], [0.3, 0.2, 0.1], [0.2, 0.2, 0.2])])
    assert len(set(scores.tolist())) > 1
    assert matched_ranks(scores, np.ones((3, 2), int), np.array([3, 3])).tolist() == [0.5, 0.5, 0.5]


@pytest.mark.parametrize("order", ["overlap", "cosine"])
def test_named_words_have_the_ranks_that_they_have_among_all(order: str) -> None:
    rng = np.random.default_rng(7)
    first, second = rng.normal(size=(2, 700, 6))
    counts = rng.integers(30, 3000, (2, 700))
    periods = [[vectors_of(rows, of_period.tolist())] for rows, of_period in zip((first, second), counts, strict=True)]
    rules = ChangeRules(20, 100, measure=order)
    common = common_words(periods, rules)
    found = change_table(common, rules)
    place = found.titles.index("matched") - 1
    all_ranks = {line.word: line.figures[place] for line in found.lines}
    assert len(all_ranks) > 2 * ALIKE
    words = [common.words[i] for i in common.asked[[0, 5, 300, -1]].tolist()]
    named = change_table(common_words(periods, rules, words), rules)
    assert {line.word: line.figures[place] for line in named.lines} == {word: all_ranks[word] for word in words}


def test_a_trend_is_a_slope() -> None:
    changes = np.array([[0.0, 0.0], [0.2, 0.5], [0.4, 0.1], [0.6, 0.3]])
    expected = [stats.linregress(range(4), column).slope for column in changes.T]
    assert trends(changes[1:]) == pytest.approx(expected)


def test_folders_are_compared_model_by_model_and_others_refused() -> None:
    rng = np.random.default_rng(4)
    models = [vectors_of(rng.normal(size=(40, 5))) for _ in range(5)]
    rules = ChangeRules(4, 1)
    found = word_changes(common_words([models[:2], models[2:4]], rules), 0, 1, rules)
    singles = [
        word_changes(common_words([[models[i]], [models[2 + i]]], rules), 0, 1, rules).overlap.mean for i in (0, 1)
    ]
    assert found.overlap.mean == pytest.approx(np.mean(singles, axis=0))
    assert found.overlap.sd == pytest.approx(np.std(singles, axis=0, ddof=1))
    with pytest.raises(InputError, match="the periods have 2 and 3 trainings"):
        word_changes(common_words([models[:2], models[2:]], rules), 0, 1, rules)


def test_words_that_are_rare_in_a_period_are_neighbours_with_half_the_count_and_not_asked_about() -> None:
    rng = np.random.default_rng(5)
    first = vectors_of(rng.normal(size=(50, 4)), list(range(100, 50, -1)))
    second = vectors_of(rng.normal(size=(50, 4)), [40, *[20] * 48, 19])
    common = common_words([[first], [second]], ChangeRules(4, 40))
    assert (len(common.words), common.asked.tolist()) == (49, [0])
    notes: list[str] = []
    with pytest.raises(InputError, match="no word is there 40 times in each period"):
        common_words([[first], [vectors_of(rng.normal(size=(50, 4)), [39] * 50)]], ChangeRules(4, 40))
    asked = common_words([[first], [second]], ChangeRules(4, 40), [b"w0", b"w3"], notes.append)
    assert (asked.asked.tolist(), notes.pop()) == (
        [0],
        "1 of the words that are asked about are too rare, or not in all periods",
    )
    some = common_words([[first], [second]], ChangeRules(4, 20), [b"w3", b"absent"], notes.append)
    assert (some.asked.tolist(), notes) == (
        [3],
        ["1 of the words that are asked about are too rare, or not in all periods"],
    )


# ---------------------------------------------------------------- trained


def lines_of(n: int, seed: int, is_swapped: bool) -> str:
    """Lines of ten words of a topic; where they are swapped, two words stand in each other's topics."""
    rng = np.random.default_rng(seed)
    names = [[f"t{topic}w{i}" for i in range(N_IN_TOPIC)] for topic in range(N_TOPICS)]
    if is_swapped:
        names[0][0], names[1][0] = names[1][0], names[0][0]
    topics, words = rng.integers(0, N_TOPICS, n), rng.integers(0, N_IN_TOPIC, (n, 10))
    return "".join(" ".join(names[topic][i] for i in line) + "\n" for topic, line in zip(topics, words, strict=True))


@pytest.fixture(scope="module")
def periods(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("periods")
    for name, seed, is_swapped in (("a", 1, False), ("b", 2, True), ("c", 3, True)):
        (folder / f"{name}.txt").write_text(lines_of(3000, seed, is_swapped))
        options = ["--vector-size", "20", "--epochs", "8", "--threads", "1", "--seed", str(seed)]
        result = run_here("train", folder / f"{name}.txt", "-o", folder / f"{name}.safetensors", *options)
        assert result.returncode == 0, result.stderr
    return folder


def table(*arguments: str | Path) -> list[dict[str, str]]:
    result = run_here("change", *arguments)
    assert result.returncode == 0, result.stderr
    titles, *lines = [line.split("\t") for line in result.stdout.decode().splitlines()]
    return [dict(zip(titles, line, strict=True)) for line in lines]


@pytest.mark.parametrize("order", ["overlap", "cosine"])
def test_words_that_are_swapped_in_one_half_are_the_first_hundredth_by_both_measures(periods: Path, order: str) -> None:
    found = table(periods / "a.safetensors", periods / "b.safetensors", *ASKED, "--order", order, "--most", "0")
    assert len(found) == N_TOPICS * N_IN_TOPIC
    assert {line["word"] for line in found[: len(found) // 100]} >= set(SWAPPED)
    first = next(line for line in found if line["word"] == SWAPPED[0])
    assert float(first["matched"]) > 0.97
    assert all(word.startswith("t0") for word in first["lost"].split())
    assert all(word.startswith("t1") for word in first["won"].split())


def test_of_three_periods_the_course_is_told(periods: Path) -> None:
    paths = [periods / f"{name}.safetensors" for name in "abc"]
    result = run_here("change", *paths, *ASKED, "--most", "2", "--format", "json")
    assert b"2 of 300 words are shown; --most 0 shows all" in result.stderr
    found = {record["word"]: record for record in map(json.loads, result.stdout.splitlines())}
    assert set(found) == set(SWAPPED)
    for record in found.values():
        assert record["greatest_step_to"] == 2
        assert record["trend"] == pytest.approx((1 - record["overlap_3"]) / 2, abs=1e-6)
        assert record["overlap"] == record["overlap_3"]
    assert run_here("change", paths[0]).returncode == 2


def test_a_planted_change_is_no_chance_and_the_others_are(periods: Path) -> None:
    corpora = ["--corpus", str(periods / "a.txt"), "--corpus", str(periods / "b.txt")]
    paths = [periods / f"{name}.safetensors" for name in "ab"]
    found = table(*paths, *ASKED, "--most", "0", "--permute", "9", *corpora, "--threads", "2")
    significant = {line["word"] for line in found if line["p_adjusted"] == "0.1"}
    assert significant >= set(SWAPPED)
    assert {word[:3] for word in significant} <= {"t0w", "t1w"}  # the others of their topics lost or won a neighbour
    assert [line["p_value"] for line in found if line["word"] in SWAPPED] == ["0.1", "0.1"]
    again = table(*paths, *ASKED, "--most", "0", "--permute", "9", *corpora, "--threads", "1")
    assert again == found


def test_of_three_periods_each_is_tested_against_the_first(periods: Path) -> None:
    corpora = [text for name in "abc" for text in ("--corpus", str(periods / f"{name}.txt"))]
    paths = [periods / f"{name}.safetensors" for name in "abc"]
    found = table(*paths, *ASKED, "--most", "0", "--permute", "4", *corpora, "--threads", "2")
    for line in found:
        assert (line["p_value"], line["p_adjusted"]) == (line["p_value_3"], line["p_adjusted_3"])
        assert all(float(line[f"p_value_{i}"]) <= float(line[f"p_adjusted_{i}"]) for i in (2, 3))
        if line["word"] in SWAPPED:
            assert {line[name] for name in ("p_value_2", "p_adjusted_2", "p_adjusted_3", "p_trend")} == {"0.2"}
    assert len({line["p_value_2"] for line in found}) > 2


def test_what_a_test_of_change_needs_is_said(periods: Path) -> None:
    paths = [periods / f"{name}.safetensors" for name in "abc"]
    text = str(periods / "a.txt")
    for options, message in (
        (["--permute", "9"], "--permute and --corpus belong together"),
        (["--permute", "9", "--corpus", text], "needs a --corpus for each of the 2 periods, in their order; 1 given"),
        (["--document-column", "book"], "--document-column: says what --permute shuffles; add --permute N"),
    ):
        result = run_here("change", *paths[:2], *options)
        assert (result.returncode, message in result.stderr.decode()) == (2, True)


@pytest.mark.parametrize("n_periods", [2, 3])
def test_halves_and_thirds_without_a_change_have_uniform_p_values(n_periods: int) -> None:
    """Each run has a text of its own; p is made continuous by a draw within its step, as it is a multiple of 1/5."""
    n_words, n_lines, length, n = 12, 20 * n_periods, 6, 4
    vocabulary = Vocabulary.from_words([b"w%d" % i for i in range(n_words)], [n_lines] * n_words)
    config = configured({"vector_size": 4, "epochs": 2, "sample": 0, "window": 2}, {})
    rules, found, trend, rng = ChangeRules(3, 1, measure="cosine"), [], [], np.random.default_rng(1)
    for run in range(200):
        ids = rng.integers(0, n_words, n_lines * length).astype(np.int32)
        offsets = np.arange(n_lines + 1) * length
        statistics = CorpusStatistics(0, n_lines, len(ids), 0, 0)
        sequences, periods = Sequences(ids, offsets, len(ids), statistics, ""), np.repeat(range(n_periods), 20)
        shuffled = Shuffled(sequences, periods, Path("."), vocabulary, config)
        changes = []
        for number in range(n + 1):
            halves = [[vectors_of(half)] for half in shuffled.trained(number, 1000 * run)]
            common = common_words(halves, rules)
            changes.append(1 - from_first(common, rules))
        tested = p_values(np.array(changes), np.arange(n_words))
        found.append(tested.p_value[-1, run % n_words] - rng.random() / (n + 1))
        if tested.trend is not None:
            trend.append(tested.trend[run % n_words] - rng.random() / (n + 1))
    assert stats.kstest(found, "uniform").pvalue > 0.01
    assert len(trend) == (200 if n_periods == 3 else 0)
    assert not trend or stats.kstest(trend, "uniform").pvalue > 0.01


def test_the_table_names_the_words_that_changed_most_first() -> None:
    rng = np.random.default_rng(6)
    first = rng.normal(size=(80, 6))
    second = first.copy()
    second[[3, 4]] = second[[4, 3]]
    rules = ChangeRules(6, 1)
    found = change_table(common_words([[vectors_of(first)], [vectors_of(second)]], rules), rules, 2)
    assert {line.word for line in found.lines} == {b"w3", b"w4"}
    assert (found.n_words, found.titles[:3]) == (80, ["word", "overlap", "cosine"])

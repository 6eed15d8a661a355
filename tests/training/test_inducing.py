"""Induced vectors: against a plain twin, a word taken away, and the test of groups on draws of one kind and of two."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from tests.conftest import run_here
from wordvec_cli.errors import InputError
from wordvec_cli.sequences.word_ids import encode_lines
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.training import inducing
from wordvec_cli.training.inducing import compare_groups, induction_map, surroundings
from wordvec_cli.vectors.native import load, save
from wordvec_cli.vocabulary.vocabulary import Vocabulary

N_WORDS, DIM = 30, 4


@pytest.fixture
def text(tmp_path: Path) -> tuple[Path, list[list[int]]]:
    rng = np.random.default_rng(1)
    lines = [rng.integers(0, N_WORDS + 3, rng.integers(0, 12)).tolist() for _ in range(300)]
    (tmp_path / "c.txt").write_text("".join(" ".join(f"w{i}" for i in line) + "\n" for line in lines))
    return tmp_path / "c.txt", lines


@pytest.mark.parametrize("n_tokens", [1, 50, 1 << 16])
def test_surroundings_are_means_of_the_vectors_around_a_place(
    text: tuple[Path, list[list[int]]], n_tokens: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ids from 30 on have no vector: one of them is asked about, and another is none of the vocabulary."""
    monkeypatch.setattr(inducing, "TOKENS_AT_ONCE", n_tokens)
    path, lines = text
    matrix = np.random.default_rng(2).normal(size=(N_WORDS, DIM)).astype(np.float32)
    vocabulary = Vocabulary.from_words([b"w%d" % i for i in range(N_WORDS + 1)])
    sequences = encode_lines(Corpus.open([str(path)], Tokenizer(), path.parent), vocabulary)
    found = surroundings(sequences, matrix, 3, np.array([5, 30]))
    sums, counts, places = np.zeros((N_WORDS, DIM)), np.zeros(N_WORDS), []
    for number, line in enumerate(lines):
        for i, word in enumerate(line):
            around = [each for each in [*line[max(i - 3, 0) : i], *line[i + 1 : i + 4]] if each < N_WORDS]
            if around and word < N_WORDS:
                sums[word] += matrix[around].mean(axis=0)
                counts[word] += 1
            if around and word in (5, 30):
                places.append((word, number, matrix[around].mean(axis=0)))
    assert found.sums == pytest.approx(sums, abs=1e-4)
    assert found.counts.tolist() == counts.tolist()
    assert list(zip(found.places.words.tolist(), found.places.lines.tolist(), strict=True)) == [
        each[:2] for each in places
    ]
    assert found.places.means == pytest.approx(np.array([each[2] for each in places]), abs=1e-6)


def test_the_map_is_the_weighted_least_squares_one(
    text: tuple[Path, list[list[int]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, _ = text
    matrix = np.random.default_rng(2).normal(size=(N_WORDS, DIM)).astype(np.float32)
    vocabulary = Vocabulary.from_words([b"w%d" % i for i in range(N_WORDS)])
    sequences = encode_lines(Corpus.open([str(path)], Tokenizer(), path.parent), vocabulary)
    texts = [surroundings(sequences, matrix, 3, np.array([0]))]
    notes: list[str] = []
    found = induction_map(texts, matrix, np.array([0]), notes.append)
    words = np.arange(1, N_WORDS)
    means, weights = texts[0].sums[words] / texts[0].counts[words][:, None], np.log(texts[0].counts[words])
    gradient = (means * weights[:, None]).T @ (means @ found - matrix[words])  # of sum a |A u - v|^2, zero at its least
    assert gradient == pytest.approx(np.zeros((DIM, DIM)), abs=1e-6)
    assert notes[0].startswith("map learnt from 29 words; of words left out, cosine ")
    monkeypatch.setattr(inducing, "LEAST_PLACES", 10**6)
    with pytest.raises(InputError, match="0 words with a vector stand 1000000 times"):
        induction_map(texts, matrix, np.array([0]))


def test_lines_of_one_kind_have_uniform_p_values_and_of_two_low_ones() -> None:
    rng = np.random.default_rng(1)
    p_values = []
    for run in range(200):
        lines = tuple(np.repeat(np.arange(n), rng.integers(1, 4, n)) for n in (8, 14))  # with one to three places each
        sides = [rng.normal(size=(len(each), 3)) for each in lines]
        p_values.append(compare_groups(*sides, lines, 39, run).p_value - rng.random() / 40)
    assert stats.kstest(p_values, "uniform").pvalue > 0.01
    apart = compare_groups(sides[0], sides[1] + 2, lines, 199, 1)
    assert apart.p_value == 1 / 200


def test_the_distance_is_debiased_by_what_chance_adds() -> None:
    rng = np.random.default_rng(2)
    found = [
        compare_groups(rng.normal(size=(10, 3)), rng.normal(size=(15, 3)) + 0.5, (np.arange(10), np.arange(15)), 1, 1)
        for _ in range(400)
    ]
    assert np.mean([each.debiased for each in found]) == pytest.approx(3 * 0.25, abs=0.12)
    assert np.mean([each.distance for each in found]) == pytest.approx(3 * 0.25 + 3 / 10 + 3 / 15, abs=0.12)


# ---------------------------------------------------------------- the command


def lines_of(n: int, seed: int, topic_of_new: int) -> str:
    """Lines of eight words of a topic; in one of them a word that no vector file has."""
    rng = np.random.default_rng(seed)
    lines = []
    for _ in range(n):
        topic = int(rng.integers(0, 12))
        words = [f"t{topic}w{i}" for i in rng.integers(0, 10, 8)]
        if topic == topic_of_new:
            words[3] = "new"
        lines.append(" ".join(words) + "\n")
    return "".join(lines)


@pytest.fixture(scope="module")
def induced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("induced")
    (folder / "a.txt").write_text(lines_of(1500, 1, 2))
    (folder / "b.txt").write_text(lines_of(1500, 2, 5))
    options = ["--vector-size", "16", "--epochs", "10", "--threads", "1"]
    run_here("train", folder / "a.txt", "-o", folder / "trained.safetensors", *options)
    trained = load(str(folder / "trained.safetensors"))
    words = [word for word in trained.vocabulary if word not in (b"new", b"t3w1")]
    rows = trained.vectors(words)[0]
    save(str(folder / "v.safetensors"), Vocabulary.from_words(words), rows, trained.metadata)
    return folder


def test_a_word_that_the_vectors_lack_gets_one_near_its_own(induced: Path, tmp_path: Path) -> None:
    output = tmp_path / "made.safetensors"
    command = ["induce", induced / "v.safetensors", induced / "a.txt", "--word", "new", "--word", "t3w1", "-o", output]
    result = run_here(*command)
    assert result.returncode == 0, result.stderr
    assert b"map learnt from 119 words" in result.stderr
    titles, new, other = [line.split("\t") for line in result.stdout.decode().splitlines()]
    assert titles == ["word", "text", "places", "neighbours", "distance", "debiased", "p_value"]
    assert all(word.startswith("t2") for word in new[3].split())
    assert all(word.startswith("t3") for word in other[3].split())
    made, _ = load(str(output)).vectors(["new", "t3w1"])
    trained, _ = load(str(induced / "trained.safetensors")).vectors(["new", "t3w1"])
    cosines = np.einsum("ij,ij->i", made, trained) / np.linalg.norm(made, axis=1) / np.linalg.norm(trained, axis=1)
    assert (cosines > 0.8).all()


def test_a_word_of_two_texts_is_compared(induced: Path, tmp_path: Path) -> None:
    output = tmp_path / "made.safetensors"
    texts = induced / "a.txt", induced / "b.txt"
    options = ["--word", "new", "--word", "t7w0", "--word", "nowhere", "--apart", "--format", "json", "-o", output]
    result = run_here("induce", induced / "v.safetensors", *texts, *options)
    records = list(map(json.loads, result.stdout.splitlines()))
    assert [(each["word"], each["p_value"] is None) for each in records] == [
        ("new", True), ("new", False), ("t7w0", True), ("t7w0", False), ("nowhere", True), ("nowhere", True),
    ]  # fmt: skip
    assert records[1]["p_value"] == 0.001
    assert records[1]["debiased"] > 10 * abs(records[3]["debiased"])
    assert records[3]["p_value"] > 0.05
    assert result.returncode == 3
    assert b"'nowhere' stands nowhere in" in result.stderr
    assert list(load(str(output)).vocabulary) == [b"new@a.txt", b"new@b.txt", b"t7w0@a.txt", b"t7w0@b.txt"]


def test_contexts_are_shown_in_order_or_the_most_typical_first(induced: Path, tmp_path: Path) -> None:
    path = tmp_path / "c.txt"
    odd = "t8w1 t9w2 t1w3 new t4w1 t6w2 t11w7\n"
    path.write_text(odd + lines_of(200, 3, 2))
    lines = path.read_text().splitlines()
    result = run_here("contexts", path, "new", "--window", "2", "--most", "0", "--format", "json")
    found = list(map(json.loads, result.stdout.splitlines()))
    assert [each["line"] for each in found] == [i for i, line in enumerate(lines, 1) if "new" in line.split()]
    for each in found:
        words = lines[each["line"] - 1].split()
        assert (each["left"].split(), each["word"], each["right"].split()) == (words[1:3], "new", words[4:6])
        assert each["typical"] is None
    result = run_here("contexts", path, "new", "--typical-by", induced / "v.safetensors", "--most", "0")
    titles, *table = [line.split("\t") for line in result.stdout.decode().splitlines()]
    assert titles == ["line", "typical", "left", "word", "right"]
    assert table[-1][0] == "1"  # the odd one
    typical = [float(line[1]) for line in table]
    assert typical == sorted(typical, reverse=True)
    few = run_here("contexts", path, "new", "--most", "3")
    assert (len(few.stdout.splitlines()), few.stderr) == (
        4,
        b"3 of %d places are shown; --most 0 shows all\n" % len(found),
    )
    absent = run_here("contexts", path, "New")
    assert (absent.returncode, b"'New' is not in" in absent.stderr) == (1, True)
    assert run_here("contexts", path, "NEW".lower(), "--lowercase", "--most", "1").returncode == 0

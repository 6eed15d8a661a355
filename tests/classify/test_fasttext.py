"""Classifiers as models of fastText, which its own program opens: the same labels, the same probabilities."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import run_here
from wordvec_cli.classify import model as classifier
from wordvec_cli.classify.prediction import Predictor

TOPICS = {
    "days": ["monday", "tuesday", "wednesday", "thursday", "friday", "meet", "call"],
    "colours": ["red", "green", "blue", "yellow", "black", "paint", "dye"],
    "food": ["bread", "cheese", "soup", "salt", "bake", "fry", "東京"],
    "few": ["rare", "seldom", "once"],
    "none": ["nothing", "void"],
}
FAST = ["--vector-size", "10", "--epochs", "5", "--learning-rate", "0.5", "--threads", "1", "--quiet"]
LINES = [
    "monday red unheard-of", "soup soup\tsoup", "", "東京 bread café", "__label__food red blue",
    "x" * 300, "fridays yellowed cheeses", "rare monday red cheese salt once call the the the",
]  # fmt: skip
KINDS = {
    "softmax": [],
    "bigrams": ["--word-ngrams", "3", "--buckets", "5000"],
    "subwords": ["--subwords", "1-3", "--buckets", "700", "--min-count", "3"],
    "both": ["--subwords", "2-4", "--word-ngrams", "2", "--buckets", "9000"],
    "tree": ["--loss", "hs", "--word-ngrams", "2", "--buckets", "1000"],
    "ova": ["--loss", "ova", "--subwords", "3-6", "--buckets", "4000"],
}
# What fastText adds to each probability, before its logarithm; of one-vs-all, it looks sigmoids up in a table.
TOLERANCES = {"tree": 5e-5, "ova": 0.009}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng, lines = random.Random(1), []
    for i in range(600):
        topic = rng.choice(list(TOPICS)[: 3 if i % 10 else 5])
        words = ["the", *(rng.choice(TOPICS[topic]) for _ in range(5)), rng.choice(TOPICS["food"])]
        lines.append(f"__label__{topic} " + " ".join(words))
    path = tmp_path_factory.mktemp("labelled") / "train.txt"
    path.write_text("\n".join(lines) + "\n")
    return path


def by_fasttext(path: Path) -> Any:
    package = pytest.importorskip("fasttext", reason="the package fasttext (extra `test`) is not installed")
    return package.load_model(str(path))


@pytest.mark.parametrize("kind", KINDS)
def test_fasttext_predicts_the_same_labels_and_probabilities(corpus: Path, tmp_path: Path, kind: str) -> None:
    model, exported = tmp_path / "model.safetensors", tmp_path / "model.bin"
    assert run_here("classify", "train", corpus, "-o", model, *KINDS[kind], *FAST).returncode == 0
    result = run_here("export", model, exported, "--to", "fasttext")
    assert result.returncode == 0, result.stderr
    its, own = by_fasttext(exported), classifier.load(str(model))
    # As in our own command, words that begin as labels do are left out by both.
    texts = [" ".join(word for word in line.split() if not word.startswith("__label__")) for line in LINES]
    found = Predictor(own).probabilities([text.encode() for text in texts])
    for line, values in zip(LINES, found, strict=True):
        # Not by its method `predict`, which numpy 2 refuses to serve.
        by_label = {label: share for share, label in its.f.predict(line + "\n", 5, 0.0, "strict")}
        expected = {f"__label__{name.decode()}": float(p) for name, p in zip(own.label_names, values, strict=True)}
        known = dict.fromkeys(expected, 0.0) | by_label  # it leaves out leaves of less than 1e-5
        assert known == pytest.approx(expected, abs=TOLERANCES.get(kind, 2e-5)), line
        first, second, *_ = sorted(expected.values(), reverse=True)
        if first - second > 2 * TOLERANCES.get(kind, 2e-5):
            assert next(iter(by_label)) == max(expected, key=lambda label: expected[label])


def test_the_matrices_are_the_models_own_bytes(corpus: Path, tmp_path: Path) -> None:
    model, exported = tmp_path / "model.safetensors", tmp_path / "model.bin"
    run_here("classify", "train", corpus, "-o", model, "--word-ngrams", "2", "--buckets", "3000", *FAST)
    assert run_here("export", model, exported, "--to", "fasttext").returncode == 0
    its, own = by_fasttext(exported), classifier.load(str(model))
    words = list(own.words.vocabulary)
    inputs = its.get_input_matrix()
    assert inputs[: len(words)].tobytes() == own.words.matrix.tobytes()
    assert its.get_words() == [word.decode() for word in words]
    assert its.get_output_matrix().tobytes() == np.ascontiguousarray(own.output).tobytes()
    table = inputs[len(words) :]
    assert len(table) == 3000
    assert table[own.ngram_buckets].tobytes() == np.ascontiguousarray(own.ngram_vectors).tobytes()
    assert np.count_nonzero(table.any(axis=1)) == len(own.ngram_buckets)


def test_a_classifier_keeps_its_buckets(corpus: Path, tmp_path: Path) -> None:
    model = tmp_path / "model.safetensors"
    assert run_here("classify", "train", corpus, "-o", model, "--word-ngrams", "2", *FAST).returncode == 0
    result = run_here("export", model, tmp_path / "model.bin", "--to", "fasttext", "--buckets", "50")
    assert result.returncode == 2
    assert b"--buckets: a classifier keeps the buckets" in result.stderr
    assert not (tmp_path / "model.bin").exists()


def test_labels_that_fasttext_cannot_hold_are_an_error_and_leave_no_file(tmp_path: Path) -> None:
    table = tmp_path / "table.tsv"
    table.write_text("text\tlabel\nred blue\ttwo words\nsalt\tone\n")
    model = tmp_path / "model.safetensors"
    columns = ["--text-column", "text", "--label-column", "label"]
    assert run_here("classify", "train", table, "-o", model, *columns, *FAST).returncode == 0
    result = run_here("export", model, tmp_path / "model.bin", "--to", "fasttext")
    assert result.returncode == 1
    assert b"two words" in result.stderr
    assert not (tmp_path / "model.bin").exists()


def test_a_part_of_the_words_is_exported_as_vectors(corpus: Path, tmp_path: Path) -> None:
    model = tmp_path / "model.safetensors"
    run_here("classify", "train", corpus, "-o", model, *FAST)
    assert run_here("export", model, tmp_path / "some.bin", "--to", "fasttext", "--limit", "3").returncode == 0
    its = by_fasttext(tmp_path / "some.bin")
    assert (len(its.get_words()), its.get_labels()) == (3, its.get_words())  # skip-gram's labels are its words

"""How many epochs a training has that nobody tells it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import wordvec_cli
from tests.conftest import Run
from wordvec_cli.errors import InputError
from wordvec_cli.messages import rounded
from wordvec_cli.progress import Cancelled
from wordvec_cli.training.epochs import epochs_of_lines, epochs_of_words
from wordvec_cli.training.order import settled
from wordvec_cli.training.run import run
from wordvec_cli.vectors.native import load

SMALL = "--vector-size", "4", "--threads", "1"


@pytest.mark.parametrize(
    ("n_tokens", "epochs"),
    [
        (0, 40), (5000, 40),
        (23_438, 40),  # 1 500 000 / 64, and 64 is 4 x 4 x 4
        (55_556, 30),  # / 27
        (187_500, 20),  # / 8
        (1_500_000, 10),
        (3_280_000, 8),  # the cube root of 2.187 is 1.298
        (12_000_000, 5),  # x 8
        (10**10, 5),
    ],
)  # fmt: skip
def test_epochs_fall_with_the_cube_root_of_the_words_and_are_twice_as_many_for_cbow(n_tokens: int, epochs: int) -> None:
    assert epochs_of_words(n_tokens) == epochs
    assert epochs_of_words(n_tokens, is_cbow=True) == 2 * epochs


@pytest.mark.parametrize(
    ("n_lines", "epochs"), [(1, 100), (15, 100), (125, 50), (1000, 25), (15_625, 10), (125_000, 5), (10**9, 5)]
)
def test_epochs_of_a_classifier_fall_with_the_cube_root_of_the_lines(n_lines: int, epochs: int) -> None:
    assert epochs_of_lines(n_lines) == epochs


@pytest.fixture
def vectors(tmp_path: Path) -> Path:
    return tmp_path / "v.safetensors"


@pytest.fixture
def train(wordvec: Run, corpus_file: Path, vectors: Path) -> Callable[..., str]:
    """Train on a small corpus; what stderr says."""

    def trained(*options: str | Path) -> str:
        result = wordvec("train", corpus_file, "-o", vectors, *SMALL, *options)
        assert result.returncode == 0, result.stderr
        return result.stderr.decode()

    return trained


def epochs_of(path: Path) -> int:
    """As the file records them; there are as many losses."""
    metadata = load(str(path)).metadata
    epochs = json.loads(metadata["configuration"])["epochs"]
    assert isinstance(epochs, int)
    assert len(json.loads(metadata["losses"])) == epochs
    return epochs


def test_a_small_corpus_is_read_more_often_and_that_is_said_and_recorded(
    train: Callable[..., str], corpus_file: Path, vectors: Path
) -> None:
    n_tokens = len(corpus_file.read_text().split())  # all its words are frequent
    note = f"40 epochs, as there are {rounded(n_tokens)} words to train on (--epochs sets another number)"
    assert train().count(note) == 1
    assert epochs_of(vectors) == 40


@pytest.mark.parametrize(
    ("options", "epochs"),
    [
        (["--model", "cbow"], 80),
        (["--loss", "hierarchical-softmax"], 40),
        (["--model", "cbow", "--loss", "hierarchical-softmax"], 40),
        (["--threads", "2", "--deterministic"], 40),
    ],
)
def test_each_model_of_word2vec_has_its_number(
    train: Callable[..., str], vectors: Path, options: list[str], epochs: int
) -> None:
    train(*options)
    assert epochs_of(vectors) == epochs


@pytest.mark.parametrize(
    ("options", "epochs"),
    [
        (["--epochs", "3"], 3),
        (["--preset", "word2vec"], 5),
        (["--preset", "word2vec", "--epochs", "2"], 2),
        (["--model", "glove"], 25),
    ],
)
def test_epochs_that_are_given_or_of_a_preset_or_glove_stay(
    train: Callable[..., str], vectors: Path, options: list[str], epochs: int
) -> None:
    assert "--epochs sets another number" not in train(*options)
    assert epochs_of(vectors) == epochs


def test_like_takes_the_number_that_the_file_records(train: Callable[..., str], vectors: Path, tmp_path: Path) -> None:
    train("--epochs", "4")
    model = vectors.rename(tmp_path / "model.safetensors")
    assert "--epochs sets another number" not in train("--like", model)
    assert epochs_of(vectors) == 4


def test_a_vocabulary_file_counts_only_the_words_that_it_has(
    train: Callable[..., str], tmp_path: Path, corpus_file: Path
) -> None:
    vocabulary = tmp_path / "vocab.tsv"
    vocabulary.write_text("monday\t9\nred\t8\n")
    n_tokens = sum(word in {"monday", "red"} for word in corpus_file.read_text().split())
    assert f"as there are {rounded(n_tokens)} words to train on" in train("--vocab", vocabulary, "--sample", "0")


def test_the_dry_run_says_it_too(train: Callable[..., str]) -> None:
    assert train("--dry-run").count("40 epochs, as there are ") == 1


def test_python_has_the_same_default(corpus_file: Path) -> None:
    trained = wordvec_cli.train(str(corpus_file), vector_size=4, threads=1)
    assert trained.metadata["configuration"]["epochs"] == 40


def resume(corpus: Path, output: Path, **options: Any) -> list[str]:
    """Go on with a training; what it notes."""
    notes: list[str] = []
    order = settled({"corpus": str(corpus), "output": str(output), "resume": True, "vector_size": 4, **options})
    run(order, note=lambda text, **_: notes.append(text))
    return notes


def test_a_run_without_epochs_is_resumed_without_and_with_the_number_that_was_chosen(
    corpus_file: Path, tmp_path: Path
) -> None:
    for name, options in (("without", {}), ("with", {"epochs": 40})):
        output = tmp_path / f"{name}.safetensors"
        order = settled({"corpus": str(corpus_file), "output": str(output), "vector_size": 4})
        with pytest.raises(Cancelled):
            run(order, should_stop=lambda: True)
        with pytest.raises(InputError, match="--epochs 5 \\(was 40\\)"):
            resume(corpus_file, output, epochs=5)
        assert "resuming in epoch 1 of 40" in resume(corpus_file, output, **options)
        assert epochs_of(output) == 40


def test_a_classifier_says_and_records_how_often_it_reads_few_lines(wordvec: Run, tmp_path: Path) -> None:
    lines, model = tmp_path / "lines.txt", tmp_path / "model.safetensors"
    lines.write_text("__label__a one two\n__label__b three four\n" * 20)
    note = "73 epochs, as there are 40 lines to learn from (--epochs sets another number)"  # 25 x cbrt(25) = 73.1
    for options, n_notes, epochs in ([], 1, 73), (["--epochs", "3"], 0, 3):
        result = wordvec("classify", "train", lines, "-o", model, *SMALL, *options)
        assert result.stderr.decode().count(note) == n_notes
        assert epochs_of(model) == epochs


@pytest.mark.parametrize(
    ("n", "shown"),
    [
        (0, "0"), (999, "999"), (1000, "1.0 thousand"), (1949, "1.9 thousand"), (14_500, "14 thousand"),
        (999_499, "999 thousand"), (999_600, "1.0 million"), (1_350_000, "1.4 million"), (16_718_000, "17 million"),
        (3_200_000_000, "3.2 thousand million"),
    ],
)  # fmt: skip
def test_sizes_are_said_with_as_many_digits_as_tell_them(n: int, shown: str) -> None:
    assert rounded(n) == shown

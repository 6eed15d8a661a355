"""Finding options by trial: what is searched, what is kept, and that the same trials come again."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import run_here
from wordvec_cli.classify import model as classifier
from wordvec_cli.classify.trainer import ClassifierConfig
from wordvec_cli.classify.tuning import FIRST, TUNED, Trial, proposed

GIVEN = ClassifierConfig(vector_size=10, epochs=5)


def trial(config: ClassifierConfig) -> Trial:
    return Trial(7, config, 0.5, 1.0, 1000)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tuned")
    for name, first in (("train", 0), ("valid", 400)):
        lines = [
            f"__label__{i % 2} " + " ".join(f"w{(i * k) % 7}{'ab'[i % 2]}" for k in range(1, 6))
            for i in range(first, first + 400)
        ]
        (path / f"{name}.txt").write_text("\n".join(lines) + "\n")
    return path


def test_a_trial_is_a_function_of_its_number_the_seed_and_the_best_before() -> None:
    best = trial(replace(GIVEN, word_ngrams=2))
    found = [proposed(number, GIVEN, best, frozenset()) for number in range(40)]
    assert found == [proposed(number, GIVEN, best, frozenset()) for number in range(40)]
    assert found[0] == GIVEN
    assert len({*found}) > 30
    other_seed = replace(GIVEN, seed=2)
    assert found[10:] != [
        proposed(n, other_seed, trial(replace(other_seed, word_ngrams=2)), frozenset()) for n in range(10, 40)
    ]
    assert found[10:] != [proposed(n, GIVEN, trial(GIVEN), frozenset()) for n in range(10, 40)]


@pytest.mark.parametrize("name", TUNED)
def test_every_option_is_searched_unless_it_is_given(name: str) -> None:
    best = trial(GIVEN)
    free = {getattr(proposed(number, GIVEN, best, frozenset()), name) for number in range(len(FIRST), 100)}
    fixed = {getattr(proposed(number, GIVEN, best, frozenset([name])), name) for number in range(100)}
    assert len(free) > 1
    assert fixed == {getattr(GIVEN, name)}


def test_the_best_of_the_trials_in_the_table_is_what_the_model_has(folder: Path, tmp_path: Path) -> None:
    model = tmp_path / "model.safetensors"
    options = ["--tune-minutes", "0.06", "--vector-size", "8", "--epochs", "3", "--threads", "1"]
    result = run_here(
        "classify", "train", folder / "train.txt", "-o", model, "--tune", folder / "valid.txt", *options
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    with open(f"{model}.trials.tsv") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert rows
    assert {(row["vector_size"], row["epochs"]) for row in rows} == {("8", "3")}
    best = max(rows, key=lambda row: (float(row["f1"]), -int(row["trial"])))
    task = classifier.load(str(model)).task
    assert (task.loss, str(task.word_ngrams), task.subwords or "none") == (
        best["loss"], best["word_ngrams"], best["subwords"]
    )  # fmt: skip
    told = result.stderr.decode()
    assert f"best of {len(rows)} trials: number {best['trial']}, " in told
    assert told.count(": f1 ") == len(rows)


def test_the_model_is_no_larger_than_is_wanted(folder: Path, tmp_path: Path) -> None:
    model = tmp_path / "model.safetensors"
    options = ["--tune-minutes", "0.05", "--tune-size", "20000", "--epochs", "2", "--threads", "1"]
    result = run_here(
        "classify", "train", folder / "train.txt", "-o", model, "--tune", folder / "valid.txt", *options
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert model.stat().st_size <= 20000


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (["--tune-size", "5MB"], "belong to --tune FILE"),
        (["--tune", "nowhere.txt"], "nowhere.txt"),
        (["--tune", "VALID", "--tune-minutes", "0.00001"], "no trial ended in that time"),
        (["--tune", "VALID", "--tune-minutes", "0.02", "--tune-size", "100"], "within --tune-size"),
        (["--tune", "VALID", "--resume"], "--tune: cannot be resumed"),
    ],
)
def test_what_cannot_be_tuned_is_an_error_and_leaves_nothing(
    folder: Path, tmp_path: Path, options: list[str], error: str
) -> None:
    options = [str(folder / "valid.txt") if option == "VALID" else option for option in options]
    result = run_here("classify", "train", folder / "train.txt", "-o", tmp_path / "model.safetensors", *options)
    assert result.returncode in (1, 2)
    assert error in result.stderr.decode()
    assert list(tmp_path.iterdir()) == []

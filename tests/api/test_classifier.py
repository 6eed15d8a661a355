"""Classifiers from Python are those of the command, whatever labelled texts come as."""

import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import wordvec_cli
from tests.conftest import TOPICS, run_here
from wordvec_cli.api.classifier import HYPER_PARAMETERS, ClassifierOptions
from wordvec_cli.classify import TextClassifier
from wordvec_cli.errors import InputError

RNG = random.Random(1)
TEXTS = [" ".join(RNG.choices(topic, k=6)) for _ in range(100) for topic in TOPICS]
LABELS = ["day", "colour"] * 100
LINES = [f"__label__{label} {text}" for label, text in zip(LABELS, TEXTS, strict=True)]
OPTIONS = {"vector_size": 8, "epochs": 10, "threads": 1, "learning_rate": 0.5}


@pytest.fixture(scope="module")
def model() -> TextClassifier:
    return wordvec_cli.classify.train(TEXTS, LABELS, **OPTIONS)


def test_labels_of_texts_are_learned(model: TextClassifier) -> None:
    assert sorted(model.labels) == ["colour", "day"]
    (best,) = model.predict("monday tuesday plan")
    assert best.label == "day"
    assert best.probability > 0.9
    both = model.predict(["red paint", "monday", ""], k=2)
    assert [len(each) for each in both] == [2, 2, 2]
    assert [each[0].label for each in both[:2]] == ["colour", "day"]
    assert sum(each.probability for each in both[0]) == pytest.approx(1)
    assert model.predict(["red paint"], threshold=1.1) == [[]]
    assert model.predict([]) == []


def test_scores_are_those_of_the_predictions(model: TextClassifier) -> None:
    assert model.score(TEXTS, LABELS) == {"precision": 1.0, "recall": 1.0, "f1": 1.0, "n": 200}
    wrong = ["colour" if label == "day" else "day" for label in LABELS]
    assert model.score(TEXTS[:9], wrong[:9])["f1"] == 0
    with pytest.raises(InputError, match="label"):
        model.score(["red"], [[]])


def test_texts_may_have_several_labels_and_labels_any_characters() -> None:
    labels = [[label, "any kind"] for label in LABELS]
    model = wordvec_cli.classify.train((f"__label__x {text}" for text in TEXTS), labels, loss="one-vs-all", **OPTIONS)
    assert sorted(model.labels) == ["any kind", "colour", "day"]
    assert {each.label for each in model.predict("red", k=2)} == {"any kind", "colour"}
    assert "__label__x" in model.vectors  # a word of these texts like any other


def test_a_model_is_the_commands_to_the_byte(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("\n".join(LINES) + "\n")
    flags = ["--vector-size", "8", "--epochs", "10", "--threads", "1", "--learning-rate", "0.5", "--word-ngrams", "2"]
    arguments = [tmp_path / "train.txt", "-o", tmp_path / "theirs.safetensors", *flags]
    assert run_here("classify", "train", *arguments).returncode == 0
    theirs = (tmp_path / "theirs.safetensors").read_bytes()
    for corpus in (tmp_path / "train.txt", LINES):
        model = wordvec_cli.classify.train(corpus, output=tmp_path / "mine.safetensors", word_ngrams=2, **OPTIONS)
        assert (tmp_path / "mine.safetensors").read_bytes() == theirs
        model.save(tmp_path / "saved.safetensors")
        assert (tmp_path / "saved.safetensors").read_bytes() == theirs
    loaded = wordvec_cli.classify.load(tmp_path / "theirs.safetensors")
    assert loaded.predict(TEXTS) == model.predict(TEXTS)
    assert loaded.score(LINES)["f1"] == 1
    assert loaded.predict("__label__day red")[0].label == "colour"  # a label is no word of the text
    np.testing.assert_array_equal(wordvec_cli.load(tmp_path / "theirs.safetensors")["red"], loaded.vectors["red"])


def test_columns_and_vectors_to_start_from_are_taken(tmp_path: Path, vector_file: Path) -> None:
    rows = ["kind\ttext", *(f"{label}\t{text}" for label, text in zip(LABELS, TEXTS, strict=True))]
    (tmp_path / "t.tsv").write_text("\n".join(rows) + "\n")
    options = {"epochs": 10, "threads": 1, "learning_rate": 0.5, "text_column": "text", "label_column": "kind"}
    vectors = wordvec_cli.load(vector_file)
    for init in (vectors, vector_file):
        model = wordvec_cli.classify.train(tmp_path / "t.tsv", init=init, freeze=True, **options)
        np.testing.assert_array_equal(model.vectors["red"], vectors["red"])
        assert model.predict("red green")[0].label == "colour"


def test_every_hyper_parameter_of_the_command_can_be_named() -> None:
    assert set(ClassifierOptions.__optional_keys__) >= HYPER_PARAMETERS.keys()


def test_wrong_calls_are_errors(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="did you mean epochs"):
        wordvec_cli.classify.train(TEXTS, LABELS, epoch=3)
    with pytest.raises(TypeError, match="labels"):
        wordvec_cli.classify.train(tmp_path / "train.txt", LABELS)
    with pytest.raises(ValueError, match=r"there are more texts than labels \("):
        wordvec_cli.classify.train(TEXTS, LABELS[:-1])
    with pytest.raises(InputError):
        wordvec_cli.classify.load(tmp_path / "nowhere.safetensors")


@pytest.mark.parametrize(
    "first", ["", "import wordvec_cli.classify.model; ", "import wordvec_cli.cli.commands.classify; "]
)
def test_the_name_is_the_same_thing_whatever_was_imported_first(first: str) -> None:
    code = (
        f"{first}import wordvec_cli; print(wordvec_cli.classify.train.__module__, sorted(wordvec_cli.classify.__all__))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert result.stdout == "wordvec_cli.api.classifier ['Prediction', 'TextClassifier', 'load', 'train']\n"

"""Training from Python gives what the command gives, whatever a corpus comes as."""

import inspect
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wordvec_cli
from tests.conftest import run_here
from wordvec_cli.api.options import CORPUS_OPTIONS
from wordvec_cli.api.train_options import TrainOptions
from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.progress import Progress
from wordvec_cli.training import order

OPTIONS = {"vector_size": 8, "epochs": 3, "threads": 1}
FLAGS = ["--vector-size", "8", "--epochs", "3", "--threads", "1"]


@pytest.fixture(scope="module")
def lines(corpus_file: Path) -> list[str]:
    return corpus_file.read_text().splitlines()


@pytest.mark.parametrize("model", ["skipgram", "glove"])
def test_vectors_are_the_commands_to_the_byte(corpus_file: Path, lines: list[str], tmp_path: Path, model: Any) -> None:
    theirs, mine = tmp_path / "theirs.safetensors", tmp_path / "mine.safetensors"
    assert run_here("train", corpus_file, "-o", theirs, "--model", model, *FLAGS).returncode == 0
    for corpus in (corpus_file, str(corpus_file), [corpus_file], lines, (line.split() for line in lines)):
        vectors = wordvec_cli.train(corpus, model=model, output=mine, **OPTIONS)
        assert mine.read_bytes() == theirs.read_bytes()
        np.testing.assert_array_equal(vectors.vectors, wordvec_cli.load(theirs).vectors)
        assert list(vectors) == list(wordvec_cli.load(theirs))


def test_without_an_output_nothing_is_written(
    lines: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    vectors = wordvec_cli.train(lines, tmp_dir=tmp_path, **OPTIONS)
    assert list(tmp_path.iterdir()) == []
    assert vectors.most_similar("red", topn=1)[0][0] in vectors
    assert vectors.counts is not None
    assert vectors.metadata["configuration"]["vector_size"] == 8


def test_words_of_a_vocabulary_and_vectors_to_start_from_are_taken(lines: list[str], tmp_path: Path) -> None:
    vocab = wordvec_cli.build_vocab(lines, max_vocab=5)
    vocab.save(tmp_path / "vocab.tsv")
    first = wordvec_cli.train(lines, vocab=vocab, **OPTIONS)
    assert list(first) == list(vocab)
    np.testing.assert_array_equal(
        wordvec_cli.train(lines, vocab=tmp_path / "vocab.tsv", **OPTIONS).vectors, first.vectors
    )
    first.save(tmp_path / "v.safetensors")
    for init in (first, tmp_path / "v.safetensors"):
        again = wordvec_cli.train(lines, vocab=vocab, init=init, learning_rate=1e-9, epochs=1, threads=1)
        np.testing.assert_allclose(again.vectors, first.vectors, atol=1e-6)


def test_options_of_the_command_are_taken_by_their_names(lines: list[str], tmp_path: Path) -> None:
    (tmp_path / "pairs.tsv").write_text("red green 9\nred monday 1\nmonday friday 8\ngreen blue 7\n")
    for sets in (tmp_path / "pairs.tsv", [str(tmp_path / "pairs.tsv")]):
        upper = wordvec_cli.train(
            [line.upper() for line in lines], model="cbow", lowercase=True, min_count=1, eval_set=sets,
            early_stopping=2, preset="gensim", **OPTIONS,
        )  # fmt: skip
        assert "red" in upper
        assert upper.metadata["configuration"]["model"] == "cbow"


def test_a_wrong_option_is_an_error_that_names_near_ones(lines: list[str]) -> None:
    with pytest.raises(TypeError, match=r"train\(\) has no option 'vectorsize'; did you mean vector_size\?"):
        wordvec_cli.train(lines, vectorsize=3)
    with pytest.raises(TypeError, match="eval_sets"):
        wordvec_cli.train(lines, eval_sets=["x"])
    with pytest.raises(OptionError, match="model"):
        wordvec_cli.train(lines, model="no such")
    with pytest.raises(OptionError, match=r"^vector_size"):
        wordvec_cli.train(lines, vector_size="many")
    with pytest.raises(OptionError, match="nothing to train on"):
        wordvec_cli.train()
    with pytest.raises(InputError, match="lower min_count"):
        wordvec_cli.train(["too few words"])


def test_every_option_of_the_command_can_be_named() -> None:
    named = set(TrainOptions.__optional_keys__) | set(inspect.signature(wordvec_cli.train).parameters)
    assert {"eval_set" if name == "eval_sets" else name for name in order.OPTIONS - {"files"}} <= named
    assert set(TrainOptions.__optional_keys__) - CORPUS_OPTIONS - {"eval_set"} <= order.OPTIONS


def test_progress_and_notes_go_where_they_are_asked_for(
    lines: list[str], caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    seen: list[Progress] = []
    with caplog.at_level(logging.INFO, "wordvec_cli"):
        wordvec_cli.train(lines, progress=seen.append, **OPTIONS)
    assert {"counting words", "training"} <= {each.stage for each in seen}
    assert "kept 19 words" in caplog.text
    assert capfd.readouterr() == ("", "")
    wordvec_cli.train(lines, progress=True, **OPTIONS)
    out, err = capfd.readouterr()
    assert out == ""
    assert "training" in err


def test_training_needs_nothing_of_the_command_line() -> None:
    code = (
        "import sys, wordvec_cli;"
        "v = wordvec_cli.train([['a', 'b']] * 9, vector_size=2, epochs=1, threads=1, sample=0);"
        "print(len(v), {'click', 'tqdm', 'wordvec_cli.cli'} & set(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, check=True)
    assert result.stdout == b"2 set()\n"

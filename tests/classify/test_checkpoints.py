"""Trainings of classifiers that are killed or stopped, and go on: with one thread to the same bytes."""

import random
import shutil
import signal
from pathlib import Path

import pytest

from tests.conftest import Run, assert_kills_leave_no_trace, stop_at_checkpoint

OPTIONS = ["--vector-size", "20", "--epochs", "300", "--threads", "1", "--word-ngrams", "2", "--subwords", "2-3"]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = random.Random(3)
    words = [f"{name}{i}" for name in ("red", "salt", "day") for i in range(40)]
    path = tmp_path_factory.mktemp("labelled") / "train.txt"
    lines = (f"__label__{i % 3} " + " ".join(rng.choice(words[40 * (i % 3) :]) for _ in range(12)) for i in range(1500))
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_training_that_is_killed_and_resumed_again_and_again_ends_in_the_same_bytes(
    corpus: Path, tmp_path: Path
) -> None:
    assert_kills_leave_no_trace("classify", "train", corpus, *OPTIONS, folder=tmp_path, at_checkpoints=(2, 1))


@pytest.fixture(scope="module")
def stopped(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stopped")
    command = ["classify", "train", corpus, "-o", folder / "model.safetensors", *OPTIONS]
    assert stop_at_checkpoint(*command, number=signal.SIGINT, nth=2) == 130
    return folder


@pytest.fixture
def output(stopped: Path, tmp_path: Path) -> Path:
    shutil.copytree(stopped, tmp_path / "copy")
    return tmp_path / "copy" / "model.safetensors"


def test_a_checkpoint_without_resume_is_an_error(wordvec: Run, corpus: Path, output: Path) -> None:
    result = wordvec("classify", "train", corpus, "-o", output, *OPTIONS)
    assert result.returncode == 1
    assert b"holds the checkpoint of a run that has not ended; add --resume" in result.stderr


def test_only_the_same_training_goes_on(wordvec: Run, corpus: Path, output: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_bytes(corpus.read_bytes().replace(b"red7 ", b"red8 "))
    for text, options, what in (
        (corpus, ["--learning-rate", "0.1"], b"another --learning-rate"),
        (corpus, ["--subwords", "2-4"], b"another --subwords"),
        (other, [], b"another text of the corpus"),
    ):
        result = wordvec("classify", "train", text, "-o", output, *OPTIONS, "--resume", *options)
        assert result.returncode == 1
        assert what in result.stderr, result.stderr
        assert not output.exists()


def test_a_damaged_checkpoint_is_an_error(wordvec: Run, corpus: Path, output: Path) -> None:
    for name in ("state", "run"):
        path = output.with_name(f"{output.name}.checkpoint") / f"{name}.safetensors"
        path.write_bytes(path.read_bytes()[:-1] + b"\x07")
        result = wordvec("classify", "train", corpus, "-o", output, *OPTIONS, "--resume")
        assert result.returncode == 1
        assert b"is damaged" in result.stderr


def test_a_pipe_keeps_no_checkpoint_to_resume_from(wordvec: Run, corpus: Path) -> None:
    result = wordvec("classify", "train", corpus, "-o", "-", *OPTIONS, "--resume")
    assert result.returncode == 2
    assert b"--resume" in result.stderr

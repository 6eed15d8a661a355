"""A training for each value of a column: the same as one on its rows alone."""

import csv
import os
import signal
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import run_here, stop_at_checkpoint
from wordvec_cli.vectors.native import load

OPTIONS = ["--vector-size", "8", "--epochs", "3", "--text-column", "text", "--by", "year"]
NAMES = ["1990.safetensors", "20%2F21.safetensors", "%2Enew.safetensors"]


@pytest.fixture(scope="module")
def table(corpus_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rows of three years, some of none; one of a fourth has no word that is kept, one cannot be read."""
    lines = corpus_file.read_text().splitlines()
    years = ["1990", "20/21", ".new", ""]
    path = tmp_path_factory.mktemp("by") / "t.csv"
    with path.open("w", newline="") as file:
        rows = [(line, years[i % 4]) for i, line in enumerate(lines)]
        csv.writer(file).writerows([("text", "year"), ("onlyhere", "1891"), ("short",), *rows])
    return path


@pytest.fixture(scope="module")
def trained(table: Path) -> Path:
    folder = table.with_name("models")
    result = run_here("train", table, "-o", folder, *OPTIONS, "--threads", "2")
    assert result.returncode == 0, result.stderr
    told = result.stderr.decode()
    assert "--by year: 4 trainings: .new, 1891, 1990, 20/21" in told
    assert "left out, as they have no word of the vocabulary: 1891; lower --min-count" in told
    assert "rows without year" in told
    return folder


def test_each_group_is_the_training_on_its_rows_with_the_vocabulary_of_all(
    corpus_file: Path, table: Path, trained: Path, tmp_path: Path
) -> None:
    assert sorted(os.listdir(trained)) == sorted(NAMES)
    assert sorted(os.listdir(table.parent)) == ["models", "t.csv"]
    run_here("build-vocab", table, "--text-column", "text", "-o", tmp_path / "v.tsv")
    lines = corpus_file.read_text().splitlines(keepends=True)
    alone = tmp_path / "alone.safetensors"
    for number, name in enumerate(NAMES[:2]):
        (tmp_path / "c.txt").write_text("".join(lines[number::4]))
        options = [*OPTIONS[:4], "--vocab", tmp_path / "v.tsv", "--threads", "1"]
        assert run_here("train", tmp_path / "c.txt", "-o", alone, *options).returncode == 0
        found, expected = load(str(trained / name)), load(str(alone))
        assert found.matrix.tobytes() == expected.matrix.tobytes()
        assert list(found.vocabulary) == list(expected.vocabulary)
        counts = Counter(word.encode() for line in lines[number::4] for word in line.split())
        assert np.asarray(found.vocabulary.counts).tolist() == [counts[word] for word in found.vocabulary]
    assert load(str(trained / NAMES[1])).metadata["group"] == "year=20/21"


def test_groups_from_a_pipe_that_are_killed_and_resumed_are_the_same_bytes(
    table: Path, trained: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "models"
    command = ["train", "-", "--corpus-format", "csv", "-o", folder, *OPTIONS, "--threads", "1", "--resume"]
    assert stop_at_checkpoint(*command, number=signal.SIGKILL, nth=2, stdin=table) == -signal.SIGKILL
    other = run_here(*command[:-4], "text", "--threads", "1", "--resume", stdin=b"")
    assert b"--by text: the trainings to go on with are by year" in other.stderr
    for name in ("groups", "groups.json"):
        content = (file := tmp_path / "models.checkpoint" / name).read_bytes()
        for damaged in (content[:-1], bytes([content[0] ^ 1]) + content[1:]):
            file.write_bytes(damaged)
            result = run_here(*command, stdin=b"")
            assert (result.returncode, b"is damaged, as a power cut" in result.stderr) == (1, True), result.stderr
        file.write_bytes(content)
    result = run_here(*command, stdin=b"")
    assert result.returncode == 0, result.stderr
    for name in NAMES:
        assert load(str(folder / name)).matrix.tobytes() == load(str(trained / name)).matrix.tobytes()
    assert os.listdir(tmp_path) == ["models"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--by", "month"], "has no column 'month'; its columns are: 'text', 'year'"),
        (["--by", "year", "--seeds", "2"], "--seeds and --by exclude each other"),
        (["--by", "one"], "--by one: has 1 value, so there is nothing to tell apart"),
    ],
)
def test_what_cannot_be_told_apart_is_refused_and_leaves_nothing(
    tmp_path: Path, options: list[str], message: str
) -> None:
    table = tmp_path / "t.csv"
    table.write_text("text,year,one\n" if "one" in options else "text,year\n")
    with table.open("a") as file:
        file.write("a b,1,x\nc d,2,x\n" if "one" in options else "a b,1\nc d,2\n")
    result = run_here("train", table, "-o", tmp_path / "m", *OPTIONS[:6], "--min-count", "1", *options)
    assert result.returncode in (1, 2)
    assert message in result.stderr.decode()
    assert os.listdir(tmp_path) == ["t.csv"]


def test_a_dry_run_reads_the_groups(table: Path, tmp_path: Path) -> None:
    result = run_here("train", table, "-o", tmp_path / "m", *OPTIONS, "--dry-run")
    assert result.returncode == 0, result.stderr
    assert b"--by year: 4 trainings" in result.stderr
    assert os.listdir(tmp_path) == []


def test_a_question_to_the_folder_is_told_that_it_asks_groups(trained: Path) -> None:
    note = b"3 groups of a corpus, from year=.new to year=20/21: the spread is that between them, and says nothing of"
    result = run_here("similarity", trained, "red", "blue")
    assert (result.returncode, note in result.stderr) == (0, True), result.stderr
    assert b"groups" not in run_here("similarity", trained / NAMES[0], "red", "blue").stderr

"""A training for each value of a column: the same as one on its rows alone."""

import csv
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import run_here, stop_at_checkpoint
from wordvec_cli.sequences.documents import read_documents
from wordvec_cli.sequences.samples import bootstrap
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.file_options import FileOptions
from wordvec_cli.text.tokenizer import Tokenizer
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


def test_groups_that_are_there_stay_if_they_have_the_words_of_all(table: Path, trained: Path, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    shutil.copytree(trained, folder)
    (folder / NAMES[1]).unlink()
    command = ["train", table, "-o", folder, *OPTIONS, "--threads", "1", "--resume"]
    other = run_here(*command, "--max-vocab", "5")
    assert other.returncode == 1
    assert b".safetensors: is of another training (--max-vocab not given, not 5; the words); " in other.stderr
    added = run_here(*command)
    assert added.returncode == 0, added.stderr
    assert b"2 of 3 trainings are there already" in added.stderr
    assert (folder / NAMES[1]).read_bytes() == (trained / NAMES[1]).read_bytes()


def test_a_group_with_too_little_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("text,year\n" + "a b c,1990\n" * 30 + "a,1991\n")
    options = [*OPTIONS, "--min-count", "1", "--sample", "0", "--threads", "1"]
    result = run_here("train", tmp_path / "t.csv", "-o", tmp_path / "m", *options)
    assert result.returncode == 1
    assert b"Error: 1991.safetensors: " in result.stderr
    assert os.listdir(tmp_path / "m") == ["1990.safetensors"]


def test_a_dry_run_reads_the_groups(table: Path, tmp_path: Path) -> None:
    result = run_here("train", table, "-o", tmp_path / "m", *OPTIONS, "--dry-run")
    assert result.returncode == 0, result.stderr
    assert b"--by year: 4 trainings" in result.stderr
    assert os.listdir(tmp_path) == []


KILLED = """
import os, signal
from wordvec_cli.cli import main
from wordvec_cli.training import folder

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
folder.read_groups = die
main()
"""


@pytest.mark.skipif(os.name == "nt", reason="POSIX alone: there is no kill -9")
def test_what_a_killed_dry_run_left_goes_with_the_next(table: Path, tmp_path: Path) -> None:
    command = ["train", table, "-o", tmp_path / "m", *OPTIONS, "--dry-run", "--tmp-dir", tmp_path]
    killed = subprocess.run([sys.executable, "-c", KILLED, *map(str, command)], capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert os.listdir(tmp_path)
    assert run_here(*command).returncode == 0
    assert os.listdir(tmp_path) == []


def test_a_question_to_the_folder_is_told_that_it_asks_groups(trained: Path) -> None:
    note = b"3 groups of a corpus, from year=.new to year=20/21: the spread is that between them, and says nothing of"
    result = run_here("similarity", trained, "red", "blue")
    assert (result.returncode, note in result.stderr) == (0, True), result.stderr
    assert b"groups" not in run_here("similarity", trained / NAMES[0], "red", "blue").stderr


def test_groups_are_drawn_from_as_texts_of_their_own_are(table: Path, trained: Path, tmp_path: Path) -> None:
    """Rows of a group, one by one and by document, in a folder for each that goes on where it was killed."""
    rows = list(csv.DictReader(table.read_text().splitlines()))
    mine = [row["text"] for row in rows if row["year"] == "1990"]
    run_here("build-vocab", table, "--text-column", "text", "-o", tmp_path / "v.tsv")
    folder = tmp_path / "models"
    command = ["train", table, "-o", folder, *OPTIONS, "--bootstrap", "2", "--threads", "1", "--resume"]
    assert stop_at_checkpoint(*command, number=signal.SIGKILL, nth=3) == -signal.SIGKILL
    asked = run_here("similarity", folder / "1990", "red", "blue")
    assert b"1990: its trainings have not ended; finish them with --resume" in asked.stderr
    (folder / "1990" / "other").write_text("")
    assert b"1990/other: is not of these trainings; move it out of the folder" in run_here(*command).stderr
    (folder / "1990" / "other").unlink()
    result = run_here(*command)
    assert result.returncode == 0, result.stderr
    files = [f"bootstrap-00{i}.safetensors" for i in (1, 2)]
    stems = sorted(name.removesuffix(".safetensors") for name in NAMES)
    assert sorted(os.listdir(folder)) == stems
    assert all(sorted(os.listdir(folder / stem)) == files for stem in stems)
    drawn = [f"{line}\n" * times for line, times in zip(mine, bootstrap(len(mine), 5), strict=True)]
    (tmp_path / "drawn.txt").write_text("".join(drawn))
    options = [*OPTIONS[:4], "--vocab", tmp_path / "v.tsv", "--seed", "5", "--threads", "1"]
    assert run_here("train", tmp_path / "drawn.txt", "-o", tmp_path / "alone.safetensors", *options).returncode == 0
    found = load(str(folder / "1990" / files[1]))
    assert found.matrix.tobytes() == load(str(tmp_path / "alone.safetensors")).matrix.tobytes()
    assert [found.metadata[name] for name in ("seed", "bootstrap", "group")] == ["5", "lines", "year=1990"]
    assert np.array_equal(found.vocabulary.counts, load(str(trained / NAMES[0])).vocabulary.counts)
    asked = run_here("similarity", folder / "1990", "red", "blue", "--header")
    assert (asked.returncode, b"\tsd\t" in asked.stdout, b"groups" in asked.stderr) == (0, True, False), asked.stderr


def test_documents_of_groups_are_drawn_together(tmp_path: Path) -> None:
    """A document of two groups is two, and each draw takes as many of a group as it has."""
    (tmp_path / "t.csv").write_text(
        "year,book,text\n" + "".join(f"{i % 2},{i // 4 % 5},w{i} x y z\n" for i in range(40))
    )
    options = ["--text-column", "text", "--by", "year", "--bootstrap", "2", "--document-column", "book"]
    training = ["--vector-size", "4", "--epochs", "1", "--min-count", "1", "--threads", "1"]
    result = run_here("train", tmp_path / "t.csv", "-o", tmp_path / "m", *options, *training)
    assert result.returncode == 0, result.stderr
    assert "--by year: 4 trainings of 2 groups: 0, 1" in result.stderr.decode()
    corpus = Corpus.open([str(tmp_path / "t.csv")], Tokenizer(), tmp_path, FileOptions(text_columns=("text",)))
    documents = read_documents(corpus, "book", tmp_path)
    for group in (0, 1):
        lines = np.arange(group, 40, 2)
        times = documents.of(lines).times(20, 3)
        of_books = {(int(i // 4 % 5), int(n)) for i, n in zip(lines, times, strict=True)}
        assert len(of_books) == sum(n for _, n in of_books) == 5
    made = load(str(tmp_path / "m" / "1" / "bootstrap-002.safetensors"))
    assert made.metadata["bootstrap"] == "documents of book"

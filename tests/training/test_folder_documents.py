"""Bootstraps of documents: the rows of one are drawn together, and the training is that on the rows that were drawn."""

import csv
import os
import signal
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import run_here, stop_at_checkpoint
from wordvec_cli.errors import InputError
from wordvec_cli.sequences.documents import open_documents, read_documents
from wordvec_cli.sequences.samples import bootstrap
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.file_options import FileOptions
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.vectors.native import load

OPTIONS = ["--vector-size", "8", "--epochs", "2", "--text-column", "text", "--bootstrap", "2", "--corpus-format", "csv"]
DRAWN = ["--document-column", "book"]
NAMES = ["bootstrap-001.safetensors", "bootstrap-002.safetensors"]


def write_table(path: Path, rows: list[tuple[str, str]]) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("text", "book"), *rows])
    return path


@pytest.fixture(scope="module")
def rows(corpus_file: Path) -> list[tuple[str, str]]:
    """Lines of books that are mixed, some of none."""
    rng = np.random.default_rng(5)
    books = [f"book {i}" if i else "" for i in rng.integers(0, 40, 100_000)]
    return list(zip(corpus_file.read_text().splitlines(), books, strict=False))


@pytest.fixture(scope="module")
def trained(rows: list[tuple[str, str]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("documents") / "models"
    table = write_table(folder.with_name("t.csv"), rows)
    result = run_here("train", table, "-o", folder, *OPTIONS, *DRAWN, "--threads", "2")
    assert result.returncode == 0, result.stderr
    n = 39 + sum(not book for _, book in rows)
    assert f"--document-column book: draws from {n} documents of {len(rows)} rows" in result.stderr.decode()
    return folder


def numbers_of(rows: list[tuple[str, str]]) -> list[int]:
    """The document of each row, in the order of their coming; a row without one is one."""
    known: dict[object, int] = {}
    return [known.setdefault(book or (i,), len(known)) for i, (_, book) in enumerate(rows)]


def test_rows_of_a_document_are_drawn_together_and_as_many_documents_as_there_are(tmp_path: Path) -> None:
    books = ["b", "a", "", "b", "c", "a", "", "b", "d", "b "]
    path = write_table(tmp_path / "t.csv", [("x", book) for book in books])
    files = FileOptions(text_columns=("text",))
    documents = read_documents(Corpus.open([str(path)], Tokenizer(), tmp_path, files), "book", tmp_path)
    assert documents.of_lines.tolist() == [0, 1, 2, 0, 3, 1, 4, 0, 5, 0]
    seen = set()
    for seed in range(20):
        times = documents.times(len(books), seed)
        of_documents = {(int(d), int(n)) for d, n in zip(documents.of_lines, times, strict=True)}
        assert len(of_documents) == documents.n == 6  # each has one number of times
        assert sum(n for _, n in of_documents) == 6
        assert times.tolist() == open_documents(tmp_path, "book").times(len(books), seed).tolist()
        seen.add(tuple(times.tolist()))
    assert len(seen) > 10
    with pytest.raises(InputError, match="had 10 rows and has 11 now"):
        documents.times(11, 1)


def test_a_bootstrap_of_documents_is_the_training_on_their_rows(
    rows: list[tuple[str, str]], trained: Path, tmp_path: Path
) -> None:
    assert sorted(os.listdir(trained)) == NAMES
    table = trained.with_name("t.csv")
    run_here("build-vocab", table, "--text-column", "text", "-o", tmp_path / "v.tsv")
    numbers = numbers_of(rows)
    times = bootstrap(max(numbers) + 1, 2)
    drawn = [f"{line}\n" * times[number] for (line, _), number in zip(rows, numbers, strict=True)]
    (tmp_path / "drawn.txt").write_text("".join(drawn))
    alone = tmp_path / "alone.safetensors"
    options = [*OPTIONS[:4], "--vocab", tmp_path / "v.tsv", "--seed", "2", "--threads", "1"]
    assert run_here("train", tmp_path / "drawn.txt", "-o", alone, *options).returncode == 0
    found = load(str(trained / NAMES[1]))
    assert found.matrix.tobytes() == load(str(alone)).matrix.tobytes()
    assert (found.metadata["seed"], found.metadata["bootstrap"]) == ("2", "documents of book")


def test_documents_from_a_pipe_that_are_killed_and_resumed_are_the_same_bytes(trained: Path, tmp_path: Path) -> None:
    folder, table = tmp_path / "models", trained.with_name("t.csv")
    command = ["train", "-", "-o", folder, *OPTIONS, "--threads", "1"]
    assert stop_at_checkpoint(*command, *DRAWN, number=signal.SIGKILL, nth=2, stdin=table) == -signal.SIGKILL
    lines = run_here(*command, "--resume", stdin=b"")
    assert b'(was {"bootstrap": 2, "documents": "book"})' in lines.stderr
    other = run_here(*command, "--document-column", "text", "--resume", stdin=b"")
    assert b'(was {"bootstrap": 2, "documents": "book"})' in other.stderr
    result = run_here(*command, *DRAWN, "--resume", stdin=b"")
    assert result.returncode == 0, result.stderr
    for name in NAMES:
        assert (folder / name).read_bytes() == (trained / name).read_bytes()
    of_lines = run_here(*command, "--resume", stdin=table.read_bytes())
    assert b"bootstrap-001.safetensors: is of another training" in of_lines.stderr


def test_lines_are_not_gone_on_with_as_documents(trained: Path, tmp_path: Path) -> None:
    command = ["train", trained.with_name("t.csv"), "-o", tmp_path / "m", *OPTIONS, "--threads", "1"]
    assert stop_at_checkpoint(*command, number=signal.SIGKILL, nth=1) == -signal.SIGKILL
    result = run_here(*command, *DRAWN, "--resume")
    assert b"--document-column book: the trainings to go on with do not draw documents" in result.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([*OPTIONS, "--document-column", "year"], "no column 'year'"),
        ([*OPTIONS, "--document-column", "year", "--dry-run"], "no column 'year'"),
        ([*OPTIONS, "--document-column", "same"], "--document-column same: tells 1 document"),
        ([*OPTIONS[:6], *DRAWN], "--document-column: says what --bootstrap draws; add --bootstrap N"),
        ([*OPTIONS[:6], *DRAWN, "--seeds", "2"], "--document-column: says what --bootstrap draws; add --bootstrap N"),
        (["--bootstrap", "2", *DRAWN], "name that of its text with --text-column"),
    ],
)
def test_what_has_no_documents_is_refused_and_leaves_nothing(tmp_path: Path, options: list[str], message: str) -> None:
    (tmp_path / "t.csv").write_text("text,book,same\na b,1,x\nb a,2,x\n")
    result = run_here("train", tmp_path / "t.csv", "-o", tmp_path / "m", *options)
    assert result.returncode in (1, 2)
    assert message in result.stderr.decode()
    assert os.listdir(tmp_path) == ["t.csv"]

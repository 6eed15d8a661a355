"""`wordvec info` says of every file that wordvec writes what it is and how it was made."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import run_here
from wordvec_cli.vectors.native import save
from wordvec_cli.vocabulary.file import read_vocabulary
from wordvec_cli.vocabulary.vocabulary import Vocabulary


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("corpus.txt").write_text("b a a\n\na c\n")
    for command in (
        "build-vocab corpus.txt --min-count 1 --lowercase -o vocab.tsv",
        "encode corpus.txt --vocab vocab.tsv --length 2 -o sequences.npy",
        "encode corpus.txt --vocab vocab.tsv -o sequences.safetensors",
        "matrix --vocab vocab.tsv --vector-size 4 --seed 7 -o matrix.safetensors",
        "cooccur corpus.txt --vocab vocab.tsv -o pairs.safetensors",
    ):
        assert run_here(*command.split()).returncode == 0


def info(path: str) -> Any:
    result = run_here("info", path, "--format", "json")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_of_a_vocabulary() -> None:
    facts = info("vocab.tsv")
    assert facts["vocabulary"]["n_words"] == 3
    assert facts["tokenizer"] == {"kind": "whitespace", "lowercase": True}
    assert facts["corpus"]["n_lines"] == 3


def test_of_padded_sequences() -> None:
    facts = info("sequences.npy")
    assert facts["sequences"]["length"] == 2
    assert facts["sequences"]["padding"] == "pre"
    assert facts["specials"] == ["pad", "unk"]


def test_of_ragged_sequences() -> None:
    facts = info("sequences.safetensors")
    assert facts["format"] == "wordvec sequences (safetensors)"
    assert facts["shapes"] == {"offsets": [4], "ids": [5]}


def test_of_a_matrix() -> None:
    facts = info("matrix.safetensors")
    assert facts["shapes"] == {"weight": [5, 4]}
    assert facts["matrix"]["seed"] == 7
    assert facts["vocabulary"]["n_words"] == 3


def test_of_pairs() -> None:
    facts = info("pairs.safetensors")
    assert facts["format"] == "wordvec pairs (safetensors)"
    assert facts["words"] == 3
    assert facts["shapes"]["weights"] == facts["shapes"]["rows"]
    assert facts["pair_options"]["window"] == 15


def test_of_an_array_that_nothing_is_said_of() -> None:
    Path("sequences.npy.json").unlink()
    result = run_here("info", "sequences.npy")
    assert result.returncode == 1
    assert b"sequences.npy" in result.stderr


def test_vectors_say_the_limits_of_the_vocabulary_that_was_given(corpus_file: Path, tmp_path: Path) -> None:
    vocabulary, vectors = tmp_path / "v.tsv", tmp_path / "v.safetensors"
    assert (
        run_here("build-vocab", corpus_file, "-o", vocabulary, "--min-count", "7", "--max-vocab", "12").returncode == 0
    )
    options = ["--vocab", vocabulary, "-o", vectors, "--vector-size", "2", "--epochs", "1", "--sample", "0"]
    assert run_here("train", corpus_file, *options).returncode == 0
    facts = run_here("info", vectors).stdout.decode().splitlines()
    assert {"vocabulary.min_count\t7", "vocabulary.max_vocab\t12"} <= set(facts)


def test_what_a_file_says_of_itself_forges_no_line_and_is_valid_json(tmp_path: Path) -> None:
    path = tmp_path / "v.safetensors"
    made_by = "x\nwords\t99\x1b[2J"
    save(str(path), Vocabulary.from_words([b"a"]), np.ones((1, 2), np.float32), {"made_by": made_by, "losses": "[NaN]"})
    lines = run_here("info", path).stdout.splitlines()
    assert rb"made_by" + b"\t" + rb"x\nwords\t99\x1b[2J" in lines
    assert [line for line in lines if line.startswith(b"words\t")] == [b"words\t1"]
    told = json.loads(run_here("info", path, "--format", "json").stdout, parse_constant=pytest.fail)
    assert (told["made_by"], told["losses"]) == (made_by, [None])
    rows = list(csv.reader(io.StringIO(run_here("info", path, "--format", "csv").stdout.decode(), newline="")))
    assert rows[0] == ["name", "value"]
    assert ["made_by", made_by] in rows


def test_of_the_words_of_a_vector_file_with_their_counts(tmp_path: Path) -> None:
    words = Vocabulary.from_words([b"b", b"a", "東京".encode()], [7, 5, 5])
    save("v.safetensors", words, np.zeros((3, 2), np.float32), {})
    printed = run_here("info", "v.safetensors", "--counts").stdout
    assert printed == "b\t7\na\t5\n東京\t5\n".encode()
    Path("again.tsv").write_bytes(printed)
    assert list(read_vocabulary("again.tsv").vocabulary) == list(words)
    lines = run_here("info", "v.safetensors", "--counts", "--format", "json").stdout.decode().splitlines()
    assert [json.loads(line) for line in lines][2] == {"word": "東京", "count": 5}
    rows = run_here("info", "v.safetensors", "--counts", "--format", "csv").stdout.splitlines()
    assert rows[:2] == [b"word,count", b"b,7"]


def test_of_words_without_counts_or_with_line_ends(tmp_path: Path) -> None:
    save("v.safetensors", Vocabulary.from_words([b"b", b"a\nb"]), np.zeros((2, 2), np.float32), {})
    result = run_here("info", "v.safetensors", "--counts")
    assert result.returncode == 1
    assert b"has a tab or line end in it; give --format json or csv" in result.stderr
    lines = run_here("info", "v.safetensors", "--counts", "--format", "json").stdout.decode().splitlines()
    assert [json.loads(line) for line in lines] == [{"word": "b"}, {"word": "a\nb"}]

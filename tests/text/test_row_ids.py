"""Ids of rows beside the outputs that have a row a line."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import run_here

COLUMNS = ["--text-column", "text", "--id-column", "id"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text('id,text\na1,red green\n"b\n2",red\nc\nd4,\n')
    Path("u.jsonl").write_text('{"id": 5, "text": "green"}\n')
    Path("v.tsv").write_text("red\t2\ngreen\t2\n")
    return tmp_path


def test_encode_writes_an_id_for_each_row_beside_its_output(folder: Path) -> None:
    result = run_here("encode", "t.csv", "u.jsonl", "--vocab", "v.tsv", "-o", "s.npy", *COLUMNS)
    assert result.returncode == 0, result.stderr
    assert Path("s.npy.ids.txt").read_bytes() == b"a1\nb 2\nc\nd4\n5\n"
    assert np.load("s.npy").tolist() == [[2, 3], [0, 2], [0, 0], [0, 0], [0, 3]]
    options = ["--as", "count", "--corpus-format", "csv", *COLUMNS]
    result = run_here("encode", "-", "--vocab", "v.tsv", "-o", "s.npz", *options, stdin=Path("t.csv").read_bytes())
    assert result.returncode == 0, result.stderr
    assert Path("s.npz.ids.txt").read_bytes() == b"a1\nb 2\nc\nd4\n"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["t.csv", "--text-column", "text", "--id-column", "key", "-o", "s.npy"], "has no column 'key'"),
        (["v.txt", "--id-column", "id", "-o", "s.npy"], "v.txt: is not read as a table"),
        (["t.csv", *COLUMNS, "--to", "text", "-o", "-"], "--id-column: is written beside the output; use -o FILE"),
        (["t.csv", *COLUMNS, "--as", "one-hot", "-o", "s.npz"], "--id-column: has no meaning for --as one-hot"),
    ],
)
def test_ids_that_there_are_not_are_an_error(folder: Path, arguments: list[str], error: str) -> None:
    Path("v.txt").write_text("red\n")
    result = run_here("encode", *arguments, "--vocab", "v.tsv")
    assert result.returncode > 0
    assert error in result.stderr.decode()
    assert not Path("s.npy").exists()


def test_predict_prints_the_id_of_each_row(folder: Path) -> None:
    Path("train.txt").write_text("__label__a red\n__label__b green\n" * 30)
    assert run_here("classify", "train", "train.txt", "-o", "m", "--epochs", "20", "--vector-size", "8").returncode == 0
    result = run_here("classify", "predict", "m", "t.csv", *COLUMNS, "--header")
    assert result.returncode == 1
    assert b"t.csv:4: has more or fewer cells" in result.stderr
    rows = [line.split("\t") for line in result.stdout.decode().splitlines()]
    assert rows[0] == ["id", "label", "probability"]
    assert [row[0] for row in rows[1:]] == ["a1", "b 2", "", "d4"]
    assert rows[2][1] == "a"
    result = run_here("classify", "predict", "m", "u.jsonl", *COLUMNS, "--format", "json")
    assert json.loads(result.stdout)["id"] == "5"
    assert json.loads(result.stdout)["labels"][0]["label"] == "b"

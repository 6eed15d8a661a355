"""`wordvec verify`: what it finds in files that are made to be wrong, and what its exit status says."""

import csv
import io
import json
import warnings
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import Run, run_here
from wordvec_cli.vectors.checks import findings
from wordvec_cli.vectors.embeddings import from_matrix
from wordvec_cli.vectors.native import save
from wordvec_cli.vocabulary.vocabulary import Vocabulary


@pytest.fixture(scope="session")
def wordvec() -> Run:
    return run_here


def results(output: bytes) -> dict[str, str]:
    return dict(line.split("\t", 1) for line in output.decode("utf-8", "replace").splitlines())


def test_a_sound_file_is_sound(wordvec: Run, vector_file: Path) -> None:
    result = wordvec("verify", vector_file)
    assert result.returncode == 0, result.stdout
    found = results(result.stdout)
    assert found["checksum"] == "holds"
    assert found["rows with numbers that are not finite"] == found["words that come twice"] == "0"


@pytest.mark.parametrize("place", [0.3, 0.6, 0.99])
def test_a_flipped_bit_is_found(wordvec: Run, vector_file: Path, tmp_path: Path, place: float) -> None:
    content = bytearray(vector_file.read_bytes())
    content[int(len(content) * place)] ^= 1
    (tmp_path / "v.safetensors").write_bytes(content)
    result = wordvec("verify", tmp_path / "v.safetensors")
    assert result.returncode == 1
    assert b"checksum\tdoes not hold" in result.stdout or result.stderr.startswith(b"Error: ")


def test_numbers_that_are_none_zeros_and_far_rows_are_counted(wordvec: Run, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    matrix = rng.normal(size=(100, 8)).astype(np.float32)
    matrix[3, 2], matrix[7, 0] = np.nan, np.inf
    matrix[9] = 0
    matrix[11] *= 1000
    path = tmp_path / "v.safetensors"
    save(str(path), Vocabulary.from_words(b"w%d" % i for i in range(100)), matrix, {})
    result = wordvec("verify", path)
    assert result.returncode == 1
    found = results(result.stdout)
    assert found["rows with numbers that are not finite"] == "2 (w3, w7)"
    assert found["rows of zeros"] == "1 (w9)"
    assert found["rows of an unusual length"] == "1 (w11)"


def test_only_with_strict_are_zeros_an_error(wordvec: Run, tmp_path: Path) -> None:
    path = tmp_path / "v.safetensors"
    save(str(path), Vocabulary.from_words([b"a", b"b"]), np.array([[1, 2], [0, 0]], np.float32), {})
    assert wordvec("verify", path).returncode == 0
    assert wordvec("verify", path, "--strict").returncode == 1


def test_what_is_odd_about_a_text_is_told(wordvec: Run, tmp_path: Path) -> None:
    path = tmp_path / "v.txt"
    path.write_bytes(b"a 1 2\nb 3 4\na 5 6\nc 7\n")
    result = wordvec("verify", path)
    assert b"repeated words: 1, the first on line 3" in result.stdout
    assert b"lines with another number of values, left out: 1, the first on line 4" in result.stdout
    assert b"rows\t3 of 2 numbers" in result.stdout
    assert wordvec("verify", path, "--strict").returncode == 1


def repeated_words(path: Path) -> None:
    """a, b, a and a in a file of the kind that the name tells."""
    words, matrix = [b"a", b"b", b"a", b"a"], np.float32([[1, 2], [3, 4], [5, 6], [7, 8]])
    rows = list(zip(words, matrix, strict=True))
    match path.suffix:
        case ".npz":
            np.savez(path, words=np.array([word.decode() for word in words]), vectors=matrix)
        case ".npy":
            np.save(path, matrix)
            path.with_name("v.npy.words").write_bytes(b"a\nb\na\na\n")
        case ".bin":
            path.write_bytes(b"4 2\n" + b"".join(word + b" " + row.tobytes() for word, row in rows))
        case _:
            header = b"4 2\n" if path.suffix == ".vec" else b""
            path.write_bytes(header + b"".join(b"%b %d %d.5\n" % (word, *row.astype(int)) for word, row in rows))


@pytest.mark.parametrize("name", ["v.txt", "v.vec", "v.bin", "v.npz", "v.npy"])
@pytest.mark.parametrize("choice", [[], ["--duplicates", "last"]])
def test_words_that_come_twice_are_counted_in_the_file_and_are_an_error(
    wordvec: Run, tmp_path: Path, name: str, choice: list[str]
) -> None:
    repeated_words(tmp_path / name)
    result = wordvec("verify", tmp_path / name, *choice)
    assert result.returncode == 1
    assert results(result.stdout)["words that come twice"] == "2 (a, a)"
    assert results(result.stdout)["rows"] == "4 of 2 numbers"


def test_signalling_nans_are_counted_without_a_warning(wordvec: Run, tmp_path: Path) -> None:
    path = tmp_path / "v.bin"
    path.write_bytes(b"2 2\na " + np.array([0x7F800001, 0], "<u4").tobytes() + b"b " + np.float32([1, 2]).tobytes())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = wordvec("verify", path)
    assert (result.returncode, result.stderr) == (1, b"")
    assert results(result.stdout)["rows with numbers that are not finite"] == "1 (a)"


def test_a_wrong_order_of_the_words_is_found() -> None:
    """By hand: the order says that b comes before a, and that is where bisection fails."""
    words = Vocabulary.from_words([b"a", b"b", b"c"])
    wrong = Vocabulary(words.text, words.offsets, np.array([1, 0, 2]), None)
    twice = Vocabulary(np.frombuffer(b"aab", np.uint8), np.array([0, 1, 2, 3]), np.array([0, 1, 2]), None)
    no_order = Vocabulary(words.text, words.offsets, np.array([0, 0, 7]), None)
    matrix = np.ones((3, 2), np.float32)
    found = {name: list(findings(from_matrix(v, matrix, {})))[:2] for name, v in
             {"right": words, "wrong": wrong, "twice": twice, "no order": no_order}.items()}  # fmt: skip
    assert {name: [each.n for each in of_name] for name, of_name in found.items()} == {
        "right": [0, 0], "wrong": [0, 1], "twice": [1, 0], "no order": [0, 3],
    }  # fmt: skip
    assert found["twice"][0].examples == (b"a",)


def test_json_and_csv_hold_what_the_lines_do_and_no_word_forges_a_line(wordvec: Run, tmp_path: Path) -> None:
    path = tmp_path / "v.safetensors"
    words = [b"a\nchecksum\tholds", b"=1\xff", b"c"]
    save(str(path), Vocabulary.from_words(words), np.array([[0, 0], [np.nan, 1], [1, 1]], np.float32), {})
    text = wordvec("verify", path)
    assert [line.count(b"\t") for line in text.stdout.splitlines()] == [1] * 7
    assert rb"a\nchecksum\tholds" in text.stdout
    told = wordvec("verify", path, "--format", "json")
    assert told.returncode == text.returncode == 1
    found = json.loads(told.stdout)
    checks = {each["check"]: each for each in found["checks"]}
    assert found["sound"] is False
    assert checks["rows of zeros"] == {"check": "rows of zeros", "result": 1, "examples": ["a\nchecksum\tholds"]}
    assert checks["rows with numbers that are not finite"]["examples"] == [{"text": "=1\ufffd", "bytes": "PTH/"}]
    table = wordvec("verify", path, "--format", "csv", "--spreadsheet-safe").stdout.decode()
    rows = list(csv.reader(io.StringIO(table, newline="")))
    assert rows[0] == ["check", "result", "examples"]
    assert ["rows with numbers that are not finite", "1", "'=1\ufffd"] in rows
    assert len(rows) == 1 + len(checks)

"""Tables as other programs read them: csv, JSON, tabs with titles; and what a screen gets."""

import base64
import csv
import io
import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import COMMAND, run_here
from tests.posix import pty
from wordvec_cli.cli.visible import visible, visible_lines
from wordvec_cli.text.csv_text import csv_cell
from wordvec_cli.text.json_text import written
from wordvec_cli.vectors.native import save
from wordvec_cli.vocabulary.vocabulary import Vocabulary

WORDS = [b'"', b"a,b", b'say "no"', b"=1+1", b"-x", b"@me", b"NA", b"caf\xe9", "東京".encode(), b"\x1b[2J", b"-5"]
QUERIES = {
    "similar": ["-k", "10"],
    "analogy": ["-k", "9"],
    "similarity": [],
    "odd-one-out": [],
    "lookup": ["--missing", "skip"],
}


@pytest.fixture(scope="module")
def odd_words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("odd") / "odd.safetensors"
    matrix = np.random.default_rng(3).normal(size=(len(WORDS), 4)).astype(np.float32)
    save(str(path), Vocabulary.from_words(WORDS, list(range(len(WORDS), 0, -1))), matrix, {})
    return path


def questions(command: str) -> bytes:
    n = {"similar": 1, "lookup": 1, "similarity": 2}.get(command, 3)
    lines = (b"\t".join((WORDS * 2)[start : start + n]) for start in range(len(WORDS)))
    return b"\n".join(lines) + b"\n"


def rows(command: str, path: Path, *options: str) -> list[list[str]]:
    """What Python's csv module reads of a table between commas."""
    result = run_here(command, path, *QUERIES[command], *options, "--format", "csv", stdin=questions(command))
    lost = b"csv is UTF-8: bytes that are not valid UTF-8 became U+FFFD; --format json keeps them\n"  # of one of WORDS
    assert (result.returncode, result.stderr) == (0, lost)
    return list(csv.reader(io.StringIO(result.stdout.decode(), newline="")))


@pytest.mark.parametrize("command", list(QUERIES))
def test_every_row_of_csv_has_the_words_and_numbers_of_the_table_of_tabs(command: str, odd_words: Path) -> None:
    tabs = ["--format", "tsv"] if command == "lookup" else []
    result = run_here(command, odd_words, *QUERIES[command], *tabs, stdin=questions(command))
    expected = [line.decode("utf-8", "replace").split("\t") for line in result.stdout.split(b"\n")[:-1]]
    titles, *found = rows(command, odd_words)
    if command == "odd-one-out":
        assert all(len(row) == 3 for row in found)
    assert len(titles) == len(found[0]) == len(expected[0])
    assert found == expected


def test_pandas_reads_each_row_of_csv(odd_words: Path) -> None:
    pandas = pytest.importorskip("pandas")
    result = run_here("similar", odd_words, "-k", "10", "--format", "csv", stdin=questions("similar"))
    frame = pandas.read_csv(io.BytesIO(result.stdout), keep_default_na=False)
    assert list(frame.columns) == ["query", "word", "cosine"]
    assert frame["query"].tolist() == [w.decode("utf-8", "replace") for w in WORDS for _ in range(10)]
    assert frame["cosine"].dtype == np.float64


@pytest.mark.parametrize(
    ("command", "titles"),
    [
        ("similar", b"query\tword\tcosine\n"),
        ("analogy", b"a\tb\tc\tword\tcosine\n"),
        ("similarity", b"a\tb\tcosine\n"),
        ("odd-one-out", b"query\todd\tdistance\n"),
        ("lookup", b"word\tv1\tv2\tv3\tv4\n"),
    ],
)
def test_titles_of_a_table_of_tabs_are_there_when_they_are_asked_for(
    command: str, titles: bytes, odd_words: Path
) -> None:
    tabs = ["--format", "tsv"] if command == "lookup" else []
    with_titles = run_here(command, odd_words, *tabs, "--header", stdin=questions(command)).stdout
    assert with_titles == titles + run_here(command, odd_words, *tabs, stdin=questions(command)).stdout


def test_a_question_that_gets_a_blank_has_as_many_cells_as_any_other(odd_words: Path) -> None:
    for command, options in (("similar", []), ("similarity", []), ("analogy", []), ("odd-one-out", []), ("lookup", [])):
        lines = {"similar": b"none\n", "lookup": b"none\n", "similarity": b'none "\n'}.get(command, b'none " NA\n')
        result = run_here(command, odd_words, *options, "--missing", "blank", "--format", "csv", stdin=lines)
        titles, blank = csv.reader(io.StringIO(result.stdout.decode()))
        assert len(blank) == len(titles), command
        assert blank[-1] == ""


@pytest.mark.parametrize(
    ("cell", "plain", "safe"),
    [
        (b"word", b"word", b"word"),
        (b'"', b'""""', b'""""'),
        (b"a,b", b'"a,b"', b'"a,b"'),
        (b"=1+1", b"=1+1", b"'=1+1"),
        (b"+x", b"+x", b"'+x"),
        (b"-x", b"-x", b"'-x"),
        (b"@SUM(A1)", b"@SUM(A1)", b"'@SUM(A1)"),
        (b"\tx", b"\tx", b"'\tx"),
        (b'=HYPERLINK("a","b")', b'"=HYPERLINK(""a"",""b"")"', b'"\'=HYPERLINK(""a"",""b"")"'),
        ("\uff1d1".encode(), "\uff1d1".encode(), "'\uff1d1".encode()),
        (b"-0.5", b"-0.5", b"-0.5"),
        (b"-1.5e-07", b"-1.5e-07", b"-1.5e-07"),
        (b"-1+2", b"-1+2", b"'-1+2"),
        (b"caf\xe9", "caf\ufffd".encode(), "caf\ufffd".encode()),
        (b"", b"", b""),
    ],
)
def test_a_cell_is_quoted_where_it_must_be_and_no_formula_if_it_is_to_be_safe(
    cell: bytes, plain: bytes, safe: bytes
) -> None:
    assert (csv_cell(cell), csv_cell(cell, is_safe=True)) == (plain, safe)


@pytest.mark.parametrize("command", ["similar", "similarity", "analogy", "odd-one-out", "lookup"])
def test_bytes_that_csv_cannot_hold_are_told_once(command: str, odd_words: Path) -> None:
    asked = {"similar": b"caf\xe9\n" * 2, "lookup": b"caf\xe9\n" * 2}.get(command, b'caf\xe9\t"\tNA\n' * 2)
    asked = asked.replace(b"\tNA", b"") if command == "similarity" else asked
    options = ["-k", "1"] if command in ("similar", "analogy") else []
    result = run_here(command, odd_words, *options, "--format", "csv", stdin=asked)
    assert (result.returncode, result.stderr.count(b"\n"), result.stderr.count(b"U+FFFD")) == (0, 1, 1)
    tabs = run_here(command, odd_words, *options, "--format", "tsv", stdin=asked)
    assert (tabs.returncode, tabs.stderr) == (0, b"")


def test_a_replacement_character_of_the_word_itself_is_no_loss(tmp_path: Path) -> None:
    path = tmp_path / "v.safetensors"
    save(str(path), Vocabulary.from_words(["\ufffd".encode()]), np.eye(1, 2, 0, "f4"), {})
    assert run_here("lookup", path, "\ufffd", "--format", "csv").stderr == b""


def test_no_cell_of_a_safe_table_is_a_formula_and_numbers_stay_numbers(odd_words: Path) -> None:
    _, *found = rows("similar", odd_words, "--spreadsheet-safe")
    assert {row[0] for row in found} >= {"'=1+1", "'-x", "'@me", "-5"}
    assert any(float(row[2]) < 0 for row in found)


@pytest.mark.parametrize("options", [["--spreadsheet-safe"], ["--format", "json", "--header"]])
def test_an_option_that_the_format_has_no_use_for_is_a_usage_error(odd_words: Path, options: list[str]) -> None:
    assert run_here("similar", odd_words, "NA", *options).returncode == 2


# ---------------------------------------------------------------- JSON


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"loss": float("nan"), "all": [float("inf"), 1.5]}, {"loss": None, "all": [None, 1.5]}),
        ({"word": "caf\udce9", "cosine": 1}, {"word": "caf\ufffd", "bytes": "Y2Fm6Q==", "cosine": 1}),
        ({"query": "a", "odd": "\udcff"}, {"query": "a", "odd": "\ufffd", "odd_bytes": "/w=="}),
        ({"query": ["ok", "\udcff"]}, {"query": ["ok", {"text": "\ufffd", "bytes": "/w=="}]}),
        ({"a": {"b": ["\ud800"]}}, {"a": {"b": [{"text": "\ufffd" * 3, "bytes": "7aCA"}]}}),
        ({"word": "😀 \U00010c80 \\udce9"}, {"word": "😀 \U00010c80 \\udce9"}),
    ],
)
def test_json_is_valid_whatever_numbers_and_bytes_there_are(value: object, expected: object) -> None:
    def refused(constant: str) -> None:
        raise AssertionError(constant)

    for indent in (None, 2):
        text = written(value, indent)
        assert json.loads(text, parse_constant=refused) == expected
        text.encode()


def test_each_query_command_names_its_question_query_and_gives_exact_bytes(odd_words: Path) -> None:
    similar = json.loads(run_here("similar", odd_words, "--format", "json", stdin=b"caf\xe9\n").stdout)
    assert base64.b64decode(similar["bytes"]) == b"caf\xe9"
    assert similar["query"] == "caf\ufffd"
    for command in ("analogy", "similarity", "odd-one-out"):
        record = json.loads(
            run_here(command, odd_words, "--format", "json", stdin=questions(command)).stdout.split(b"\n")[0]
        )
        assert isinstance(record["query"], list), command


def test_a_look_up_in_json_has_null_for_what_is_not_finite_and_the_bytes_of_a_broken_word(tmp_path: Path) -> None:
    path = tmp_path / "v.safetensors"
    matrix = np.array([[np.inf, -np.inf, np.nan, 1.5]], np.float32)
    save(str(path), Vocabulary.from_words([b"nan\xff"]), matrix, {})
    record = json.loads(run_here("lookup", path, "--format", "json", stdin=b"nan\xff\n").stdout)
    assert record == {"word": "nan\ufffd", "bytes": "bmFu/w==", "vector": [None, None, None, 1.5]}


def test_a_missing_word_is_a_field_in_json_lines(odd_words: Path) -> None:
    result = run_here("lookup", odd_words, "Na", "--progress", "json")
    assert json.loads(result.stderr) == {"missing": "Na", "there_is": ["NA"]}
    assert json.loads(run_here("similar", odd_words, "zz zz", "--progress", "json").stderr) == {"missing": "zz zz"}


# ---------------------------------------------------------------- screens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain 東京 é", "plain 東京 é"),
        ("\x1b[2J", r"\x1b[2J"),
        ("a\nb\tc\rd", r"a\nb\tc\rd"),
        ("\x7f\x80\x9b", r"\x7f\x80\x9b"),
        ("\u202eabc\u2066", r"\u202eabc\u2066"),
        ("\udc9b31m", r"\x9b31m"),
    ],
)
def test_control_characters_are_made_visible(text: str, expected: str) -> None:
    assert visible(text) == expected
    assert visible_lines([b"a\x1b\tb\n", b"\xff\n"]).__next__() == b"a\\x1b\tb\n"


def on_a_screen(*arguments: str | Path) -> bytes:
    """What a command sends to a terminal, both streams."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([*COMMAND, *arguments], stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        sent = b""
        try:
            while piece := os.read(ours, 4096):
                sent += piece
        except OSError:  # the other end is closed
            pass
        process.wait(timeout=60)
    os.close(ours)
    return sent


def test_a_screen_gets_no_escape_sequence_and_a_pipe_gets_all_bytes(odd_words: Path) -> None:
    words = ["\x1b[2J", "caf\udce9"]
    sent = on_a_screen("similarity", odd_words, *words)
    assert sent.startswith(rb"\x1b[2J" + b"\t" + rb"caf\xe9" + b"\t")
    assert run_here("similarity", odd_words, *words).stdout.startswith(b"\x1b[2J\tcaf\xe9\t")
    assert on_a_screen("lookup", odd_words, words[0]).startswith(rb"\x1b[2J ")


def test_an_error_and_a_note_are_one_line_without_control_characters(odd_words: Path, tmp_path: Path) -> None:
    result = run_here("lookup", tmp_path / "no\x1b[31m\nsuch", "x")
    assert result.stderr.count(b"\n") == 1
    assert rb"no\x1b[31m\nsuch" in result.stderr


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")
def test_jq_and_pandas_read_each_row_as_the_documents_say(odd_words: Path, tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    asked = questions("similar").replace(b"caf\xe9\n", b"")
    answers = run_here("similar", odd_words, "-k", "9", "--among", "/dev/null", stdin=b"")
    assert answers.returncode == 1  # of an empty list
    tabs = run_here("similar", odd_words, "--header", stdin=asked).stdout
    expected = [line.decode("utf-8", "replace").split("\t") for line in tabs.split(b"\n")[1:-1]]
    (tmp_path / "a.tsv").write_bytes(tabs.decode("utf-8", "replace").encode())
    frame = pandas.read_csv(tmp_path / "a.tsv", sep="\t", quoting=3, keep_default_na=False, dtype=str)
    assert frame.to_numpy().tolist() == expected
    records = run_here("similar", odd_words, "--format", "json", stdin=asked).stdout
    words = subprocess.run(["jq", "-c", ".neighbours[] | .word"], input=records, capture_output=True, check=True).stdout
    assert [json.loads(word) for word in words.splitlines()] == [word for _, word, _ in expected]

"""Tables, read back by the programs that they are for: csv, json, and pandas where it is installed."""

import base64
import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import Run
from wordvec_cli.errors import InputError, OutputError
from wordvec_cli.formats.reading import WriteOptions
from wordvec_cli.formats.tables import write_csv, write_jsonl, write_tsv
from wordvec_cli.vectors import native
from wordvec_cli.vectors.embeddings import Embeddings, from_matrix
from wordvec_cli.vocabulary.vocabulary import Vocabulary

NASTY = [
    b"the",
    "東京".encode(),
    b"caf\xe9",
    b"a\x00b",
    b"new york",
    b"no\xc2\xa0break",
    b"",
    b'say "so", he',
    b"NA",
    b"'",
]
BREAKS = [b"x\ry", b"line\nend", b"tab\there", b"\r\n"]
Write = Callable[[str, Embeddings, WriteOptions], list[str]]


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def vectors(words: list[bytes], counts: list[int] | None = None) -> Embeddings:
    matrix = np.random.default_rng(1).standard_normal((len(words), 3)).astype(np.float32)
    return from_matrix(Vocabulary.from_words(words, counts), matrix, {})


def test_a_csv_is_what_the_csv_module_reads() -> None:
    embeddings = vectors(NASTY + BREAKS)
    lost = write_csv("v.csv", embeddings, WriteOptions())
    assert lost == ["the exact bytes of 1 words that are not valid UTF-8"]
    with open("v.csv", newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    assert header == ["word", "v1", "v2", "v3"]
    assert [row[0] for row in rows] == [word.decode("utf-8", "replace") for word in NASTY + BREAKS]
    np.testing.assert_array_equal(np.array([row[1:] for row in rows], np.float32), embeddings.matrix)


def test_a_csv_is_quoted_as_the_csv_module_quotes_it() -> None:
    words = [word for word in NASTY + BREAKS if word not in (b"caf\xe9", b"x\ry")]
    expected = io.StringIO(newline="")
    writer = csv.writer(expected, lineterminator="\n")
    writer.writerows([("word", "v1"), *((word.decode(), 0) for word in words)])
    write_csv("v.csv", from_matrix(Vocabulary.from_words(words), np.zeros((len(words), 1), "f4"), {}), WriteOptions())
    assert Path("v.csv").read_bytes().decode() == expected.getvalue()


def test_pandas_reads_a_csv() -> None:
    pandas = pytest.importorskip("pandas")
    embeddings = vectors([word for word in NASTY if word != b"caf\xe9"])
    write_csv("v.csv", embeddings, WriteOptions())
    frame = pandas.read_csv("v.csv", keep_default_na=False, na_filter=False)
    assert [word.encode() for word in frame["word"]] == list(embeddings.vocabulary)
    np.testing.assert_array_equal(frame[["v1", "v2", "v3"]].to_numpy(np.float32), embeddings.matrix)


def test_a_safe_csv_holds_no_formula_but_the_numbers_that_it_held(wordvec: Run) -> None:
    native.save("v.safetensors", Vocabulary.from_words([b"=1+1", b"-5", b"@x", b"a"]), -np.ones((4, 1), np.float32), {})
    assert wordvec("export", "v.safetensors", "v.csv", "--spreadsheet-safe").returncode == 0
    assert Path("v.csv").read_bytes() == b"word,v1\n'=1+1,-1\n-5,-1\n'@x,-1\na,-1\n"
    refused = wordvec("export", "v.safetensors", "v.tsv", "--spreadsheet-safe")
    assert (refused.returncode, refused.stderr.count(b"\n")) == (2, 1)


def test_json_lines_are_what_json_reads() -> None:
    embeddings = vectors(NASTY + BREAKS)
    assert write_jsonl("v.jsonl", embeddings, WriteOptions()) == []
    rows = [json.loads(line) for line in Path("v.jsonl").read_bytes().splitlines()]
    assert [row["word"] for row in rows] == [word.decode("utf-8", "replace") for word in NASTY + BREAKS]
    exact = [base64.b64decode(row["bytes"]) if "bytes" in row else row["word"].encode() for row in rows]
    assert exact == NASTY + BREAKS
    np.testing.assert_array_equal(np.array([row["vector"] for row in rows], np.float32), embeddings.matrix)


@pytest.mark.parametrize(("write", "layout"), [(write_tsv, "tsv"), (write_jsonl, "json")])
def test_lines_are_those_of_lookup(wordvec: Run, write: Write, layout: str) -> None:
    words = [word for word in NASTY if b"\x00" not in word]
    embeddings = vectors(words)
    native.save("v.safetensors", embeddings.vocabulary, embeddings.matrix, {})
    assert write("v", embeddings, WriteOptions()) == []
    result = wordvec("lookup", "v.safetensors", "--format", layout, *words)
    assert result.returncode == 0
    assert Path("v").read_bytes() == result.stdout


@pytest.mark.parametrize(("word", "what"), [(b"a\tb", "tab"), (b"a\nb", "line end")])
def test_a_tsv_names_the_word_that_it_cannot_hold(word: bytes, what: str) -> None:
    with pytest.raises(InputError) as caught:
        write_tsv("v.tsv", vectors([b"good", word]), WriteOptions())
    shown = repr(word.decode())
    assert str(caught.value) == f"v.tsv: the word {shown} has a {what}, which this format cannot hold; write a .csv"
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_json_has_no_number_that_is_not_finite(value: float) -> None:
    matrix = np.array([[1, 2], [3, value]], np.float32)
    embeddings = from_matrix(Vocabulary.from_words([b"good", b"bad"]), matrix, {})
    with pytest.raises(InputError, match=r"^v\.jsonl: the vector of 'bad' has nan or inf"):
        write_jsonl("v.jsonl", embeddings, WriteOptions())
    assert list(Path().iterdir()) == []
    for write in (write_csv, write_tsv):
        write("v", embeddings, WriteOptions())
        assert float(Path("v").read_text().split()[-1].replace(",", "\t").split("\t")[-1]) == pytest.approx(
            value, nan_ok=True
        )


def test_what_a_table_has_no_room_for_is_told() -> None:
    whole = vectors([b"a", b"b"], [2, 1])
    embeddings = Embeddings(whole.vocabulary, whole.values, 3, {"seed": "1"}, whole.values, whole.values[:3])
    notes = write_csv("v.csv", embeddings, WriteOptions(decimals=2))
    assert {"counts", "context vectors", "the vector of unknown words"} < set(notes)
    assert len(notes) == 4
    assert all(len(field.partition(".")[2]) == 2 for field in Path("v.csv").read_text().split()[1].split(",")[1:])


@pytest.mark.parametrize("write", [write_csv, write_tsv, write_jsonl])
def test_many_rows_come_slice_by_slice(write: Write) -> None:
    words = [b"w%d" % i for i in range(9000)]
    write("v", vectors(words), WriteOptions())
    lines = Path("v").read_bytes().splitlines()[-9000:]
    assert all(word in line for word, line in zip(words, lines, strict=True))


@pytest.mark.parametrize("write", [write_csv, write_tsv, write_jsonl])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(write: Write, file_size_limit: None) -> None:
    Path("v").write_bytes(b"old")
    with pytest.raises(OutputError, match=r"^v: file too large"):
        write("v", vectors([b"w%d" % i for i in range(20_000)]), WriteOptions())
    assert [path.name for path in Path().iterdir()] == ["v"]
    assert Path("v").read_bytes() == b"old"


def test_a_dash_is_standard_output(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    write_tsv("-", vectors([b"caf\xe9"]), WriteOptions(decimals=1))
    assert capfdbinary.readouterr().out.startswith(b"caf\xe9\t0.3\t")

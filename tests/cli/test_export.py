"""`wordvec export`, and `lookup` and `similar` on files of other tools: results, notes, exit statuses, old files."""

import bz2
import gzip
import io
import json
import lzma
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from backports import zstd

from tests.conftest import Run, run_here
from wordvec_cli.cli import run
from wordvec_cli.formats import writable_formats
from wordvec_cli.vectors.native import load, save
from wordvec_cli.vocabulary.vocabulary import Vocabulary

# Each number has the fewest digits that read back as the same float32.
TEXT = "the 0.1 -2 3e-09\n東京 0.33333334 1e+10 -0\ncat 1.5 16777216 5.877472e-39\ndog 1 2 3\n".encode()
WORDS = [line.split()[0] for line in TEXT.splitlines()]
MATRIX = np.array([[np.float32(float(v)) for v in line.split()[1:]] for line in TEXT.splitlines()])
BINARY = b"4 3\n" + b"".join(
    word + b" " + row.astype("<f4").tobytes() + b"\n" for word, row in zip(WORDS, MATRIX, strict=True)
)
OLD = b"the old output"


class Result(NamedTuple):
    """What a command came to."""

    status: int
    stdout: bytes
    stderr: list[str]


Command = Callable[..., Result]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> Command:
    """Run a command in this process, in a folder with `v.txt`, and `stdin` as its standard input."""
    monkeypatch.chdir(tmp_path)
    Path("v.txt").write_bytes(TEXT)

    def run_here(*arguments: str, stdin: bytes = b"") -> Result:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsysbinary.readouterr()
        status = run(arguments)
        streams = capsysbinary.readouterr()
        return Result(status, streams.out, streams.err.decode().splitlines())

    return run_here


def assert_error(result: Result, text: str, status: int = 1) -> None:
    """One line that says why, and nothing else."""
    assert (result.status, result.stdout) == (status, b""), result.stderr
    assert text in result.stderr[-1]
    assert sum("Error: " in line for line in result.stderr) == 1
    assert not any("Traceback" in line for line in result.stderr)


# ---------------------------------------------------------------- what is written


def test_text_to_native_to_text_is_the_same_file(command: Command) -> None:
    assert command("export", "v.txt", "v.safetensors").status == 0
    native = load("v.safetensors")
    assert list(native.vocabulary) == WORDS
    np.testing.assert_array_equal(native.matrix, MATRIX)
    assert native.metadata["converted_from"] == "glove"
    assert command("export", "v.safetensors", "back.txt").status == 0
    assert Path("back.txt").read_bytes() == TEXT


def test_text_to_binary_to_header_to_text_is_the_same_file(command: Command) -> None:
    for source, target in [("v.txt", "v.bin"), ("v.bin", "v.vec"), ("v.vec", "v.npz"), ("v.npz", "back.txt")]:
        assert command("export", source, target).status == 0
    assert Path("v.bin").read_bytes() == BINARY.replace(b"\n", b"").replace(b"4 3", b"4 3\n", 1)
    assert Path("v.vec").read_bytes() == b"4 3\n" + TEXT
    assert Path("back.txt").read_bytes() == TEXT


def test_vectors_that_were_trained_survive_text(command: Command, vector_file: Path) -> None:
    assert command("export", str(vector_file), "t.vec.gz").status == 0
    assert command("export", "t.vec.gz", "back.safetensors").status == 0
    trained, back = load(str(vector_file)), load("back.safetensors")
    assert list(back.vocabulary) == list(trained.vocabulary)
    np.testing.assert_array_equal(back.matrix, trained.matrix)


def test_native_to_native_keeps_all_that_the_file_has(command: Command) -> None:
    context, unknown = MATRIX * 2, np.float32([[1, 2, 3]])
    save(
        "n", Vocabulary.from_words(WORDS, [9, 8, 7, 6]), MATRIX, {"seed": "5"}, {"context": context, "unknown": unknown}
    )
    result = command("export", "n", "m.safetensors")
    assert (result.status, result.stderr) == (0, ["4 vectors of 3 numbers"])
    assert Path("m.safetensors").read_bytes() == Path("n").read_bytes()


def test_the_same_input_gives_the_same_bytes_whatever_the_threads(command: Command) -> None:
    names = ["a.safetensors", "b.txt.gz", "c.npz", "d.kv", "e.bin"]
    contents = []
    for threads in ("1", "3"):
        for name in names:
            assert command("export", "v.txt", name, "--threads", threads).status == 0
        contents.append([Path(name).read_bytes() for name in names])
    assert contents[0] == contents[1]


def test_wanted_words_and_a_limit_choose_rows_and_missing_words_are_counted(command: Command) -> None:
    Path("words").write_bytes("dog\r\n東京\r\nabsent\n\nthe".encode())
    lines = TEXT.splitlines(keepends=True)
    result = command("export", "v.txt", "some.txt", "--words", "words")
    assert Path("some.txt").read_bytes() == lines[0] + lines[1] + lines[3]
    assert result.stderr[:2] == ["1 of 4 words are not in v.txt", "3 vectors of 3 numbers"]
    assert command("export", "v.txt", "some.txt", "--words", "words", "--limit", "2").status == 0
    assert Path("some.txt").read_bytes() == lines[0] + lines[1]
    assert command("export", "v.txt", "some.txt", "--limit", "1").status == 0
    assert Path("some.txt").read_bytes() == lines[0]
    Path("words").write_bytes(b"\n\n")
    assert_error(command("export", "v.txt", "x.txt", "--words", "words"), "words: holds no words; write one a line")
    Path("words").write_bytes(b"absent\n")
    assert_error(
        command("export", "v.txt", "x.txt", "--words", "words"),
        "words: none of its 1 word has a vector in v.txt; is it a list of words",
    )
    assert_error(command("export", "v.txt", "x.txt", "--words", "no-file"), "no-file: no such file or directory")
    assert_error(command("export", "v.txt", "x.txt", "--limit", "0"), "--limit", 2)
    assert not Path("x.txt").exists()


def test_decimals_are_those_that_are_asked_for(command: Command) -> None:
    Path("v.txt").write_bytes(b"a 0.125 -2\nb 1e-9 100.06\n")
    result = command("export", "v.txt", "-", "--to", "word2vec", "--decimals", "2")
    assert result.stdout == b"2 2\na 0.12 -2.00\nb 0.00 100.06\n"
    assert result.stderr == ["2 vectors of 2 numbers, rounded to 2 decimals"]
    message = command("export", "v.txt", "x.npy", "--decimals", "2")
    assert_error(message, "--decimals: is for text, and this format stores numbers as they are; leave it out", 2)
    assert_error(command("export", "v.txt", "x.txt", "--decimals", "-1"), "--decimals", 2)


@pytest.mark.parametrize(
    ("ending", "decompress"),
    [(".gz", gzip.decompress), (".bz2", bz2.decompress), (".xz", lzma.decompress), (".zst", zstd.decompress)],
)
def test_outputs_are_compressed_by_their_suffix(
    command: Command, ending: str, decompress: Callable[[bytes], bytes]
) -> None:
    assert command("export", "v.txt", f"c.txt{ending}").status == 0
    assert decompress(Path(f"c.txt{ending}").read_bytes()) == TEXT
    assert command("export", f"c.txt{ending}", "-", "--to", "glove").stdout == TEXT
    assert sorted(os.listdir()) == [f"c.txt{ending}", "v.txt"]


@pytest.mark.parametrize("name", ["c.txt.GZ", "c.VEC.Gz"])
def test_a_suffix_in_capitals_compresses_too(command: Command, name: str) -> None:
    assert command("export", "v.txt", name).status == 0
    assert gzip.decompress(Path(name).read_bytes()).endswith(TEXT)


def test_a_format_of_several_files_is_not_compressed(command: Command) -> None:
    result = command("export", "v.txt", "c.npy.gz")
    assert_error(result, "c.npy.gz: this format is several files, which are not compressed; leave .gz out", 2)
    assert os.listdir() == ["v.txt"]


@pytest.mark.parametrize("format", writable_formats())
def test_every_format_is_written_and_what_can_be_read_comes_back(command: Command, format: str) -> None:
    result = command("export", "v.txt", "out", "--to", format)
    if format == "floret":  # a table of n-grams, which these vectors do not have
        assert_error(result, "out: these vectors have no rows of n-grams")
        return
    assert result.status == 0, result.stderr
    assert Path("out").stat().st_size > 0
    if format not in ("projector", "fifu"):  # the one is not read, the other loses the last bit
        back = command("export", "out", "-", "--to", "glove", "--allow-pickle")
        is_sum = format == "fasttext"  # whose vectors are sums from 0 on, and never -0
        expected = TEXT.replace(b" -0\n", b" 0\n") if is_sum else TEXT
        assert back.stdout == expected, back.stderr


def test_a_table_for_other_programs_holds_the_numbers(command: Command) -> None:
    result = command("export", "v.txt", "-", "--to", "jsonl")
    entries = [json.loads(line) for line in result.stdout.splitlines()]
    assert [entry["word"].encode() for entry in entries] == WORDS
    np.testing.assert_array_equal(np.array([entry["vector"] for entry in entries], np.float32), MATRIX)


# ---------------------------------------------------------------- standard input and output


@pytest.mark.parametrize("content", [TEXT, gzip.compress(TEXT, mtime=0), b"4 3\n" + TEXT, BINARY], ids=len)
def test_standard_input_and_output_are_named_by_a_dash(command: Command, content: bytes) -> None:
    result = command("export", "-", "-", "--to", "glove", stdin=content)
    assert (result.status, result.stdout) == (0, TEXT)
    assert result.stderr[0] == "4 vectors of 3 numbers"
    Path("n.safetensors").unlink(missing_ok=True)
    assert command("export", "-", "n.safetensors", stdin=content).status == 0
    assert list(load("n.safetensors").vocabulary) == WORDS


def test_an_empty_standard_input_is_an_error(command: Command) -> None:
    assert_error(command("export", "-", "x.txt"), "standard input: ")


def test_a_real_pipe_is_read_and_written(wordvec: Run) -> None:
    result = wordvec("export", "-", "-", "--to", "word2vec-binary", "--from", "glove", stdin=TEXT)
    assert result.returncode == 0, result.stderr
    assert result.stdout == BINARY.replace(b"\n", b"").replace(b"4 3", b"4 3\n", 1)
    result = wordvec("export", "/dev/stdin", "-", "--to", "glove", stdin=result.stdout)
    assert result.stdout == TEXT, result.stderr


# ---------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("arguments", "text", "status"),
    [
        (["v.txt", "-"], "add --to", 2),
        (["v.txt", "out"], "out: its name does not say the format; add --to native|", 2),
        (["v.txt", "out.doc"], "out.doc: its name does not say the format", 2),
        (["v.txt", "out.gz"], "out.gz: its name does not say the format", 2),
        (["v.txt", "out.txt", "--to", "xml"], "--to", 2),
        (["v.txt", "out.txt", "--from", "projector"], "--from", 2),
        (["v.txt", "out.txt", "--duplicates", "all"], "--duplicates", 2),
        (["v.txt", "n.safetensors", "--float16", "--int8"], "--float16 and --int8 exclude each other; give one", 2),
        (["v.txt", "out.txt", "more", "yet"], "more yet: too many arguments", 2),
        (["v.txt", "out.txt", "--max-bytes", "many"], "--max-bytes", 2),
        (["v.txt", "v.txt"], "v.txt: is read by this command; name another output", 1),
        (["v.txt", "./v.txt"], "v.txt: is read by this command; name another output", 1),
        (["v.txt", "link.txt"], "link.txt: is read by this command; name another output", 1),
        (["v.txt", "words.txt", "--words", "words.txt"], "words.txt: is read by this command", 1),
        (["missing.txt", "out.txt"], "missing.txt: no such file or directory", 1),
        (["v.txt", "nowhere/out.txt"], "nowhere/out.txt: the folder", 1),
        (["v.txt", "."], "is not a file; name a file to write", 1),
        (["v.txt", "out.txt", "--from", "word2vec-binary"], "v.txt: does not begin with `rows dimension`", 1),
        (["v.txt", "out.txt", "--max-bytes", "50"], "v.txt: is longer than --max-bytes", 1),
        (["v.txt"], "OUTPUT: is missing", 2),
    ],
)
def test_what_cannot_be_is_one_line_and_nothing_is_written(
    command: Command, arguments: list[str], text: str, status: int
) -> None:
    Path("words.txt").write_bytes(b"the\n")
    os.symlink("v.txt", "link.txt")
    before = sorted(os.listdir())
    assert_error(command("export", *arguments), text, status)
    assert sorted(os.listdir()) == before
    assert (Path("v.txt").read_bytes(), Path("words.txt").read_bytes()) == (TEXT, b"the\n")


def test_a_hard_link_to_the_input_is_the_input(command: Command) -> None:
    os.link("v.txt", "same.txt")
    assert_error(command("export", "v.txt", "same.txt"), "same.txt: is read by this command")


@pytest.mark.parametrize("target", ["v.txt", "v.bin"])
def test_a_word_that_the_format_cannot_hold_is_an_error_and_the_old_output_stays(command: Command, target: str) -> None:
    save("n", Vocabulary.from_words([b"a", b"two\nlines"]), MATRIX[:2], {})
    Path(target).write_bytes(OLD)
    assert_error(command("export", "n", target), f"{target}: the word ")
    assert Path(target).read_bytes() == OLD
    assert sorted(os.listdir()) == sorted({"n", "v.txt", target})


# ---------------------------------------------------------------- what is told

ODD = TEXT + b"the 1 2 3\nbroken 1 x 3\ncaf\xe9 nan 2 3\n\nlast 1 2 3"
ODDITIES = ["repeated words", "not a number", "not valid UTF-8", "not finite", "empty", "cut short"]


def test_oddities_and_losses_are_told_on_standard_error_only(command: Command) -> None:
    Path("odd.txt").write_bytes(ODD)
    result = command("export", "odd.txt", "n.safetensors")
    assert (result.status, result.stdout) == (0, b"")
    for what in ODDITIES:
        assert any(what in line and line.startswith("odd.txt: ") for line in result.stderr), what
    assert any("the first on line 6" in line for line in result.stderr)
    assert result.stderr[-1] == "6 vectors of 3 numbers"
    save("full", Vocabulary.from_words(WORDS, [9, 8, 7, 6]), MATRIX, {"seed": "5"}, {"context": MATRIX})
    result = command("export", "full", "out.vec")
    assert result.stdout == b""
    assert result.stderr == [
        "4 vectors of 3 numbers",
        "out.vec: has no room for counts",
        "out.vec: has no room for context vectors",
        "out.vec: has no room for how the vectors were made",
    ]


def test_quiet_says_nothing_and_json_is_json(command: Command) -> None:
    Path("odd.txt").write_bytes(ODD)
    result = command("export", "odd.txt", "out.txt", "--quiet")
    assert (result.status, result.stdout, result.stderr) == (0, b"", [])
    result = command("export", "odd.txt", "out.txt", "--progress", "json")
    assert any("repeated words" in json.loads(line).get("note", "") for line in result.stderr)
    result = command("export", "missing", "out.txt", "--progress", "json")
    assert [json.loads(line) for line in result.stderr] == [{"error": "missing: no such file or directory"}]


@pytest.mark.parametrize(
    "content", [ODD, TEXT[:-1], b"5 3\n" + TEXT, b"4 2\n" + TEXT, b"\xef\xbb\xbf" + TEXT, BINARY[:-5]], ids=len
)
def test_strict_makes_an_error_of_anything_odd(command: Command, content: bytes) -> None:
    Path("odd").write_bytes(content)
    Path("out.txt").write_bytes(OLD)
    assert_error(command("export", "odd", "out.txt", "--strict"), "leave --strict out to read it all the same")
    assert Path("out.txt").read_bytes() == OLD
    assert command("export", "odd", "out.txt").status == 0
    assert command("export", "v.txt", "out.txt", "--strict").status == 0
    assert Path("out.txt").read_bytes() == TEXT


@pytest.mark.parametrize(("choice", "line"), [("first", b"the 1 3"), ("last", b"the 4 5"), ("mean", b"the 2.5 4")])
def test_which_of_several_rows_is_kept_is_an_option(command: Command, choice: str, line: bytes) -> None:
    Path("twice").write_bytes(b"the 1 3\ncat 1 1\nthe 4 5\n")
    result = command("export", "twice", "-", "--to", "glove", "--duplicates", choice)
    assert sorted(result.stdout.splitlines()) == [b"cat 1 1", line]
    result = command("export", "twice", "-", "--to", "glove", "--duplicates", "error")
    assert_error(result, "twice: line 3: 'the' is repeated")


def test_broken_utf8_survives_or_is_replaced_skipped_or_an_error(command: Command) -> None:
    Path("odd").write_bytes(b"a 1 2\ncaf\xe9 3 4\n")
    for choice, text in (
        ("keep", b"a 1 2\ncaf\xe9 3 4\n"),
        ("replace", b"a 1 2\ncaf\xef\xbf\xbd 3 4\n"),
        ("skip", b"a 1 2\n"),
    ):
        assert command("export", "odd", "-", "--to", "glove", "--invalid-utf8", choice).stdout == text
    assert command("export", "odd", "-", "--to", "glove").stdout == b"a 1 2\ncaf\xe9 3 4\n"
    assert_error(command("export", "odd", "-", "--to", "glove", "--invalid-utf8", "error"), "odd: line 2: ")


# ---------------------------------------------------------------- full disks


def large_file(command: Command, name: str) -> None:
    """A file of 500 kB, in every format more than may be written; kernels have been compiled by then."""
    rng = np.random.default_rng(1)
    matrix = rng.standard_normal((1250, 100)).astype(np.float32)
    save("large", Vocabulary.from_words([b"w%d" % i for i in range(len(matrix))]), matrix, {})
    assert command("export", "large", name).status == 0


@pytest.mark.parametrize("name", ["out.txt", "out.txt.gz", "out.bin", "out.safetensors", "out.npz", "out.csv"])
def test_a_full_disk_leaves_the_old_output_whole(command: Command, name: str, request: pytest.FixtureRequest) -> None:
    large_file(command, name)
    Path(name).write_bytes(OLD)
    request.getfixturevalue("file_size_limit")
    assert_error(command("export", "large", name), f"{name}: file too large")
    assert Path(name).read_bytes() == OLD
    assert sorted(os.listdir()) == sorted(["large", "v.txt", name])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_device_is_one_line(command: Command, wordvec: Run) -> None:
    for format in ("glove", "native", "npz"):
        result = command("export", "v.txt", "/dev/full", "--to", format)
        assert_error(result, "Error: /dev/full: no space left on device; free some space")
    with open("/dev/full", "wb") as full:
        real = wordvec("export", "v.txt", "-", "--to", "glove", stdout=full)
    assert real.returncode == 1
    assert real.stderr.decode().splitlines()[-1] == ("Error: standard output: no space left on device; free some space")


# ---------------------------------------------------------------- queries on files of other tools


@pytest.mark.parametrize(
    "content", [TEXT, b"4 3\n" + TEXT, BINARY, gzip.compress(TEXT, mtime=0), gzip.compress(BINARY, mtime=0)],
    ids=["glove", "word2vec", "binary", "glove.gz", "binary.gz"],
)  # fmt: skip
def test_lookup_and_similar_take_files_of_other_tools(command: Command, content: bytes) -> None:
    Path("file").write_bytes(content)
    result = command("lookup", "file", "東京", "dog")
    assert (result.status, result.stderr) == (0, [])
    assert result.stdout == b"".join(TEXT.splitlines(keepends=True)[i] for i in (1, 3))
    assert command("lookup", "file", "absent").status == 3
    result = command("similar", "file", "the", "-k", "1")
    cosine = np.dot(MATRIX[0], MATRIX[3]) / np.linalg.norm(MATRIX[0]) / np.linalg.norm(MATRIX[3])
    assert result.stdout == b"the\tdog\t%.6f\n" % cosine  # the others point away from it


def test_lookup_tells_what_is_odd_about_a_file_and_is_strict_on_demand(command: Command) -> None:
    Path("odd.txt").write_bytes(ODD)
    result = command("lookup", "odd.txt", "cat")
    assert (result.status, result.stdout) == (0, TEXT.splitlines(keepends=True)[2])
    assert any("repeated words" in line for line in result.stderr)
    for name in ("lookup", "similar"):
        assert_error(command(name, "odd.txt", "cat", "--strict"), "leave --strict out")
    assert command("lookup", "odd.txt", "the", "--duplicates", "last").stdout == b"the 1 2 3\n"


def test_a_word_of_the_command_line_finds_broken_utf8_in_text(command: Command) -> None:
    Path("odd.txt").write_bytes(b"caf\xe9 1 2\nNew York 3 4\n")
    assert command("lookup", "odd.txt", os.fsdecode(b"caf\xe9"), "New York").stdout == b"caf\xe9 1 2\nNew York 3 4\n"


@pytest.mark.parametrize("name", ["v.csv", "v.jsonl"])
def test_csv_and_json_lines_are_utf8_and_what_that_loses_is_told(tmp_path: Path, name: str) -> None:
    source, written = tmp_path / "in.txt", tmp_path / name
    source.write_bytes(b"caf\xe9 1 2\nthe 5 6\n")
    told = run_here("export", source, written)
    assert b"many programs refuse" not in told.stderr
    assert ("\ufffd" in written.read_bytes().decode()) or b"ufffd" in written.read_bytes()
    assert (b"has no room for the exact bytes" in told.stderr) == (name == "v.csv")


@pytest.mark.parametrize("name", ["v.tsv", "v.glove.txt", "v.tensors.tsv"])
def test_a_text_that_is_no_utf8_is_told(tmp_path: Path, name: str) -> None:
    source = tmp_path / "in.txt"
    source.write_bytes(b"caf\xe9 1 2\n\xc3\xa9t\xc3\xa9 3 4\nthe 5 6\n")
    told = run_here("export", source, tmp_path / name, *(["--to", "glove"] if "glove" in name else []))
    assert told.returncode == 0
    assert (
        b"1 of 3 words is not valid UTF-8, and many programs refuse such a file; --invalid-utf8 replace" in told.stderr
    )
    for choice in ("replace", "skip"):
        told = run_here("export", source, tmp_path / name, "--invalid-utf8", choice, "--to", "tsv")
        assert b"many programs" not in told.stderr


# ---------------------------------------------------------------- what packing does to scores


def few_vectors() -> None:
    """A file of 40 words, and a set of pairs of them: w.safetensors and pairs.tsv."""
    rng = np.random.default_rng(3)
    rows, words = rng.normal(size=(40, 12)).astype(np.float32), [b"w%d" % i for i in range(40)]
    save("w.safetensors", Vocabulary.from_words(words), rows, {})
    pairs = [(a, (7 * a + 3) % 40, rng.normal()) for a in range(40) if a != (7 * a + 3) % 40]
    Path("pairs.tsv").write_text("".join(f"w{a}\tw{b}\t{score:.3f}\n" for a, b, score in pairs))


@pytest.mark.parametrize("options", [["--bits"], ["--pq", "4"], ["--int4"]])
def test_scores_before_and_after_packing_are_those_of_the_two_files(command: Command, options: list[str]) -> None:
    few_vectors()
    result = command("export", "w.safetensors", "small.safetensors", *options, "--eval-set", "pairs.tsv")
    assert result.status == 0, result.stderr
    judged_by, _, line = result.stdout.decode().splitlines()
    assert judged_by.startswith("protocol wordvec")
    cells = line.removeprefix(" ".join(options)).split()
    compared = json.loads(
        command("compare", "w.safetensors", "small.safetensors", "pairs.tsv", "--format", "json").stdout
    )
    (expected,) = compared["scores"]
    assert (expected["A"] != expected["B"]) == (options[0] != "--pq")  # so few rows are centres themselves
    figures = [expected["A"], expected["B"], expected["B"] - expected["A"], *expected["interval"], expected["p_value"]]
    assert [float(cell) for cell in cells[3:] if cell != ".."] == pytest.approx(figures, abs=1e-4)


def test_scores_of_a_packing_need_one_and_a_file_to_go_to(command: Command) -> None:
    few_vectors()
    result = command("export", "w.safetensors", "w.txt", "--eval-set", "pairs.tsv")
    assert_error(result, "--eval-set: scores what packing loses; add --float16", 2)
    result = command("export", "w.safetensors", "-", "--to", "native", "--int4", "--eval-set", "pairs.tsv")
    assert_error(result, "standard output is for the scores", 2)
    assert_error(
        command("export", "w.safetensors", "x.safetensors", "--int4", "--eval-set", "nothing.tsv"), "nothing.tsv"
    )
    assert not Path("w.txt").exists()
    assert not Path("x.safetensors").exists()

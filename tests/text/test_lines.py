"""Lists that hold something on each line: one reader, whatever brings them and however they are stored."""

import gzip
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Run, run_here, start
from wordvec_cli.errors import InputError
from wordvec_cli.text.lines import lines_of_descriptor, lines_of_file, read_lines, read_text

MARK = b"\xef\xbb\xbf"
VECTORS = b"a 1 0\nb 0 1\nc 1 1\n"


@pytest.fixture(autouse=True)
def in_folder_with_vectors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("v.txt").write_bytes(VECTORS)
    Path("vocab.tsv").write_bytes(b"a\t3\nb\t2\n")


def of_pipe(content: bytes, size: int, is_null: bool = False) -> list[bytes]:
    """What the reader makes of a pipe into which `size` bytes at a time are written."""
    reading, writing = os.pipe()

    def write() -> None:
        for first in range(0, len(content), size):
            os.write(writing, content[first : first + size])
        os.close(writing)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        return [line for lines in lines_of_descriptor(reading, "standard input", is_null) for line in lines]
    finally:
        os.close(reading)
        writer.join()


@pytest.mark.parametrize("stored", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (MARK + b"a\nb\n", [b"a", b"b"]),
        (b"a\r\nb\r\n", [b"a", b"b"]),
        (MARK + b"a\r\n\r\nb", [b"a", b"", b"b"]),
        ("東京\n".encode() + MARK + b"b\n", ["東京".encode(), MARK + b"b"]),
        (b"caf\xe9\n", [b"caf\xe9"]),
        (MARK, []),
        (b"", []),
        (b"x" * 10**6 + b"\ny", [b"x" * 10**6, b"y"]),
    ],
)
def test_a_list_is_the_same_however_it_is_stored(
    stored: Callable[[bytes], bytes], content: bytes, expected: list[bytes]
) -> None:
    Path("list").write_bytes(stored(content))
    assert read_lines("list") == expected
    assert [line for lines in lines_of_file("list") for line in lines] == expected
    assert of_pipe(content, 4096) == expected
    if len(content) < 100:
        assert of_pipe(content, 1) == expected


def test_lines_that_end_with_nul_keep_every_byte() -> None:
    assert of_pipe(MARK + b"a\r\0b\nc\0\xff\xfe\0", 1, is_null=True) == [MARK + b"a\r", b"b\nc", b"\xff\xfe"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a\nb\n".encode("utf-16"), r"is text in UTF-16; .*iconv -f UTF-16 -t UTF-8"),
        ("word\nother\n".encode("utf-16-le"), "is text in UTF-16LE"),
        (b"PK\x03\x04" + bytes(60), "is a zip archive"),
        (b"%PDF-1.4\n1 0 obj\n", "is a PDF document"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "is a Git LFS pointer"),
    ],
)
def test_what_is_no_text_is_refused_by_its_name(content: bytes, message: str) -> None:
    Path("list").write_bytes(content)
    for read in (read_lines, read_text, lambda path: list(lines_of_file(path))):
        with pytest.raises(InputError, match=f"^list: {message}"):
            read("list")
    with pytest.raises(InputError, match=f"^standard input: {message}"):
        of_pipe(content, 4096)


# Each list that a command takes: the arguments, and what stands on the lines.
LISTS = {
    "export": (["export", "v.txt", "-", "--to", "glove", "--words", "list"], b"a 1 0\nb 0 1\n"),
    "similar": (["similar", "v.txt", "c", "--among", "list"], b"c\ta\t0.707107\nc\tb\t0.707107\n"),
    "decode": (["decode", "numbers", "--vocab", "list"], b"a b\n"),
    "encode": (["encode", "text", "--vocab", "list", "--to", "text", "-o", "-"], b"2 3\n"),
}


@pytest.mark.parametrize("start_of_list", [b"", MARK], ids=["plain", "mark"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize(("arguments", "expected"), LISTS.values(), ids=LISTS)
def test_a_byte_order_mark_hides_no_word_from_any_command(
    arguments: list[str], expected: bytes, start_of_list: bytes, end: bytes
) -> None:
    Path("list").write_bytes(start_of_list + b"a" + end + b"b" + end)
    Path("numbers").write_bytes(start_of_list + b"2 3" + end)
    Path("text").write_bytes(start_of_list + b"a b" + end)
    result = run_here(*arguments)
    assert (result.returncode, result.stdout) == (0, expected), result.stderr


def test_compare_finds_every_word_of_a_list_with_a_byte_order_mark() -> None:
    Path("list").write_bytes(MARK + b"a\r\nb\r\n")
    result = run_here("compare", "v.txt", "v.txt", "--words", "list", "--format", "json", "-k", "1")
    assert result.returncode == 0, result.stderr
    assert b"not in both" not in result.stderr
    missing = run_here("compare", "v.txt", "v.txt", "--words", "vocab.tsv", "-k", "1")
    assert (missing.returncode, b"2 of 2 words of vocab.tsv are not in both files" in missing.stderr) == (3, True)


@pytest.mark.parametrize(
    ("arguments", "content", "expected"),
    [
        (["lookup", "v.txt"], b"a\n", b"a 1 0\n"),
        (["similar", "v.txt", "-k", "1"], b"a\r\n", b"a\tc\t0.707107\n"),
        (["decode", "--vocab", "vocab.tsv"], b"2 3\n", b"a b\n"),
        (["decode", "/dev/stdin", "--vocab", "vocab.tsv"], b"2 3\n", b"a b\n"),
    ],
)
def test_a_byte_order_mark_hides_nothing_on_standard_input(
    arguments: list[str], content: bytes, expected: bytes
) -> None:
    result = start(*arguments, stdin=MARK + content)
    assert (result.returncode, result.stdout) == (0, expected), result.stderr


def test_a_byte_order_mark_belongs_to_no_vocabulary_phrase_file_or_set(wordvec: Run) -> None:
    Path("bom.tsv").write_bytes(MARK + b"a\t3\nb\t2\n")
    result = run_here("matrix", "--vocab", "bom.tsv", "--vectors", "v.txt", "-o", "m.npy")
    assert (result.returncode, b"exact: 2 words (100.0%)" in result.stderr) == (0, True)
    Path("text").write_bytes(b"a b a b\n")
    assert run_here("phrases", "text", "-o", "out", "--save-phrases", "p.tsv", "--min-count", "1").returncode == 0
    Path("p.tsv").write_bytes(MARK + Path("p.tsv").read_bytes())
    assert run_here("phrases", "text", "-o", "out", "--apply", "p.tsv").returncode == 0
    Path("set.tsv").write_bytes(MARK + b"a\tb\t1\na\tc\t2\nb\tc\t0\n")
    judged = run_here("evaluate", "v.txt", "set.tsv", "--format", "tsv", "--bootstrap", "0")
    names, figures = (line.split(b"\t") for line in judged.stdout.splitlines())
    assert figures[names.index(b"used")] == b"3"

"""Vocabulary files, ours and those of other tools."""

import gzip
import os
from pathlib import Path

import pytest
from gensim.models import KeyedVectors

from tests.vocabulary.test_counting import count, entries
from wordvec_cli.errors import InputError, OutputError
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.vocabulary.file import read_vocabulary, write_vocabulary


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_written_vocabulary_reads_back_with_its_tokenizer() -> None:
    words = count(b"b a \xff b\n", tokenizer=Tokenizer("words"))
    write_vocabulary(words, "v.tsv")
    assert Path("v.tsv").read_bytes() == b"b\t2\na\t1\n\xff\t1\n"
    file = read_vocabulary("v.tsv")
    assert (entries(file.vocabulary), file.tokenizer, file.note) == (list(words), Tokenizer("words"), None)
    assert file.vocabulary.fingerprint() == words.vocabulary().fingerprint()


def test_the_word2vec_layout_has_line_ends_first() -> None:
    write_vocabulary(count(b"a </s> a\n\nb"), "v.txt", "word2vec")
    assert Path("v.txt").read_bytes() == b"</s> 4\na 2\nb 1\n"
    assert list(read_vocabulary("v.txt").vocabulary) == [b"</s>", b"a", b"b"]
    with pytest.raises(InputError, match="--to: 'csv'"):
        write_vocabulary(count(b"a"), "v.txt", "csv")


def test_a_sidecar_that_is_stale_missing_or_broken() -> None:
    write_vocabulary(count(b"a b"), "v.tsv")
    with open("v.tsv", "ab") as file:
        file.write(b"c\t1\n")
    changed = read_vocabulary("v.tsv")
    assert changed.tokenizer is None
    assert "does not belong to v.tsv" in changed.note
    for content in ("{", "[]", "{}", '{"vocabulary": {"fingerprint": 3}}'):
        Path("v.tsv.json").write_text(content)
        if "3" not in content:
            with pytest.raises(InputError, match=r"v\.tsv\.json"):
                read_vocabulary("v.tsv")
    Path("v.tsv.json").unlink()
    assert "no v.tsv.json" in read_vocabulary("v.tsv").note


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"the 5\nof 3\n", [(b"the", 5), (b"of", 3)]),
        (b"the\t5\r\nof\t3", [(b"the", 5), (b"of", 3)]),
        (b"new york\t5\na\tb\t3\n", [(b"new york", 5), (b"a\tb", 3)]),
        (b"z 1\na 123456789012345678\n", [(b"z", 1), (b"a", 123456789012345678)]),
        (gzip.compress(b"</s> 0\n5 7\n", mtime=0), [(b"</s>", 0), (b"5", 7)]),
        (b"the\r\nof\n", [b"the", b"of"]),
        (b"\x00\n\xff", [b"\x00", b"\xff"]),
    ],
)
def test_vocabularies_of_other_tools_are_read(content: bytes, expected: list[object]) -> None:
    Path("v").write_bytes(content)
    vocabulary = read_vocabulary("v").vocabulary
    assert (list(vocabulary) if vocabulary.counts is None else entries(vocabulary)) == expected


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "v: the vocabulary is empty"),
        (b"a 1\nb\n", "v:2: no word and count"),
        (b"a 1\nb x\n", "v:2: no count"),
        (b"a 1\nb -3\n", "v:2: no count"),
        (b"a\t1\nb\t\n", "v:2: no count"),
        (b"a 1\nb 1234567890123456789\n", "v:2: no count of 1 to 18 digits"),
        (b"a 1\n 2\n", "v:2: no word"),
        (b"a\n\nb\n", "v:2: no word"),
        (b"\n", "v:1: no word"),
        (b"a 1\nb 1\nc 1\nb 2\na 3\n", "v:4: 'b' is repeated"),
    ],
)
def test_a_broken_vocabulary_names_the_line(content: bytes, message: str) -> None:
    Path("v").write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_vocabulary("v")


def test_gensim_reads_our_counts() -> None:
    write_vocabulary(count("the 東京 the a\n".encode() * 3), "v.tsv")
    Path("vectors.txt").write_text("3 2\nthe 1 2\na 3 4\n東京 5 6\n")
    vectors = KeyedVectors.load_word2vec_format("vectors.txt", fvocab="v.tsv")
    assert {word: vectors.get_vecattr(word, "count") for word in ("the", "a", "東京")} == {"the": 6, "a": 3, "東京": 3}


def test_a_full_disk_is_an_error_and_keeps_the_old_vocabulary(request: pytest.FixtureRequest) -> None:
    words = count(b" ".join(b"word%d" % n for n in range(50_000)))
    with pytest.raises(OutputError, match="/dev/full: no space left"):
        write_vocabulary(words, "/dev/full")
    Path("v.tsv").write_text("old\t1\n")
    request.getfixturevalue("file_size_limit")
    with pytest.raises(OutputError, match=r"v.tsv: file too large"):
        write_vocabulary(words, "v.tsv")
    assert Path("v.tsv").read_text() == "old\t1\n"
    assert sorted(os.listdir()) == ["file0", "v.tsv"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"1984\n1985\n2001\n", [b"1984", b"1985", b"2001"]),
        (b"New York\nLos Angeles\nArea 51\n", [b"New York", b"Los Angeles", b"Area 51"]),
        (b"1,000\nand\nor\n", [b"1,000", b"and", b"or"]),
        (b"[PAD]\n[UNK]\n[CLS]\nthe\n", [b"[PAD]", b"[UNK]", b"[CLS]", b"the"]),
        (b"{}\n[1]\nthe\n", [b"{}", b"[1]", b"the"]),
        (b"-1\n1.5\nthe\n", [b"-1", b"1.5", b"the"]),
        (b"1984 50\n1985 20\n", [(b"1984", 50), (b"1985", 20)]),
        (b"word\t5\ncount\t3\n", [(b"word", 5), (b"count", 3)]),
        (b"new york 5\nthe 9\n", [(b"new york", 5), (b"the", 9)]),
        (b"\xef\xbb\xbfthe\t5\nof\t3\n", [(b"the", 5), (b"of", 3)]),
        (b"\xef\xbb\xbfthe\r\nof\r\n", [b"the", b"of"]),
        (b",\t5\n.\t3\n", [(b",", 5), (b".", 3)]),
        (b"{\n}\n[\n]\n", [b"{", b"}", b"[", b"]"]),
    ],
)
def test_all_lines_tell_whether_they_have_counts(content: bytes, expected: list[object]) -> None:
    Path("v").write_bytes(content)
    file = read_vocabulary("v")
    words = list(file.vocabulary) if file.vocabulary.counts is None else entries(file.vocabulary)
    assert words == expected
    assert (file.remark is None) == (b"Area 51" not in content)


@pytest.mark.parametrize("title", [b"word\tcount", b"token count", b"\xef\xbb\xbfWort\tAnzahl\r", b"word\tn"])
def test_names_of_the_columns_are_left_out_and_told(title: bytes) -> None:
    separator = b"\t" if b"\t" in title else b" "
    Path("v").write_bytes(title + b"\nthe" + separator + b"5\nof" + separator + b"3\n")
    file = read_vocabulary("v")
    assert entries(file.vocabulary) == [(b"the", 5), (b"of", 3)]
    shown = title.removeprefix(b"\xef\xbb\xbf").removesuffix(b"\r").decode()
    assert file.remark == f"v:1: {shown!r} names the columns and is not read as a word"
    Path("v").write_bytes(title + b"\nthe" + separator + b"5\na" + separator + b"4\nof" + separator + b"x\n")
    with pytest.raises(InputError, match=r"^v:[14]: no count of 1 to 18 digits"):
        read_vocabulary("v")


def test_words_that_end_in_numbers_are_told() -> None:
    Path("v").write_bytes(b"New York\nLos Angeles\nSao Paulo\nArea 51\nRoute 66\n")
    told = "v:4: 'Area 51' is taken for a word without a count, as are 1 more that end in numbers"
    assert read_vocabulary("v").remark == told


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"word,count\na,3\nb,2\n", "v:1: 'word,count': has a comma before the count"),
        (b"a,3\nb,2\n", "v:1: 'a,3': has a comma"),
        (b'"a","3"\n"b","2"\n', "v:1: .* has a comma"),
        (b"3\ta\n2\tb\n", "v:1: .* the count stands before the word"),
        (b"      3 a\n      2 b\n", "v:1: .* the count stands before the word"),
        (b'{"a": 3, "b": 2}\n', "v:1: .* is JSON"),
        (b'{"word": "a", "count": 3}\n{"word": "b", "count": 2}\n', "v:1: .* is JSON"),
        (b'[\n  "a",\n  "b"\n]\n', "v:1: .* is JSON"),
        (b"a\t-1\nb\t2\n", "v:1: no count of 1 to 18 digits"),
        (b"a\t1.5\nb\t2\n", "v:1: no count of 1 to 18 digits"),
        (b"a\tnan\nb\t2\n", "v:1: no count of 1 to 18 digits"),
        (b"a\t1OO\nb\t2\n", "v:1: no count of 1 to 18 digits"),
        (b"a\t\nb\t2\n", "v:1: no count of 1 to 18 digits"),
        (b"a -1\nb 2\n", "v:1: no count of 1 to 18 digits"),
        (b"a\t-3.5\nb\t-4.25\n", "v:1: no count of 1 to 18 digits"),
        (b"a\nb\t2\nc\t1\n", "v:1: no word and count"),
        (b"a\nb\nc 5\n", "v:3: 'c 5': ends in a number as if it were a count, which other lines lack"),
        (b"area 51\nlondon\nparis\n", "v:1: 'area 51': ends in a number as if"),
        (b"a 0.1 0.2\nb 0.3 0.4\n", "v:1: .* ends in a number that is not a count"),
        (b"2 2\na 0.1 0.2\nb 0.3 0.4\nc 1.5 2.5\n", "v:1: "),
        (b"a 1 0\nb 0 1\n", "v:1: .* more columns"),
        (b"1\tthe\t500\n2\tof\t300\n", "v:1: .* more columns"),
        (b"9\n0\tthe\t500\n1\tof\t300\n", "v:1: no word and count"),
        ("the\t5\nof\t3\n".encode("utf-16"), "v: is text in UTF-16; .*iconv"),
        (b"PK\x03\x04" + bytes(60), "v: is a zip archive"),
        (b"x" * 257 + b"ustar\x00" + bytes(300), "v: is a tar archive"),
    ],
)
def test_lines_that_do_not_agree_are_refused(content: bytes, message: str) -> None:
    Path("v").write_bytes(content)
    with pytest.raises(InputError, match=message) as told:
        read_vocabulary("v")
    assert "; " in str(told.value)


def test_the_sidecar_tells_the_layout_of_a_file_of_ours() -> None:
    pairs = Tokenizer("pattern", pattern=r"\w\t\w")
    write_vocabulary(count(b"a\tb c\td a\tb\n", tokenizer=pairs), "v.tsv")
    assert entries(read_vocabulary("v.tsv").vocabulary) == [(b"a\tb", 2), (b"c\td", 1)]
    Path("v.tsv.json").unlink()
    with pytest.raises(InputError, match="more columns"):
        read_vocabulary("v.tsv")


def test_the_limits_of_a_vocabulary_are_read_with_it() -> None:
    write_vocabulary(count(b"a b a", min_count=2), "v.tsv")
    assert dict(read_vocabulary("v.tsv").limits) == {"min_count": 2}
    Path("v.tsv.json").unlink()
    assert dict(read_vocabulary("v.tsv").limits) == {}

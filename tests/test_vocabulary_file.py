"""Vocabulary files, ours and those of other tools."""

import gzip
import os
from pathlib import Path

import pytest
from gensim.models import KeyedVectors

from tests.test_counting import count, entries
from wordvec_cli.errors import InputError, OutputError
from wordvec_cli.tokenizer import Tokenizer
from wordvec_cli.vocabulary_file import read_vocabulary, write_vocabulary


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
        (b"a 1\nb 1\nc 1\nb 2\na 3\n", "v:4: b comes a second time"),
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

"""Vocabularies are those of the command, whatever a corpus comes as."""

import logging
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import wordvec_cli
from tests.conftest import run_here
from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.progress import Progress

LINES = ["the king and the queen", "", "the king\tsaid", "a queen 東京 été", "x " * 9]
COUNTS = Counter(" ".join(LINES).split())


@pytest.fixture
def corpora(tmp_path: Path) -> Iterator[dict[str, Any]]:
    path = tmp_path / "corpus.txt"
    path.write_text("\n".join(LINES) + "\n")
    halves = [tmp_path / "1.txt", tmp_path / "2.txt"]
    halves[0].write_text("\n".join(LINES[:2]) + "\n")
    halves[1].write_text("\n".join(LINES[2:]) + "\n")
    open_file = path.open()
    yield {
        "path": path,
        "str": str(path),
        "paths": halves,
        "lines": LINES,
        "generator": (line for line in LINES),
        "open file": open_file,
        "tokens": [line.split() for line in LINES],
        "token tuples": iter([tuple(line.split()) for line in LINES]),
    }
    open_file.close()


@pytest.mark.parametrize("kind", ["path", "str", "paths", "lines", "generator", "open file", "tokens", "token tuples"])
def test_a_corpus_gives_the_same_vocabulary_whatever_it_comes_as(corpora: dict[str, Any], kind: str) -> None:
    vocab = wordvec_cli.build_vocab(corpora[kind], min_count=1)
    assert {word: vocab[word] for word in vocab} == COUNTS
    assert list(vocab) == sorted(COUNTS, key=lambda word: (-COUNTS[word], word.encode()))
    assert (vocab.statistics.n_lines, vocab.statistics.n_tokens) == (len(LINES), COUNTS.total())
    assert "king" in vocab
    assert vocab.key_to_index["x"] == 0
    with pytest.raises(KeyError):
        vocab["nowhere"]


def test_files_are_read_as_the_command_reads_them(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('id,text,title\n1,"a, b",c\n', "utf-16")
    (tmp_path / "t.md").write_text("nothing")
    columns = {"text_column": ["title", "text"], "encoding": "utf-16"}
    vocab = wordvec_cli.build_vocab(tmp_path, min_count=1, include="*.csv", **columns)
    assert {word: vocab[word] for word in vocab} == {"a,": 1, "b": 1, "c": 1}
    with pytest.raises(InputError, match=r"name the column of its text with text_column \(columns: 'id', 'text'"):
        wordvec_cli.build_vocab(tmp_path / "t.csv", encoding="utf-16")
    with pytest.raises(OptionError, match="corpus_format: 'xml' is not one of"):
        wordvec_cli.build_vocab(tmp_path, corpus_format="xml")  # type: ignore[arg-type]


def test_a_saved_vocabulary_is_the_commands_to_the_byte(corpora: dict[str, Any], tmp_path: Path) -> None:
    options = {"min_count": 2, "max_vocab": 3, "tokenizer": "words", "lowercase": True}
    wordvec_cli.build_vocab(corpora["path"], **options, threads=1).save(tmp_path / "mine.tsv")
    flags = ["--min-count", "2", "--max-vocab", "3", "--tokenizer", "words", "--lowercase"]
    assert run_here("build-vocab", corpora["path"], *flags, "-o", tmp_path / "theirs.tsv").returncode == 0
    for ending in (".tsv", ".tsv.json"):
        assert (tmp_path / f"mine{ending}").read_bytes() == (tmp_path / f"theirs{ending}").read_bytes()


def test_a_list_of_names_of_files_is_not_taken_for_texts(corpora: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="pathlib"):
        wordvec_cli.build_vocab([corpora["str"], corpora["str"]])


def test_a_text_that_is_not_in_a_list_is_told_so() -> None:
    with pytest.raises(
        InputError, match=r"^'the cat sat': is no file, and a str alone is a path; put a text into a list$"
    ):
        wordvec_cli.build_vocab("the cat sat", min_count=1)
    assert len(wordvec_cli.build_vocab(["the cat sat"], min_count=1)) == 3


@pytest.mark.parametrize(("tokens", "what"), [(["new york"], "new york"), ([""], "empty"), ([3], "3")])
def test_tokens_that_no_line_can_hold_are_an_error(tokens: list[Any], what: str) -> None:
    with pytest.raises(InputError, match=what):
        wordvec_cli.build_vocab([["a"], tokens], min_count=1)


def test_an_error_of_the_corpus_itself_is_the_callers() -> None:
    def lines() -> Iterator[str]:
        yield "a line"
        raise FileNotFoundError("of the caller")

    with pytest.raises(FileNotFoundError, match="of the caller"):
        wordvec_cli.build_vocab(lines())


def test_a_wrong_option_is_an_error_that_names_near_ones() -> None:
    with pytest.raises(TypeError, match=r"build_vocab\(\) has no option 'lower_case'; did you mean lowercase\?"):
        wordvec_cli.build_vocab(LINES, lower_case=True)  # type: ignore[call-arg]
    with pytest.raises(OptionError, match="tokenizer"):
        wordvec_cli.build_vocab(LINES, tokenizer="no such")
    with pytest.raises(OptionError, match="exclude"):
        wordvec_cli.build_vocab(LINES, tokenizer="words", token_pattern="a")
    with pytest.raises(InputError, match="holds no words"):
        wordvec_cli.build_vocab([])


def test_progress_and_notes_go_where_they_are_asked_for(
    corpora: dict[str, Any], caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    seen: list[Progress] = []
    with caplog.at_level(logging.INFO, "wordvec_cli"):
        wordvec_cli.build_vocab(corpora["path"], min_count=1, progress=seen.append)
    assert {each.stage for each in seen} == {"counting words"}
    assert "kept 9 words" in caplog.text
    assert capfd.readouterr() == ("", "")
    wordvec_cli.build_vocab(corpora["path"], min_count=1, progress=True)
    assert "counting words" in capfd.readouterr().err

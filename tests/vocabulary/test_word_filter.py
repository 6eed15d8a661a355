"""Words that build-vocab leaves out when it is told to, and what it says of them."""

import json
from pathlib import Path

import pytest

import wordvec_cli
from tests.conftest import run_here
from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.vocabulary.word_filter import StopWords, WordFilter, stop_words

TEXT = "The the cat sat 1990 3.14 B2 -- 50% cat_ sat cat ٣\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("c.txt").write_text(TEXT * 2)
    Path("stop.txt").write_text("THE\nsat\n")
    return tmp_path


@pytest.mark.parametrize("memory", ["64MB", "8kB"])
def test_what_is_left_out_is_counted_for_each_reason_and_recorded(folder: Path, memory: str) -> None:
    options = ["--stop-words", "stop.txt", "--drop-numbers", "--keep-pattern", r"[\w.%]+", "--drop-pattern", ".*_"]
    result = run_here("build-vocab", "c.txt", "-o", "v.tsv", "--min-count", "2", *options, "--memory", memory)
    assert result.returncode == 0, result.stderr
    assert Path("v.tsv").read_text() == "cat\t4\nB2\t2\n"
    told = result.stderr.decode()
    assert "26 tokens in 2 lines" in told
    assert "dropped 3 words (8 tokens) by --stop-words stop.txt" in told
    assert "dropped 4 words (8 tokens) by --drop-numbers" in told
    assert r"dropped 1 word (2 tokens) by --keep-pattern [\w.%]+" in told
    assert "dropped 1 word (2 tokens) by --drop-pattern .*_" in told
    said = json.loads(Path("v.tsv.json").read_bytes())
    assert said["corpus"]["n_tokens"] == 26
    assert {name: said["filter"][name] for name in ("drop_numbers", "keep_pattern", "drop_pattern")} == {
        "drop_numbers": True, "keep_pattern": r"[\w.%]+", "drop_pattern": ".*_",
    }  # fmt: skip
    assert (said["filter"]["stop_words"]["name"], said["filter"]["stop_words"]["n_words"]) == ("stop.txt", 2)


def test_stop_words_of_a_language_are_those_of_stopwordsiso(folder: Path) -> None:
    stopwordsiso = pytest.importorskip("stopwordsiso")
    german = stop_words("de")
    assert german.words == {word.lower() for word in stopwordsiso.stopwords("de")}
    assert "Und" in german
    assert "haus" not in german
    assert german.name.startswith("de (stopwordsiso ")
    assert list(wordvec_cli.build_vocab("c.txt", min_count=1, stop_words="en", drop_numbers=True)) == [
        "cat", "sat", "--", "B2", "cat_",
    ]  # fmt: skip


def test_what_cannot_be_a_filter_is_refused(folder: Path) -> None:
    with pytest.raises(OptionError, match="--stop-words: 'xx' is neither a file nor one of the languages af, ar"):
        stop_words("xx")
    with pytest.raises(InputError, match=r"nowhere\.txt"):
        stop_words("nowhere.txt")
    with pytest.raises(OptionError, match=r"--keep-pattern: '\(' is not a regular expression"):
        WordFilter(keep_pattern="(")
    result = run_here("build-vocab", "c.txt", "-o", "v.tsv", "--keep-pattern", "x")
    assert b"c.txt: no word is left by --keep-pattern x" in result.stderr or b"lower --min-count" in result.stderr
    assert WordFilter(StopWords("none", frozenset()), True).reason("½".encode()) is None

"""Words that build-vocab and phrases leave out when they are told to, and what they say of them."""

import json
from pathlib import Path

import pytest

import wordvec_cli
from tests.conftest import run_here
from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.text import phrases
from wordvec_cli.text.word_filter import StopWords, WordFilter, stop_words

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


# ---------------------------------------------------------------- phrases

PAIRS = ["new york", "The cat", "route 66", "a-b cd", "x yz", ", sat"]
FILTERS = ["--stop-words", "stop.txt", "--drop-numbers", "--keep-pattern", "[^-]+", "--drop-pattern", "yz"]


def learnt_by_command(*options: str) -> tuple[str, list[str], str]:
    """The joined text, the rows of the table of phrases, and what was said, of pairs ten times each."""
    common = ["phrases", "p.txt", "-o", "out.txt", "--save-phrases", "p.tsv", "--phrase-threshold", "0.5"]
    result = run_here(*common, *options)
    assert result.returncode == 0, result.stderr
    rows = Path("p.tsv").read_text().splitlines()[2:]
    return Path("out.txt").read_text(), rows, result.stderr.decode()


@pytest.mark.parametrize("small_bytes", [1_000_000, 0], ids=["words", "numbers"])
def test_words_that_are_left_out_begin_and_end_no_phrase(
    folder: Path, monkeypatch: pytest.MonkeyPatch, small_bytes: int
) -> None:
    """The score of each pair is (10 - 5) / (10 * 10) times 18, as there are 12 words and 6 pairs."""
    monkeypatch.setattr(phrases, "SMALL_BYTES", small_bytes)
    Path("p.txt").write_text("".join(f"{pair}\n" * 10 for pair in PAIRS))
    joined, rows, told = learnt_by_command()
    assert [row.split("\t")[1] for row in rows] == sorted(PAIRS[:-1])
    assert "by --" not in told
    assert '"filter"' not in Path("p.tsv").read_text()
    joined, rows, told = learnt_by_command(*FILTERS)
    assert rows == ["1\tnew york\t10\t0.9"]
    assert joined == Path("p.txt").read_text().replace("new york", "new_york")
    assert told.splitlines() == [
        "pass 1: 1 phrase (120 words, 18 different words and pairs)",
        "pass 1: 1 pair left alone by --drop-numbers",
        "pass 1: 1 pair left alone by --drop-pattern yz",
        "pass 1: 1 pair left alone by --keep-pattern [^-]+",
        "pass 1: 2 pairs left alone by --stop-words stop.txt",  # one with a comma too, which --join-punctuation keeps
    ]


def test_a_table_of_phrases_records_the_filter_and_is_applied_as_it_is(folder: Path) -> None:
    """A connector word may be a stop word, and may stand inside all the same."""
    Path("p.txt").write_text("bank of america\n" * 10 + "the bank\n" * 10)
    Path("stop.txt").write_text("of\nthe\n")
    options = ["--stop-words", "stop.txt", "--connector-words", "of", "--phrase-threshold", "0.1"]
    joined, rows, told = learnt_by_command(*options)
    assert [row.split("\t")[1] for row in rows] == ["bank of america"]
    assert joined == "bank_of_america\n" * 10 + "the bank\n" * 10
    assert "pass 1: 1 pair left alone by --stop-words stop.txt" in told
    header = json.loads(Path("p.tsv").read_text().splitlines()[0].removeprefix("# wordvec phrases "))
    assert header["filter"] == {"stop_words": StopWords("stop.txt", frozenset(["of", "the"])).to_metadata()}
    Path("stop.txt").unlink()
    assert run_here("phrases", "p.txt", "-o", "again.txt", "--apply", "p.tsv").returncode == 0
    assert Path("again.txt").read_text() == joined
    refused = run_here("phrases", "p.txt", "-o", "again.txt", "--apply", "p.tsv", "--drop-numbers")
    assert b"--drop-numbers: cannot go with --apply" in refused.stderr

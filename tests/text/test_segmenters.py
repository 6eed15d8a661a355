"""Segmenters: the words that their libraries give, whoever asks and in however many processes."""

import json
import sys
from collections import Counter
from pathlib import Path

import pytest
import rjieba
from icu4py.breakers import WordBreaker

from tests.conftest import run_here
from wordvec_cli.classify.labelled import read_labelled
from wordvec_cli.classify.lines import LabelLayout
from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.text import corpus as corpora
from wordvec_cli.text import segmenters, segmenting
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.segmenters import SEGMENTERS, Segmenter
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.vocabulary.counting import CountOptions, count_words

CHINESE = "人人生而自由,在尊严和权利上一律平等。他们赋有理性和良心,并应以兄弟关系的精神相对待。"
THAI = "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกัน"
JAPANESE = "すべての人間は、生まれながらにして自由であり"
LINES = [CHINESE, f"{THAI} a.b, c", JAPANESE, "", "  我们  去\u3000北京大学\t", "it's 3.14"]


def words(kind: str, text: str | bytes, **options: object) -> list[str]:
    line = text.encode() if isinstance(text, str) else text
    return [word.decode("utf-8", "surrogateescape") for word in Tokenizer(kind, **options).tokens(line)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("jieba", "我们去北京大学", "我们 去 北京大学"),
        ("icu", "我们去北京大学", "我们 去 北京 大学"),
        ("icu:th", "ภาษาไทยง่าย มาก", "ภาษา ไทย ง่าย มาก"),
        ("icu:en", "It's 3.14, said e-mail!", "It's 3.14 , said e - mail !"),
        ("mecab", "日本語の文章です", "日本 語 の 文章 です"),
    ],
)
def test_the_words_of_each_language(kind: str, text: str, expected: str) -> None:
    assert words(kind, text) == expected.split()


def test_the_words_are_those_of_the_library() -> None:
    text = " ".join(LINES)
    assert words("jieba", text) == [word for word in rjieba.cut(text) if not word.isspace()]
    pieces = [text[start:end] for start, end in WordBreaker(text, "zh").segments()]
    assert words("icu:zh", text) == [piece for piece in pieces if not piece.isspace()]


@pytest.mark.parametrize("kind", ["icu", "jieba", "mecab"])
def test_white_space_is_no_word_and_bytes_that_are_not_text_stay(kind: str) -> None:
    assert words(kind, "") == words(kind, " \t\u3000 \u00a0\r") == []
    assert words(kind, b"ab \xe6\x9d\xffcd") == ["ab", "\udce6\udc9d\udcff", "cd"]
    assert words(kind, "ab\x00cd") == ["ab", "\x00", "cd"]
    assert words(kind, "ＡＢ", normalise="NFKC", lowercase=True) == ["ab"]  # noqa: RUF001


@pytest.mark.parametrize("kind", ["icu", "jieba", "mecab"])
@pytest.mark.parametrize("blank", "\t\r\v\f")
def test_white_space_of_any_kind_stands_between_words(kind: str, blank: str) -> None:
    """As where a page ends, in texts that were taken out of a PDF."""
    assert words(kind, f"日本語{blank}の文章") == words(kind, "日本語 の文章")


def test_a_line_of_any_length_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """MeCab itself ends the process at some millions of bytes."""
    sentence = "日本語の文章です。"
    assert words("mecab", sentence * 100_000) == words("mecab", sentence) * 100_000
    expected = words("mecab", "これは" + sentence)
    monkeypatch.setattr(segmenters, "LONGEST_PART", 4)
    assert "".join(words("mecab", "これは" + sentence)) == "".join(expected)


def counts(path: Path, kind: str, n_threads: int) -> dict[bytes, int]:
    corpus = Corpus.open([str(path)], Tokenizer(kind), path.parent)
    return dict(count_words(corpus, CountOptions(1, n_threads=n_threads)))


@pytest.mark.parametrize("kind", ["icu", "jieba", "mecab"])
def test_processes_give_the_words_of_the_definition(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes("\n".join(LINES * 20).encode() + b"\n\xff\xe6 x")
    tokenizer = Tokenizer(kind)
    expected = Counter(word for line in path.read_bytes().split(b"\n") for word in tokenizer.tokens(line))
    assert counts(path, kind, 1) == expected
    monkeypatch.setattr(corpora, "SMALL_BYTES", 0)
    monkeypatch.setattr(corpora, "SEGMENTED_BYTES", 1000)
    assert counts(path, kind, 2) == expected


def test_remembering_chunks_and_forgetting_them_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segmenters, "MAX_REMEMBERED", 2)
    segmenter = segmenters.Segmenting("jieba", None)
    lines = [line for line in LINES for _ in range(2)]
    assert [segmenter.spaced(line).split() for line in lines] == [words("jieba", line) for line in lines]


# ---------------------------------------------------------------- commands


def test_a_vocabulary_records_the_segmenter_and_what_it_was(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("我们去北京大学\n我们去\n", "utf-8")
    vocab = tmp_path / "v.tsv"
    assert run_here("build-vocab", tmp_path / "t.txt", "--tokenizer", "jieba", "--min-count", "1", "-o", vocab)
    assert vocab.read_text("utf-8") == "去\t2\n我们\t2\n北京大学\t1\n"
    said = json.loads((tmp_path / "v.tsv.json").read_text())
    assert said["tokenizer"] == {"kind": "jieba", "version": Tokenizer("jieba").version}
    encode = ["encode", tmp_path / "t.txt", "--vocab", vocab, "--to", "text", "-o", "-"]
    assert run_here(*encode).stdout == b"3 2 4\n3 2\n"
    other = run_here(*encode, "--tokenizer", "icu")
    assert other.returncode == 1 and b"was built with the tokenizer jieba (rjieba" in other.stderr
    said["tokenizer"]["version"] = "rjieba 0.0.1"
    (tmp_path / "v.tsv.json").write_text(json.dumps(said))
    refused = run_here(*encode)
    assert refused.returncode == 1
    assert b"the words were made by rjieba 0.0.1, and rjieba" in refused.stderr
    assert b"install rjieba==0.0.1, or make the file again" in refused.stderr


def test_labels_are_not_segmented(tmp_path: Path) -> None:
    path = tmp_path / "t.txt"
    path.write_text("__label__好 我们去北京大学\n我们 __label__坏酒店 去\n", "utf-8")
    corpus = Corpus.open([str(path)], Tokenizer("jieba"), tmp_path)
    text = read_labelled(corpus, LabelLayout())
    table = text.numbering.labels
    labels = [bytes(table.text[a:b]) for a, b in zip(table.offsets[:-1], table.offsets[1:], strict=True)]
    assert labels == ["好".encode(), "坏酒店".encode()]
    assert text.token_offsets.tolist() == [0, 3, 5]
    assert text.tokens.tolist() == [0, 1, 2, 0, 1]


# ---------------------------------------------------------------- what is not there


def test_an_unknown_name_is_answered_with_all_there_are() -> None:
    with pytest.raises(OptionError, match=r"'jeiba' is not one of whitespace, words, pattern, icu\[:LOCALE\], jieba"):
        Tokenizer("jeiba")
    with pytest.raises(OptionError, match="is not one of"):
        Tokenizer("jieba:zh")
    with pytest.raises(OptionError, match="icu:9: is not the name of a locale"):
        words("icu:9", "a")


def test_a_segmenter_that_is_not_installed_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    row = Segmenter("", lambda _: __import__("no_such_module"), ("wordvec-no-such-thing",), "jieba")
    monkeypatch.setitem(SEGMENTERS, "absent", row)
    with pytest.raises(OptionError, match=r"needs wordvec-no-such-thing, which .*pip install 'wordvec-cli\[jieba\]'"):
        Tokenizer("absent")
    monkeypatch.setitem(SEGMENTERS, "absent", row._replace(packages=()))
    with pytest.raises(OptionError, match=r"needs no_such_module, which is not installed"):
        words("absent", "a")
    assert Tokenizer("gone", version="gone 1.0").describe() == "gone (gone 1.0)"  # so that info can show it
    with pytest.raises(OptionError, match="gone: is not installed"):
        Tokenizer("gone", version="gone 1.0").tokens(b"a")


def plug_in(folder: Path, source: str) -> None:
    """Install a package whose tokenizer `own` is the function `words` of its only module."""
    (folder / "own_words.py").write_text(source)
    info = folder / "own_words-2.5.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: own-words\nVersion: 2.5\n")
    (info / "entry_points.txt").write_text("[wordvec.tokenizers]\nown = own_words:words\n")


@pytest.fixture
def text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(corpora, "SMALL_BYTES", 0)
    segmenters.segmenting.cache_clear()
    monkeypatch.delitem(sys.modules, "own_words", raising=False)
    path = tmp_path / "text.txt"
    path.write_text("new-york is a-b\n")
    return path


def test_another_package_adds_a_tokenizer(text: Path) -> None:
    plug_in(text.parent, "def words(text):\n    print('to nobody')\n    return text.replace('-', ' - ').split(' ')\n")
    assert Tokenizer("own").describe() == "own (own-words 2.5)"
    expected = {b"-": 2, b"a": 1, b"b": 1, b"is": 1, b"new": 1, b"york": 1}
    assert counts(text, "own", 1) == counts(text, "own", 2) == expected


@pytest.mark.parametrize("n_threads", [1, 2])
def test_a_word_that_holds_white_space_is_refused(text: Path, n_threads: int) -> None:
    plug_in(text.parent, "def words(text):\n    return [text]\n")
    with pytest.raises(InputError, match="own: gives the word 'new-york is a-b', which holds white space"):
        counts(text, "own", n_threads)


def test_a_process_that_ends_is_an_error_and_not_a_shorter_corpus(text: Path) -> None:
    plug_in(text.parent, "def words(text):\n    import os\n    os._exit(0)\n")
    with pytest.raises(InputError, match="own: the process that runs it has ended"):
        counts(text, "own", 2)


def test_a_tokenizer_that_fails_says_so(text: Path, capfd: pytest.CaptureFixture[str]) -> None:
    plug_in(text.parent, "def words(text):\n    raise ValueError('no model')\n")
    with pytest.raises(InputError, match="own: the process that runs it has ended"):
        counts(text, "own", 2)
    assert "ValueError: no model" in capfd.readouterr().err


def test_no_process_stays_behind(text: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plug_in(text.parent, "def words(text):\n    return text.split(' ')\n")
    made = []
    started = segmenting._Processes._started
    monkeypatch.setattr(segmenting._Processes, "_started", lambda self: made.append(started(self)) or made[-1])
    blocks = Corpus.open([str(text)] * 3, Tokenizer("own"), text.parent).blocks(n_threads=2)
    next(blocks)
    blocks.close()  # type: ignore[attr-defined]
    assert len(made) == 2
    assert None not in [process.poll() for process in made]

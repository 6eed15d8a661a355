"""Vocabularies, counting them (with and without spilling to disk), and their files."""

import gzip
import heapq
import os
import random
import resource
import subprocess
import sys
from array import array
from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import wordvec_cli.vocabulary
from tests.reference import NASTY_PIECES, counted, lines_of, ranked
from wordvec_cli.corpus import Corpus, Tokenizer, back_to_back
from wordvec_cli.errors import InputError, OutputError
from wordvec_cli.vocabulary import (
    CountedWords,
    CountOptions,
    Dropped,
    Vocabulary,
    byte_order,
    count_words,
    read_vocabulary,
    write_vocabulary,
)

texts = st.lists(st.one_of(st.sampled_from(NASTY_PIECES), st.binary(max_size=12)), max_size=80).map(b"".join)
texts = texts.filter(lambda text: not text.startswith((b"\x1f\x8b", b"BZh")))  # compressed text, which hypothesis knows
tokenizers = st.one_of(
    st.builds(
        Tokenizer,
        st.sampled_from(["whitespace", "words"]),
        lowercase=st.booleans(),
        normalise=st.sampled_from([None, "NFC", "NFKC"]),
        invalid_utf8=st.sampled_from(["keep", "replace", "skip"]),
    ),
    st.builds(Tokenizer, st.just("pattern"), st.sampled_from([r"\w+( \w+)?", r".", r"(?s).+", r"\S+\s\S+"])),
)


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def count(*contents: bytes, tokenizer: Tokenizer = Tokenizer(), **options: int) -> CountedWords:  # noqa: B008
    for i, content in enumerate(contents):
        Path(f"file{i}").write_bytes(content)
    corpus = Corpus.open([f"file{i}" for i in range(len(contents))], tokenizer, Path.cwd())
    return count_words(corpus, CountOptions(**{"min_count": 1} | options))


def entries(vocabulary: Vocabulary) -> list[tuple[bytes, int]]:
    return list(zip(vocabulary, vocabulary.counts.tolist(), strict=True))


# ---------------------------------------------------------------- the vocabulary


@given(st.sets(st.binary(min_size=1, max_size=20), max_size=60), st.lists(st.binary(max_size=20)))
def test_words_are_found_and_others_are_not(words: set[bytes], others: list[bytes]) -> None:
    known = list(words)
    vocabulary = Vocabulary.from_words(known)
    assert list(vocabulary) == known
    assert [vocabulary.find(word) for word in known] == list(range(len(known)))
    assert all(vocabulary.find(word) is None for word in others if word not in words)


def test_find_needs_no_numpy_on_memory_views() -> None:
    code = (
        "import sys; from array import array; from wordvec_cli.vocabulary import Vocabulary; "
        "v = Vocabulary(memoryview(b'thea'), memoryview(array('q', [0, 3, 4])), memoryview(array('q', [1, 0]))); "
        "print(v.find(b'the'), v.find(b'a'), v.find(b'b'), list(v), len(v), 'numpy' in sys.modules)"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout
    assert printed == "0 1 None [b'the', b'a'] 2 False\n"


def test_a_fingerprint_does_not_depend_on_how_the_arrays_are_kept() -> None:
    words, counts = [b"the", b"a"], [3, 2]
    vocabulary = Vocabulary.from_words(words, counts)
    mapped = Vocabulary(memoryview(b"thea"), array("q", [0, 3, 4]), array("q", [1, 0]), array("q", counts))
    assert mapped.fingerprint() == vocabulary.fingerprint()
    others = [Vocabulary.from_words([b"th", b"ea"], counts), Vocabulary.from_words(words, [3, 1])]
    assert vocabulary.fingerprint() not in {other.fingerprint() for other in [*others, Vocabulary.from_words(words)]}


def test_a_repeated_word_is_named() -> None:
    with pytest.raises(InputError, match="b: comes twice"):
        Vocabulary.from_words([b"a", b"b", b"c", b"b"])


def test_pruning_keeps_the_most_frequent_words_in_their_order() -> None:
    vocabulary = Vocabulary.from_words([b"rare", b"often", b"b", b"a"], [1, 9, 5, 5])
    assert entries(vocabulary.prune(2)) == [(b"often", 9), (b"b", 5), (b"a", 5)]
    pruned = vocabulary.prune(1, 2)
    assert entries(pruned) == [(b"often", 9), (b"b", 5)]
    assert [pruned.find(word) for word in (b"rare", b"often", b"b", b"a")] == [None, 0, 1, None]
    with pytest.raises(InputError, match="--min-count 10"):
        vocabulary.prune(10)
    with pytest.raises(InputError, match="no counts"):
        Vocabulary.from_words([b"a"]).prune(2)


@given(st.lists(st.binary(max_size=40)))
def test_byte_order_is_the_order_of_bytes(words: list[bytes]) -> None:
    order = byte_order(*back_to_back(words))
    assert [words[i] for i in order] == sorted(words)


def test_byte_order_of_words_with_long_common_beginnings() -> None:
    shuffled = random.Random(1)
    words = [b"a" * n + end for n in range(70) for end in (b"", b"\x00", b"\x00\x00", b"b", b"\xff")]
    words += [b"http://www.example.org/a/long/path/" + b"%d" % n for n in range(3000)]
    words = list(set(words))
    shuffled.shuffle(words)
    assert [words[i] for i in byte_order(*back_to_back(words))] == sorted(words)


# ---------------------------------------------------------------- counting


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(texts, min_size=1, max_size=3), tokenizers, st.sampled_from([1, 2]), st.sampled_from([1, 10_000_000]))
def test_counts_are_those_of_the_tokenizer(
    contents: list[bytes], tokenizer: Tokenizer, n_threads: int, memory_bytes: int
) -> None:
    lines = lines_of(contents)
    expected = counted(lines, tokenizer)
    if not expected:
        with pytest.raises(InputError, match=r"file0.*the corpus holds no words"):
            count(*contents, tokenizer=tokenizer)
        return
    words = count(*contents, tokenizer=tokenizer, n_threads=n_threads, memory_bytes=memory_bytes)
    assert list(words) == entries(words.vocabulary()) == ranked(expected)
    assert (words.n_words, words.n_tokens) == (len(expected), expected.total())
    assert (words.statistics.n_lines, words.statistics.n_tokens) == (len(lines), expected.total())
    assert words.sentence_end_count == len(lines) + expected[b"</s>"]


def zipf_text(n_words: int = 60_000, n_tokens: int = 300_000) -> bytes:
    numbers = (np.random.default_rng(1).pareto(0.25, n_tokens) % n_words).astype(int).tolist()
    return b"\n".join(b" ".join(b"w%d" % number for number in numbers[i : i + 20]) for i in range(0, n_tokens, 20))


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("kind", ["whitespace", "words"])
def test_counts_are_exact_when_the_memory_does_not_hold_the_words(
    kind: str, n_threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, tokenizer = zipf_text(), Tokenizer(kind, lowercase=True)
    spills = []
    write = wordvec_cli.vocabulary._Spill.write
    monkeypatch.setattr(wordvec_cli.vocabulary._Spill, "write", lambda *args: spills.append(1) or write(*args))
    monkeypatch.setattr(wordvec_cli.vocabulary._Survivors, "RUN_BUFFER_WORDS", 7)
    words = count(text, tokenizer=tokenizer, min_count=2, max_vocab=5_000, n_threads=n_threads, memory_bytes=400_000)
    assert len(spills) > 3
    expected = counted(lines_of([text]), tokenizer)
    kept = ranked(expected, 2)
    assert list(words) == entries(words.vocabulary()) == kept[:5_000]
    below = [count for count in expected.values() if count < 2]
    assert words.below_min_count == Dropped(len(below), sum(below))
    assert words.beyond_max_vocab == Dropped(len(kept) - 5_000, sum(count for _, count in kept[5_000:]))
    assert os.listdir() == ["file0"]


def test_entries_of_spilled_words_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    merged = []
    monkeypatch.setattr(heapq, "merge", lambda *runs, key: merged.append(len(runs)) or iter([(b"x", 1)]))
    words = count(zipf_text(5000, 20_000), memory_bytes=1)
    assert list(words) == [(b"x", 1)]
    assert merged[0] > 100


def test_words_that_are_too_rare_are_an_error_that_says_how_rare() -> None:
    with pytest.raises(InputError, match=r"file0: no word occurs 5 times .* 2 words: 3.*; lower --min-count"):
        count(b"a a a b", min_count=5)


def test_a_very_long_word_is_counted_in_little_memory() -> None:
    text = b"x" * 1_000_000 + b" y " + b"x" * 1_000_000 + b" " + b"z" * 3_000_000
    assert list(count(text, memory_bytes=1)) == [(b"x" * 1_000_000, 2), (b"y", 1), (b"z" * 3_000_000, 1)]


@pytest.mark.parametrize("options", [{"min_count": 0}, {"max_vocab": 0}, {"memory_bytes": 0}, {"n_threads": 0}])
def test_numbers_out_of_range_name_the_option(options: dict[str, int]) -> None:
    with pytest.raises(InputError, match=r"^--\S+: 0 is not a positive number"):
        CountOptions(**options)


@pytest.fixture
def file_size_limit() -> object:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("n_threads", [1, 2])
def test_a_spill_that_finds_no_space_is_one_line(n_threads: int, request: pytest.FixtureRequest) -> None:
    text = zipf_text()
    Path("file0").write_bytes(text)
    corpus = Corpus.open(["file0"], Tokenizer(), Path.cwd())
    request.getfixturevalue("file_size_limit")
    with pytest.raises(OutputError, match=r"temporary files.*file too large"):
        count_words(corpus, CountOptions(memory_bytes=1, n_threads=n_threads))


# ---------------------------------------------------------------- files


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
        (gzip.compress(b"</s> 0\n5 7\n"), [(b"</s>", 0), (b"5", 7)]),
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

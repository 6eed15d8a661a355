"""Counting words, with and without spilling to disk, against the tokenizer and a Counter."""

import heapq
import io
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.reference import NASTY_PIECES, counted, lines_of, ranked
from wordvec_cli.errors import InputError, OutputError
from wordvec_cli.storage.file_kinds import kind_of_no_text
from wordvec_cli.storage.files import decompressed
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.vocabulary import counting, spilling
from wordvec_cli.vocabulary.counting import CountedWords, CountOptions, Dropped, count_words
from wordvec_cli.vocabulary.vocabulary import Vocabulary

texts = st.lists(st.one_of(st.sampled_from(NASTY_PIECES), st.binary(max_size=12)), max_size=80).map(b"".join)
texts = texts.filter(lambda text: isinstance(decompressed(io.BytesIO(text)), io.BytesIO))  # as hypothesis knows others
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


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(texts, min_size=1, max_size=3), tokenizers, st.sampled_from([1, 2]), st.sampled_from([1, 10_000_000]))
def test_counts_are_those_of_the_tokenizer(
    contents: list[bytes], tokenizer: Tokenizer, n_threads: int, memory_bytes: int
) -> None:
    assume(not any(map(kind_of_no_text, contents)))
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
    write = spilling.Spill.write
    monkeypatch.setattr(spilling.Spill, "write", lambda *args: spills.append(1) or write(*args))
    monkeypatch.setattr(counting._Survivors, "RUN_BUFFER_WORDS", 7)
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


@pytest.mark.parametrize("n_threads", [1, 2])
def test_a_spill_that_finds_no_space_is_one_line(n_threads: int, request: pytest.FixtureRequest) -> None:
    text = zipf_text()
    Path("file0").write_bytes(text)
    corpus = Corpus.open(["file0"], Tokenizer(), Path.cwd())
    request.getfixturevalue("file_size_limit")
    with pytest.raises(OutputError, match=r"temporary files.*file too large"):
        count_words(corpus, CountOptions(memory_bytes=1, n_threads=n_threads))

"""The corpus as word ids, against the tokenizer and a dict."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.posix import resource
from tests.reference import encoded, lines_of
from tests.vocabulary.test_counting import texts, tokenizers
from wordvec_cli.errors import InputError, OutputError
from wordvec_cli.sequences import word_ids as sequences_module
from wordvec_cli.sequences.word_ids import Sequences, encode, open_sequences
from wordvec_cli.storage.file_kinds import kind_of_no_text
from wordvec_cli.text import corpus as corpus_module
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.vocabulary.counting import CountOptions, count_words
from wordvec_cli.vocabulary.vocabulary import Vocabulary


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def corpus_of(*contents: bytes, tokenizer: Tokenizer = Tokenizer()) -> Corpus:  # noqa: B008
    for i, content in enumerate(contents):
        Path(f"file{i}").write_bytes(content)
    return Corpus.open([f"file{i}" for i in range(len(contents))], tokenizer, Path.cwd())


def sentences(sequences: Sequences) -> list[list[int]]:
    return [part.tolist() for part in np.split(sequences.ids, sequences.offsets[1:-1])] if sequences.n_sentences else []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(texts, min_size=1, max_size=3), tokenizers, st.integers(0, 3), st.integers(1, 200), st.sampled_from([1, 2])
)
def test_ids_are_those_of_the_tokenizers_words(
    contents: list[bytes], tokenizer: Tokenizer, n_left_out: int, block_bytes: int, n_threads: int
) -> None:
    assume(not any(map(kind_of_no_text, contents)))
    lines = lines_of(contents)
    words = sorted({token for line in lines for token in tokenizer.tokens(line)})[n_left_out:]
    if not words:
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            corpus_module.Corpus.feed, "__defaults__", (*corpus_module.Corpus.feed.__defaults__[:-1], block_bytes)
        )
        sequences = encode(corpus_of(*contents, tokenizer=tokenizer), Vocabulary.from_words(words), n_threads)
    expected = encoded(lines, tokenizer, words)
    assert sentences(sequences) == expected
    assert sequences.n_sentences == sequences.statistics.n_lines == len(lines)
    n_known = sum(id >= 0 for line in expected for id in line)
    assert (sequences.n_known, sequences.n_unknown) == (n_known, sum(map(len, expected)) - n_known)


@pytest.mark.parametrize("kind", ["whitespace", "words"])
@pytest.mark.parametrize("n_threads", [1, 3])
def test_many_blocks_are_written_in_the_order_of_the_corpus(
    kind: str, n_threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sequences_module, "MAX_CHUNK_BYTES", 1)  # forget everything at every block
    text = b"".join(b"word%d, x%d \xc3\x89%d\n" % (i % 700, i, i % 50) for i in range(40_000))
    corpus = corpus_of(text, b"one line " * 60_000, tokenizer=Tokenizer(kind, lowercase=True))
    vocabulary = count_words(corpus, CountOptions(min_count=2)).vocabulary()
    fed = Corpus.feed
    monkeypatch.setattr(Corpus, "feed", lambda *args: fed(*args, block_bytes=20_000))
    sequences = encode(corpus, vocabulary, n_threads)
    expected = encoded(lines_of([text, b"one line " * 60_000]), corpus.tokenizer, list(vocabulary))
    assert sentences(sequences) == expected
    assert sequences.corpus_fingerprint == corpus.reading.fingerprint


def test_the_files_have_no_name_and_the_arrays_are_read_only() -> None:
    sequences = encode(corpus_of(b"a b\n"), Vocabulary.from_words([b"a"]))
    assert os.listdir() == ["file0"]
    assert (sequences.ids.dtype, sequences.offsets.dtype) == (np.int32, np.int64)
    assert not (sequences.ids.flags.writeable or sequences.offsets.flags.writeable)


def test_a_skipped_line_is_an_empty_sentence() -> None:
    corpus = corpus_of(b"a\na \xff\na a\n", tokenizer=Tokenizer(invalid_utf8="skip"))
    sequences = encode(corpus, Vocabulary.from_words([b"a"]))
    assert sequences.offsets.tolist() == [0, 1, 1, 3]
    assert sequences.statistics.n_dropped_lines == 1


@pytest.mark.parametrize(
    ("content", "message"), [(b"", "holds no words"), (b"\n \n", "no words"), (b"x y", "none of its 2")]
)
def test_a_corpus_without_a_known_word_is_an_error(content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=f"file0: .*{message}"):
        encode(corpus_of(content), Vocabulary.from_words([b"a"]))


def test_a_full_disk_is_one_line() -> None:
    corpus = corpus_of(b"a " * 200_000)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
    try:
        with pytest.raises(OutputError, match=r"temporary files.*file too large"):
            encode(corpus, Vocabulary.from_words([b"a"]))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_sequences_in_a_folder_are_read_again(tmp_path: Path) -> None:
    written = encode(corpus_of(b"a b a\n\nc a\n"), Vocabulary.from_words([b"a", b"b"]), folder=tmp_path)
    read = open_sequences(tmp_path)
    assert sentences(read) == sentences(written) == [[0, 1, 0], [], [-1, 0]]
    assert (read.n_known, read.statistics, read.corpus_fingerprint) == (
        written.n_known, written.statistics, written.corpus_fingerprint,
    )  # fmt: skip

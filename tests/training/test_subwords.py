"""`wordvec train --subwords`: what is trained, what the file holds, and what is refused."""

from pathlib import Path

import numpy as np
import pytest

from tests.conftest import run_here
from tests.reference_subwords import ngram_buckets
from wordvec_cli.cli import run as run_command
from wordvec_cli.training.ngrams import ngram_rows
from wordvec_cli.vectors.native import load
from wordvec_cli.vocabulary.vocabulary import Vocabulary

SMALL = ["--vector-size", "12", "--epochs", "2", "--min-count", "1", "--sample", "0", "--threads", "1"]
WORDS = [
    b"the",
    b"<",
    b">",
    b"<a>",
    b"</s>",
    b"na\xc3\xafve",
    "東京".encode(),
    b"\xff\xfe",
    b"\x80x",
    b"a\0b",
    b"x" * 3000,
]


@pytest.mark.parametrize("lengths", [(3, 6), (1, 2), (5, 5), (1, 255)])
@pytest.mark.parametrize("n_buckets", [1, 7, 2_000_000, 2**31 - 1])
def test_words_have_their_own_row_and_those_of_the_buckets_of_their_ngrams(
    lengths: tuple[int, int], n_buckets: int
) -> None:
    words = [word[:60] for word in WORDS] if lengths[1] > 6 else WORDS
    found = ngram_rows(Vocabulary.from_words(words), lengths, n_buckets)
    bucket_of = dict(zip(found.bucket_rows.tolist(), found.buckets.tolist(), strict=True))
    assert sorted([*bucket_of, *found.own_rows.tolist()]) == list(range(found.n_rows))
    assert (np.diff(found.buckets) > 0).all()
    for id, word in enumerate(words):
        own, *others = found.rows[found.offsets[id] : found.offsets[id + 1]].tolist()
        assert own == found.own_rows[id]
        assert [bucket_of[row] for row in others] == ngram_buckets(word, *lengths, n_buckets)


def test_the_file_holds_the_rows_and_their_means(corpus_file: Path, tmp_path: Path) -> None:
    output = tmp_path / "v.safetensors"
    assert (
        run_command(["train", str(corpus_file), "-o", str(output), *SMALL, "--subwords", "2-4", "--buckets", "99"]) == 0
    )
    vectors = load(str(output))
    assert vectors.subwords is not None
    rows = dict(zip(vectors.subwords.buckets, vectors.subwords.rows, strict=True))
    for id, word in enumerate(vectors.vocabulary):
        parts = [vectors.subwords.word_rows[id], *(rows[bucket] for bucket in ngram_buckets(word, 2, 4, 99))]
        np.testing.assert_allclose(vectors.matrix[id], np.mean(parts, axis=0), rtol=1e-4, atol=1e-6)
    unknown = next(word for word in (b"mondays", b"redder", b"qqq") if word not in vectors.vocabulary)
    parts = [rows[bucket] for bucket in ngram_buckets(unknown, 2, 4, 99) if bucket in rows]
    assert parts
    expected = np.sum(parts, axis=0) / len(ngram_buckets(unknown, 2, 4, 99))
    np.testing.assert_allclose(vectors.vector(unknown), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--subwords", "6-3"], "--subwords 6-3: the shortest comes first; write 3-6"),
        (["--subwords", "0-3"], "--subwords 0-3: n-grams have from 1 to 255 characters"),
        (["--subwords", "3-256"], "--subwords 3-256: n-grams have from 1 to 255 characters"),
        (["--subwords", "long"], "--subwords long: must be the lengths of n-grams"),
        (["--subwords", "-3"], "--subwords -3: must be the lengths of n-grams"),
        (["--subwords", "3-6", "--buckets", "0"], "--buckets 0: must be from 1 to 2^31 - 1"),
        (["--subwords", "3-6", "--buckets", str(2**31)], f"--buckets {2**31}: must be from 1 to 2^31 - 1"),
        (["--buckets", "5"], "--buckets: belongs to --subwords"),
        (["--subwords", "none", "--buckets", "5"], "--buckets: belongs to --subwords"),
        (["--model", "glove", "--subwords", "3-6"], "--subwords: is not for --model glove"),
        (["--engine", "gensim", "--subwords", "3-6"], "--subwords: are not for --engine gensim"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_nothing_written(
    corpus_file: Path, tmp_path: Path, options: list[str], text: str
) -> None:
    result = run_here("train", corpus_file, "-o", tmp_path / "v.safetensors", *options)
    assert result.returncode in {1, 2}
    assert text in result.stderr.decode()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "line", [b"alone alone alone\n", b"< > < >\n", b"x \xff\xfe y x \xff\xfe y\n", b"x" * 100_000 + b" y\n"]
)
def test_odd_words_are_trained_on(tmp_path: Path, line: bytes) -> None:
    corpus, output = tmp_path / "corpus.txt", tmp_path / "v.safetensors"
    corpus.write_bytes(line * 20)
    assert run_command(["train", str(corpus), "-o", str(output), *SMALL, "--subwords", "3-6"]) == 0
    vectors = load(str(output))
    assert set(vectors.vocabulary) == set(line.split())
    assert np.isfinite(vectors.matrix).all() and vectors.matrix.any()
    assert run_command(["verify", str(output)]) == 0


def test_training_starts_from_rows_or_from_vectors(corpus_file: Path, tmp_path: Path) -> None:
    """A learning rate next to nothing leaves what it started from."""
    first, second, plain, third = (tmp_path / f"{i}.safetensors" for i in range(4))
    still = ["--learning-rate", "1e-30", *SMALL]
    assert run_command(["train", str(corpus_file), "-o", str(first), *SMALL, "--subwords", "3-6"]) == 0
    assert (
        run_command(["train", str(corpus_file), "-o", str(second), *still, "--subwords", "3-6", "--init", str(first)])
        == 0
    )
    trained, taken = load(str(first)), load(str(second))
    assert trained.subwords and taken.subwords
    assert (trained.subwords.rows == taken.subwords.rows).all()
    assert (trained.matrix == taken.matrix).all()
    assert run_command(["train", str(corpus_file), "-o", str(plain), *SMALL]) == 0
    assert (
        run_command(["train", str(corpus_file), "-o", str(third), *still, "--subwords", "2-5", "--init", str(plain)])
        == 0
    )
    np.testing.assert_allclose(load(str(third)).matrix, load(str(plain)).matrix, atol=1e-5)


def test_like_repeats_the_subwords_of_a_file(corpus_file: Path, tmp_path: Path) -> None:
    first, second, none = (tmp_path / f"{i}.safetensors" for i in range(3))
    assert run_command(["train", str(corpus_file), "-o", str(first), *SMALL, "--subwords", "2", "--buckets", "50"]) == 0
    assert run_command(["train", str(corpus_file), "-o", str(second), "--threads", "1", "--like", str(first)]) == 0
    assert first.read_bytes() == second.read_bytes()
    like = ["--threads", "1", "--like", str(first), "--subwords", "none"]
    assert run_command(["train", str(corpus_file), "-o", str(none), *like]) == 0
    assert load(str(none)).subwords is None


@pytest.mark.parametrize(("preset", "model"), [("fasttext", "skipgram"), ("gensim-fasttext", "cbow")])
def test_presets_of_fasttext_have_subwords(corpus_file: Path, tmp_path: Path, preset: str, model: str) -> None:
    output = tmp_path / "v.safetensors"
    small = ["--vector-size", "4", "--epochs", "1", "--threads", "1"]
    assert run_command(["train", str(corpus_file), "-o", str(output), "--preset", preset, *small]) == 0
    vectors = load(str(output))
    assert f'"model": "{model}"' in vectors.metadata["configuration"]
    assert vectors.subwords is not None
    sizes = vectors.subwords.shortest, vectors.subwords.longest, vectors.subwords.n_buckets
    assert sizes == (3, 6, 2_000_000)

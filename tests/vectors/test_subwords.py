"""Vectors made of the rows of n-grams, against the plain oracle of fastText's models."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reference_fasttext import Model, ngram_hashes
from wordvec_cli.errors import InputError
from wordvec_cli.vectors.subwords import LONG_WORD, Subwords, ngram_buckets, of_arrays, word_ngrams
from wordvec_cli.vocabulary.vocabulary import Vocabulary

WORDS = [b"the", b"</s>", "東京".encode(), b"caf\xe9", b"\x80\x81", b"a", b"x" * 40, b"<", b">", b"a<b>c"]
OTHERS = [b"them", b"zz", b"", "東京都".encode(), b"\xff\xfe", b"th" * LONG_WORD, b"x" * 100_000]
SIZES = [(3, 6, 1000), (1, 2, 7), (0, 1, 50), (5, 5, (1 << 31) - 1), (6, 300, 90)]


def made(shortest: int = 3, longest: int = 6, n_buckets: int = 1000, dim: int = 5) -> tuple[Subwords, Model]:
    """Subwords with a row for each bucket that the words hit, and the model that has zeros for the others."""
    hit = sorted({bucket for word in WORDS for bucket in ngram_hashes(word, shortest, longest, n_buckets)})
    rng = np.random.default_rng(3)
    own, rows = (rng.normal(size=(n, dim)).astype(np.float32) for n in (len(WORDS), len(hit)))
    table = np.zeros((n_buckets, dim), np.float32)
    table[hit] = rows
    model = Model(WORDS, np.vstack([own, table]), shortest, longest, n_buckets)
    return of_arrays(shortest, longest, n_buckets, np.array(hit, np.int32), rows, own), model


@pytest.mark.parametrize("sizes", SIZES)
def test_ngrams_fall_into_the_buckets_that_fasttext_puts_them_into(sizes: tuple[int, int, int]) -> None:
    words = [word for word in WORDS + OTHERS if len(word) < 1000]
    lengths = np.array([len(word) for word in words])
    text = np.frombuffer(b"".join(words), np.uint8)
    offsets, buckets = word_ngrams(text, np.cumsum(lengths) - lengths, lengths, sizes)
    for i, word in enumerate(words):
        expected = ngram_hashes(word, *sizes)
        assert list(ngram_buckets(word, *sizes)) == expected
        assert buckets[offsets[i] : offsets[i + 1]].tolist() == expected


@given(st.binary(max_size=30), st.integers(0, 4), st.integers(0, 6))
def test_the_buckets_of_any_bytes_are_those_of_the_oracle(word: bytes, shortest: int, longest: int) -> None:
    assert list(ngram_buckets(word, shortest, longest, 1009)) == ngram_hashes(word, shortest, longest, 1009)


@pytest.mark.parametrize("sizes", [(3, 6, 1000), (1, 2, 7), (0, 1, 50)])
def test_vectors_of_the_vocabulary_are_fasttexts_to_the_last_bit(sizes: tuple[int, int, int]) -> None:
    subwords, model = made(*sizes)
    expected = np.array([model.vector(word) for word in WORDS])
    assert subwords.vocabulary_vectors(Vocabulary.from_words(WORDS)).tobytes() == expected.tobytes()


@pytest.mark.parametrize("sizes", [(3, 6, 1000), (1, 2, 7), (0, 1, 50)])
def test_a_bucket_without_a_row_counts_as_zeros_in_the_mean(sizes: tuple[int, int, int]) -> None:
    subwords, model = made(*sizes)
    words = [word for word in OTHERS if len(word) < 1000]
    matrix, is_known = subwords.vectors_of(words)
    for i, word in enumerate(words):
        assert matrix[i].tobytes() == model.vector(word).tobytes()
        single = subwords.composed(word)
        assert (single is not None) == is_known[i]
        assert single is None or np.array(single, np.float32).tobytes() == matrix[i].tobytes()


def test_a_word_is_unknown_if_none_of_its_ngrams_has_a_row() -> None:
    subwords, _ = made()
    words = [b"qqq", "Ω".encode(), b"</s>", b""]
    matrix, is_known = subwords.vectors_of(words)
    assert not is_known.any()
    assert not matrix.any()
    assert all(subwords.composed(word) is None for word in words)


def test_without_any_row_all_words_are_unknown() -> None:
    empty = np.empty((0, 4), np.float32)
    subwords = of_arrays(3, 6, 10, np.empty(0, np.int32), empty, empty)
    assert subwords.composed(b"word") is None
    assert not subwords.vectors_of([b"word"])[1].any()


@pytest.mark.parametrize(
    ("buckets", "complaint"),
    [([3, 2], "not in order"), ([2, 2], "not in order"), ([-1, 2], "not in order"), ([2, 10], "beyond the last")],
)
def test_a_table_that_is_not_in_order_is_refused_before_any_kernel(buckets: list[int], complaint: str) -> None:
    rows = np.ones((2, 4), np.float32)
    subwords = of_arrays(3, 6, 10, np.array(buckets, np.int32), rows, rows)
    with pytest.raises(InputError, match=re.escape(complaint)):
        subwords.vectors_of([b"word"])

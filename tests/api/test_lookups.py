"""Vectors by their words are gensim's, and so are the errors of words that are missing."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wordvec_cli
from tests.api.conftest import N_WORDS, Pair
from wordvec_cli import Vectors
from wordvec_cli.errors import InputError, UnknownWordError


def same(mine: Any, theirs: Any) -> None:
    np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=2e-6)


def test_words_and_their_numbers_are_gensims(pair: Pair) -> None:
    ours, theirs = pair.ours, pair.gensim
    assert ours.index_to_key == theirs.index_to_key == list(ours)
    assert ours.key_to_index == theirs.key_to_index
    assert (len(ours), ours.vector_size) == (len(theirs), theirs.vector_size)
    assert [ours.get_index(word) for word in pair.words] == [theirs.get_index(word) for word in pair.words]
    same(ours.vectors, theirs.vectors)
    same(ours.get_normed_vectors(), theirs.get_normed_vectors())


def test_vectors_of_words_are_gensims_whatever_way_they_are_asked_for(pair: Pair) -> None:
    ours, theirs = pair.ours, pair.gensim
    for word in pair.words + pair.others:
        same(ours[word], theirs[word])
        same(ours.get(word), theirs[word])
        same(ours.get_vector(word, norm=True), theirs.get_vector(word, norm=True))
    keys = [*pair.words, *pair.others]
    same(ours[keys], theirs[keys])
    same(ours[3], theirs.vectors[3])
    same(ours[[3, 1]], theirs.vectors[[3, 1]])
    assert ours[pair.words[0]].shape == (ours.vector_size,)
    assert ours[[pair.words[0]]].shape == (1, ours.vector_size)
    assert ours[[]].shape == (0, ours.vector_size)


def test_words_are_found_alike_with_and_without_a_table(vector_file: Path) -> None:
    words = ["red", "monday", "nowhere", "", "\udcff"]
    fresh = [wordvec_cli.load(vector_file).has_index_for(word) for word in words]
    vectors = wordvec_cli.load(vector_file)
    assert [vectors.has_index_for(word) for _ in range(100) for word in words] == fresh * 100
    assert fresh == [True, True, False, False, False]


def test_membership_is_gensims_and_tells_words_of_parts_from_those_with_a_number(pair: Pair) -> None:
    ours, theirs = pair.ours, pair.gensim
    numbers = [] if pair.others else [0, len(ours) - 1, len(ours), -1]  # of which gensim's fastText takes the digits
    for key in [*pair.words, *pair.others, *numbers]:
        assert (key in ours) == (key in theirs)
        assert ours.has_index_for(key) == theirs.has_index_for(key)
    for word in pair.others:
        assert word in ours
        assert not ours.has_index_for(word)


@pytest.mark.parametrize("key", ["nowhere", "", "w1 ", 10**6, -1, "\ud800", "\udcff"])
def test_a_missing_word_is_a_key_error_everywhere(plain: Pair, key: str | int) -> None:
    v = plain.ours
    assert key not in v
    assert v.get(key) is None
    assert v.get(key, 0) == 0
    asked = (
        lambda: v[key],
        lambda: v[["w1", key]],
        lambda: v.get_vector(key),
        lambda: v.get_index(key),
        lambda: v.get_vecattr(key, "count"),
        lambda: v.most_similar(key),
        lambda: v.most_similar(["w1"], [key]),
        lambda: v.most_similar_cosmul(key),
        lambda: v.similar_by_word(key),
        lambda: v.similarity("w1", key),
        lambda: v.distance(key, "w1"),
        lambda: v.distances(key),
        lambda: v.distances("w1", [key]),
        lambda: v.rank("w1", key),
        lambda: v.closer_than(key, "w1"),
        lambda: v.most_similar_to_given("w1", [key]),
        lambda: v.nearest(["w1", key]),
        lambda: v.get_mean_vector(["w1", key], ignore_missing=False),
    )
    for ask in asked:
        with pytest.raises(KeyError):
            ask()
    with pytest.raises(UnknownWordError, match="not present"):
        v[key]


def test_vectors_cannot_be_changed_by_accident(pair: Pair) -> None:
    for vector in (pair.ours[pair.words[0]], pair.ours.vectors[0], pair.ours.get_vector(pair.words[0], norm=True)):
        with pytest.raises(ValueError, match="read-only"):
            vector[0] = 1


def test_means_are_gensims(pair: Pair) -> None:
    ours, theirs = pair.ours, pair.gensim
    keys = [*pair.words, *pair.others, theirs.vectors[7] * 3]
    weights = np.linspace(-1, 2, len(keys)).astype(np.float32)
    for options in ({}, {"weights": weights}, {"pre_normalize": False}, {"post_normalize": True, "weights": weights}):
        same(ours.get_mean_vector(keys, **options), theirs.get_mean_vector(keys, **options))
    with_missing = [*pair.words, "nowhere"]
    same(ours.get_mean_vector(with_missing), theirs.get_mean_vector(with_missing))
    for wrong in ({"keys": []}, {"keys": pair.words, "weights": [1.0]}):
        with pytest.raises(ValueError):
            theirs.get_mean_vector(**wrong)
        with pytest.raises(ValueError, match="keys"):
            ours.get_mean_vector(**wrong)


def test_counts_are_told_as_gensim_tells_them(plain: Pair) -> None:
    assert [plain.ours.get_vecattr(word, "count") for word in plain.words] == [
        plain.gensim.get_vecattr(word, "count") for word in plain.words
    ]
    assert plain.ours.counts.tolist() == list(range(N_WORDS, 0, -1))
    with pytest.raises(KeyError):
        plain.ours.get_vecattr("w1", "no such thing")
    without = Vectors.from_arrays(["a"], [[1.0]])
    assert without.counts is None
    with pytest.raises(KeyError):
        without.get_vecattr("a", "count")


def test_rows_and_words_that_do_not_match_are_an_error() -> None:
    with pytest.raises(InputError, match="2 words"):
        Vectors.from_arrays(["a", "b"], [[1.0, 2.0]])
    with pytest.raises(InputError, match="repeated"):
        Vectors.from_arrays(["a", "a"], [[1.0], [2.0]])


def test_bytes_that_are_not_utf8_are_words_too() -> None:
    word = b"caf\xe9".decode("utf-8", "surrogateescape")
    vectors = Vectors.from_arrays(["the", word], [[1, 0], [1, 1]])
    assert list(vectors) == ["the", word]
    assert vectors[word].tolist() == [1, 1]
    assert [each for each, _ in vectors.most_similar("the")] == [word]

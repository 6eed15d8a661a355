"""The words that two vocabularies share."""

import numpy as np
import pytest

from wordvec_cli.vectors import common_words
from wordvec_cli.vectors.common_words import common_ids
from wordvec_cli.vocabulary.vocabulary import Vocabulary

CASES = [
    ([b"a", b"b", b"c"], [b"c", b"x", b"a"]),
    ([b"", b"a"], [b"a", b""]),
    ([b"a"], [b"b"]),
    ([], [b"a"]),
    ([b"a"], []),
    ([b"\0", b"\0\0", "東京".encode(), b"x" * 100_000], ["東京".encode(), b"\0\0", b"x" * 100_000, b"x" * 99_999]),
]


def by_dict(first: list[bytes], second: list[bytes]) -> list[tuple[int, int]]:
    return [(i, second.index(word)) for i, word in enumerate(first) if word in second]


@pytest.mark.parametrize(("first", "second"), CASES)
@pytest.mark.parametrize("factor", [common_words.FACTOR, 1])
def test_shared_words_are_found_whatever_their_numbers(
    first: list[bytes], second: list[bytes], factor: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a factor of 1 anagrams have one number."""
    monkeypatch.setattr(common_words, "FACTOR", factor)
    ids, others = common_ids(Vocabulary.from_words(first), Vocabulary.from_words(second))
    assert list(zip(ids.tolist(), others.tolist(), strict=True)) == by_dict(first, second)


def test_words_with_one_number_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(common_words, "FACTOR", 1)
    first, second = [b"ab", b"ba", b"x"], [b"ba", b"x", b"cd"]
    ids, others = common_ids(Vocabulary.from_words(first), Vocabulary.from_words(second))
    assert (ids.tolist(), others.tolist()) == ([1, 2], [0, 1])
    ids, others = common_ids(Vocabulary.from_words([b"ab"]), Vocabulary.from_words([b"ba"]))
    assert len(ids) == len(others) == 0


def test_many_words_are_found_over_several_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(common_words, "WORDS_AT_ONCE", 7)
    rng = np.random.default_rng(1)
    first, second = ([b"w%d" % i for i in rng.permutation(200)[:100]] for _ in range(2))
    ids, others = common_ids(Vocabulary.from_words(first), Vocabulary.from_words(second))
    assert list(zip(ids.tolist(), others.tolist(), strict=True)) == by_dict(first, second)

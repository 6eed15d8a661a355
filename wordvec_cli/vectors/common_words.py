"""The words that two vocabularies share: found by a number for each word, and compared byte by byte."""

from typing import TYPE_CHECKING, Any

import numpy as np

from wordvec_cli.text.words import take_words
from wordvec_cli.vocabulary.vocabulary import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ids = NDArray[np.int64]
    Hashes = NDArray[np.uint64]

WORDS_AT_ONCE = 1 << 16
FACTOR = 0x9E3779B97F4A7C15  # odd, so that no power of it is 0 modulo 2^64


def common_ids(first: Vocabulary, second: Vocabulary) -> "tuple[Ids, Ids]":
    """The ids of the shared words in each of two vocabularies, (n,) both, in the order of the first."""
    hashes = _hashes(first), _hashes(second)
    order = np.argsort(hashes[1])
    ordered = hashes[1][order]
    places = np.minimum(np.searchsorted(ordered, hashes[0]), max(len(ordered) - 1, 0))
    if not len(ordered) or not len(places):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    ids = np.flatnonzero(ordered[places] == hashes[0])
    others = order[places[ids]]
    has_one_each = not (ordered[1:] == ordered[:-1]).any()  # two of the first cannot both be the same word
    if has_one_each and _are_the_same(first, ids, second, others):
        return ids, others
    return _by_words(first, second)


def _hashes(vocabulary: Vocabulary) -> "Hashes":
    """A number for each word, (n,): that of different words differs, but for chance."""
    offsets, text = np.asarray(vocabulary.offsets, np.int64), np.asarray(vocabulary.text, np.uint8)
    lengths = np.diff(offsets)
    hashes = np.zeros(len(lengths), np.uint64)
    powers = np.cumprod(np.full(int(lengths.max(initial=0)), FACTOR, np.uint64))
    for start in range(0, len(lengths), WORDS_AT_ONCE):
        some = slice(start, start + WORDS_AT_ONCE)
        is_some = lengths[some] > 0
        starts, sizes = offsets[:-1][some][is_some], lengths[some][is_some]
        if not len(starts):
            continue
        begin, end = starts[0], starts[-1] + sizes[-1]
        places = np.arange(end - begin) - np.repeat(starts - begin, sizes)
        terms = (text[begin:end].astype(np.uint64) + np.uint64(1)) * powers[places]
        hashes[some][is_some] = np.add.reduceat(terms, starts - begin)
    return hashes


def _are_the_same(first: Vocabulary, ids: "Ids", second: Vocabulary, others: "Ids") -> bool:
    texts: list[Any] = []
    for vocabulary, chosen in ((first, ids), (second, others)):
        texts.append(take_words(np.asarray(vocabulary.text), np.asarray(vocabulary.offsets), chosen))
    return all(np.array_equal(one, other) for one, other in zip(*texts, strict=True))


def _by_words(first: Vocabulary, second: Vocabulary) -> "tuple[Ids, Ids]":
    """As `common_ids`, where two words have one number."""
    in_second = {word: word_id for word_id, word in enumerate(second)}
    pairs = [(word_id, in_second[word]) for word_id, word in enumerate(first) if word in in_second]
    found = np.array(pairs, np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]

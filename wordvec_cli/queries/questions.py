"""Questions that are made of words, for `answers`. Asking one does not need numpy; answering it does."""

from collections.abc import Sequence
from typing import NamedTuple

from wordvec_cli.queries.word_finder import WordFinder

ANALOGY_WEIGHTS = (-1.0, 1.0, 1.0)  # of a, b and c: the answer is nearest to b - a + c


class Question(NamedTuple):
    """A question to the vectors.

    names     the words that it is shown by
    vectors   what it is made of; none if it cannot be asked
    weights   of the vectors
    excluded  the ids of its own words
    """

    names: Sequence[bytes]
    vectors: Sequence[Sequence[float]] = ()
    weights: Sequence[float] = ()
    excluded: frozenset[int] = frozenset()

    @property
    def has_direction(self) -> bool:
        """Whether a number of its vectors is not 0."""
        return any(map(any, self.vectors))


def question_of_words(
    words: Sequence[bytes],
    finder: WordFinder,
    weights: Sequence[float] | None = None,
    names: Sequence[bytes] | None = None,
    is_set: bool = False,
) -> Question:
    """A question of words, by default with equal weights and shown by its words.

    is_set  whether it can be asked without the words that the finder skips
    """
    found = [(finder.find(word), weight) for word, weight in zip(words, weights or [1.0] * len(words), strict=True)]
    there = [(each, weight) for each, weight in found if each is not None]
    names = words if names is None else names
    if len(there) < len(words) and not (is_set and finder.missing == "skip"):
        return Question(names)
    ids = frozenset(each.word_id for each, _ in there if each.word_id is not None)
    return Question(names, [each.vector for each, _ in there], [weight for _, weight in there], ids)


def question_of_set(words: Sequence[bytes], finder: WordFinder) -> Question:
    """The mean of some words, shown as one name."""
    return question_of_words(words, finder, names=[b" ".join(words)], is_set=True)


def question_of_sum(positive: Sequence[bytes], negative: Sequence[bytes], finder: WordFinder) -> Question:
    """The mean of words and of the opposites of other words, shown like `king + woman - man`."""
    name = b" ".join([b" + ".join(positive), *(b"- " + word for word in negative)]).strip()
    weights = [1.0] * len(positive) + [-1.0] * len(negative)
    return question_of_words([*positive, *negative], finder, weights, [name], is_set=True)

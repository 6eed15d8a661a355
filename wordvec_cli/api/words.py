"""Words by their numbers, as `str`: what a vocabulary and a set of vectors have in common."""

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from wordvec_cli.errors import UnknownWordError
from wordvec_cli.text.decoding import as_bytes, as_text
from wordvec_cli.vocabulary.vocabulary import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

Key = str | int | np.integer  # a word, or its number
KEY_TYPES = (str, int, np.integer)
LOOKUPS_PER_WORD = 32  # a table of all words is made as quickly as one in so many is found without
Default = TypeVar("Default")


class MissingWordError(UnknownWordError, KeyError):
    """A word that the vectors do not hold; gensim raises KeyError, and code relies on it."""

    __str__ = Exception.__str__  # that of KeyError shows the message as a quoted string


class Words:
    """Words numbered from 0.

    A word is a `str`; bytes that are not valid UTF-8 are in it as Python's "surrogateescape" has them.
    vocabulary  the library's type, where words are bytes
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self._n_lookups = 0

    def __len__(self) -> int:
        return len(self.vocabulary)

    def __iter__(self) -> Iterator[str]:
        return map(as_text, self.vocabulary)

    def __contains__(self, key: object) -> bool:
        return self.has_index_for(key)

    @cached_property
    def index_to_key(self) -> list[str]:
        """The words in their order."""
        return list(self)

    @cached_property
    def key_to_index(self) -> dict[str, int]:
        """The number of each word."""
        return {word: index for index, word in enumerate(self.index_to_key)}

    @property
    def counts(self) -> "NDArray[np.int64] | None":
        """How often each word occurs, (n,); None if that is not known."""
        if not self.vocabulary.has_counts:
            return None
        counts: NDArray[np.int64] = np.asarray(self.vocabulary.counts)
        return counts

    def has_index_for(self, key: object) -> bool:
        """Whether the word has a number; `in` is also true of one whose vector is made from parts of the word."""
        return self._find(key) is not None

    def get_index(self, key: Key, default: int | None = None) -> int:
        """The number of a word. Raises: KeyError if there is none and no default"""
        if (index := self._find(key)) is not None:
            return index
        if default is not None:
            return default
        raise missing(key)

    def get_vecattr(self, key: Key, attr: str) -> int:
        """The count of a word, `get_vecattr(word, "count")`. Raises: KeyError"""
        index = self.get_index(key)
        if attr != "count" or self.counts is None:
            raise KeyError(attr)
        return int(self.counts[index])

    def _find(self, key: object) -> int | None:
        if isinstance(key, str):
            return self._find_word(key)
        if isinstance(key, int | np.integer) and 0 <= key < len(self):
            return int(key)
        return None

    def _find_word(self, word: str) -> int | None:
        """By bisection, which needs no table; after many words by one, which is quicker and takes time to make."""
        self._n_lookups += 1
        if self._n_lookups * LOOKUPS_PER_WORD > len(self):
            self.vocabulary.check_unchanged()
            return self.key_to_index.get(word)
        try:
            return self.vocabulary.find(word)
        except UnicodeEncodeError:  # half a surrogate pair: such a text is no word
            return None


def missing(key: object) -> MissingWordError:
    """The error of a word that is not there, in gensim's words."""
    return MissingWordError(f"Key {key!r} not present")


def encoded(key: str) -> bytes | None:
    """A word in bytes; None for what cannot be one."""
    try:
        return as_bytes(key)
    except UnicodeEncodeError:
        return None

"""How near words are to each other: `similarity`, `distances`, `doesnt_match`, `n_similarity`, `rank`."""

import warnings
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from wordvec_cli.api.questions import Questions
from wordvec_cli.api.words import Key
from wordvec_cli.queries.metrics import Cosine
from wordvec_cli.queries.similarity import similarities, similarities_to_all
from wordvec_cli.vectors.lengths import unit_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec_cli.api.lookups import KeyOrVector

    Vector = NDArray[np.float32]


class Comparisons(Questions):
    """Vectors that can be compared with each other; all by their cosine."""

    def similarity(self, w1: "KeyOrVector", w2: "KeyOrVector") -> float:
        """The cosine of two words; 0 if a vector is all zeros. Raises: KeyError"""
        return float(similarities("cosine", self._rows([w1]), self._rows([w2]))[0])

    def distance(self, w1: "KeyOrVector", w2: "KeyOrVector") -> float:
        """1 - the cosine of two words. Raises: KeyError"""
        return 1 - self.similarity(w1, w2)

    def distances(self, word_or_vector: "KeyOrVector", other_words: Iterable[Key] = ()) -> "Vector":
        """1 - the cosine of a word with each of others, or with all words if none are given, (n,). Raises: KeyError"""
        question, others = self._rows([word_or_vector]), list(other_words)
        if others:
            return 1 - self.cosine_similarities(question[0], self._rows(others))
        return 1 - self._cosines(Cosine(question), 0, len(self))

    @staticmethod
    def cosine_similarities(vector_1: "NDArray[Any]", vectors_all: "NDArray[Any]") -> "Vector":
        """The cosine of a vector with each of others (n, vector_size), (n,) float32."""
        return similarities_to_all("cosine", vector_1, np.asarray(vectors_all)).astype(np.float32)

    def n_similarity(self, ws1: Sequence[Key], ws2: Sequence[Key]) -> float:
        """The cosine of the means of two sets of words; missing words are left out.

        Raises: ZeroDivisionError if a set is empty
        """
        if not (len(ws1) and len(ws2)):
            raise ZeroDivisionError("a list of words is empty and has no mean; give one word or more in each")
        means = [self.get_mean_vector(words, pre_normalize=False)[None] for words in (ws1, ws2)]
        return float(similarities("cosine", *means)[0])

    def rank_by_centrality(self, words: Sequence[Key], use_norm: bool = True) -> list[tuple[float, Key]]:
        """(cosine, word) pairs, the word that is nearest to the mean of all first; missing words are left out.

        Raises: ValueError if no word is left
        """
        used = [word for word in words if word in self]
        if len(used) < len(words):
            left_out = ", ".join(repr(word) for word in words if word not in self)
            warnings.warn(f"{left_out}: not among the words, left out", stacklevel=2)
        if not used:
            raise ValueError("there are no words to choose from; give words that are in the vocabulary")
        rows = self._rows(used, np.float64)
        if use_norm:
            rows = unit_rows(rows)
        cosines = rows @ unit_rows(rows.mean(axis=0, keepdims=True))[0]
        return sorted(zip(cosines.tolist(), used, strict=True), reverse=True)

    def doesnt_match(self, words: Sequence[Key]) -> Key:
        """The word that is farthest from the mean of all; missing words are left out. Raises: ValueError"""
        return self.rank_by_centrality(words)[-1][1]

    def most_similar_to_given(self, key1: Key, keys_list: Sequence[Key]) -> Key:
        """The word of a list that is nearest to `key1`. Raises: KeyError, ValueError if the list is empty"""
        return keys_list[int(np.argmin(self.distances(key1, keys_list) if len(keys_list) else []))]

    def closer_than(self, key1: Key, key2: Key) -> list[str]:
        """The words nearer to `key1` than `key2` is, in the order of the words. Raises: KeyError"""
        cosines = similarities_to_all("cosine", self.get_vector(key1), self.vectors)
        own, other = (self._own_index(key) for key in (key1, key2))
        bar = self.similarity(key1, key2) if other is None else cosines[other]
        return [self._word(index) for index in np.flatnonzero(cosines > bar).tolist() if index != own]

    def rank(self, key1: Key, key2: Key) -> int:
        """The place of `key2` among the words nearest to `key1`, from 1. Raises: KeyError"""
        return len(self.closer_than(key1, key2)) + 1

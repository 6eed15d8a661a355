"""Vectors by their words: `v["king"]`, `v[["king", "queen"]]`, `get_vector`, `get_mean_vector`."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from wordvec_cli.api.words import KEY_TYPES, Default, Key, Words, encoded, missing
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.lengths import unit_rows

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Vector = NDArray[np.float32]
    Matrix = NDArray[np.float32]
    Exact = NDArray[np.float64]
    KeyOrVector = Key | NDArray[Any]


class Lookups(Words):
    """Words with a vector each.

    A word outside the vocabulary has a vector too where the model makes one from parts of the word (fastText): then it
    can stand wherever a word can.
    """

    def __init__(self, embeddings: Embeddings) -> None:
        super().__init__(embeddings.vocabulary)
        self.embeddings = embeddings

    @property
    def vectors(self) -> "Matrix":
        """(n_words, vector_size) float32, read-only, in the order of the words."""
        return self.embeddings.matrix

    @property
    def vector_size(self) -> int:
        return self.embeddings.dim

    @cached_property
    def norms(self) -> "Vector":
        """The length of each vector, (n_words,) float32."""
        lengths: Vector = np.linalg.norm(self.vectors, axis=1)
        return lengths

    def __contains__(self, key: object) -> bool:
        return self._vector(key) is not None

    @overload
    def __getitem__(self, keys: Key) -> "Vector": ...
    @overload
    def __getitem__(self, keys: Iterable[Key]) -> "Matrix": ...
    def __getitem__(self, keys: Key | Iterable[Key]) -> "Vector | Matrix":
        """The vector of a word, (vector_size,), or of each of several words, (n, vector_size). Raises: KeyError"""
        return self.get_vector(keys) if isinstance(keys, KEY_TYPES) else self._rows(keys)

    @overload
    def get(self, key: Key, default: None = None) -> "Vector | None": ...
    @overload
    def get(self, key: Key, default: Default) -> "Vector | Default": ...
    def get(self, key: Key, default: Any = None) -> Any:
        """The vector of a word; `default` if there is none."""
        vector = self._vector(key)
        return default if vector is None else vector

    def get_vector(self, key: Key, norm: bool = False) -> "Vector":
        """The vector of a word, (vector_size,) float32, read-only; norm: at length 1. Raises: KeyError"""
        vector = self._vector(key)
        if vector is None:
            raise missing(key)
        found: Vector = unit_rows(vector[None]).astype(np.float32)[0] if norm else vector
        found.flags.writeable = False
        return found

    def get_normed_vectors(self) -> "Matrix":
        """All vectors at length 1, (n_words, vector_size) float32, in the order of the words."""
        return np.divide(self.vectors, np.where(self.norms > 0, self.norms, 1)[:, None], dtype=np.float32)

    def get_mean_vector(
        self,
        keys: "Sequence[KeyOrVector]",
        weights: "ArrayLike | None" = None,
        pre_normalize: bool = True,
        post_normalize: bool = False,
        ignore_missing: bool = True,
    ) -> "Vector":
        """The weighted mean of words' vectors, divided by the sum of the absolute weights, (vector_size,) float32.

        keys           words; a vector among them counts as it is
        pre_normalize  whether each word's vector counts with length 1
        Raises: ValueError without keys, KeyError for a missing word unless those are ignored
        """
        factors = np.ones(len(keys)) if weights is None else np.asarray(weights, np.float64)
        if not len(keys):
            raise ValueError("there are no keys to take the mean of")
        if factors.shape != (len(keys),):
            raise ValueError(f"there are {len(keys)} keys and {factors.size} weights; give one weight for each key")
        used = [i for i, key in enumerate(keys) if not ignore_missing or not isinstance(key, KEY_TYPES) or key in self]
        mean = self._mean([keys[i] for i in used], factors[used], pre_normalize)
        return (unit_rows(mean[None])[0] if post_normalize else mean).astype(np.float32)

    def _mean(self, keys: "Sequence[KeyOrVector]", weights: "Exact", at_unit_length: bool) -> "Exact":
        """As `get_mean_vector`, (vector_size,) float64; zeros without keys. Raises: KeyError"""
        if not len(keys):
            return np.zeros(self.vector_size)
        rows = self._rows(keys, np.float64)
        if at_unit_length:
            is_word = np.array([isinstance(key, KEY_TYPES) for key in keys])
            rows[is_word] = unit_rows(rows[is_word])
        total = np.abs(weights).sum()
        mean: Exact = weights @ rows / (total if total > 0 else 1)
        return mean

    def _rows(self, keys: "Iterable[KeyOrVector]", dtype: Any = np.float32) -> "NDArray[Any]":
        """The vectors of several words, or the vectors among them, (n, vector_size). Raises: KeyError"""
        given = list(keys)
        rows = np.empty((len(given), self.vector_size), dtype)
        for i, key in enumerate(given):
            rows[i] = self.get_vector(key) if isinstance(key, KEY_TYPES) else key
        return rows

    def _vector(self, key: object) -> "Vector | None":
        """The vector of a word, perhaps made from its parts; None if there is none."""
        if (index := self._find(key)) is not None:
            vector: Vector = self.vectors[index]
            return vector
        if not isinstance(key, str) or (word := encoded(key)) is None:
            return None
        composed = self.embeddings.compose(word)
        return None if composed is None else np.array(composed, np.float32)

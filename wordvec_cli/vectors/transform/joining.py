"""Vectors of several files as one: side by side, or their mean.

Sources: Yin and Schütze 2016, Learning Word Meta-Embeddings (side by side); Coates and Bollegala 2018, Frustratingly
Easy Meta-Embedding (the mean, the narrower vectors filled up with zeros)
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.messages import counted
from wordvec_cli.vectors.common_words import common_ids
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.lengths import unit_rows
from wordvec_cli.vectors.made_rows import MadeRows
from wordvec_cli.vectors.transform.choosing import taken_words
from wordvec_cli.vectors.transform.reach import Reach
from wordvec_cli.vectors.transform.rows import rows_of
from wordvec_cli.vectors.transform.step import options_of, without_parts
from wordvec_cli.vocabulary.vocabulary import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec_cli.vectors.packing import Places

    Matrix = NDArray[np.float32]
    Ids = NDArray[np.int64]

Which = Literal["common", "all"]
NO_ROW = -1


@dataclass(frozen=True)
class _Side:
    """The rows of one of two files for the words of both.

    ids  (n,) of the words in the file; NO_ROW for one that it lacks, which gets zeros
    """

    vectors: Embeddings
    ids: "Ids"
    is_unit: bool

    def rows(self, places: "Places") -> "Matrix":
        ids = self.ids[places]
        rows = rows_of(self.vectors)[np.maximum(ids, 0)]
        if self.is_unit:
            rows = unit_rows(rows).astype(np.float32)
        return np.where((ids == NO_ROW)[:, None], np.float32(0), rows) if (ids == NO_ROW).any() else rows


@dataclass(frozen=True)
class Concat:
    """
    other  a file of vectors
    words  those of both files, or of either: then numbers that a word lacks are 0
    unit   whether the vectors of both files are brought to length 1 first
    """

    other: str
    words: Which = "common"
    unit: bool = False

    def facts(self, reach: Reach) -> Mapping[str, Any]:
        return options_of(self) | {"other": _identity(self.other, reach)}

    def applied(self, vectors: Embeddings, reach: Reach) -> Embeddings:
        vocabulary, sides = _sides("concat", vectors, self, reach)

        def make(places: "Places") -> "Matrix":
            return np.hstack([side.rows(places) for side in sides])

        return _joined("concat", vectors, vocabulary, make, sum(side.vectors.dim for side in sides), reach)


@dataclass(frozen=True)
class Average:
    """
    other, words, unit  as of `Concat`; a word that one file lacks keeps the vector that it has
    weight  of the other file's vectors; the rest is that of the first
    """

    other: str
    words: Which = "common"
    unit: bool = False
    weight: float = 0.5

    def facts(self, reach: Reach) -> Mapping[str, Any]:
        return options_of(self) | {"other": _identity(self.other, reach)}

    def applied(self, vectors: Embeddings, reach: Reach) -> Embeddings:
        if not 0 <= self.weight <= 1:
            raise InputError(f"average: a weight of {self.weight:g} is not between 0 and 1; mend it")
        vocabulary, sides = _sides("average", vectors, self, reach)
        dim, weights = max(side.vectors.dim for side in sides), (1 - self.weight, self.weight)

        def make(places: "Places") -> "Matrix":
            mean = np.zeros((len(sides[0].ids[places]), dim), np.float32)
            is_in_both = np.logical_and(*(side.ids[places] != NO_ROW for side in sides))[:, None]
            for side, weight in zip(sides, weights, strict=True):
                mean[:, : side.vectors.dim] += side.rows(places) * np.where(is_in_both, np.float32(weight), 1)
            return mean

        return _joined("average", vectors, vocabulary, make, dim, reach)


def _sides(name: str, vectors: Embeddings, step: Concat | Average, reach: Reach) -> tuple[Vocabulary, list[_Side]]:
    """The words, and where they are in both files. Raises: InputError if none is in both"""
    other = reach.opened(step.other)
    ids, in_other = common_ids(vectors.vocabulary, other.vocabulary)
    if not len(ids):
        raise InputError(f"{name}: {step.other} has none of the words; are both of the same language and case?")
    n_words = len(vectors.vocabulary), len(other.vocabulary)
    reach.note(f"{name}: {counted(len(ids), 'word')} in both files, of {n_words[0]} and {n_words[1]}")
    if step.words == "common":
        vocabulary = taken_words(vectors.vocabulary, ids)
    else:
        more = np.setdiff1d(np.arange(n_words[1]), in_other)
        vocabulary = _with_more(vectors.vocabulary, [other.vocabulary.word(i) for i in more.tolist()])
        places = np.full(n_words[0], NO_ROW)
        places[ids] = in_other
        ids, in_other = np.append(np.arange(n_words[0]), np.full(len(more), NO_ROW)), np.append(places, more)
    return vocabulary, [_Side(vectors, ids, step.unit), _Side(other, in_other, step.unit)]


def _with_more(vocabulary: Vocabulary, words: list[bytes]) -> Vocabulary:
    """More words after the others; they occur 0 times in the corpus of these."""
    counts = vocabulary.counts
    known = None if counts is None else [*np.asarray(counts).tolist(), *[0] * len(words)]
    return Vocabulary.from_words([*vocabulary, *words], known)


def _joined(name: str, vectors: Embeddings, vocabulary: Vocabulary, make: Any, dim: int, reach: Reach) -> Embeddings:  # noqa: PLR0913, PLR0917
    if vectors.unknown is not None:
        reach.note(f"{name}: dropped the vector of unknown words, which is of one file alone")
    rest = without_parts(vectors, name, reach.note)
    return replace(rest, vocabulary=vocabulary, values=MadeRows(make, (len(vocabulary), dim)), dim=dim, unknown=None)


def _identity(path: str, reach: Reach) -> str:
    other = reach.opened(path)
    return other.metadata.get("checksum") or other.fingerprint()

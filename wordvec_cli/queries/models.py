"""Several trainings of the same words, as one value: `Models`. What is asked of them is asked of each.

Spaces of two trainings have nothing to do with each other, so that vectors are never averaged: answers are.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.messages import counted
from wordvec_cli.text.decoding import shown
from wordvec_cli.vectors.common_words import common_ids
from wordvec_cli.vectors.embeddings import Embeddings, from_matrix
from wordvec_cli.vocabulary.vocabulary import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ids = NDArray[np.int64]

LEAST_SHARED = 0.5  # of the words of the smaller file: below it, a file is not of the same set


@dataclass(frozen=True)
class Models:
    """Two or more sets of vectors of the same words, in the same order.

    names    what each is called in messages: the path of its file
    vectors  of the words that all have, so that an id means the same in each
    """

    names: tuple[str, ...]
    vectors: tuple[Embeddings, ...]

    def __len__(self) -> int:
        return len(self.vectors)

    @property
    def vocabulary(self) -> Vocabulary:
        """The words, with the counts of the first model."""
        return self.vectors[0].vocabulary

    def check_unchanged(self) -> None:
        """Raises: InputError if a file has been written over since it was opened"""
        for each in self.vectors:
            each.vocabulary.check_unchanged()

    def refuse_infinite(self, model: int, word_id: int) -> InputError:
        """The error of a model whose vector of a word has no cosine with anything."""
        word = shown(self.vocabulary.word(word_id))
        return InputError(
            f"{self.names[model]}: the vector of {word!r} holds numbers that are not finite; wordvec verify counts "
            "such vectors, take the file out or make it again"
        )


def models_of(names: Sequence[str], vectors: Sequence[Embeddings], is_one_kind: bool = True) -> Models:
    """Several sets of vectors, each reduced to the words that all have.

    is_one_kind  whether all must have vectors of the same size
    Raises: InputError that names the file which does not belong to the others, or if there are fewer than two
    """
    if len(vectors) < 2:
        raise InputError(f"{names[0]}: is one vector file; how far models differ takes two or more of them")
    first = vectors[0]
    for name, each in zip(names, vectors, strict=True):
        if is_one_kind and each.dim != first.dim:
            raise InputError(
                f"{name}: its vectors have {each.dim} numbers where those of {names[0]} have {first.dim}, so they are "
                "not trainings of one kind; take one of them out"
            )
    if all(_has_same_words(first.vocabulary, each.vocabulary) for each in vectors[1:]):
        return Models(tuple(names), tuple(vectors))
    return Models(tuple(names), _on_common_words(names, vectors))


def _has_same_words(first: Vocabulary, second: Vocabulary) -> bool:
    if len(first) != len(second) or len(first.text) != len(second.text):
        return False
    of_both = [(np.asarray(each.offsets), np.asarray(each.text)) for each in (first, second)]
    return all(np.array_equal(one, other) for one, other in zip(*of_both, strict=True))


def _on_common_words(names: Sequence[str], vectors: Sequence[Embeddings]) -> tuple[Embeddings, ...]:
    first = vectors[0].vocabulary
    places = np.empty((len(vectors), len(first)), np.int64)  # of each word of the first file; -1: it has none
    places[0] = np.arange(len(first))
    for i, (name, each) in enumerate(zip(names[1:], vectors[1:], strict=True), 1):
        own, other = common_ids(first, each.vocabulary)
        smaller = min(len(first), len(each.vocabulary))
        if len(own) < LEAST_SHARED * smaller or not len(own):
            raise InputError(
                f"{name}: shares only {len(own)} of {counted(smaller, 'word')} with {names[0]}, so they are not of one "
                "set; take one of them out"
            )
        places[i] = -1
        places[i, own] = other
    kept = np.flatnonzero((places >= 0).all(axis=0))
    if not len(kept):
        raise InputError(f"{names[0]}: none of its words is in all of the other {len(names) - 1} files; compare fewer")
    words = [first.word(word_id) for word_id in kept.tolist()]
    counts = None if first.counts is None else np.asarray(first.counts)[kept].tolist()
    vocabulary = Vocabulary.from_words(words, counts)
    return tuple(_reduced(each, vocabulary, chosen) for each, chosen in zip(vectors, places[:, kept], strict=True))


def _reduced(vectors: Embeddings, vocabulary: Vocabulary, ids: "Ids") -> Embeddings:
    matrix = np.ascontiguousarray(vectors.rows(ids), np.float32)
    return replace(from_matrix(vocabulary, matrix, vectors.metadata), unknown=vectors.unknown)

"""The words that two vector files share, and whose neighbours among them changed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from wordvec_cli.queries.index import Index
from wordvec_cli.queries.metrics import Cosine
from wordvec_cli.queries.nearest import nearest
from wordvec_cli.vectors.common_words import common_ids
from wordvec_cli.vectors.embeddings import Embeddings, from_matrix
from wordvec_cli.vectors.lengths import unit_rows
from wordvec_cli.vocabulary.vocabulary import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

QUERIES_AT_ONCE = 256


@dataclass(frozen=True)
class SharedWords:
    """The words that two vector files share, with their vectors from each, in the order of the first file.

    only_first, only_second  the words that only one file has, in its order
    """

    first: Embeddings
    second: Embeddings
    only_first: list[bytes]
    only_second: list[bytes]

    def __len__(self) -> int:
        return len(self.first.vocabulary)


def shared_words(first: Embeddings, second: Embeddings) -> SharedWords:
    both = first, second
    shared = common_ids(first.vocabulary, second.vocabulary)
    vocabulary = Vocabulary.from_words(first.vocabulary.word(word_id) for word_id in shared[0].tolist())
    of_first, of_second = (
        from_matrix(vocabulary, np.ascontiguousarray(each.matrix[ids], np.float32), {})
        for each, ids in zip(both, shared, strict=True)
    )
    only_first, only_second = (
        [each.vocabulary.word(word_id) for word_id in np.setdiff1d(np.arange(len(each.vocabulary)), ids).tolist()]
        for each, ids in zip(both, shared, strict=True)
    )
    return SharedWords(of_first, of_second, only_first, only_second)


@dataclass(frozen=True)
class Change:
    """A shared word's nearest neighbours in both files, best first, as ids of the shared words.

    moved    by how much the mean cosine with the neighbours from the other file is below that with its own neighbours,
             averaged over both files
    overlap  the share of the first file's neighbours that are also neighbours in the second
    """

    word_id: int
    first: tuple[int, ...]
    second: tuple[int, ...]
    moved: float

    @property
    def overlap(self) -> float:
        return len({*self.first} & {*self.second}) / len(self.first)


def changes(shared: SharedWords, word_ids: Sequence[int], k: int) -> list[Change]:
    """The `k` nearest neighbours of some shared words in both files, among the shared words.

    Words with a vector of zeros in a file are left out; words with numbers that are not finite are not neighbours
    either.
    """
    both = shared.first, shared.second
    is_finite = np.logical_and(*(_are_finite(each.matrix) for each in both))
    among = None if is_finite.all() else np.flatnonzero(is_finite)
    n_others = int(is_finite.sum()) - 1
    kept = [i for i in word_ids if n_others > 0 and is_finite[i] and all(each.matrix[i].any() for each in both)]
    found = [_neighbours(Index(each, among), each, kept, k) for each in both]
    return [
        Change(
            word_id, mine, theirs, (_fall(both[0], word_id, mine, theirs) + _fall(both[1], word_id, theirs, mine)) / 2
        )
        for word_id, mine, theirs in zip(kept, *found, strict=True)
    ]


def neighbours_within(vectors: Embeddings, word_ids: Sequence[int], k: int) -> list[frozenset[int]]:
    """The `k` nearest neighbours of some words, each as a set of ids."""
    return list(map(frozenset, _neighbours(Index(vectors), vectors, word_ids, k)))


def most_changed(found: Sequence[Change], n: int) -> list[Change]:
    """The `n` words that moved farthest; of equals, those that keep the fewest neighbours first.

    Overlap alone is misleading: a word such as `the`, or a rare one, has many words about as near as its nearest, and
    keeps few of them in any two trainings.
    """
    return sorted(found, key=lambda change: (-change.moved, change.overlap))[:n]


def _fall(vectors: Embeddings, word_id: int, own: Sequence[int], others: Sequence[int]) -> float:
    """How much lower a word's mean cosine with others is than with its own neighbours."""
    word, *rows = unit_rows(vectors.matrix[[word_id, *own, *others]])
    cosines = np.array(rows) @ word
    return float(cosines[: len(own)].mean() - cosines[len(own) :].mean())


def _are_finite(matrix: "Matrix") -> "NDArray[np.bool_]":
    """Which rows have a length: a number that is not finite makes it one too."""
    is_finite: NDArray[np.bool_] = np.isfinite(np.einsum("ij,ij->i", matrix, matrix))
    return is_finite


def _neighbours(index: Index, vectors: Embeddings, word_ids: Sequence[int], k: int) -> Iterator[tuple[int, ...]]:
    for start in range(0, len(word_ids), QUERIES_AT_ONCE):
        some = word_ids[start : start + QUERIES_AT_ONCE]
        itself = [frozenset([word_id]) for word_id in some]
        for neighbours in nearest(index, Cosine(vectors.matrix[some]), k, itself).lists():
            yield tuple(neighbour.word_id for neighbour in neighbours)

"""Two sets of vectors, of any dimensions: how their scores differ, which words they share, whose neighbours changed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from wordvec_cli.embeddings import Embeddings, from_matrix
from wordvec_cli.errors import InputError
from wordvec_cli.evaluation import Outcomes, Score, resampled
from wordvec_cli.metrics import Cosine, unit_rows
from wordvec_cli.query import Index, nearest
from wordvec_cli.resampling import Resampling, interval, p_value
from wordvec_cli.vocabulary import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ids = NDArray[np.int64]

QUERIES_AT_ONCE = 256

# ---------------------------------------------------------------- scores


@dataclass(frozen=True)
class Difference:
    """How the second vectors differ from the first on the questions of a set that both can be asked.

    first, second  the scores on those questions alone
    value          the second less the first
    interval       of 95 % of the differences in a bootstrap that asks both the same questions; None if there was none
    p_value        two-sided: how easily that would be a difference to the other side
    """

    first: Score
    second: Score
    value: float
    interval: tuple[float, float] | None = None
    p_value: float | None = None


def difference(first: Outcomes, second: Outcomes, resampling: Resampling | None) -> Difference:
    """Compare what two vector files made of one set. Raises: InputError if no question can be asked of both"""
    is_common = first.is_used & second.is_used
    if not is_common.any():
        raise InputError(f"{first.eval_set.name}: there is no question that both can be asked; choose another set")
    of_first, of_second = (replace(each, is_used=is_common).score() for each in (first, second))
    found = Difference(of_first, of_second, of_second.value - of_first.value)
    if not resampling:
        return found
    used = np.flatnonzero(is_common)
    values = np.array([first.values[used], second.values[used]])
    drawn_first, drawn_second = resampled(first.eval_set, used, values, resampling)
    drawn = drawn_second - drawn_first
    return replace(found, interval=interval(drawn), p_value=p_value(drawn))


# ---------------------------------------------------------------- words and their neighbours


@dataclass(frozen=True)
class SharedWords:
    """The words that two vector files share, with the vectors of each, in the order of the first.

    only_first, only_second  the words that one of them lacks, in the order of the other
    """

    first: Embeddings
    second: Embeddings
    only_first: list[bytes]
    only_second: list[bytes]

    def __len__(self) -> int:
        return len(self.first.vocabulary)


def shared_words(first: Embeddings, second: Embeddings) -> SharedWords:
    """Raises: InputError if there are none"""
    in_second = {word: word_id for word_id, word in enumerate(second.vocabulary)}
    ids: list[tuple[int, int]] = []
    words, only_first = [], []
    for word_id, word in enumerate(first.vocabulary):
        if (other := in_second.pop(word, None)) is None:
            only_first.append(word)
        else:
            ids.append((word_id, other))
            words.append(word)
    if not words:
        raise InputError("the two files have no word in common, so that there is nothing to compare")
    vocabulary = Vocabulary.from_words(words)
    rows = np.array(ids, np.int64)
    of_first, of_second = (
        from_matrix(vocabulary, np.ascontiguousarray(each.matrix[chosen], np.float32), {})
        for each, chosen in zip((first, second), rows.T, strict=True)
    )
    return SharedWords(of_first, of_second, only_first, list(in_second))


@dataclass(frozen=True)
class Change:
    """A shared word's nearest neighbours in both, best first, as ids of the shared words.

    nearness  the mean cosine of the word with the other's neighbours: what puts words of one overlap in an order
    overlap   the share of the neighbours of the first that are among those of the second
    """

    word_id: int
    first: tuple[int, ...]
    second: tuple[int, ...]
    nearness: float

    @property
    def overlap(self) -> float:
        return len({*self.first} & {*self.second}) / len(self.first)


def changes(shared: SharedWords, word_ids: Sequence[int], k: int) -> list[Change]:
    """The `k` nearest neighbours of some shared words in both, among the shared words alone.

    Words whose vector is all zeros in one of them are left out.
    """
    both = shared.first, shared.second
    kept = [i for i in word_ids if len(shared) > 1 and all(each.matrix[i].any() for each in both)]
    found = [_neighbours(each, kept, k) for each in both]
    return [
        Change(word_id, mine, theirs, (_nearness(both[1], word_id, mine) + _nearness(both[0], word_id, theirs)) / 2)
        for word_id, mine, theirs in zip(kept, *found, strict=True)
    ]


def _nearness(vectors: Embeddings, word_id: int, others: Sequence[int]) -> float:
    """The mean cosine of a word with others."""
    rows = unit_rows(vectors.matrix[[word_id, *others]])
    return float((rows[1:] @ rows[0]).mean())


def _neighbours(vectors: Embeddings, word_ids: Sequence[int], k: int) -> Iterator[tuple[int, ...]]:
    index = Index(vectors)
    for start in range(0, len(word_ids), QUERIES_AT_ONCE):
        some = word_ids[start : start + QUERIES_AT_ONCE]
        itself = [frozenset([word_id]) for word_id in some]
        for neighbours in nearest(index, Cosine(vectors.matrix[some]), k, itself):
            yield tuple(neighbour.word_id for neighbour in neighbours)

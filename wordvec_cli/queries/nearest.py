"""The nearest neighbours of query vectors, for many queries in one call."""

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.queries.index import Index
from wordvec_cli.queries.metrics import Scorer
from wordvec_cli.queries.scan import best_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec_cli.vocabulary.vocabulary import Vocabulary

    Ids = NDArray[np.int64]
    Exact = NDArray[np.float64]

NO_NEIGHBOUR = -1


class Neighbour(NamedTuple):
    """A word near a query, by its id, and how near: the metric's value (a cosine, a distance ...)."""

    word_id: int
    score: float


class Neighbours(NamedTuple):
    """The neighbours of m queries, nearest first.

    ids     (m, k); NO_NEIGHBOUR after the last neighbour of a query that has fewer than k
    scores  (m, k) float64, the metric's values; NaN where there is no neighbour
    """

    ids: "Ids"
    scores: "Exact"

    def lists(self) -> list[list[Neighbour]]:
        """One list for each query."""
        return [
            [Neighbour(*pair) for pair in zip(ids, scores, strict=True) if pair[0] != NO_NEIGHBOUR]
            for ids, scores in zip(self.ids.tolist(), self.scores.tolist(), strict=True)
        ]


def nearest(
    index: Index,
    scorer: Scorer,
    k: int,
    excluded: Sequence[Collection[int]] | None = None,
    threshold: float | None = None,
) -> Neighbours:
    """The `k` nearest rows of an index for each query of a scorer, nearest first; ties by id.

    The answers are exact (float64) and do not depend on how many queries are asked at once. There are fewer than `k`
    columns if the index has fewer rows. Take the scorer from `METRICS` or from `scorer_of_analogies`.

    excluded   for each query, the ids that may not be answers, such as the query word's own
    threshold  the lowest score (for a distance: the highest) of an answer; None: any
    Raises: InputError if the vectors lie in a file that has been written over since it was opened
    """
    index.embeddings.vocabulary.check_unchanged()
    excluded = [()] * len(scorer) if excluded is None else excluded
    n_kept = min(k + max(map(len, excluded), default=0), len(index))
    if not n_kept or not len(scorer):
        return Neighbours(np.empty((len(scorer), 0), np.int64), np.empty((len(scorer), 0)))
    least = -np.inf if threshold is None else float(scorer.to_user_scale(np.array(threshold)))
    ids, scores = best_rows(index, scorer, n_kept, least)
    is_answer = (ids >= 0) & ~_are_excluded(ids, excluded, len(index.embeddings.vocabulary))
    reported = np.where(is_answer, scorer.to_user_scale(scores), np.nan)
    answers = np.argsort(~is_answer, axis=1, kind="stable")[:, :k]  # the answers first, in their order
    rows = np.arange(len(ids))[:, None]
    return Neighbours(np.where(is_answer, ids, NO_NEIGHBOUR)[rows, answers], reported[rows, answers])


def _are_excluded(ids: "Ids", excluded: Sequence[Collection[int]], n_words: int) -> "NDArray[np.bool_]":
    """Which of the ids (m, n) are excluded for their query."""
    of_query = np.arange(len(excluded)) * n_words  # with it, an id is a number that no other query has
    barred = np.fromiter((id for of_one in excluded for id in of_one), np.int64)
    barred += np.repeat(of_query, [len(of_one) for of_one in excluded])
    are_excluded: NDArray[np.bool_] = np.isin(ids + of_query[:, None], barred)
    return are_excluded


def ids_of_words(vocabulary: "Vocabulary", words: Iterable[bytes]) -> "tuple[Ids, list[bytes]]":
    """The ids of the words that the vocabulary has, and the words that it lacks."""
    found = [(word, vocabulary.find(word)) for word in words]
    ids = np.array([id for _, id in found if id is not None], np.int64)
    return ids, [word for word, id in found if id is None]


def answer_ids(
    vocabulary: "Vocabulary", among: "Ids | None" = None, n_first: int | None = None, min_count: int | None = None
) -> "Ids | None":
    """The ids of the words that may be answers, ascending; None: all.

    among      distinct ids to choose from
    n_first    only the first `n_first` words of the vocabulary
    min_count  only words that occur at least that often
    Raises: InputError if there are no counts, or if no word is left
    """
    if among is None and n_first is None and min_count is None:
        return None
    ids = np.arange(len(vocabulary)) if among is None else np.sort(among)
    if n_first is not None:
        ids = ids[ids < n_first]
    if min_count is not None:
        if vocabulary.counts is None:
            raise InputError("--min-count: the vectors have no counts; leave it out")
        ids = ids[np.asarray(vocabulary.counts)[ids] >= min_count]
    if not len(ids):
        raise InputError(
            "--among, --restrict-vocab and --min-count leave no word that could be an answer; loosen one of them"
        )
    return ids

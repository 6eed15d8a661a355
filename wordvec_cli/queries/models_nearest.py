"""The nearest neighbours of words over several models: the words whose cosine is highest in the mean.

Each model is asked in its own space. Scores of all words are taken in float32, which narrows them down; what is
reported, and what decides the order and every rank, is float64.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordvec_cli.parallel import on_threads, scans_at_once
from wordvec_cli.queries.answers import scorer_of_questions
from wordvec_cli.queries.metrics import Cosine
from wordvec_cli.queries.models import Models
from wordvec_cli.queries.questions import Question
from wordvec_cli.queries.spread import COSINES, Spread, spreads
from wordvec_cli.vectors.lengths import single_lengths

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ids = NDArray[np.int64]
    Exact = NDArray[np.float64]
    Matrix = NDArray[np.float32]

ROWS_AT_ONCE = 1 << 13
SCORES_AT_ONCE = 1 << 25  # of all models, words and questions: 128 MB


class CommonNeighbour(NamedTuple):
    """A word near a question: the spread of its cosine over models, and its best and its worst rank."""

    word_id: int
    cosine: Spread
    ranks: tuple[int, int]


@dataclass(frozen=True)
class CommonSearch:
    """Which neighbours are wanted.

    ids        of the words that may be answers, ascending; None: all
    threshold  the lowest mean cosine of an answer; None: any
    """

    models: Models
    k: int
    ids: "Ids | None" = None
    threshold: float | None = None
    include_question: bool = False

    def questions_at_once(self) -> int:
        return max(1, SCORES_AT_ONCE // (len(self.models) * len(self.models.vocabulary)))


Asked = Sequence[Question]  # one question, as each model has it; without vectors if it cannot be asked


def common_neighbours(questions: Sequence[Asked], search: CommonSearch) -> Iterator[list[CommonNeighbour]]:
    """The neighbours of each question, best first; none if it cannot be asked. Raises: InputError as `Scores`"""
    size = search.questions_at_once()
    for start in range(0, len(questions), size):
        some = questions[start : start + size]
        posed = [each for each in some if each[0].vectors]
        scores = Scores(search.models, posed, search.ids) if posed else None
        numbers = iter(range(len(posed)))
        for each in some:
            if scores is None or not each[0].vectors:
                yield []
            else:
                excluded = () if search.include_question else each[0].excluded
                yield scores.nearest(next(numbers), search.k, excluded, search.threshold)


class Scores:
    """The cosine of every word with some questions in every model, in float32; exact ones of some words."""

    def __init__(self, models: Models, questions: Sequence[Asked], ids: "Ids | None" = None) -> None:
        """
        questions  at least one, each of which can be asked
        ids        as in `CommonSearch`
        Raises: InputError if a vector is not finite, or a file has been written over
        """
        models.check_unchanged()
        self._models = models
        self._scorers = [
            Cosine(scorer_of_questions("cosine", [each[model] for each in questions]).queries)  # type: ignore[attr-defined]
            for model in range(len(models))
        ]
        n_words = len(models.vocabulary)
        self._may_answer = np.ones(n_words, bool) if ids is None else np.isin(np.arange(n_words), ids)
        self._approximate = np.empty((len(models), len(questions), n_words), np.float32)
        self._error = self._scorers[0].rounding()
        on_threads(self._score, range(len(models)), scans_at_once())

    def _score(self, model: int) -> None:
        scorer, vectors = self._scorers[model], self._models.vectors[model]
        for start in range(0, len(vectors.vocabulary), ROWS_AT_ONCE):
            some = slice(start, min(start + ROWS_AT_ONCE, len(vectors.vocabulary)))
            rows = vectors.rows(some)
            lengths = single_lengths(rows)
            if not np.isfinite(lengths).all():
                raise self._models.refuse_infinite(model, start + int(np.argmin(np.isfinite(lengths))))
            found = np.empty((len(rows), len(scorer)), np.float32)
            scorer.scores(rows, lengths, found)
            self._approximate[model, :, some] = found.T

    def exact(self, model: int, question: int, ids: "Ids") -> "Exact":
        """The cosines of some words with a question, (n,)."""
        rows = self._models.vectors[model].rows(ids).astype(np.float64)
        return self._scorers[model].exact(rows, np.full(len(ids), question))

    def nearest(
        self, question: int, k: int, excluded: Collection[int] = (), threshold: float | None = None
    ) -> list[CommonNeighbour]:
        """The `k` words with the highest mean cosine, best first; ties by id."""
        may_answer = self._allowed(excluded)
        n_kept = min(k, int(may_answer.sum()))
        if not n_kept:
            return []
        means = self._approximate[:, question].mean(axis=0, dtype=np.float64)
        means[~may_answer] = -np.inf
        bar = np.partition(means, len(means) - n_kept)[len(means) - n_kept] - 2 * self._error
        ids = np.flatnonzero((means >= bar) & may_answer)
        exact = np.array([self.exact(model, question, ids) for model in range(len(self._models))])
        best = np.lexsort((ids, -exact.mean(axis=0)))[:n_kept]
        if threshold is not None:
            best = best[exact.mean(axis=0)[best] >= threshold]
        found = spreads(exact[:, best], COSINES)
        ranks = self.ranks(question, ids[best], exact[:, best], excluded)
        return [
            CommonNeighbour(int(ids[place]), found.of(i), (int(ranks[:, i].min()), int(ranks[:, i].max())))
            for i, place in enumerate(best)
        ]

    def _allowed(self, excluded: Collection[int]) -> "NDArray[np.bool_]":
        allowed = self._may_answer.copy()
        allowed[list(excluded)] = False
        return allowed

    def ranks(self, question: int, ids: "Ids", exact: "Exact", excluded: Collection[int] = ()) -> "Ids":
        """Of some words, their places in each model among the words that may answer, from 1, (n_models, n).

        exact  (n_models, n) their cosines
        """
        allowed = self._allowed(excluded)
        ranks = np.empty(exact.shape, np.int64)
        for model in range(len(self._models)):
            scores = np.where(allowed, self._approximate[model, question], -np.inf)
            for i in range(len(ids)):
                ranks[model, i] = 1 + self._n_above(model, question, scores, int(ids[i]), float(exact[model, i]))
        return ranks

    def _n_above(self, model: int, question: int, scores: "Matrix", word_id: int, cosine: float) -> int:
        """How many words have a higher cosine than this one: by their scores where these leave no doubt."""
        low, high = np.float32(cosine - 2 * self._error), np.float32(cosine + 2 * self._error)
        above = scores > low
        n_above = int(np.count_nonzero(scores > high))
        if n_above == (n_in_doubt := int(np.count_nonzero(above))):
            return n_in_doubt
        near = np.flatnonzero(above & (scores <= high))
        near = near[near != word_id]
        return n_above + int(np.count_nonzero(self.exact(model, question, near) > cosine))

"""How near two words are in several models."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from wordvec_cli.queries.answers import similarities_of_questions
from wordvec_cli.queries.models import Models
from wordvec_cli.queries.models_nearest import Asked, CommonSearch, Scores
from wordvec_cli.queries.questions import Question
from wordvec_cli.queries.spread import ANY, COSINES, DISTANCES, Spread, spreads

BOUNDS = {"cosine": COSINES, "euclidean": DISTANCES}  # by the names of `METRICS`


class PairSpread(NamedTuple):
    """The spread of a measure over models; the best and the worst rank of the second word among the first's neighbours.

    ranks  None if they are not by cosine, or if the second word is not one of the vocabulary
    """

    spread: Spread
    ranks: tuple[int, int] | None


def pair_spreads(models: Models, pairs: Sequence[Asked], metric: str) -> Iterator[PairSpread | None]:
    """Of each pair of words, as each model has it; None if it cannot be asked. Raises: InputError as `Scores`"""
    size = CommonSearch(models, 1).questions_at_once()
    for start in range(0, len(pairs), size):
        some = pairs[start : start + size]
        posed = [pair for pair in some if pair[0].vectors]
        found = iter(_of_posed(models, posed, metric) if posed else [])
        for pair in some:
            yield next(found) if pair[0].vectors else None


def _of_posed(models: Models, posed: Sequence[Asked], metric: str) -> list[PairSpread]:
    values = np.array(
        [similarities_of_questions([pair[model] for pair in posed], metric) for model in range(len(models))], np.float64
    )
    found = spreads(values, BOUNDS.get(metric, ANY))
    if metric != "cosine":
        return [PairSpread(found.of(i), None) for i in range(len(posed))]
    scores = Scores(models, [[_first_word(each) for each in pair] for pair in posed])
    return [PairSpread(found.of(i), _ranks(models, pair[0], scores, i)) for i, pair in enumerate(posed)]


def _first_word(question: Question) -> Question:
    return Question(question.names[:1], question.vectors[:1], [1.0])


def _ranks(models: Models, question: Question, scores: Scores, number: int) -> tuple[int, int] | None:
    first, second = (models.vocabulary.find(word) for word in question.names)
    if second is None or not question.has_direction:
        return None
    ids = np.array([second])
    exact = np.array([scores.exact(model, number, ids) for model in range(len(models))])
    excluded = [] if first is None or first == second else [first]
    ranks = scores.ranks(number, ids, exact, excluded)
    return int(ranks.min()), int(ranks.max())

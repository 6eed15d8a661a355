"""Answers to questions that are made of words: neighbours, similarities, the odd one out."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordvec_cli.parallel import in_order
from wordvec_cli.queries.analogies import scorer_of_analogies
from wordvec_cli.queries.index import Index
from wordvec_cli.queries.metrics import METRICS, Cosine, Scorer
from wordvec_cli.queries.nearest import Neighbour, nearest
from wordvec_cli.queries.questions import Question
from wordvec_cli.queries.scan import FEW_QUERIES, compiled_loops_pay
from wordvec_cli.queries.similarity import cosines_to_mean, similarities, weighted_means
from wordvec_cli.queries.word_finder import WordFinder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec_cli.queries.csls import Neighbourhood

    Exact = NDArray[np.float64]

QUESTIONS_AT_ONCE = 512
MOST_AT_ONCE = 1 << 14
ANSWERS_AT_ONCE = 1 << 21

_Answers = list[tuple[Question, list[Neighbour]]]

# ---------------------------------------------------------------- neighbours


@dataclass(frozen=True)
class Search:
    """How the neighbours of questions are found.

    scoring           a name in `METRICS`; or 3cosmul, for questions of three words; or csls, with a neighbourhood
    threshold         as for `nearest`
    include_question  whether a question's own words may be answers
    """

    index: Index
    scoring: str
    k: int
    threshold: float | None = None
    include_question: bool = False
    neighbourhood: "Neighbourhood | None" = None

    def scan(self, posed: Sequence[Question], own: "Sequence[frozenset[int]]") -> "tuple[Index, Scorer]":
        """What is scanned for some questions, and how rows score against them; `own` are the words of each."""
        if self.neighbourhood is None:
            return self.index, scorer_of_questions(self.scoring, posed)
        directions = scorer_of_questions("cosine", posed)
        assert isinstance(directions, Cosine)
        return self.neighbourhood.index, self.neighbourhood.scorer(directions.queries, own)

    def questions_at_once(self, is_compiled: bool = False) -> int:
        """How many questions one scan of the vectors answers."""
        return max(1, min(MOST_AT_ONCE if is_compiled else QUESTIONS_AT_ONCE, ANSWERS_AT_ONCE // self.k))

    def is_compiled(self, n_questions: int) -> bool:
        """Whether compiled loops, on threads of their own, answer so many questions."""
        return self.scoring != "3cosmul" and compiled_loops_pay(self.index, n_questions)


def neighbours_of_questions(
    questions: Iterable[Question], search: Search, n_threads: int = 1
) -> Iterator[tuple[Question, list[Neighbour]]]:
    """Each question with its nearest neighbours, in the order of the questions; none if it cannot be asked.

    n_threads  that share the questions, unless they are so few that those of the index share the vectors
    """
    remaining = iter(questions)
    first = list(itertools.islice(remaining, search.questions_at_once(is_compiled=True)))  # their number decides
    is_compiled, size = search.is_compiled(len(first)), search.questions_at_once()
    is_shared = n_threads > 1 and not is_compiled and len(first) > FEW_QUERIES * n_threads
    if is_compiled:
        size = len(first)
    elif is_shared:
        size = min(size, -(-len(first) // n_threads))
    everything = itertools.chain(first, remaining)
    parts = iter(lambda: list(itertools.islice(everything, size)), [])
    answer = partial(_answered, search)
    answered = (pairs for _, pairs in in_order(answer, parts, n_threads)) if is_shared else map(answer, parts)
    return itertools.chain.from_iterable(answered)


def _answered(search: Search, questions: Sequence[Question]) -> _Answers:
    posed = [question for question in questions if question.vectors]
    found = iter(_neighbours(search, posed) if posed else [])
    return [(question, next(found) if question.vectors else []) for question in questions]


def _neighbours(search: Search, posed: Sequence[Question]) -> list[list[Neighbour]]:
    own = [question.excluded for question in posed]
    index, scorer = search.scan(posed, own)
    return nearest(index, scorer, search.k, None if search.include_question else own, search.threshold).lists()


def scorer_of_questions(scoring: str, questions: Sequence[Question]) -> Scorer:
    """Each question as the weighted mean of its directions; if lengths count in the metric, of its vectors."""
    vectors = _all_vectors(questions)
    if scoring == "3cosmul":
        return scorer_of_analogies("3cosmul", vectors.reshape(len(questions), 3, -1))
    weights = [weight for question in questions for weight in question.weights]
    sizes = [len(question.vectors) for question in questions]
    return METRICS[scoring](weighted_means(vectors, weights, sizes, as_directions=scoring == "cosine"))


def _all_vectors(questions: Sequence[Question]) -> "Exact":
    """The vectors of the questions one after the other, (n, dim), in float64, which the least of float32 need too."""
    with np.errstate(invalid="ignore"):  # NaNs in damaged files, of which numpy would warn
        return np.array([vector for question in questions for vector in question.vectors], np.float64)


# ---------------------------------------------------------------- similarities


def similarities_of_questions(questions: Sequence[Question], metric: str) -> list[float | None]:
    """The similarity (or distance) of the two words of each question; None if it cannot be asked."""
    posed = [question for question in questions if question.vectors]
    vectors = _all_vectors(posed)
    found = iter(similarities(metric, vectors[::2], vectors[1::2]).tolist() if posed else [])
    return [next(found) if question.vectors else None for question in questions]


# ---------------------------------------------------------------- the odd one out


class OddOneOut(NamedTuple):
    """The word that is farthest from the mean of some words, and the distance of each: 1 - cosine."""

    word: bytes
    distances: Sequence[tuple[bytes, float]]

    @property
    def distance(self) -> float:
        return max(distance for _, distance in self.distances)


def odd_one_out(words: Sequence[bytes], finder: WordFinder) -> OddOneOut | None:
    """The odd one among the words that have a vector.

    None if there are fewer than two of those, or if a word is missing that the finder does not skip.
    """
    found = [each for each in map(finder.find, words) if each is not None] if len(words) > 1 else []
    if len(found) < 2 or (len(found) < len(words) and finder.missing != "skip"):
        return None
    distances = (1 - cosines_to_mean(np.array([each.vector for each in found], np.float32))).tolist()
    odd = distances.index(max(distances))
    return OddOneOut(found[odd].word, [(each.word, d) for each, d in zip(found, distances, strict=True)])

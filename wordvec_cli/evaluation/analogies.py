"""Answering many analogies at once.

Questions share their words (Google's 19 544 have 905), so the cosines of each of those with all words are taken once,
and a question is a sum of three rows of them: the length of b - a + c changes no answer.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from wordvec_cli.queries.analogies import Method, log_terms
from wordvec_cli.vectors.lengths import unit_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec_cli.vectors.embeddings import Rows

    Matrix = NDArray[np.float32]
    Ids = NDArray[np.int64]

COSINES_AT_ONCE = 1 << 24  # 64 MB: words of the questions times words of the vocabulary
DISTINCT_AT_ONCE = 4096  # words of questions: with more, the vocabulary would be taken in slices that are too thin
NO_ANSWER = -1


@dataclass(frozen=True)
class Asking:
    """How an answer is found.

    compared_as    (n,) for each word that can be an answer, the lowest id of the words that count as equal to it
    method         how a word is scored, see `queries.analogies`
    n_candidates   how many of the best words are tried until one does not count as equal to a word of the question;
                   None: all
    is_above_zero  whether an answer needs a positive product with b - a + c
    """

    compared_as: "Ids"
    method: Method
    n_candidates: int | None
    is_above_zero: bool


def answers(matrix: "Rows", questions: "Ids", asking: Asking) -> "Ids":
    """The answer to each question, (m,), the word with the highest value; ties by id; NO_ANSWER if there is none.

    matrix     (n_words, dim) float32, rows of any length; one of zeros has cosine 0
    questions  (m, 3) ids of a, b and c, which cannot be answers
    """
    found = np.full(len(questions), NO_ANSWER, np.int64)
    for some in _with_few_words(questions):
        excluded = questions[some]
        left = np.arange(some.start, some.stop)
        n_tried = 0
        while len(left):  # a second round is for the rare questions that got one of their own words in another case
            best = _best(matrix, questions[left], excluded, asking)
            found[left] = best
            n_tried += 1
            is_own = (asking.compared_as[best, None] == asking.compared_as[questions[left]]).any(axis=1)
            is_own &= best != NO_ANSWER
            if n_tried == asking.n_candidates:
                break
            left, excluded = left[is_own], np.column_stack([excluded[is_own], best[is_own]])
    return found


def _with_few_words(questions: "Ids") -> Iterator[slice]:
    """Runs of questions that have at most DISTINCT_AT_ONCE distinct words."""
    start, distinct = 0, set[int]()
    for number, words in enumerate(questions.tolist()):
        distinct.update(words)
        if len(distinct) > DISTINCT_AT_ONCE and number > start:
            yield slice(start, number)
            start, distinct = number, set(words)
    if len(questions) > start:
        yield slice(start, len(questions))


def _best(matrix: "Rows", questions: "Ids", excluded: "Ids", asking: Asking) -> "Ids":
    """The words with the highest value, whichever words they count as.

    excluded  (m, any) ids
    """
    distinct, places = np.unique(questions, return_inverse=True)
    asked = unit_rows(matrix[distinct]).astype(np.float32)
    highest = np.full(len(questions), 0 if _has_floor(asking) else -np.inf, np.float32)
    best = np.full(len(questions), NO_ANSWER, np.int64)
    width = max(1, COSINES_AT_ONCE // len(distinct))
    n_words = len(asking.compared_as)
    for start in range(0, n_words, width):
        rows = matrix[start : min(start + width, n_words)]
        added, subtracted = log_terms(asked @ unit_rows(rows).astype(np.float32).T, asking.method)
        values, ids = _best_of_slice(added, subtracted, places.reshape(questions.shape), excluded - start)
        is_better = values > highest
        highest[is_better], best[is_better] = values[is_better], ids[is_better] + start
    return best


def _has_floor(asking: Asking) -> bool:
    return asking.is_above_zero and asking.method == "3cosadd"


def _best_of_slice(added: "Matrix", subtracted: "Matrix", places: "Ids", excluded: "Ids") -> "tuple[Matrix, Ids]":
    """For each question the highest value among some words, and the first that has it.

    added, subtracted  (words of questions, words of the slice)
    places             (m, 3) rows of those for a, b and c
    excluded           (m, any) columns that cannot be answers; those outside the slice do not matter
    """
    width = added.shape[1]
    values, ids = np.empty(len(places), np.float32), np.empty(len(places), np.int64)
    difference, total = np.empty(width, np.float32), np.empty(width, np.float32)
    last = None
    for number, ((a, b, c), barred) in enumerate(zip(places.tolist(), excluded.tolist(), strict=True)):
        if (a, b) != last:  # in most sets a pair is asked with many others in a row
            np.subtract(added[b], subtracted[a], out=difference)
            last = (a, b)
        np.add(difference, added[c], out=total)
        for column in barred:
            if 0 <= column < width:
                total[column] = -np.inf
        ids[number] = best = total.argmax()
        values[number] = total[best]
    return values, ids

"""Analogies: a is to b as c is to what? The two ways to score a word as the answer.

3CosAdd  the cosine with b - a + c, each with length 1
3CosMul  the cosine with b times that with c divided by that with a, all moved to 0 ... 1
"""

from typing import TYPE_CHECKING, Literal

import numpy as np

from wordvec_cli.queries.metrics import Cosine, Scorer
from wordvec_cli.queries.questions import ANALOGY_WEIGHTS
from wordvec_cli.queries.similarity import weighted_means

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Exact = NDArray[np.float64]

Method = Literal["3cosadd", "3cosmul"]

SMALLEST_DIVISOR = 1e-6  # added to the divisor of 3CosMul; gensim's value, where Levy and Goldberg have 1e-3


def scorer_of_analogies(method: Method, questions: "Exact | Matrix") -> Scorer:
    """Scores rows as answers to m questions, for `nearest`.

    questions  (m, 3, dim): the vectors of a, b and c
    """
    if method == "3cosmul":
        return CosMul(questions[:, 1:], questions[:, :1])
    n_questions, n_terms, dim = questions.shape
    vectors = questions.reshape(n_questions * n_terms, dim)
    return Cosine(weighted_means(vectors, ANALOGY_WEIGHTS * n_questions, [n_terms] * n_questions))


class CosMul:
    """3CosMul, for any number of words on each side of the fraction.

    Sources: Levy and Goldberg 2014, Linguistic Regularities in Sparse and Explicit Word Representations, equation 4,
    with cosines moved to 0 ... 1; for other numbers of words, gensim, KeyedVectors.most_similar_cosmul
    """

    needs_lengths = False

    def __init__(self, positive: "Exact | Matrix", negative: "Exact | Matrix") -> None:
        """
        positive  (m, p, dim): the vectors that are multiplied, such as those of b and c
        negative  (m, n, dim): those that divide, such as that of a
        """
        self._n_questions = len(positive)
        self._positive, self._negative = (
            [Cosine(vectors[:, term]) for term in range(vectors.shape[1])] for vectors in (positive, negative)
        )

    def __len__(self) -> int:
        return self._n_questions

    def scores(self, rows: "Matrix", lengths: "Matrix", out: "Matrix", errors: "Matrix | None" = None) -> None:
        """The highest that cosines may give whose errors, of rounding and of the rows, are the largest."""
        divisor, products = np.ones_like(out), np.empty_like(out)
        of_rows = np.float32(0) if errors is None else errors[:, None]
        for term in self._negative:
            term.scores(rows, lengths, products)
            divisor *= np.maximum((products + (np.float32(1 - term.rounding()) - of_rows)) / 2, 0)
        divisor += np.float32(SMALLEST_DIVISOR)
        out[:] = 1
        for term in self._positive:
            term.scores(rows, lengths, products)
            out *= (products + (np.float32(1 + term.rounding()) + of_rows)) / 2
        out /= divisor

    def bars(self, exact: "Exact", longest: float) -> "Exact":
        # For the rounding of the products and of the fraction alone: `scores` covers that of the cosines.
        n_roundings = 4 * (len(self._positive) + len(self._negative) + 1)
        bars: Exact = exact - np.abs(exact) * n_roundings / 2**24
        return bars

    def exact(self, rows: "Exact", queries: "NDArray[np.int64]") -> "Exact":
        products, divisors = (
            np.prod([(1 + term.exact(rows, queries)) / 2 for term in terms], axis=0)
            for terms in (self._positive, self._negative)
        )
        scores: Exact = products / (divisors + SMALLEST_DIVISOR)
        return scores

    def to_user_scale(self, scores: "Exact") -> "Exact":
        return scores


def log_terms(cosines: "Matrix", method: Method) -> "tuple[Matrix, Matrix]":
    """A question's score is the sum of two terms less a third, in logarithms for 3CosMul: those of each cosine.

    Returns what is added for a cosine with b or c, and what is subtracted for one with a.
    """
    if method == "3cosadd":
        return cosines, cosines
    shifted = np.maximum((1 + cosines) / 2, 0)  # the cosine of opposites may be below -1 by rounding
    with np.errstate(divide="ignore"):
        return np.log(shifted), np.log(shifted + np.float32(SMALLEST_DIVISOR))

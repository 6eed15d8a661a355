"""How near two vectors are: each metric scores many rows at once in float32, and a few again exactly.

A scorer holds m queries. `scores` is quick and a little wrong; `bars` says by how much, so that no row is passed over
that is among the nearest; `exact` decides. Higher is nearer in all three.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Exact = NDArray[np.float64]

SMALLEST_NEGATIVE = 1e-6  # what 3CosMul adds to its divisor, in Levy and Goldberg and in gensim


class Scorer(Protocol):
    """m queries, and how near rows are to them."""

    def __len__(self) -> int: ...

    def scores(self, rows: "Matrix", lengths: "Matrix", out: "Matrix") -> None:
        """Score `rows` (n, dim) of these lengths (n,) with each query into `out` (n, m)."""
        ...

    def bars(self, exact: "Exact", longest: float) -> "Exact":
        """The least that `scores` may give a row whose exact scores are `exact` (m,), of rows up to this length."""
        ...

    def exact(self, rows: "Exact", queries: "NDArray[np.int64]") -> "Exact":
        """The score of each row (n, dim) with the query of the number beside it (n,)."""
        ...

    def told(self, scores: "Exact") -> "Exact":
        """Exact scores as people know them, and back."""
        ...


class Dot:
    """The scalar product."""

    def __init__(self, queries: "Exact | Matrix") -> None:
        self.queries: Exact = np.asarray(queries, np.float64)
        self._transposed = np.ascontiguousarray(self.queries.astype(np.float32).T)
        self._lengths = np.sqrt(np.einsum("ij,ij->i", self.queries, self.queries))

    def __len__(self) -> int:
        return len(self.queries)

    def scores(self, rows: "Matrix", lengths: "Matrix", out: "Matrix") -> None:
        with np.errstate(over="ignore", invalid="ignore"):  # what leaves float32 here is decided in float64
            np.matmul(rows, self._transposed, out=out)

    def bars(self, exact: "Exact", longest: float) -> "Exact":
        bars: Exact = exact - self.rounding() * self._lengths * longest
        return bars

    def exact(self, rows: "Exact", queries: "NDArray[np.int64]") -> "Exact":
        products: Exact = np.einsum("ij,ij->i", rows, self.queries[queries])
        return products

    def told(self, scores: "Exact") -> "Exact":
        return scores

    def rounding(self) -> float:
        """How wrong a float32 product of unit vectors can be: half a unit in the last place for each of its steps."""
        return int(self.queries.shape[1] + 8) / 2**23


class Cosine(Dot):
    """The cosine; 0 with a vector of zeros."""

    def __init__(self, queries: "Exact | Matrix") -> None:
        super().__init__(unit_rows(queries))

    def scores(self, rows: "Matrix", lengths: "Matrix", out: "Matrix") -> None:
        reciprocals = (1 / np.where(lengths > 0, lengths, 1))[:, None].astype(np.float32)
        if len(self) > rows.shape[1]:  # whichever is less to multiply
            super().scores(rows * reciprocals, lengths, out)
        else:
            super().scores(rows, lengths, out)
            out *= reciprocals

    def bars(self, exact: "Exact", longest: float) -> "Exact":
        return exact - self.rounding()

    def exact(self, rows: "Exact", queries: "NDArray[np.int64]") -> "Exact":
        return super().exact(unit_rows(rows), queries)


class Euclidean(Dot):
    """The distance; as a score, that times -1."""

    def scores(self, rows: "Matrix", lengths: "Matrix", out: "Matrix") -> None:
        super().scores(rows, lengths, out)
        out -= (lengths * lengths / 2)[:, None]  # (|query|² - distance²) / 2, which puts rows in the same order

    def bars(self, exact: "Exact", longest: float) -> "Exact":
        squares = self._lengths * self._lengths
        bars: Exact = (squares - exact * exact) / 2 - self.rounding() * (squares + longest * longest)
        return bars

    def exact(self, rows: "Exact", queries: "NDArray[np.int64]") -> "Exact":
        differences = rows - self.queries[queries]
        distances: Exact = np.sqrt(np.einsum("ij,ij->i", differences, differences))
        return -distances

    def told(self, scores: "Exact") -> "Exact":
        return -scores


class CosMul:
    """3CosMul: a is to b as c is to the row, with cosines moved to 0 ... 1 and multiplied.

    Source: Levy and Goldberg 2014, Linguistic Regularities in Sparse and Explicit Word Representations, equation 4
    """

    def __init__(self, questions: "Exact | Matrix") -> None:
        """questions  (m, 3, dim): the vectors of a, b and c"""
        self._n_questions = len(questions)
        self._terms = [Cosine(questions[:, term]) for term in range(3)]

    def __len__(self) -> int:
        return self._n_questions

    def scores(self, rows: "Matrix", lengths: "Matrix", out: "Matrix") -> None:
        one, other, negative = out, np.empty_like(out), np.empty_like(out)
        error = self._terms[0].rounding()
        for term, products, more in zip(self._terms, (negative, one, other), (-error, error, error), strict=True):
            term.scores(rows, lengths, products)
            np.add(products, np.float32(1 + more), out=products)
        np.maximum(negative, 0, out=negative)
        negative += 2 * SMALLEST_NEGATIVE
        one *= other
        one /= negative
        one /= 2

    def bars(self, exact: "Exact", longest: float) -> "Exact":
        # `scores` are the highest that cosines may give that are a little wrong: as to a divisor near 0, much too high.
        bars: Exact = exact - np.abs(exact) / 2**20
        return bars

    def exact(self, rows: "Exact", queries: "NDArray[np.int64]") -> "Exact":
        negative, one, other = ((1 + term.exact(rows, queries)) / 2 for term in self._terms)
        scores: Exact = one * other / (negative + SMALLEST_NEGATIVE)
        return scores

    def told(self, scores: "Exact") -> "Exact":
        return scores


METRICS: dict[str, Callable[["Exact | Matrix"], Scorer]] = {"cosine": Cosine, "dot": Dot, "euclidean": Euclidean}


def unit_rows(rows: "Exact | Matrix") -> "Exact":
    """The rows (n, dim) with length 1 in float64, those of zeros as they are."""
    with np.errstate(invalid="ignore"):  # rows that are not finite
        exact = np.asarray(rows, np.float64)
        lengths = np.sqrt(np.einsum("ij,ij->i", exact, exact))
        scaled: Exact = exact / np.where(lengths > 0, lengths, 1)[:, None]
    return scaled

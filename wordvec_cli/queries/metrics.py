"""Metrics of nearness: each scores many rows at once in float32, and a few again exactly, in float64.

A scorer holds m queries. `scores` is quick and slightly wrong; `bars` bounds the error, so that a scan never drops a
row that is among the nearest; `exact` decides. For all scorers, a higher score means nearer. Rows that stand for
others, as those of a packed copy do, come with a bound of how far they are from them, and get the highest scores that
these may have.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import numpy as np

from wordvec_cli.vectors.lengths import row_lengths, unit_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Exact = NDArray[np.float64]


class Scorer(Protocol):
    """Scores rows against m queries."""

    needs_lengths: bool  # False: a row that is given times any number above 0, with its length, gets the same scores

    def __len__(self) -> int: ...

    def scores(self, rows: "Matrix", lengths: "Matrix", out: "Matrix", errors: "Matrix | None" = None) -> None:
        """Score `rows` (n, dim) with these lengths (n,) against each query, into `out` (n, m).

        errors  (n,) how far each row may be from that for which it stands, in lengths of that; None: not at all
        """
        ...

    def bars(self, exact: "Exact", longest: float) -> "Exact":
        """The lowest value that `scores` may give to rows up to this length whose exact scores are `exact` (m,)."""
        ...

    def exact(self, rows: "Exact", queries: "NDArray[np.int64]") -> "Exact":
        """The score of each row (n, dim) against the query whose number stands beside it in `queries` (n,)."""
        ...

    def to_user_scale(self, scores: "Exact") -> "Exact":
        """Internal score to reported value; the same call turns a reported value into an internal score."""
        ...


def _reciprocals(lengths: "Matrix") -> "Matrix":
    """1 / length for each row, (n, 1); 1 for rows of zeros."""
    return (1 / np.where(lengths > 0, lengths, 1))[:, None].astype(np.float32)


class Dot:
    """The scalar product."""

    needs_lengths = True

    def __init__(self, queries: "Exact | Matrix") -> None:
        self.queries: Exact = np.asarray(queries, np.float64)
        self._transposed = np.ascontiguousarray(self.queries.astype(np.float32).T)
        self._lengths = row_lengths(self.queries)

    def __len__(self) -> int:
        return len(self.queries)

    def scores(self, rows: "Matrix", lengths: "Matrix", out: "Matrix", errors: "Matrix | None" = None) -> None:
        self.multiply(rows, out)
        self.make_scores(out, lengths, errors)

    def multiply(self, rows: "Matrix", products: "Matrix") -> None:
        """The product of each row (n, dim) and each query, into `products` (n, m)."""
        with np.errstate(over="ignore", invalid="ignore"):  # what leaves float32 here is decided in float64
            np.matmul(rows, self._transposed, out=products)

    def multiply_alone(self, rows: "Matrix", products: "Matrix") -> None:
        """As `multiply`, without the threads of numpy's library, which wait for each other after each small product."""
        if not hasattr(np, "vecdot"):  # before numpy 2
            self.multiply(rows, products)
            return
        with np.errstate(over="ignore", invalid="ignore"):
            for number, query in enumerate(np.ascontiguousarray(self._transposed.T)):
                np.vecdot(rows, query, out=products[:, number])

    def make_scores(self, products: "Matrix", lengths: "Matrix", errors: "Matrix | None") -> None:
        """Turn products (n, m) with rows into what `scores` gives, in place; arguments as of that."""
        if errors is not None:
            with np.errstate(over="ignore", invalid="ignore"):
                products += (errors * lengths)[:, None] * self._lengths.astype(np.float32)

    def bars(self, exact: "Exact", longest: float) -> "Exact":
        bars: Exact = exact - self.errors(longest)
        return bars

    def errors(self, longest: float) -> "Exact":
        """How far `scores` may be from what they stand for, of rows up to this length, (m,)."""
        errors: Exact = self.rounding() * self._lengths * longest
        return errors

    def factors(self) -> "tuple[Matrix, Callable[[Matrix, Matrix], Matrix]]":
        """Queries (m, n) whose products with what the function makes of rows and lengths, (r, n), are `scores`."""
        return self.queries.astype(np.float32), lambda rows, lengths: rows

    def exact(self, rows: "Exact", queries: "NDArray[np.int64]") -> "Exact":
        products: Exact = np.einsum("ij,ij->i", rows, self.queries[queries])
        return products

    def to_user_scale(self, scores: "Exact") -> "Exact":
        return scores

    def rounding(self) -> float:
        """The largest error of a float32 product of unit vectors: half a unit in the last place for each step."""
        return int(self.queries.shape[1] + 8) / 2**23


class Cosine(Dot):
    """The cosine; 0 with a vector of zeros."""

    needs_lengths = False

    def __init__(self, queries: "Exact | Matrix") -> None:
        super().__init__(unit_rows(queries))

    def scores(self, rows: "Matrix", lengths: "Matrix", out: "Matrix", errors: "Matrix | None" = None) -> None:
        if len(self) > rows.shape[1]:  # scale whichever is smaller, the rows or the products
            self.multiply(rows * _reciprocals(lengths), out)
            if errors is not None:
                out += errors[:, None]
        else:
            super().scores(rows, lengths, out, errors)

    def make_scores(self, products: "Matrix", lengths: "Matrix", errors: "Matrix | None") -> None:
        products *= _reciprocals(lengths)
        if errors is not None:
            products += errors[:, None]

    def errors(self, longest: float) -> "Exact":
        return np.full(len(self), self.rounding())

    def factors(self) -> "tuple[Matrix, Callable[[Matrix, Matrix], Matrix]]":
        return self.queries.astype(np.float32), lambda rows, lengths: rows * _reciprocals(lengths)

    def exact(self, rows: "Exact", queries: "NDArray[np.int64]") -> "Exact":
        return super().exact(unit_rows(rows), queries)


class Euclidean(Dot):
    """The Euclidean distance, times -1 as a score."""

    def make_scores(self, products: "Matrix", lengths: "Matrix", errors: "Matrix | None") -> None:
        super().make_scores(products, lengths, errors)
        products -= (lengths * lengths / 2)[:, None]  # (|query|² - distance²) / 2, which puts rows in the same order

    def bars(self, exact: "Exact", longest: float) -> "Exact":
        squares = self._lengths * self._lengths
        bars: Exact = (squares - exact * exact) / 2 - self.errors(longest)
        return bars

    def errors(self, longest: float) -> "Exact":
        errors: Exact = self.rounding() * (self._lengths * self._lengths + longest * longest)
        return errors

    def factors(self) -> "tuple[Matrix, Callable[[Matrix, Matrix], Matrix]]":
        queries = np.column_stack([self.queries, np.ones(len(self))]).astype(np.float32)
        return queries, lambda rows, lengths: np.column_stack([rows, -lengths * lengths / 2])

    def exact(self, rows: "Exact", queries: "NDArray[np.int64]") -> "Exact":
        return -row_lengths(rows - self.queries[queries])

    def to_user_scale(self, scores: "Exact") -> "Exact":
        return -scores


METRICS: dict[str, Callable[["Exact | Matrix"], Scorer]] = {"cosine": Cosine, "dot": Dot, "euclidean": Euclidean}

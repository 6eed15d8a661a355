"""The components of the vectors' variance: all but the top ones, the top ones alone, or all at about one length."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.messages import counted
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.transform.moments import spread_of
from wordvec_cli.vectors.transform.reach import Reach
from wordvec_cli.vectors.transform.step import RowMap, options_of

LEAST_VARIANCE = 1e-10  # of the greatest: less is what rounding makes of none
MOST_FACTOR = 3e38  # that float32 holds


@dataclass(frozen=True)
class AllButTheTop:
    """The mean, and then the components of the greatest variance, taken off each vector.

    Source: Mu and Viswanath 2018, All-but-the-Top, algorithm 1; the components are taken off what is left when the mean
    is, as programs do, so that nothing of them remains.

    components  how many
    fit_on      they and the mean are those of the first so many rows; None: of all
    """

    components: int
    fit_on: int | None = None

    def facts(self, reach: Reach) -> Mapping[str, Any]:
        return options_of(self)

    def fit(self, vectors: Embeddings, reach: Reach) -> RowMap:
        if self.components >= vectors.dim:
            raise OptionError(
                f"abtt:{self.components}: would leave nothing of vectors of {vectors.dim} numbers; take fewer"
            )
        spread = spread_of(vectors, "abtt", reach, self.fit_on)
        mean = spread.mean.astype(np.float32)
        top = np.ascontiguousarray(spread.components[:, : self.components].astype(np.float32))
        across = np.ascontiguousarray(top.T)

        def apply(rows: Any) -> Any:
            moved = rows - mean
            moved -= (moved @ top) @ across
            return moved

        return RowMap(apply, vectors.dim)


@dataclass(frozen=True)
class Pca:
    """The coordinates on the components of the greatest variance, after the mean is taken off.

    size    how many
    fit_on  as of `AllButTheTop`
    """

    size: int
    fit_on: int | None = None

    def facts(self, reach: Reach) -> Mapping[str, Any]:
        return options_of(self)

    def fit(self, vectors: Embeddings, reach: Reach) -> RowMap:
        if self.size > vectors.dim:
            raise OptionError(
                f"pca:{self.size}: the vectors have {counted(vectors.dim, 'number')}; take as many at most"
            )
        spread = spread_of(vectors, "pca", reach, self.fit_on)
        return _onto(spread.mean, spread.components[:, : self.size])


@dataclass(frozen=True)
class Whiten:
    """The coordinates on all components, each divided by a power of its variance.

    power   0.5: each component has variance 1; less makes them less alike
    fit_on  as of `AllButTheTop`
    """

    power: float = 0.5
    fit_on: int | None = None

    def facts(self, reach: Reach) -> Mapping[str, Any]:
        return options_of(self)

    def fit(self, vectors: Embeddings, reach: Reach) -> RowMap:
        spread = spread_of(vectors, "whiten", reach, self.fit_on, is_exact=True)
        has_some = spread.variances > LEAST_VARIANCE * spread.variances[0]
        if not has_some.any():
            raise InputError("whiten: all vectors are the same, so that nothing can be made alike; leave it out")
        if not has_some.all():
            n_without = int((~has_some).sum())
            become = "becomes" if n_without == 1 else "become"
            reach.note(f"whiten: {counted(n_without, 'component')} of {vectors.dim} without variance {become} 0")
        with np.errstate(over="ignore"):
            factors = np.where(has_some, np.where(has_some, spread.variances, 1) ** -self.power, 0)
        if factors.max() > MOST_FACTOR or not factors.any():
            raise OptionError(f"whiten:{self.power:g}: makes numbers that no file can hold; take a smaller power")
        return _onto(spread.mean, spread.components * factors)


def _onto(mean: Any, axes: Any) -> RowMap:
    """The map to coordinates on axes (dim, n), after the mean (dim,) is taken off."""
    centre, product = mean.astype(np.float32), np.ascontiguousarray(axes.astype(np.float32))
    return RowMap(lambda rows: (rows - centre) @ product, product.shape[1])

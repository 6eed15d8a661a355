"""All vectors times one number."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.lengths import row_lengths
from wordvec_cli.vectors.transform.reach import Reach
from wordvec_cli.vectors.transform.rows import read_through
from wordvec_cli.vectors.transform.step import RowMap, options_of


@dataclass(frozen=True)
class Scale:
    """
    factor  None: that which makes the mean length of the vectors 1
    fit_on  the mean length is that of the first so many rows; None: of all
    """

    factor: float | None = None
    fit_on: int | None = None

    def facts(self, reach: Reach) -> Mapping[str, Any]:
        return options_of(self)

    def fit(self, vectors: Embeddings, reach: Reach) -> RowMap:
        factor = np.float32(self.factor if self.factor is not None else self._of_mean_length(vectors, reach))
        return RowMap(lambda rows: rows * factor, vectors.dim, is_linear=True)

    def _of_mean_length(self, vectors: Embeddings, reach: Reach) -> float:
        n, total = 0, 0.0
        for lengths in read_through(
            vectors, "scale", lambda rows: row_lengths(rows.astype(np.float64)), reach, self.fit_on
        ):
            n += len(lengths)
            total += float(lengths.sum())
        if not n:
            raise InputError("scale: no vector has a length; look with wordvec verify, or give a number: scale:2")
        return n / total

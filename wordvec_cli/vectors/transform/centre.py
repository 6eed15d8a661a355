"""The mean taken off each vector."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.transform.moments import mean_of
from wordvec_cli.vectors.transform.reach import Reach
from wordvec_cli.vectors.transform.step import RowMap, options_of


@dataclass(frozen=True)
class Centre:
    """
    fit_on  the mean is that of the first so many rows; None: of all
    """

    fit_on: int | None = None

    def facts(self, reach: Reach) -> Mapping[str, Any]:
        return options_of(self)

    def fit(self, vectors: Embeddings, reach: Reach) -> RowMap:
        mean = mean_of(vectors, "centre", reach, self.fit_on).astype(np.float32)
        return RowMap(lambda rows: rows - mean, vectors.dim)

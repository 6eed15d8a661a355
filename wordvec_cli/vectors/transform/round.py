"""Numbers rounded to so many decimals."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.transform.reach import Reach
from wordvec_cli.vectors.transform.step import RowMap, options_of


@dataclass(frozen=True)
class Round:
    """
    decimals  that are kept
    """

    decimals: int

    def facts(self, reach: Reach) -> Mapping[str, Any]:
        return options_of(self)

    def fit(self, vectors: Embeddings, reach: Reach) -> RowMap:
        decimals = self.decimals
        return RowMap(
            lambda rows: np.round(rows.astype(np.float64), decimals).astype(np.float32), vectors.dim, is_affine=False
        )

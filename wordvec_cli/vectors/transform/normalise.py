"""Each vector at length 1."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.lengths import unit_rows
from wordvec_cli.vectors.transform.reach import Reach
from wordvec_cli.vectors.transform.step import RowMap, options_of


@dataclass(frozen=True)
class Normalise:
    def facts(self, reach: Reach) -> Mapping[str, Any]:
        return options_of(self)

    def fit(self, vectors: Embeddings, reach: Reach) -> RowMap:
        return RowMap(lambda rows: unit_rows(rows).astype(np.float32), vectors.dim, is_affine=False)

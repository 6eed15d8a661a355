"""A few rows replaced by others, the rest as they are."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.made_rows import MadeRows
from wordvec_cli.vectors.transform.rows import rows_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec_cli.vectors.packing import Places

    Matrix = NDArray[np.float32]
    Ids = NDArray[np.int64]


def with_changed_rows(vectors: Embeddings, ids: "Ids", changed: "Matrix") -> Embeddings:
    """The vectors with `changed` (n, dim) in the place of the rows of `ids` (n,)."""
    source, place_of = rows_of(vectors), np.full(len(vectors.vocabulary), -1, np.int32)
    place_of[ids] = np.arange(len(ids))

    def make(places: "Places") -> "Matrix":
        rows, wanted = np.array(source[places]), place_of[places]
        rows[wanted >= 0] = changed[wanted[wanted >= 0]]
        return rows

    return replace(vectors, values=MadeRows(make, (len(place_of), vectors.dim)))

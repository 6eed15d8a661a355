"""The first words alone; or all words, but with the rows of the first alone.

Source of merging: explosion/spaCy, Vocab.prune_vectors
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from wordvec_cli.messages import counted
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.made_rows import MadeRows
from wordvec_cli.vectors.transform.choosing import taken
from wordvec_cli.vectors.transform.reach import Reach
from wordvec_cli.vectors.transform.rows import rows_of, slices
from wordvec_cli.vectors.transform.step import options_of, without_parts

NO_ROW = -1


@dataclass(frozen=True)
class Prune:
    """
    size   how many rows are kept, from the first
    merge  whether other words stay, each with the kept row that is nearest to its own by the cosine
    """

    size: int
    merge: bool = False

    def facts(self, reach: Reach) -> Mapping[str, Any]:
        return options_of(self)

    def applied(self, vectors: Embeddings, reach: Reach) -> Embeddings:
        n_words = len(vectors.vocabulary)
        if self.size >= n_words:
            reach.note(f"prune: there are {counted(n_words, 'word')}, which all stay")
            return vectors
        kept = taken(vectors, np.arange(self.size))
        return self._merged(vectors, kept, reach) if self.merge else kept

    def _merged(self, vectors: Embeddings, kept: Embeddings, reach: Reach) -> Embeddings:
        vectors, source = without_parts(vectors, "prune", reach.note), rows_of(vectors)
        row_of_word = np.arange(len(vectors.vocabulary))
        for some in slices(len(row_of_word) - self.size, vectors.dim):
            others = slice(some.start + self.size, some.stop + self.size)
            row_of_word[others] = reach.nearest(kept, source[others])
        if n_without := int((row_of_word == NO_ROW).sum()):
            reach.note(f"prune: rows of no direction, which become zeros: {n_without}")
        reach.note(
            f"prune: {len(row_of_word) - self.size} words get the row of another word; the file has a row for each"
        )

        def make(places: Any) -> Any:
            rows = source[np.maximum(row_of_word[places], 0)]
            return np.where(row_of_word[places, None] == NO_ROW, np.float32(0), rows)

        return replace(vectors, values=MadeRows(make, (len(row_of_word), vectors.dim)))

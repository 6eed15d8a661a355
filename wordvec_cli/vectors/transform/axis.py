"""What lies along an axis between words taken off each vector.

Source: Bolukbasi et al. 2016, Man is to Computer Programmer as Woman is to Homemaker?, sections 5 and 6: the axis is
the first component of pairs about their means, and vectors are made neutral to it. Pairs are not made equidistant, as
that is of use to the words of the pairs alone.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.messages import counted
from wordvec_cli.text.decoding import as_bytes, shown
from wordvec_cli.text.lines import listed_words
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.lengths import unit_rows
from wordvec_cli.vectors.transform.changed_rows import with_changed_rows
from wordvec_cli.vectors.transform.reach import Reach
from wordvec_cli.vectors.transform.rows import rows_of
from wordvec_cli.vectors.transform.step import RowMap, mapped, options_of, without_parts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Exact = NDArray[np.float64]


@dataclass(frozen=True)
class SubtractAxis:
    """
    pairs   A:B,C:D: words at both ends of the axis
    size    how many components of the pairs are taken off
    keep    a file of words that keep what they have of them, one a line; None: none does
    """

    pairs: str
    size: int = 1
    keep: str | None = None

    def facts(self, reach: Reach) -> Mapping[str, Any]:
        kept = {"keep": hashlib.sha256(b"\n".join(listed_words(self.keep))).hexdigest()} if self.keep else {}
        return options_of(self) | kept

    def applied(self, vectors: Embeddings, reach: Reach) -> Embeddings:
        axes = self._axes(vectors).astype(np.float32)
        across = np.ascontiguousarray(axes.T)

        def apply(rows: Any) -> Any:
            return rows - (rows @ axes) @ across

        row_map = RowMap(apply, vectors.dim, is_linear=True)
        if self.keep is None:
            return mapped(vectors, "subtract-axis", row_map, reach.note)
        found = [vectors.vocabulary.find(word) for word in listed_words(self.keep)]
        if n_missing := found.count(None):
            reach.note(f"subtract-axis: {n_missing} of {counted(len(found), 'word')} of {self.keep} are missing")
        ids = np.array(sorted({word_id for word_id in found if word_id is not None}), np.int64)
        rest = without_parts(vectors, "subtract-axis", reach.note)
        return with_changed_rows(mapped(rest, "subtract-axis", row_map), ids, rows_of(vectors)[ids])

    def _axes(self, vectors: Embeddings) -> "Exact":
        """Unit vectors at right angles, (dim, size). Raises: InputError"""
        pairs = [tuple(pair.split(":")) for pair in self.pairs.split(",")]
        if not all(len(pair) == 2 and all(pair) for pair in pairs):
            raise OptionError(
                f"subtract-axis:{self.pairs}: is not pairs of words; write subtract-axis:he:she,man:woman"
            )
        ids = [[vectors.vocabulary.find(as_bytes(word)) for word in pair] for pair in pairs]
        missing = [
            word
            for pair, found in zip(pairs, ids, strict=True)
            for word, i in zip(pair, found, strict=True)
            if i is None
        ]
        if missing:
            raise InputError(
                f"subtract-axis: {', '.join(repr(shown(as_bytes(word))) for word in missing)} not among the vectors; "
                "leave the pair out, or spell it as they do"
            )
        ends = unit_rows(rows_of(vectors)[np.array(ids).reshape(-1)]).reshape(len(ids), 2, -1)
        halves = (ends[:, 0] - ends[:, 1]) / 2  # the other halves are their opposites
        _, lengths, axes = np.linalg.svd(halves, full_matrices=False)
        if not np.isfinite(halves).all() or (lengths > 1e-6 * max(1, lengths[0])).sum() < self.size:
            raise InputError(
                f"subtract-axis: {counted(len(pairs), 'pair')} do not span {counted(self.size, 'axis', 'axes')}; give "
                "pairs whose vectors differ, or a smaller size"
            )
        found: Exact = axes[: self.size].T
        return found

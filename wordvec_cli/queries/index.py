"""The vectors that may be answers: read block by block, unpacked where they are packed, with their lengths."""

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordvec_cli.queries.packed_copy import PackedCopy
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.lengths import single_lengths
from wordvec_cli.vectors.packing import ScaledBytes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec_cli.queries.approximate import Approximate
    from wordvec_cli.vectors.packing import Places

    Matrix = NDArray[np.float32]
    Ids = NDArray[np.int64]

ROWS_AT_ONCE = 1 << 12


class IndexBlock(NamedTuple):
    """Some rows of an index: their ids (n,), vectors (n, dim) and lengths (n,).

    errors  (n,) how far each row may be from the vector for which it stands, in lengths of that; None: not at all
    """

    ids: "Ids"
    rows: "Matrix"
    lengths: "Matrix"
    errors: "Matrix | None" = None


class Index:
    """The vectors that may be answers: all of them, or those with some ids.

    Lengths are computed when a row is first read, and kept: keep the index when more questions follow.
    """

    def __init__(
        self,
        embeddings: Embeddings,
        ids: "Ids | None" = None,
        n_threads: int = 1,
        helper: "PackedCopy | Approximate | None" = None,
    ) -> None:
        """
        ids        ascending and distinct, as `answer_ids` gives them; None: all
        n_threads  that share the rows where the questions are few
        helper     a packed copy of all the vectors, in which candidates are looked for; or an index that gives some,
                   which need not have all answers among them
        """
        self.embeddings, self.n_threads, self.helper = embeddings, n_threads, helper
        self.copy = helper if isinstance(helper, PackedCopy) else None
        self.approximate = None if isinstance(helper, PackedCopy) else helper
        self.is_whole = ids is None
        self.ids: Ids = np.arange(len(embeddings.vocabulary)) if ids is None else ids
        self._lengths = np.full(len(self), np.nan, np.float32)
        self._unscaled = embeddings.values if isinstance(embeddings.values, ScaledBytes) else None
        self._scales = self._unscaled.scales() if self._unscaled else None

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def is_packed(self) -> bool:
        return self.copy is not None or not isinstance(self.embeddings.values, memoryview)

    @property
    def has_lengths(self) -> bool:
        return not np.isnan(self._lengths).any()

    def sample(self, n_rows: int, needs_lengths: bool) -> IndexBlock:
        """`n_rows` rows, evenly spaced; see `quick_block`."""
        return self.quick_block(np.arange(n_rows) * len(self) // max(n_rows, 1), needs_lengths)

    def quick_block(self, places: "Places", needs_lengths: bool) -> IndexBlock:
        """As `block`, of the packed copy if there is one: rows that are good enough to choose candidates."""
        if self.copy is None:
            return self.block(places, needs_lengths)
        ids = self.ids[places]
        return IndexBlock(ids, *self.copy.block(places if self.is_whole else ids, needs_lengths))

    def block(self, places: "Places", needs_lengths: bool = True) -> IndexBlock:
        """Some rows, by their numbers in the index; zeros for one not finite, as no exact score of it will be accepted.

        needs_lengths  False: rows and their lengths may both be multiplied by any number above 0, which may be quicker
        """
        ids = self.ids[places]
        chosen = places if self.is_whole else ids
        if needs_lengths or self._unscaled is None or self._scales is None:
            rows = self.embeddings.rows(chosen)
            lengths = self._lengths_of(places, rows)
        else:
            rows = self._unscaled.unscaled(chosen)
            lengths = self._lengths_of(places, rows, self._scales[chosen])
        if not np.isfinite(lengths).all():
            rows = np.where(np.isfinite(lengths)[:, None], rows, np.float32(0))
            lengths = np.nan_to_num(lengths, nan=0, posinf=0)
        return IndexBlock(ids, rows, lengths)

    def finite(self, places: "Places", needs_lengths: bool) -> IndexBlock:
        """As `block`, without the rows whose lengths are not finite."""
        block = self.block(places, needs_lengths)
        are_finite = np.isfinite(self._lengths[places])
        return (
            block
            if are_finite.all()
            else IndexBlock(block.ids[are_finite], block.rows[are_finite], block.lengths[are_finite])
        )

    @cached_property
    def longest(self) -> float:
        """The greatest length of a row; infinite if float32 is too small for that of a row that is finite."""
        longest = 0.0
        for start in range(0, len(self), ROWS_AT_ONCE):
            some = slice(start, start + ROWS_AT_ONCE)
            longest = max(longest, float(self.block(some).lengths.max()))
            odd = start + np.flatnonzero(~np.isfinite(self._lengths[some]))
            if len(odd) and np.isfinite(self.embeddings.rows(self.ids[odd])).all(axis=1).any():
                return np.inf
        return longest

    def _lengths_of(self, places: "Places", rows: "Matrix", scales: "Matrix | None" = None) -> "Matrix":
        """The lengths of rows that stand for these places, perhaps before they are scaled, (n,)."""
        lengths = self._lengths[places]
        if not np.isnan(lengths).any():
            return lengths if scales is None else lengths / scales
        found = single_lengths(rows)
        lengths[:] = found if scales is None else found * scales
        return found

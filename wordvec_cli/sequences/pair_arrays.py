"""Pairs of words with weights, as arrays in memory and in files."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.storage.spool import Spool

BYTES_PER_PAIR = 4 + 4 + 8  # row, column, weight
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of words with weights above 0, as read-only maps of files.

    rows, columns  (n,) int32 ids
    weights        (n,) float64
    first_id       what the first word's id is in rows and columns
    """

    rows: NDArray[np.int32]
    columns: NDArray[np.int32]
    weights: NDArray[np.float64]
    first_id: int = 0

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, part: slice) -> "Pairs":
        return Pairs(self.rows[part], self.columns[part], self.weights[part], self.first_id)


@dataclass(frozen=True, eq=False)
class CountedRows:
    """The pairs of some rows, row by row and within a row by column.

    first    the first row; the others follow it
    sizes    (n_rows,) int64: how many pairs each row has
    columns  (n,) int32 ids
    weights  (n,) float64
    """

    first: int
    sizes: Integers
    columns: NDArray[np.int32]
    weights: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.columns)

    def pairs(self) -> Pairs:
        rows = np.arange(self.first, self.first + len(self.sizes), dtype=np.int32)
        return Pairs(np.repeat(rows, self.sizes), self.columns, self.weights)


class PairFile:
    """Pairs on disk, in nameless files that vanish with their maps."""

    def __init__(self, folder: Path) -> None:
        self._rows, self._columns = Spool(folder, np.int32), Spool(folder, np.int32)
        self._weights = Spool(folder, np.float64)

    def __len__(self) -> int:
        return len(self._rows)

    def append(self, pairs: Pairs) -> None:
        self._rows.append(pairs.rows)
        self._columns.append(pairs.columns)
        self._weights.append(pairs.weights)

    def pairs(self) -> Pairs:
        """All that has been written so far."""
        return Pairs(self._rows.whole(), self._columns.whole(), self._weights.whole())

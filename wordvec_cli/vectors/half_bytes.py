"""Vectors in half a byte for each number: whole numbers from -7 to 7, and a scale for each row.

A row of D numbers has h = D / 2, rounded up, bytes: the low four bits of byte j hold number j, the high ones number
j + h, as two's complement; of an odd D, the last high ones are 0. So either half of a row is unpacked side by side.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from wordvec_cli.vectors.packing import PackedRows, scales_of, times_scales

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from wordvec_cli.vectors.packing import Matrix, Places

HIGHEST = 7  # of a whole number
_NUMBERS = [*range(8), *range(-8, 0)]  # of four bits


def n_bytes(dim: int) -> int:
    """How many hold a row."""
    return (dim + 1) // 2


class HalfBytes(PackedRows):
    """Rows of half bytes, as float32."""

    packing = "int4"

    def __init__(self, content: memoryview, scales: "memoryview[float]", dim: int) -> None:
        super().__init__(len(scales), dim)
        self._content, self._scales = content.cast("B"), scales

    def _row(self, row: int) -> Sequence[float]:
        size, scale = n_bytes(self._dim), self._scales[row]
        content = self._content[row * size : (row + 1) * size]
        numbers = [*(_NUMBERS[byte & 15] for byte in content), *(_NUMBERS[byte >> 4] for byte in content)]
        return [number * scale for number in numbers[: self._dim]]

    def rows(self, places: "Places") -> "Matrix":
        import numpy as np

        size = n_bytes(self._dim)
        packed = np.asarray(self._content).view(np.int8).reshape(-1, size)[places]
        rows = np.empty((len(packed), self._dim), np.float32)
        rows[:, :size] = packed << 4 >> 4
        rows[:, size:] = (packed >> 4)[:, : self._dim - size]
        return times_scales(rows, np.asarray(self._scales, np.float32)[places])


def packed_halves(rows: "Matrix") -> "NDArray[np.uint8]":
    """Rows as they are stored, (n, n_bytes(dim))."""
    import numpy as np

    size = n_bytes(rows.shape[1])
    with np.errstate(over="ignore", invalid="ignore"):  # in rows that are not finite, which their scale tells too
        whole = np.rint(rows / half_scales(rows)[:, None]).astype(np.int8).view(np.uint8) & 15
    halves = np.zeros((len(rows), 2 * size), np.uint8)
    halves[:, : rows.shape[1]] = whole
    halves[:, :size] |= halves[:, size:] << 4
    return halves[:, :size]


def half_scales(rows: "Matrix") -> "NDArray[np.float32]":
    """What the whole numbers of each row are to be multiplied with, (n,)."""
    return scales_of(rows, HIGHEST)

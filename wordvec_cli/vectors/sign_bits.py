"""Vectors in a bit for each number: whether it is above the mean of its column, and for each row how far they are.

Number j of a row is mean[j] + scale of the row, or less the scale where its bit is 0. Bit j of a row is bit j % 8,
from the lowest, of byte j // 8.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from wordvec_cli.vectors.packing import PackedRows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from wordvec_cli.vectors.packing import Matrix, Places


def n_bytes(dim: int) -> int:
    """How many hold a row."""
    return (dim + 7) // 8


class SignBits(PackedRows):
    """Rows of bits, as float32."""

    packing = "bits"

    def __init__(self, content: memoryview, scales: "memoryview[float]", mean: "memoryview[float]", dim: int) -> None:
        super().__init__(len(scales), dim)
        self._content, self._scales, self._mean = content.cast("B"), scales, mean

    def _row(self, row: int) -> Sequence[float]:
        size, scale = n_bytes(self._dim), self._scales[row]
        bits = int.from_bytes(self._content[row * size : (row + 1) * size], "little")
        return [mean + scale if bits >> j & 1 else mean - scale for j, mean in enumerate(self._mean)]

    def rows(self, places: "Places") -> "Matrix":
        import numpy as np

        packed = np.asarray(self._content).reshape(-1, n_bytes(self._dim))[places]
        bits = np.unpackbits(packed, axis=1, count=self._dim, bitorder="little")
        scales = np.asarray(self._scales, np.float32)[places][:, None]
        with np.errstate(over="ignore", invalid="ignore"):  # where a scale is damaged
            rows: Matrix = (bits * np.float32(2) - np.float32(1)) * scales
            rows += np.asarray(self._mean, np.float32)
        return rows


def mean_of(parts: "Iterable[Matrix]", dim: int) -> "NDArray[np.float32]":
    """The mean of the rows that are finite, (dim,); zeros if there is none."""
    import numpy as np

    total, n_rows = np.zeros(dim), 0
    for rows in parts:
        finite = rows[np.isfinite(rows).all(axis=1)]
        total += finite.sum(axis=0, dtype=np.float64)
        n_rows += len(finite)
    return (total / max(n_rows, 1)).astype(np.float32)


def packed_signs(rows: "Matrix", mean: "NDArray[np.float32]") -> "NDArray[np.uint8]":
    """Rows as they are stored, (n, n_bytes(dim))."""
    import numpy as np

    with np.errstate(invalid="ignore"):  # a NaN is above nothing
        return np.packbits(rows > mean, axis=1, bitorder="little")


def sign_scales(rows: "Matrix", mean: "NDArray[np.float32]") -> "NDArray[np.float32]":
    """How far the numbers of each row are from the mean of their columns, (n,): their own mean, the least squares."""
    import numpy as np

    with np.errstate(over="ignore", invalid="ignore"):
        scales: NDArray[np.float32] = np.abs(rows.astype(np.float64) - mean).mean(axis=1).astype(np.float32)
    return scales

"""Vectors in fewer bytes: half floats, or whole numbers from -127 to 127 and a scale for each row.

Single rows are unpacked by the standard library alone, as a look-up must not wait for numpy.
"""

import struct
from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

Packing = Literal["float16", "int8"]
HIGHEST = 127  # of a whole number


class HalfFloats:
    """A flat buffer of half floats, as float32."""

    def __init__(self, content: memoryview) -> None:
        self._content = content.cast("B")

    def __len__(self) -> int:
        return len(self._content) // 2

    def __getitem__(self, part: slice) -> Sequence[float]:
        start, stop, _ = part.indices(len(self))
        return array("f", struct.unpack(f"<{stop - start}e", self._content[2 * start : 2 * stop]))

    def unpacked(self) -> "NDArray[np.float32]":
        import numpy as np

        return np.frombuffer(self._content, "<f2").astype(np.float32)


class ScaledBytes:
    """A flat buffer of whole numbers, row after row of `dim`, each row times its scale, as float32."""

    def __init__(self, content: memoryview, scales: "memoryview[float]", dim: int) -> None:
        self._content = content.cast("B").cast("b")
        self._scales = scales
        self._dim = dim

    def __len__(self) -> int:
        return len(self._content)

    def __getitem__(self, part: slice) -> Sequence[float]:
        start, stop, _ = part.indices(len(self))
        numbers = enumerate(self._content[start:stop], start)
        return array("f", [number * self._scales[place // self._dim] for place, number in numbers])

    def unpacked(self) -> "NDArray[np.float32]":
        import numpy as np

        numbers = np.asarray(self._content).reshape(-1, self._dim)
        return _times_scales(numbers, np.asarray(self._scales, np.float32)).reshape(-1)


Packed = HalfFloats | ScaledBytes


def scales_of(rows: "Matrix") -> "NDArray[np.float32]":
    """What the whole numbers of each row are to be multiplied with, (n,): its largest number is HIGHEST times that."""
    import numpy as np

    with np.errstate(invalid="ignore"):  # of rows with NaNs
        scales: NDArray[np.float32] = (np.abs(rows).max(axis=1) / HIGHEST).astype(np.float32)
    scales[scales == 0] = 1
    return scales


def packed_rows(rows: "Matrix", packing: Packing) -> "NDArray[np.float16] | NDArray[np.int8]":
    """Rows as they are stored: (n, dim) float16 or int8."""
    import numpy as np

    if packing == "float16":
        with np.errstate(over="ignore"):
            return rows.astype(np.float16)
    with np.errstate(over="ignore", invalid="ignore"):  # in rows that are not finite, which their scale tells too
        whole: NDArray[np.int8] = np.rint(rows / scales_of(rows)[:, None]).astype(np.int8)
    return whole


def unpacked_rows(rows: "Matrix", packing: Packing) -> "Matrix":
    """What is left of rows when they have been packed, (n, dim) float32."""
    import numpy as np

    packed = packed_rows(rows, packing)
    return packed.astype(np.float32) if packing == "float16" else _times_scales(packed, scales_of(rows))


def _times_scales(numbers: "NDArray[Any]", scales: "Matrix") -> "Matrix":
    """Rows of whole numbers, each times its scale, which may take them out of float32 where it is damaged."""
    import numpy as np

    with np.errstate(over="ignore", invalid="ignore"):
        product: Matrix = numbers * scales[:, None]
    return product

"""Vectors in fewer bytes: half floats, or whole numbers from -127 to 127 and a scale for each row.

Single rows are unpacked by the standard library alone, as a look-up must not wait for numpy. Smaller packings have
modules of their own: `half_bytes`, `product_codes`, `sign_bits`.
"""

import struct
from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from wordvec_cli.errors import OptionError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Places = slice | NDArray[np.int64]

Packing = str  # as its option is spelled: a name of PACKINGS, or of product quantisation "pq 25", with its parts
PACKINGS = ("float16", "int8", "int4", "bits")
PRODUCT = "pq"
HIGHEST = 127  # of a whole number


_HALF_INFINITY, _NEGATIVE_HALF_INFINITY = 0x7C00, 0xFC00  # as whole numbers; NaNs lie above them
_SIGN_AND_NUMBER = -0x70002000  # the bits of a float32 that 16 bits, shifted by 13 with their sign, may set
_SINGLE_BIAS_LESS_HALF_BIAS = 112  # of the exponents
LEAST_SCALE, HIGHEST_SCALE = 1e-30, 1e30  # between which the whole numbers of a row have its direction


class Packed(Protocol):
    """A flat buffer of numbers, row after row, that are unpacked to float32 when they are asked for.

    packing  its name
    """

    packing: str

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice, /) -> Sequence[float]:
        """Some numbers, without numpy."""
        ...

    def rows(self, places: "Places") -> "Matrix":
        """Some rows, (n, dim)."""
        ...


class PackedRows:
    """What packings have in common that unpack a row at a time: how numbers are cut out of it."""

    def __init__(self, n_rows: int, dim: int) -> None:
        self._n_rows, self._dim = n_rows, dim

    def __len__(self) -> int:
        return self._n_rows * self._dim

    def __getitem__(self, part: slice) -> Sequence[float]:
        start, stop, _ = part.indices(len(self))
        first = start // self._dim
        numbers = array("f")
        for row in range(first, -(-stop // self._dim)):
            numbers.extend(self._row(row))
        return numbers[start - first * self._dim : stop - first * self._dim]

    def _row(self, row: int) -> Sequence[float]:
        """The numbers of one row, without numpy."""
        raise NotImplementedError


class HalfFloats:
    """A flat buffer of half floats, row after row of `dim`, as float32."""

    packing = "float16"

    def __init__(self, content: memoryview, dim: int) -> None:
        self._content = content.cast("B")
        self._dim = dim

    def __len__(self) -> int:
        return len(self._content) // 2

    def __getitem__(self, part: slice) -> Sequence[float]:
        start, stop, _ = part.indices(len(self))
        return array("f", struct.unpack(f"<{stop - start}e", self._content[2 * start : 2 * stop]))

    def rows(self, places: "Places") -> "Matrix":
        """Some rows, (n, dim)."""
        import numpy as np

        return single_floats(np.frombuffer(self._content, "<f2").reshape(-1, self._dim)[places])


class ScaledBytes:
    """A flat buffer of whole numbers, row after row of `dim`, each row times its scale, as float32."""

    packing = "int8"

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

    def rows(self, places: "Places") -> "Matrix":
        """Some rows, (n, dim)."""
        return times_scales(self.numbers[places], self.row_scales[places])

    def unscaled(self, places: "Places") -> "Matrix":
        """Some rows before they are scaled, (n, dim): they are quicker to make, and directions are the same."""
        import numpy as np

        return self.numbers[places].astype(np.float32)

    def scales(self) -> "NDArray[np.float32] | None":
        """Those of the rows, (n,); None if one is such that a row's direction is not that of its whole numbers."""
        scales = self.row_scales
        are_plain = bool(((scales >= LEAST_SCALE) & (scales <= HIGHEST_SCALE)).all())
        return scales if are_plain else None

    @property
    def numbers(self) -> "NDArray[np.int8]":
        """The whole numbers, (n, dim)."""
        import numpy as np

        return np.asarray(self._content).reshape(-1, self._dim)

    @property
    def row_scales(self) -> "NDArray[np.float32]":
        """What each row is to be multiplied with, (n,)."""
        import numpy as np

        return np.asarray(self._scales, np.float32)


def n_parts_of(packing: Packing) -> int | None:
    """How many parts product quantisation has; None of another packing. Raises: OptionError if there is no such one"""
    name, _, number = packing.partition(" ")
    if name == PRODUCT and number.isdecimal() and int(number):
        return int(number)
    if packing not in PACKINGS:
        raise OptionError(
            f"packing {packing!r}: is not known; choose {', '.join(PACKINGS)}, or pq and a number of parts, as 'pq 25'"
        )
    return None


def check_packing(packing: Packing, dim: int) -> None:
    """Raises: OptionError if vectors of this dimension cannot be packed so"""
    if (n_parts := n_parts_of(packing)) is not None and n_parts > dim:
        raise OptionError(f"--pq {n_parts}: the vectors have only {dim} numbers to be cut into parts; choose fewer")


def single_floats(halves: "NDArray[np.float16]") -> "Matrix":
    """Half floats as float32: what numpy's conversion gives, in a sixth of the time of numpy 2.4."""
    import numpy as np

    bits = halves.view(np.int16)
    if not halves.size or bits.max() >= _HALF_INFINITY or bits.view(np.uint16).max() >= _NEGATIVE_HALF_INFINITY:
        return halves.astype(np.float32)
    wide = bits.astype(np.int32)
    wide <<= 13
    wide &= np.int32(_SIGN_AND_NUMBER)
    singles: Matrix = wide.view(np.float32)
    singles *= np.float32(2.0**_SINGLE_BIAS_LESS_HALF_BIAS)  # exact, those below the normal halves included
    return singles


def scales_of(rows: "Matrix", highest: int = HIGHEST) -> "NDArray[np.float32]":
    """What the whole numbers of each row are multiplied with, (n,): its largest number is `highest` times that."""
    import numpy as np

    with np.errstate(invalid="ignore"):  # of rows with NaNs
        scales: NDArray[np.float32] = (np.abs(rows).max(axis=1) / highest).astype(np.float32)
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
    return packed.astype(np.float32) if packing == "float16" else times_scales(packed, scales_of(rows))


def times_scales(numbers: "NDArray[Any]", scales: "Matrix") -> "Matrix":
    """Rows, each times its scale, which may take them out of float32 where it is damaged."""
    import numpy as np

    with np.errstate(over="ignore", invalid="ignore"):
        product: Matrix = numbers * scales[:, None]
    return product

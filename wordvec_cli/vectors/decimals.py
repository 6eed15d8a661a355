"""float32 values as the shortest decimals that read back as the same float32."""

import struct
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FLOAT32 = struct.Struct("<f")


def shortest(values: Iterable[float]) -> list[str]:
    """Each float32 value with the fewest significant digits that round-trip, as `%g` writes them.

    Standard library only, about 3 microseconds a value; `shortest_rows` is the fast way for many.
    """
    return [_shortest(value) for value in values]


def _shortest(value: float) -> str:
    # Most values of trained vectors need eight digits or nine, and nine tell any two float32 apart.
    if not _reads_back(text := f"{value:.8g}", value):
        return f"{value:.9g}"
    for n_digits in range(7, 0, -1):
        if not _reads_back(shorter := f"{value:.{n_digits}g}", value):
            break
        text = shorter
    return text


def _reads_back(text: str, value: float) -> bool:
    return bool(_FLOAT32.unpack(_FLOAT32.pack(float(text)))[0] == value)


def shortest_rows(matrix: "NDArray[np.float32]", separator: bytes) -> list[bytes]:
    """The rows of `matrix` (n, dim) float32 as `shortest` writes them, values between `separator` (one byte)."""
    import numpy as np

    from wordvec_cli.kernels import decimals as kernel

    line = np.empty(matrix.shape[1] * kernel.MAX_BYTES, dtype=np.uint8)
    rows = []
    for row in matrix:
        size = kernel.write_row(row, separator[0], line)
        rows.append(line[:size].tobytes() if size >= 0 else separator.join(t.encode() for t in shortest(row.tolist())))
    return rows

"""Rows that are made when they are asked for, so that nobody has to hold all of them: `MadeRows`."""

from array import array
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from wordvec_cli.vectors.packing import Places

    Matrix = NDArray[np.float32]


class RowView:
    """Rows by what makes them, as a matrix that can be cut but does not exist."""

    def __init__(self, make: "Callable[[Places], Matrix]", shape: tuple[int, int]) -> None:
        self._make, self.shape = make, shape

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, places: Any) -> "Matrix":
        return self._make(places)


class MadeRows:
    """A flat buffer of float32, row after row, as a packed one: each row is made when it is asked for.

    make   gives some rows, (n, dim) float32, by a slice or an array of their numbers
    shape  (n_rows, dim)
    """

    def __init__(self, make: "Callable[[Places], Matrix]", shape: tuple[int, int]) -> None:
        self.rows, self.shape = make, shape

    def __len__(self) -> int:
        return self.shape[0] * self.shape[1]

    def __getitem__(self, part: slice) -> Sequence[float]:
        start, stop, _ = part.indices(len(self))
        dim = self.shape[1]
        first = start // dim
        numbers = self.rows(slice(first, -(-stop // dim))).reshape(-1)
        return array("f", numbers[start - first * dim : stop - first * dim].tobytes())

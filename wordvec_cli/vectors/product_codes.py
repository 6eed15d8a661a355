"""Vectors by product quantisation: each part of a row is the nearest of 256 such parts, and a row has a length.

Part p of M has the columns from p * D // M to (p + 1) * D // M, so that M need not divide D. Row i is its scale times
the columns of `codebooks`, (256, D), each in the row that the code of its part names. Codes are of directions, and the
scale of a row is its length.
Source: Jegou et al. 2011, Product Quantization for Nearest Neighbor Search.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from wordvec_cli.parallel import on_threads, usable_cpus
from wordvec_cli.vectors.packing import PackedRows, times_scales

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from wordvec_cli.vectors.embeddings import Rows
    from wordvec_cli.vectors.packing import Matrix, Places

N_CODES = 256
N_TRAINED_ON = 1 << 16  # rows, 256 for each code
N_ITERATIONS = 15
SEED = 1
ROWS_AT_ONCE = 1 << 12


def bounds(dim: int, n_parts: int) -> list[int]:
    """The first column of each part, and `dim`."""
    return [part * dim // n_parts for part in range(n_parts + 1)]


class ProductCodes(PackedRows):
    """Rows of codes, as float32.

    codebooks  flat, (N_CODES, dim)
    """

    def __init__(
        self, content: memoryview, scales: "memoryview[float]", codebooks: "memoryview[float]", n_parts: int
    ) -> None:
        super().__init__(len(scales), len(codebooks) // N_CODES)
        self._content, self._scales, self._codebooks, self._n_parts = content.cast("B"), scales, codebooks, n_parts
        self._bounds = bounds(self._dim, n_parts)
        self.packing = f"pq {n_parts}"

    def _row(self, row: int) -> Sequence[float]:
        numbers: list[float] = []
        for part in range(self._n_parts):
            start = self._content[row * self._n_parts + part] * self._dim
            numbers += self._codebooks[start + self._bounds[part] : start + self._bounds[part + 1]]
        return [number * self._scales[row] for number in numbers]

    def rows(self, places: "Places") -> "Matrix":
        import numpy as np

        codes = np.asarray(self._content).reshape(-1, self._n_parts)[places]
        scales = np.asarray(self._scales, np.float32)[places]
        return times_scales(_looked_up(codes, self._table), scales)

    @cached_property
    def _table(self) -> "_Table":
        import numpy as np

        return _Table.of(np.asarray(self._codebooks, np.float32).reshape(N_CODES, self._dim), self._n_parts)


class _Table(NamedTuple):
    """Codebooks part after part, so that a row is one look-up for each.

    values   (n_parts * N_CODES, width), of parts that are narrower with zeros at their end
    columns  of a looked-up row that are real, (dim,)
    """

    values: "Matrix"
    columns: "NDArray[np.int64]"

    @staticmethod
    def of(codebooks: "Matrix", n_parts: int) -> "_Table":
        import numpy as np

        starts = np.array(bounds(codebooks.shape[1], n_parts))
        widths = np.diff(starts)
        width = int(widths.max())
        values = np.zeros((n_parts, N_CODES, width), np.float32)
        for part in range(n_parts):
            values[part, :, : widths[part]] = codebooks[:, starts[part] : starts[part + 1]]
        columns = np.flatnonzero(np.arange(width) < widths[:, None])
        return _Table(values.reshape(n_parts * N_CODES, width), columns)


def _looked_up(codes: "NDArray[np.uint8]", table: _Table) -> "Matrix":
    """The rows (n, dim) of codes (n, n_parts), before they are scaled."""
    import numpy as np

    places = codes + np.arange(0, codes.shape[1] * N_CODES, N_CODES)
    rows: Matrix = table.values.take(places, axis=0).reshape(len(codes), codes.shape[1] * table.values.shape[1])
    return rows if rows.shape[1] == len(table.columns) else np.ascontiguousarray(rows[:, table.columns])


# ---------------------------------------------------------------- packing


class ProductQuantiser:
    """Codebooks of the directions of rows, learnt from some of them; the same whatever the threads.

    codebooks  (N_CODES, dim) float32
    """

    def __init__(self, matrix: "Rows", n_parts: int) -> None:
        import numpy as np

        self._n_parts, (n_rows, dim) = n_parts, matrix.shape
        chosen = np.arange(n_rows)
        if n_rows > N_TRAINED_ON:
            chosen = np.sort(np.random.default_rng(SEED).choice(n_rows, N_TRAINED_ON, replace=False))
        directions = _directions(matrix[chosen]) if n_rows else np.empty((0, dim), np.float32)
        self.codebooks = _learnt(directions[directions.any(axis=1)], n_parts)
        self._flat = np.ascontiguousarray(self.codebooks.T).reshape(
            -1
        )  # so that the codes of a column are side by side

    def packed(self, rows: "Matrix") -> "NDArray[np.uint8]":
        """Rows as they are stored, (n, n_parts)."""
        import numpy as np

        from wordvec_cli.kernels.codebooks import nearest_codes

        codes = np.empty((len(rows), self._n_parts), np.uint8)
        directions, starts = _directions(rows), np.array(bounds(rows.shape[1], self._n_parts))

        def encode(start: int) -> None:
            some = slice(start, start + ROWS_AT_ONCE)
            nearest_codes(directions[some], self._flat, starts, codes[some])

        on_threads(encode, range(0, len(rows), ROWS_AT_ONCE), usable_cpus())
        return codes


def lengths_of(rows: "Matrix") -> "NDArray[np.float32]":
    """What directions are to be multiplied with, (n,); not a number for a row that is not finite."""
    import numpy as np

    from wordvec_cli.vectors.lengths import row_lengths

    with np.errstate(over="ignore", invalid="ignore"):
        lengths = row_lengths(rows.astype(np.float64)).astype(np.float32)
        lengths[~np.isfinite(rows).all(axis=1)] = np.nan
    return lengths


def _directions(rows: "Matrix") -> "Matrix":
    """Rows of length 1, (n, dim); zeros for those that are not finite, whose scale tells it."""
    import numpy as np

    from wordvec_cli.vectors.lengths import unit_rows

    directions = unit_rows(rows)
    directions[~np.isfinite(directions).all(axis=1)] = 0
    return directions.astype(np.float32)


def _learnt(rows: "Matrix", n_parts: int) -> "Matrix":
    """The codebooks, (N_CODES, dim), of directions (n, dim): for each part the centres of k-means."""
    import numpy as np

    from wordvec_cli.kernels.codebooks import learn_centres

    starts = bounds(rows.shape[1], n_parts)
    codebooks = np.zeros((N_CODES, rows.shape[1]), np.float32)

    def learn(part: int) -> None:
        columns = slice(starts[part], starts[part + 1])
        centres = np.zeros((columns.stop - columns.start, N_CODES), np.float32)
        learn_centres(np.ascontiguousarray(rows[:, columns]), N_ITERATIONS, centres)
        codebooks[:, columns] = centres.T

    if len(rows):
        on_threads(learn, range(n_parts), usable_cpus())
    return codebooks

"""The sparse matrices that embeddings replaced: one-hot, binary, counts and tf-idf.

.npz  sparse, as scipy writes them
.txt  all numbers of a row with blanks between them: `0 0 1 0`
The columns are the rows of an embedding matrix: special rows first, then words. One-hot has a row for each token, the
others have one for each line.
Source: tf-idf as scikit-learn's TfidfVectorizer computes it by default: count * (ln((1 + n) / (1 + df)) + 1), where df
of the n lines hold the word, and each line at length 1.
"""

import itertools
import math
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.layer.padding import IDS_PER_BLOCK, IdLines, Int64Array, RowIds, ranges_of_lines
from wordvec_cli.layer.row_rule import RowRule
from wordvec_cli.storage import npy
from wordvec_cli.storage.files import replacing, together
from wordvec_cli.storage.sidecar import write_sidecar
from wordvec_cli.storage.spool import Spool

Weighting = Literal["one-hot", "binary", "count", "tf-idf"]
WEIGHTINGS: tuple[Weighting, ...] = get_args(Weighting)
TermLayout = Literal["npz", "text"]
ENDINGS: dict[str, TermLayout] = {".npz": "npz", ".txt": "text"}
ZIP_BYTES = 2000  # at most: the archive's directory, and the headers of five arrays
_DTYPES = {"one-hot": "|i1", "binary": "|i1", "count": "<i4", "tf-idf": "<f8"}


@dataclass(frozen=True)
class TermMatrix:
    """A sparse matrix in compressed rows: row i has `counts` in the `columns` at offsets[i] to offsets[i + 1].

    offsets  (n_rows + 1,) int64
    columns  (n_values,) int32, ascending in a row
    counts   (n_values,) int32
    """

    weighting: Weighting
    n_columns: int
    offsets: Int64Array
    columns: NDArray[np.int32]
    counts: NDArray[np.int32]

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.offsets) - 1, self.n_columns

    @property
    def index_type(self) -> str:
        return "<i4" if len(self.columns) <= np.iinfo(np.int32).max else "<i8"  # one type for both, as scipy has it

    def size_bytes(self, layout: TermLayout) -> int:
        """The size of a file, to some hundred bytes; of text at least, as numbers can be longer than a digit."""
        if layout == "text":
            return 2 * math.prod(self.shape)
        index_bytes = np.dtype(self.index_type).itemsize
        value_bytes = index_bytes + np.dtype(_DTYPES[self.weighting]).itemsize
        return index_bytes * len(self.offsets) + value_bytes * len(self.columns) + ZIP_BYTES

    def to_scipy(self) -> Any:
        """As a scipy.sparse.csr_array."""
        import scipy.sparse

        values = np.concatenate([np.empty(0, _DTYPES[self.weighting]), *self.values()])
        values = values.astype(_DTYPES[self.weighting], copy=False)
        return scipy.sparse.csr_array((values, self.columns, self.offsets), self.shape)

    def values(self) -> Iterator[NDArray[Any]]:
        """What stands in the matrix, some at a time."""
        if self.weighting == "tf-idf":
            yield from self._tf_idf()
            return
        for first in range(0, len(self.counts), IDS_PER_BLOCK):
            counts = self.counts[first : first + IDS_PER_BLOCK]
            yield counts if self.weighting == "count" else np.ones_like(counts)

    def _tf_idf(self) -> Iterator[NDArray[np.float64]]:
        n_lines_with = np.bincount(self.columns, minlength=self.n_columns)
        weights = np.log((1 + self.shape[0]) / (1 + n_lines_with)) + 1
        for first, last in ranges_of_lines(self.offsets, IDS_PER_BLOCK):
            start, end = self.offsets[first], self.offsets[last]
            values = self.counts[start:end] * weights[self.columns[start:end]]
            rows = np.repeat(np.arange(last - first), np.diff(self.offsets[first : last + 1]))
            yield values / np.sqrt(np.bincount(rows, values * values, minlength=last - first))[rows]


def term_matrix(row_ids: RowIds, weighting: Weighting, n_columns: int, folder: Path) -> TermMatrix:
    """Count the words of each line, in nameless files of `folder`. Raises: OutputError"""
    offsets, columns, counts = spools = Spool(folder, np.int64), Spool(folder, np.int32), Spool(folder, np.int32)
    offsets.append(np.zeros(1, np.int64))
    for lines in row_ids:
        ends, *values = _each_token(lines) if weighting == "one-hot" else _counted(lines, n_columns)
        offsets.append(ends + len(columns))
        columns.append(values[0])
        counts.append(values[1])
    return TermMatrix(weighting, n_columns, *(spool.whole() for spool in spools))


def _each_token(lines: IdLines) -> tuple[Int64Array, NDArray[np.int32], NDArray[np.int32]]:
    """The ends of the rows, their columns and counts: a row for each token."""
    n_tokens = len(lines.ids)
    return np.arange(1, n_tokens + 1), lines.ids.astype(np.int32), np.ones(n_tokens, np.int32)


def _counted(lines: IdLines, n_columns: int) -> tuple[Int64Array, NDArray[np.int32], NDArray[np.int32]]:
    """The ends of the rows, their columns and counts: a row for each line."""
    n_lines = len(lines.lengths)
    rows = np.repeat(np.arange(n_lines), lines.lengths)
    places, counts = np.unique(rows * n_columns + lines.ids, return_counts=True)
    ends = np.cumsum(np.bincount(places // n_columns, minlength=n_lines))
    return ends, (places % n_columns).astype(np.int32), counts.astype(np.int32)


def write_term_matrix(path: str, matrix: TermMatrix, rule: RowRule, layout: TermLayout = "npz") -> None:
    """Write what scipy.sparse.load_npz reads, or lines of text, and FILE.json. Raises: OutputError"""
    with together():
        with replacing(path) as file:
            if layout == "text":
                for line in _lines(matrix):
                    file.write(line)
            else:
                _write_archive(file, matrix)
        write_sidecar(path, {"term_matrix": {"weighting": matrix.weighting}, **rule.to_metadata()})


def _lines(matrix: TermMatrix) -> Iterator[bytes]:
    """The rows of a matrix as text; each number has the fewest digits that read back as the same."""
    numbers = (number for some in matrix.values() for number in some.tolist())
    for start, end in itertools.pairwise(matrix.offsets.tolist()):
        row = ["0"] * matrix.n_columns
        for column in matrix.columns[start:end].tolist():
            row[column] = f"{next(numbers)!r}"
        yield " ".join(row).encode() + b"\n"


def _write_archive(file: IO[bytes], matrix: TermMatrix) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in (("format", np.array(b"csr")), ("shape", np.array(matrix.shape))):
            with archive.open(f"{name}.npy", "w") as entry:
                np.lib.format.write_array(entry, array, allow_pickle=False)
        _write_entry(archive, "indptr", len(matrix.offsets), matrix.index_type, [matrix.offsets])
        _write_entry(archive, "indices", len(matrix.columns), matrix.index_type, [matrix.columns])
        _write_entry(archive, "data", len(matrix.columns), _DTYPES[matrix.weighting], matrix.values())


def _write_entry(archive: zipfile.ZipFile, name: str, n_values: int, dtype: str, parts: Iterable[NDArray[Any]]) -> None:
    slices = (part[first : first + IDS_PER_BLOCK] for part in parts for first in range(0, len(part), IDS_PER_BLOCK))
    with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
        npy.write_parts(entry, (n_values,), dtype, slices)

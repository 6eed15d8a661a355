"""A packed copy of the vectors of a file, FILE.index, in which candidates for neighbours are looked for.

Row i of the copy is `codes[i] * scales[i]`: whole numbers of a byte, padded with zeros to a multiple of 4. It is at
most `errors[i] * lengths[i]` away from the vector, whose length `lengths[i]` is. So the product of a question and the
vector is known up to that times the question's length, and a scan of the copy finds all rows that may be among the
best.

The copy is bound to its file by the checksum in that file's header.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.progress import Note, Progress, Report, silent
from wordvec_cli.queries.metrics import Dot
from wordvec_cli.storage import safetensors
from wordvec_cli.storage.safetensors import Tensor
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.lengths import row_lengths
from wordvec_cli.vectors.packing import HIGHEST, times_scales

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wordvec_cli.vectors.packing import Places

    Matrix = NDArray[np.float32]
    Multiply = Callable[[Matrix, Matrix], None]

FORMAT = safetensors.OwnFormat("wordvec-index", "1", "a packed copy of vectors; wordvec index makes those")
SUFFIX = ".index"
BOUND_TO = "vectors_checksum"  # in the metadata
GRAIN = 4  # bytes that one instruction multiplies and sums; rows are padded to a multiple of it
MOST_NUMBERS = 1 << 14  # of a row, for which the room that errors leave for rounding is enough
SHORTEST, LONGEST = 1e-18, 1e18  # of vectors, but for zeros: float32 bears their squares and scales
ROWS_AT_ONCE = 1 << 13


@dataclass(frozen=True)
class PackedCopy:
    """The rows of a packed copy.

    codes    (n_words, dim rounded up to a multiple of GRAIN) int8
    scales   (n_words,) float32, as `lengths` of the vectors and `errors`; 1, 0 and 0 of a vector of zeros, zeros of one
             that is not finite
    """

    codes: "NDArray[np.int8]"
    scales: "Matrix"
    lengths: "Matrix"
    errors: "Matrix"
    dim: int

    def block(self, places: "Places", needs_lengths: bool) -> "tuple[Matrix, Matrix, Matrix]":
        """Some rows (n, dim), with their lengths and errors (n,) each; see `Index.block`."""
        codes, scales, lengths = self.codes[places], self.scales[places], self.lengths[places]
        rows = codes[:, : self.dim].astype(np.float32)
        if needs_lengths:
            return times_scales(rows, scales), lengths, self.errors[places]
        return rows, self._without_scale(scales, lengths), self.errors[places]

    @staticmethod
    @np.errstate(over="ignore")  # where scales are damaged
    def _without_scale(scales: "Matrix", lengths: "Matrix") -> "Matrix":
        """The lengths of vectors whose codes are not scaled."""
        return np.asarray(lengths / np.where(scales > 0, scales, 1), np.float32)

    def score(self, places: slice, scorer: Dot, multiply: "Multiply", scores: "Matrix", buffer: "Matrix") -> None:
        """Score some rows as `block` gives them; a part of them at a time passes through the buffer (n, dim).

        multiply  one of the scorer's
        """
        for start in range(places.start, places.stop, len(buffer)):
            stop = min(start + len(buffer), places.stop)
            rows = buffer[: stop - start]
            np.copyto(rows, self.codes[start:stop, : self.dim])
            multiply(rows, scores[start - places.start : stop - places.start])
        scales, lengths = self.scales[places], self.lengths[places]
        if scorer.needs_lengths:
            scores *= scales[:, None]
            scorer.make_scores(scores, lengths, self.errors[places])
        else:
            scorer.make_scores(scores, self._without_scale(scales, lengths), self.errors[places])


# ---------------------------------------------------------------- writing


def write(path: str, embeddings: Embeddings, report: Report = silent) -> None:
    """Write the packed copy of the vectors of a native file.

    Raises: InputError if they cannot be packed so, OutputError
    """
    checksum, n_rows, dim = bound_checksum(embeddings), len(embeddings.vocabulary), embeddings.dim
    if dim > MOST_NUMBERS:
        raise InputError(f"vectors of {dim} numbers: an index is for at most {MOST_NUMBERS}")
    scales, lengths, errors = (np.empty(n_rows, np.float32) for _ in range(3))
    for start in range(0, n_rows, ROWS_AT_ONCE):
        some = slice(start, start + ROWS_AT_ONCE)
        _, scales[some], lengths[some], errors[some] = packed(embeddings.rows(some))
        report(Progress("index", min(some.stop, n_rows), n_rows, "rows"))

    def codes() -> Iterator[Any]:
        for start in range(0, n_rows, ROWS_AT_ONCE):
            rows = packed(embeddings.rows(slice(start, start + ROWS_AT_ONCE)))[0]
            yield np.pad(rows, ((0, 0), (0, _padded(dim) - dim)))

    tensors = {
        "scales": Tensor.of(scales, "F32"),
        "lengths": Tensor.of(lengths, "F32"),
        "errors": Tensor.of(errors, "F32"),
        "codes": Tensor.of_parts(codes, "I8", (n_rows, _padded(dim))),
    }
    told = {BOUND_TO: checksum, "dimension": str(dim)}
    safetensors.write(path, tensors, told | FORMAT.metadata(), "codes")


def packed(rows: "Matrix") -> "tuple[NDArray[np.int8], Matrix, Matrix, Matrix]":
    """Codes of rows (n, dim), with their scales, lengths and errors, (n,) each. Raises: InputError"""
    with np.errstate(invalid="ignore"):  # a NaN of any bits
        exact = rows.astype(np.float64)
    is_finite = np.isfinite(exact).all(axis=1)
    exact[~is_finite] = 0
    lengths = row_lengths(exact)
    is_row = lengths > 0
    if ((lengths[is_row] < SHORTEST) | (lengths[is_row] > LONGEST)).any():
        raise InputError(f"holds vectors shorter than {SHORTEST} or longer than {LONGEST}, for which there is no index")
    scales = np.where(is_row, np.abs(exact).max(axis=1) / HIGHEST, 1).astype(np.float32)
    codes = np.rint(exact / scales[:, None])
    scales[~is_finite] = 0
    exact -= codes * scales[:, None].astype(np.float64)
    errors = np.divide(row_lengths(exact), lengths, out=np.zeros_like(lengths), where=is_row)
    # Room for the rounding of the error itself and of what is computed with it.
    errors = np.where(is_row, errors * (1 + 2.0**-10) + 2.0**-20, 0)
    return codes.astype(np.int8), scales, lengths.astype(np.float32), errors.astype(np.float32)


def _padded(dim: int) -> int:
    return -(-dim // GRAIN) * GRAIN


def bound_checksum(embeddings: Embeddings) -> str:
    """That in the header of the file that the vectors were read from. Raises: InputError if there is none"""
    if embeddings.path is None or not (checksum := embeddings.metadata.get("checksum")):
        raise InputError("an index is for a native file; make one with wordvec export FILE FILE.safetensors")
    return checksum


def check_bound(file: safetensors.StoredFile, embeddings: Embeddings, options: str = "") -> None:
    """Raises: InputError if an index is not of the file that these vectors were read from

    options  of the command that makes it
    """
    if embeddings.path is None or file.metadata.get(BOUND_TO) != embeddings.metadata.get("checksum"):
        raise InputError(
            f"{file.path}: is of another file than {embeddings.path or 'these vectors'}, or of what that was before; "
            f"make it again with wordvec index {options}{embeddings.path or 'FILE'}"
        )


# ---------------------------------------------------------------- reading


def found_copy(embeddings: Embeddings, note: Note) -> PackedCopy | None:
    """The packed copy that lies beside the file of the vectors; None if there is none, or none that can be used.

    note  is told of one that cannot be used, and why
    """
    if embeddings.path is None or not os.path.exists(path := embeddings.path + SUFFIX):
        return None
    try:
        return read(path, embeddings)
    except InputError as error:
        note(f"{error}; answering without it")
        return None


def read(path: str, embeddings: Embeddings) -> PackedCopy:
    """A packed copy of these vectors. Raises: InputError if it is of others, or damaged"""
    file = safetensors.open_file(path)
    FORMAT.check(file)
    check_bound(file, embeddings)
    n_rows, dim = len(embeddings.vocabulary), embeddings.dim
    shapes = {name: (tensor.dtype, tensor.shape) for name, tensor in file.tensors.items()}
    numbers = dict.fromkeys(("scales", "lengths", "errors"), ("F32", (n_rows,)))
    if shapes != numbers | {"codes": ("I8", (n_rows, _padded(dim)))} or dim > MOST_NUMBERS:
        raise _damaged(path, embeddings)
    scales, lengths, errors = (np.asarray(file.tensors[name].data, np.float32) for name in numbers)
    codes = np.asarray(file.tensors["codes"].data, np.int8).reshape(n_rows, -1)
    copy = PackedCopy(codes, scales, lengths, errors, dim)
    if n_rows and not _is_sound(copy):
        raise _damaged(path, embeddings)
    return copy


def _is_sound(copy: PackedCopy) -> bool:
    """Whether the numbers of each row are such as `packed` makes; comparisons with NaN are false."""
    limits = (copy.scales, 0, LONGEST), (copy.lengths, 0, 1.001 * LONGEST), (copy.errors, 0, 1e3)
    return all(bool(each.min() >= least) and bool(each.max() <= most) for each, least, most in limits)


def _damaged(path: str, embeddings: Embeddings) -> InputError:
    return InputError(f"{path}: is damaged; make it again with wordvec index {embeddings.path}")

"""Rows of numbers as tensors of a native file, as they are or packed, and back.

On the path of every look-up: numpy and the packings are imported when they are needed.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from wordvec_cli.errors import InputError
from wordvec_cli.storage.safetensors import StoredFile, StoredTensor, Tensor

if TYPE_CHECKING:
    from wordvec_cli.vectors.embeddings import Rows
    from wordvec_cli.vectors.packing import Packed, Packing

VECTORS = "vectors"
ROWS_PER_PART = 4096


def scales_name(name: str) -> str:
    """The tensor with the scales of packed rows."""
    return "scales" if name == VECTORS else f"{name}.scales"


def matrix_tensor(matrix: "Rows") -> Tensor:
    return Tensor.of(matrix, "F32")


def row_tensors(name: str, matrix: "Rows", packing: "Packing | None") -> dict[str, Tensor]:
    """The tensors of rows, perhaps in fewer bytes."""
    if packing is None:
        return {name: matrix_tensor(matrix)}
    from wordvec_cli.vectors.packing import packed_rows, scales_of

    def parts() -> Iterator[Any]:
        return (matrix[start : start + ROWS_PER_PART] for start in range(0, len(matrix), ROWS_PER_PART))

    def packed() -> Iterator[Any]:
        return (packed_rows(rows, packing) for rows in parts())

    if packing == "float16":
        return {name: Tensor.of_parts(packed, "F16", matrix.shape)}
    return {
        scales_name(name): Tensor.of_parts(lambda: map(scales_of, parts()), "F32", (len(matrix),)),
        name: Tensor.of_parts(packed, "I8", matrix.shape),
    }


def stored_rows(file: StoredFile, name: str, rows: StoredTensor) -> "memoryview[float] | Packed":
    """The numbers of rows that `row_tensors` has written. Raises: InputError"""
    if rows.dtype == "F32":
        return rows.data
    from wordvec_cli.vectors.packing import HalfFloats, ScaledBytes

    scales = file.tensors.get(scales_name(name))
    match rows.dtype:
        case "F16":
            return HalfFloats(rows.data, rows.shape[1])
        case "I8" if scales and (scales.dtype, scales.shape) == ("F32", rows.shape[:1]):
            return ScaledBytes(rows.data, scales.data, rows.shape[1])
    raise InputError(
        f"{file.path}: its {name} are of a type that this wordvec does not know ({rows.dtype}); make it again"
    )

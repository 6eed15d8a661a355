"""Rows of numbers as tensors of a native file, as they are or packed, and back.

On the path of every look-up: numpy and the packings are imported when they are needed.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from wordvec_cli.errors import InputError
from wordvec_cli.storage.safetensors import DTYPES, StoredFile, StoredTensor, Tensor

if TYPE_CHECKING:
    from wordvec_cli.vectors.embeddings import Embeddings, Matrix, Rows
    from wordvec_cli.vectors.packing import Packed, Packing

VECTORS = "vectors"
KEY = "packing"  # of the metadata
MOST_NUMBERS = 1 << 24  # of a vector that is packed
ROWS_PER_PART = 4096


def part_name(name: str, part: str) -> str:
    """The tensor with a part of packed rows: their `scales`, `codebooks` or `mean`."""
    return part if name == VECTORS else f"{name}.{part}"


def matrix_tensor(matrix: "Rows") -> Tensor:
    return Tensor.of(matrix, "F32")


def row_tensors(name: str, matrix: "Rows", packing: "Packing | None") -> dict[str, Tensor]:
    """The tensors of rows, perhaps in fewer bytes. Raises: OptionError if they cannot be packed so"""
    if packing is None:
        return {name: matrix_tensor(matrix)}
    from wordvec_cli.vectors.packing import check_packing, packed_rows, scales_of

    check_packing(packing, matrix.shape[1])
    n_rows, dim = matrix.shape
    match packing:
        case "float16":
            return {name: _made(matrix, lambda rows: packed_rows(rows, packing), "F16", (n_rows, dim))}
        case "int8":
            parts = {"scales": _made(matrix, scales_of, "F32", (n_rows,))}
            main = _made(matrix, lambda rows: packed_rows(rows, packing), "I8", (n_rows, dim))
        case _:
            parts, main = _of_bytes(matrix, packing)
    return {part_name(name, part): tensor for part, tensor in parts.items()} | {name: main}


def _of_bytes(matrix: "Rows", packing: "Packing") -> tuple[dict[str, Tensor], Tensor]:
    """The tensors beside those of rows that are less than a byte a number, and their own."""
    from wordvec_cli.vectors import half_bytes, product_codes, sign_bits
    from wordvec_cli.vectors.packing import n_parts_of

    n_rows, dim = matrix.shape
    if packing == "int4":
        scales = {"scales": _made(matrix, half_bytes.half_scales, "F32", (n_rows,))}
        return scales, _made(matrix, half_bytes.packed_halves, "U8", (n_rows, half_bytes.n_bytes(dim)))
    if packing == "bits":
        mean = sign_bits.mean_of(_parts(matrix), dim)
        scales = {"scales": _made(matrix, lambda rows: sign_bits.sign_scales(rows, mean), "F32", (n_rows,))}
        main = _made(matrix, lambda rows: sign_bits.packed_signs(rows, mean), "U8", (n_rows, sign_bits.n_bytes(dim)))
        return scales | {"mean": Tensor.of(mean, "F32")}, main
    n_parts = n_parts_of(packing) or 1
    quantiser = product_codes.ProductQuantiser(matrix, n_parts)
    scales = {"scales": _made(matrix, product_codes.lengths_of, "F32", (n_rows,))}
    main = _made(matrix, quantiser.packed, "U8", (n_rows, n_parts))
    return scales | {"codebooks": Tensor.of(quantiser.codebooks, "F32")}, main


def _parts(matrix: "Rows") -> "Iterator[Matrix]":
    return (matrix[start : start + ROWS_PER_PART] for start in range(0, len(matrix), ROWS_PER_PART))


def _made(matrix: "Rows", make: "Callable[[Matrix], Any]", dtype: str, shape: tuple[int, ...]) -> Tensor:
    """A tensor whose rows are made of some of the matrix at a time."""
    return Tensor.of_parts(lambda: map(make, _parts(matrix)), dtype, shape)


def packed_in_memory(vectors: "Embeddings", packing: "Packing") -> "Embeddings":
    """Vectors as a file would hold them, without one."""
    tensors = row_tensors(VECTORS, vectors.lazy, packing)
    stored = {}
    for name, tensor in tensors.items():
        content, code = memoryview(b"".join(tensor.chunks())), DTYPES[tensor.dtype][1]
        typed: memoryview[Any] = content.cast(code) if code else content  # type: ignore[call-overload]
        stored[name] = StoredTensor(tensor.dtype, tensor.shape, typed)
    file = StoredFile("memory", packing_metadata(packing, vectors.dim), stored, memoryview(b""))
    return replace(vectors, values=stored_rows(file, VECTORS, stored[VECTORS], vectors.dim), subwords=None, path=None)


def packing_metadata(packing: "Packing | None", dim: int) -> dict[str, str]:
    """What a file says of rows whose bytes do not tell how many numbers they hold."""
    if packing in (None, "float16", "int8"):
        return {}
    return {KEY: json.dumps({"kind": packing.partition(" ")[0], "dimension": dim})}


def stored_dim(file: StoredFile, vectors: StoredTensor) -> int:
    """How many numbers the rows of a file have. Raises: InputError"""
    if vectors.dtype != "U8":
        return int(vectors.shape[1])
    dim = _recorded_packing(file).get("dimension")
    if type(dim) is not int or not 1 <= dim <= MOST_NUMBERS:
        raise _unknown_type(file, VECTORS, vectors)
    return dim


def _recorded_packing(file: StoredFile) -> dict[str, Any]:
    try:
        recorded = json.loads(file.metadata.get(KEY, "{}"))
    except (ValueError, RecursionError):
        return {}
    return recorded if isinstance(recorded, dict) else {}


def stored_rows(file: StoredFile, name: str, rows: StoredTensor, dim: int) -> "memoryview[float] | Packed":
    """The numbers of rows (n, dim) that `row_tensors` has written. Raises: InputError"""
    if rows.dtype == "F32" and rows.shape[1:] == (dim,):
        return rows.data
    from wordvec_cli.vectors.packing import HalfFloats, ScaledBytes

    scales = file.tensors.get(part_name(name, "scales"))
    is_scaled = scales is not None and (scales.dtype, scales.shape) == ("F32", rows.shape[:1])
    match rows.dtype:
        case "F16" if rows.shape[1:] == (dim,):
            return HalfFloats(rows.data, dim)
        case "I8" if scales and is_scaled and rows.shape[1:] == (dim,):
            return ScaledBytes(rows.data, scales.data, dim)
        case "U8" if scales and is_scaled and (packed := _stored_bytes(file, name, rows, scales, dim)):
            return packed
    raise _unknown_type(file, name, rows)


def _unknown_type(file: StoredFile, name: str, rows: StoredTensor) -> InputError:
    return InputError(
        f"{file.path}: its {name} are of a type that this wordvec does not know ({rows.dtype}), or do not match what "
        "unpacks them; make it again"
    )


def _stored_bytes(file: StoredFile, name: str, rows: StoredTensor, scales: StoredTensor, dim: int) -> "Packed | None":
    """Rows of less than a byte a number; None if their tensors do not match."""
    from wordvec_cli.vectors import half_bytes, product_codes, sign_bits

    (width,) = rows.shape[1:]
    codebooks, mean = (file.tensors.get(part_name(name, part)) for part in ("codebooks", "mean"))
    match _recorded_packing(file).get("kind"):
        case "int4" if width == half_bytes.n_bytes(dim):
            return half_bytes.HalfBytes(rows.data, scales.data, dim)
        case "bits" if width == sign_bits.n_bytes(dim) and mean and (mean.dtype, mean.shape) == ("F32", (dim,)):
            return sign_bits.SignBits(rows.data, scales.data, mean.data, dim)
        case "pq" if 1 <= width <= dim and codebooks:
            if (codebooks.dtype, codebooks.shape) == ("F32", (product_codes.N_CODES, dim)):
                return product_codes.ProductCodes(rows.data, scales.data, codebooks.data, width)
    return None

"""The matrix of an embedding layer in a file.

.npy          (n_rows, dim) float32, and FILE.json
.txt          lines of text, see `text_rows`
.safetensors  the same as `weight`, the name that PyTorch's layer has for it, with what FILE.json says as metadata
"""

import json
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.errors import InputError
from wordvec_cli.layer.encoded_reading import is_binary
from wordvec_cli.layer.matrix_rows import BuiltMatrix
from wordvec_cli.layer.row_rule import RowRule, Specials, check_agreement
from wordvec_cli.layer.rows import Rows
from wordvec_cli.layer.text_rows import Matrix, matrix_lines
from wordvec_cli.progress import Note
from wordvec_cli.storage import npy, safetensors
from wordvec_cli.storage.files import replacing, together
from wordvec_cli.storage.sidecar import HashedFile, said_of, sidecar_path, understood, unrecorded, write_sidecar
from wordvec_cli.vectors.native import FORMAT as VECTORS
from wordvec_cli.vectors.native import load
from wordvec_cli.vectors.row_tensors import matrix_tensor

FORMAT = safetensors.OwnFormat("wordvec-matrix", "1", "embedding matrices; wordvec matrix makes those")
WEIGHT = "weight"
MatrixLayout = Literal["npy", "safetensors", "text"]
ENDINGS: dict[str, MatrixLayout] = {".npy": "npy", ".safetensors": "safetensors", ".txt": "text"}


def write_matrix(path: str, built: BuiltMatrix, layout: MatrixLayout) -> None:
    """Raises: OutputError"""
    said = {"matrix": {"dim": built.matrix.shape[1], **built.made_with}, **built.rows.rule.to_metadata()}
    if layout == "safetensors":
        tables = {name: json.dumps(value, sort_keys=True) for name, value in said.items()}
        safetensors.write(path, {WEIGHT: matrix_tensor(built.matrix)}, tables | FORMAT.metadata(), WEIGHT)
        return
    opened = replacing if layout == "text" else npy.replacing_array
    with together():
        with opened(path) as output:
            file = HashedFile(output)
            if layout == "text":
                for line in matrix_lines(built.matrix, built.rows.rule.specials, built.rows.vocabulary):
                    file.write(line)
            else:
                npy.write_matrix(file, built.matrix)  # type: ignore[arg-type]
        write_sidecar(path, said | {"matrix": {"fingerprint": file.fingerprint, **said["matrix"]}})


class StoredMatrix(NamedTuple):
    """An embedding matrix in a file, mapped.

    values  (n_rows, dim) float32
    rule    None: the file does not say
    note    what could not be checked, for the user
    """

    path: str
    values: Matrix
    rule: RowRule | None
    note: str | None


def open_matrix(path: str) -> StoredMatrix:
    """Map a matrix, `.npy` or safetensors; a native vector file is one without special rows. Raises: InputError"""
    if not is_binary(path):
        raise InputError(f"{path}: is neither .npy nor safetensors; make it with wordvec matrix -o FILE.npy")
    values = npy.map_file(path, lambda path, header: npy.check_matrix(f"{path}: it", header))
    if values is None:
        return _open_safetensors(path)
    return StoredMatrix(path, _as_floats(values), *_said_of(path))


def _as_floats(values: NDArray[Any]) -> Matrix:
    parts = list(npy.float_slices(values))
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _said_of(path: str) -> tuple[RowRule | None, str | None]:
    content, note = said_of(path, "matrix", "matrix")
    if content is None:
        return None, note
    with understood(sidecar_path(path), "matrix"):
        return RowRule.from_metadata(content), None


def _open_safetensors(path: str) -> StoredMatrix:
    file = safetensors.open_file(path)
    if file.metadata.get("format") == VECTORS.name:
        vectors = load(path)
        return StoredMatrix(path, vectors.matrix, RowRule.of(vectors.vocabulary, Specials(())), None)
    rule: RowRule | None = None
    note: str | None = unrecorded(path)
    if "format" in file.metadata:
        FORMAT.check(file)
        with understood(path, "matrix"):
            rule = RowRule.from_metadata({name: json.loads(file.metadata[name]) for name in ("specials", "vocabulary")})
            note = None
    weight = file.tensors.get(WEIGHT)
    if weight is None or weight.dtype != "F32" or len(weight.shape) != 2 or not all(weight.shape):
        raise InputError(f"{path}: has no float32 matrix called {WEIGHT}; make it with wordvec matrix")
    return StoredMatrix(path, np.asarray(weight.data, np.float32).reshape(weight.shape), rule, note)


def rows_of_matrix(rows: Rows, specials: Specials | None, matrix: StoredMatrix, note: Note) -> Rows:
    """The rows of a matrix, whose vocabulary has to be this one.

    specials  those asked for, which have to be the matrix's; None: any
    Raises: InputError if they are not
    """
    if matrix.rule is None:
        note(matrix.note or "")
        if len(matrix.values) != rows.rule.n_rows:
            raise InputError(
                f"{matrix.path}: has {len(matrix.values)} rows, and {rows.name} with the special rows "
                f"{rows.rule.specials} {rows.rule.n_rows}; name the vocabulary and --specials that it was made with"
            )
        return rows
    rows = rows.with_specials(specials or matrix.rule.specials)
    check_agreement(rows.name, rows.rule, matrix.path, matrix.rule)
    return rows

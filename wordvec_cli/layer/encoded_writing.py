"""Files of lines as ids of rows: what `encode` writes, and `decode` and `embed` read.

.npy          (n_lines, length) whole numbers, and FILE.json
.safetensors  `ids` (n_lines, length); or of lines that keep their lengths, `ids` (n_ids,) and `offsets` (n_lines + 1,):
              line i is ids[offsets[i] : offsets[i + 1]]
.txt, .jsonl  `12 7 0`, or `[12, 7, 0]`, a line
"""

import itertools
import json
from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np

from wordvec_cli.layer.encoded import Encoded
from wordvec_cli.layer.encoded_reading import FORMAT, STORED_DTYPES
from wordvec_cli.storage import npy, safetensors
from wordvec_cli.storage.files import replacing, together
from wordvec_cli.storage.sidecar import HashedFile, write_sidecar

EncodedLayout = Literal["npy", "safetensors", "text", "jsonl"]
ENDINGS: dict[str, EncodedLayout] = {".npy": "npy", ".safetensors": "safetensors", ".txt": "text", ".jsonl": "jsonl"}


def size_bytes(encoded: Encoded, layout: EncodedLayout) -> int:
    """The size of a file without its header; of text at least, as an id can be longer than a digit."""
    if layout in {"text", "jsonl"}:
        return 2 * encoded.n_values
    offsets = 0 if encoded.padding or layout == "npy" else 8 * (encoded.row_ids.n_lines + 1)
    return encoded.n_values * np.dtype(encoded.dtype).itemsize + offsets


def write_encoded(path: str, encoded: Encoded, layout: EncodedLayout) -> None:
    """Write ids, and FILE.json beside a file that cannot say how they were made. Raises: InputError, OutputError"""
    if layout == "safetensors":
        _write_safetensors(path, encoded)
        return
    opened = npy.replacing_array if layout == "npy" else replacing
    with together():
        with opened(path) as output:
            file = HashedFile(output)
            if layout == "npy":
                dtype = np.dtype(encoded.dtype).newbyteorder("<").str
                npy.write_parts(file, encoded.shape, dtype, encoded.parts())  # type: ignore[arg-type]
            else:
                for lines in _in_batches(map(_WRITE_LINE[layout], encoded.lines())):
                    file.write(lines)
        description = encoded.description()
        write_sidecar(path, description | {"sequences": {"fingerprint": file.fingerprint, **description["sequences"]}})


_WRITE_LINE: dict[str, Callable[[list[int]], str]] = {
    "text": lambda ids: " ".join(map(str, ids)) + "\n",
    "jsonl": lambda ids: f"{ids}\n",
}


def _in_batches(lines: Iterator[str]) -> Iterator[bytes]:
    while some := list(itertools.islice(lines, 1 << 12)):
        yield "".join(some).encode()


def _write_safetensors(path: str, encoded: Encoded) -> None:
    tensors = {"ids": safetensors.Tensor.of_parts(encoded.parts, STORED_DTYPES[encoded.dtype], encoded.shape)}
    if encoded.padding is None:
        offsets = safetensors.Tensor.of_parts(encoded.offsets, "I64", (encoded.row_ids.n_lines + 1,))
        tensors = {"offsets": offsets, **tensors}
    tables = {name: json.dumps(value, sort_keys=True) for name, value in encoded.description().items()}
    safetensors.write(path, tensors, tables | FORMAT.metadata(), "ids")


def write_mask(path: str, encoded: Encoded) -> None:
    """Where the padded ids are words: (n_lines, length) bool, as .npy. Raises: OutputError"""
    with npy.replacing_array(path) as file:
        npy.write_parts(file, encoded.shape, "|b1", encoded.masks())


def write_lengths(path: str, encoded: Encoded) -> None:
    """How many words each line has, in the padded ids if they are padded: (n_lines,) int64, as .npy."""
    with npy.replacing_array(path) as file:
        npy.write_parts(file, (encoded.row_ids.n_lines,), "<i8", encoded.lengths())

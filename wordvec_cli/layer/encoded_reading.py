"""Files of lines as ids of rows, mapped: what `encode` writes as .npy or safetensors, see `encoded_writing`."""

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.errors import InputError
from wordvec_cli.layer.padding import IDS_PER_BLOCK, IdLines, Int64Array, ranges_of_lines
from wordvec_cli.layer.row_rule import RowRule
from wordvec_cli.storage import npy, safetensors, sidecar
from wordvec_cli.storage.files import readable
from wordvec_cli.storage.sidecar import sidecar_path, understood

FORMAT = safetensors.OwnFormat("wordvec-sequences", "1", "sequences; wordvec encode makes those")
STORED_DTYPES = {
    "int8": "I8", "int16": "I16", "int32": "I32", "int64": "I64", "uint8": "U8", "uint16": "U16", "uint32": "U32",
}  # fmt: skip


class StoredSequences(NamedTuple):
    """Int64Array in a file, mapped.

    ids      (n_lines, length), or (n_ids,) with offsets (n_lines + 1,)
    rule     None: not recorded
    padding  the id of padding; None: lines are not padded, or it is not recorded
    note     what could not be checked, for the user
    """

    path: str
    ids: NDArray[Any]
    offsets: Int64Array | None
    rule: RowRule | None
    padding: int | None
    note: str | None

    @property
    def n_lines(self) -> int:
        return len(self.ids) if self.offsets is None else len(self.offsets) - 1

    @property
    def length(self) -> int | None:
        """Of all lines, if they have one length."""
        return self.ids.shape[1] if self.offsets is None else None

    def lines(self, n_ids: int = IDS_PER_BLOCK) -> Iterator[IdLines]:
        """All lines with their padding, about `n_ids` ids at a time; a longer line comes alone."""
        if self.offsets is not None:
            for first, last in ranges_of_lines(self.offsets, n_ids):
                start, end = self.offsets[first], self.offsets[last]
                yield IdLines(_as_ids(self.ids[start:end]), self.offsets[first : last + 1] - start, first)
            return
        n_lines, length = self.ids.shape
        n_at_once = max(1, n_ids // max(1, length))
        for first in range(0, n_lines, n_at_once):
            some = _as_ids(self.ids[first : first + n_at_once])
            yield IdLines(some.reshape(-1), np.arange(len(some) + 1) * length, first)

    def check_range(self, lines: IdLines, n_rows: int, where: str, ignored: int | None = None) -> None:
        """Raises: InputError that names the line and the position if an id, but for the `ignored`, has no row

        where  what has the rows, for the message
        """
        ids = lines.ids
        if not ids.size or (int(ids.min()) >= 0 and int(ids.max()) < n_rows):
            return
        is_wrong = (ids < 0) | (ids >= n_rows)
        if ignored is not None:
            is_wrong &= ids != ignored
        if not is_wrong.any():
            return
        place = int(is_wrong.argmax())
        line = int(np.searchsorted(lines.offsets, place, side="right")) - 1
        raise InputError(
            f"{self.path}: line {lines.first + line + 1}, position {place - lines.offsets[line] + 1}: {ids[place]} is "
            f"not one of the {n_rows} rows of {where}; use files made with the same vocabulary and --specials"
        )


def _as_ids(ids: NDArray[Any]) -> Int64Array:
    """A copy as int64; as they are if one is too large for that, and thus for any matrix."""
    if ids.dtype.kind == "u" and ids.size and int(ids.max()) > np.iinfo(np.int64).max:
        return np.array(ids)
    return np.array(ids, np.int64)


def is_binary(path: str) -> bool:
    """Whether a file is `.npy` or safetensors, by its first bytes; a pipe, which gives them only once, is text.

    Raises: InputError
    """
    if os.path.exists(path) and not os.path.isfile(path):
        return False
    with readable(path), open(path, "rb") as file:
        start = file.read(safetensors.LENGTH.size + 1)
    return start.startswith(npy.MAGIC) or safetensors.looks_like(start)


def open_sequences(path: str) -> StoredSequences:
    """Map a file of ids, `.npy` or safetensors. Raises: InputError"""
    if not is_binary(path):
        raise InputError(f"{path}: is neither .npy nor safetensors; make it with wordvec encode -o FILE.npy")
    ids = npy.map_file(path, check_ids)
    if ids is None:
        return _open_safetensors(path)
    return StoredSequences(path, ids, None, *said_of(path))


def check_ids(path: str, header: npy.Header) -> None:
    """Raises: InputError"""
    if header.dtype.kind not in "iu" or len(header.shape) != 2:
        raise InputError(
            f"{path}: holds {header.dtype} values in the shape {header.shape}; sequences are whole numbers, a row "
            "for each line; make them with wordvec encode"
        )


def said_of(path: str) -> tuple[RowRule | None, int | None, str | None]:
    """What the sidecar says: the rule, the value of padding, and what could not be checked. Raises: InputError"""
    content, note = sidecar.said_of(path, "sequences", "encode")
    if content is None:
        return None, None, note
    with understood(sidecar_path(path), "encode"):
        return RowRule.from_metadata(content), _padding_of(content), None


def _padding_of(content: Mapping[str, Any]) -> int | None:
    """The value of padding that is recorded. Raises: TypeError"""
    value = content["sequences"].get("value")
    if value is not None and type(value) is not int:
        raise TypeError("padding is a whole number")
    return value


def _open_safetensors(path: str) -> StoredSequences:
    file = safetensors.open_file(path)
    FORMAT.check(file)
    with understood(path, "encode"):
        tables = {name: json.loads(file.metadata[name]) for name in ("sequences", "specials", "vocabulary")}
        rule, value = RowRule.from_metadata(tables), _padding_of(tables)
    stored, stored_offsets = file.tensors.get("ids"), file.tensors.get("offsets")
    if stored is None or stored.dtype not in STORED_DTYPES.values() or len(stored.shape) != 2 - bool(stored_offsets):
        raise InputError(f"{path}: its ids are not what wordvec encode writes; the file is damaged, make it again")
    ids = np.asarray(stored.data).reshape(stored.shape)
    offsets = np.asarray(stored_offsets.data) if stored_offsets else None
    if offsets is not None and not _are_offsets(offsets, len(ids)):
        raise InputError(f"{path}: its offsets and ids do not match; the file is damaged, make it again")
    return StoredSequences(path, ids, offsets, rule, value, None)


def _are_offsets(offsets: NDArray[Any], n_ids: int) -> bool:
    if offsets.dtype != np.int64 or not len(offsets) or offsets[0] != 0 or offsets[-1] != n_ids:
        return False
    return bool((offsets[1:] >= offsets[:-1]).all())

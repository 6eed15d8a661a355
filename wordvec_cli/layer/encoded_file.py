"""Files of lines as ids of rows: what `encode` writes, and `decode` and `embed` read.

.npy          (n_lines, length) whole numbers, and FILE.json
.safetensors  `ids` (n_lines, length); or of lines that keep their lengths, `ids` (n_ids,) and `offsets` (n_lines + 1,):
              line i is ids[offsets[i] : offsets[i + 1]]
.txt, .jsonl  `12 7 0`, or `[12, 7, 0]`, a line
"""

import itertools
import json
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.errors import InputError
from wordvec_cli.layer.padding import IDS_PER_BLOCK, Ids, Lines, PaddedRows, Padding, RowIds, converted, ranges_of_lines
from wordvec_cli.layer.row_rule import RowRule
from wordvec_cli.parallel import in_order
from wordvec_cli.storage import npy, safetensors, sidecar
from wordvec_cli.storage.files import readable, replacing, together
from wordvec_cli.storage.sidecar import HashedFile, sidecar_path, understood, write_sidecar
from wordvec_cli.text.tokenizer import Tokenizer

FORMAT = safetensors.Format("wordvec-sequences", "1", "sequences; wordvec encode makes those")
Layout = Literal["npy", "safetensors", "text", "jsonl"]
LAYOUTS: tuple[Layout, ...] = get_args(Layout)
ENDINGS: dict[str, Layout] = {".npy": "npy", ".safetensors": "safetensors", ".txt": "text", ".jsonl": "jsonl"}
_STORED_DTYPES = {
    "int8": "I8", "int16": "I16", "int32": "I32", "int64": "I64", "uint8": "U8", "uint16": "U16", "uint32": "U32",
}  # fmt: skip


# ---------------------------------------------------------------- writing


@dataclass(frozen=True)
class Encoded:
    """A corpus as ids of rows, and all that is to be said of it.

    padding  None: lines keep their lengths
    """

    row_ids: RowIds
    padding: Padding | None
    dtype: str
    rule: RowRule
    tokenizer: Tokenizer

    def padded(self) -> Iterator[PaddedRows]:
        assert self.padding is not None
        for lines in self.row_ids:
            yield from self.padding.rows(lines)

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.row_ids.n_lines, self.padding.length) if self.padding else (self.row_ids.n_ids,)

    @property
    def n_values(self) -> int:
        return math.prod(self.shape)

    def size_bytes(self, layout: Layout) -> int:
        """What a file of it takes but for its header; as text at least, as an id can be longer than a digit."""
        if layout in {"text", "jsonl"}:
            return 2 * self.n_values
        offsets = 0 if self.padding or layout == "npy" else 8 * (self.row_ids.n_lines + 1)
        return self.n_values * np.dtype(self.dtype).itemsize + offsets

    def parts(self) -> Iterator[NDArray[Any]]:
        """The ids as they are stored, padded or one line after the other. Raises: InputError if one does not fit"""
        for _, parts in in_order(self._parts_of, self.row_ids.ranges(), n_threads=1):  # beside the one that writes
            yield from parts

    def _parts_of(self, some: tuple[int, int]) -> list[NDArray[Any]]:
        lines = self.row_ids.lines(some)
        if self.padding:
            return [converted(rows, self.dtype) for rows in self.padding.rows(lines)]
        return [converted(lines, self.dtype)]

    def lines(self) -> Iterator[list[int]]:
        """The ids of each line."""
        if self.padding:
            for part in self.parts():
                yield from part.tolist()
            return
        for lines in self.row_ids:
            ids, offsets = lines.ids.tolist(), lines.offsets.tolist()
            yield from (ids[start:end] for start, end in itertools.pairwise(offsets))

    def offsets(self) -> Iterator[Ids]:
        """Where each line starts, and where the last one ends."""
        n_before = 0
        yield np.zeros(1, np.int64)
        for lines in self.row_ids:
            yield lines.offsets[1:] + n_before
            n_before += len(lines.ids)

    def description(self) -> dict[str, Any]:
        sequences = self.row_ids.sequences
        return {
            "sequences": {
                "n_lines": self.row_ids.n_lines,
                "dtype": self.dtype,
                **(asdict(self.padding) if self.padding else {}),
                "unknown": "skip" if self.row_ids.skips_unknown else "keep",
            },
            **self.rule.to_metadata(),
            "tokenizer": self.tokenizer.to_metadata(),
            "corpus": {"fingerprint": sequences.corpus_fingerprint, **asdict(sequences.statistics)},
        }


def write_sequences(path: str, encoded: Encoded, layout: Layout) -> None:
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
    tensors = {"ids": _tensor(encoded.dtype, encoded.shape, encoded.parts)}
    if encoded.padding is None:
        tensors = {"offsets": _tensor("int64", (encoded.row_ids.n_lines + 1,), encoded.offsets), **tensors}
    tables = {name: json.dumps(value, sort_keys=True) for name, value in encoded.description().items()}
    safetensors.write(path, tensors, tables | FORMAT.metadata(), "ids")


def _tensor(dtype: str, shape: tuple[int, ...], parts: Callable[[], Iterable[NDArray[Any]]]) -> safetensors.Tensor:
    def chunks() -> Iterator[memoryview]:
        for part in parts():
            yield np.ascontiguousarray(part).data.cast("B") if part.size else memoryview(b"")

    return safetensors.Tensor(_STORED_DTYPES[dtype], shape, chunks)


def write_mask(path: str, encoded: Encoded) -> None:
    """Where the padded ids are words: (n_lines, length) bool, as .npy. Raises: OutputError"""
    with npy.replacing_array(path) as file:
        npy.write_parts(file, encoded.shape, "|b1", (rows.is_word for rows in encoded.padded()))


def write_lengths(path: str, encoded: Encoded) -> None:
    """How many words each line has, in the padded ids if they are padded: (n_lines,) int64, as .npy."""
    lengths = (
        (rows.lengths for rows in encoded.padded()) if encoded.padding else (some.lengths for some in encoded.row_ids)
    )
    with npy.replacing_array(path) as file:
        npy.write_parts(file, encoded.shape[:1] if encoded.padding else (encoded.row_ids.n_lines,), "<i8", lengths)


# ---------------------------------------------------------------- reading


class StoredSequences(NamedTuple):
    """Ids in a file, mapped.

    ids      (n_lines, length), or (n_ids,) with offsets (n_lines + 1,)
    rule     None: the file does not say
    padding  the value of padding; None: there is none, or the file does not say
    note     what could not be checked, for the user
    """

    path: str
    ids: NDArray[Any]
    offsets: Ids | None
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

    def lines(self, n_ids: int = IDS_PER_BLOCK) -> Iterator[Lines]:
        """All lines with their padding, about `n_ids` ids at a time; a longer line comes alone."""
        if self.offsets is not None:
            for first, last in ranges_of_lines(self.offsets, n_ids):
                start, end = self.offsets[first], self.offsets[last]
                yield Lines(_as_ids(self.ids[start:end]), self.offsets[first : last + 1] - start, first)
            return
        n_lines, length = self.ids.shape
        n_at_once = max(1, n_ids // max(1, length))
        for first in range(0, n_lines, n_at_once):
            some = _as_ids(self.ids[first : first + n_at_once])
            yield Lines(some.reshape(-1), np.arange(len(some) + 1) * length, first)

    def check_range(self, lines: Lines, n_rows: int, where: str, ignored: int | None = None) -> None:
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
            f"{self.path}: line {lines.first + line + 1}, position {place - lines.offsets[line] + 1}: there is no row "
            f"{ids[place]} among the {n_rows} of {where}; use what has the same vocabulary and --specials"
        )


def _as_ids(ids: NDArray[Any]) -> Ids:
    """A copy as int64; as they are if that cannot hold them, and no matrix has so many rows."""
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
    if stored is None or stored.dtype not in _STORED_DTYPES.values() or len(stored.shape) != 2 - bool(stored_offsets):
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

"""Lines of ids as text, `12 7 0` or `[12, 7, 0]` a line, read; and sequences that come down a pipe."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.layer.encoded_reading import StoredSequences, check_ids, is_binary, open_sequences, said_of
from wordvec_cli.layer.padding import Int64Array
from wordvec_cli.layer.row_rule import RowRule
from wordvec_cli.storage import npy, safetensors
from wordvec_cli.storage.files import STANDARD_STREAM, decompressed, is_stream, readable
from wordvec_cli.storage.sidecar import unrecorded
from wordvec_cli.storage.spool import Spool, spool_stream
from wordvec_cli.storage.streams import standard_input
from wordvec_cli.text.decoding import shown
from wordvec_cli.text.lines import lines_of_open

PLAIN = b"0123456789 \t\n\r\v\f"
Said = tuple[RowRule | None, int | None, str | None]  # the rule, the value of padding, and a note: see StoredSequences


def ids_of(line: bytes, where: str) -> list[int]:
    """The numbers of a line, with blanks between them or a JSON array. Raises: InputError that begins with `where`"""
    try:
        if not line.translate(None, PLAIN):  # as nearly all lines are
            return list(map(int, line.split()))
        ids = json.loads(line) if line.lstrip().startswith(b"[") else list(map(_whole, line.split()))
    except (ValueError, RecursionError):
        ids = None
    if not isinstance(ids, list) or not all(type(id) is int for id in ids):
        start = shown(line.rstrip()[:40])
        raise InputError(f"{where}: {start!r} is not a line of whole numbers; correct it")
    return ids


def _whole(number: bytes) -> int:
    """Raises: ValueError"""
    if not number.removeprefix(b"-").isdigit():  # int() takes 1_0 too
        raise ValueError
    return int(number)


def _as_array(ids: list[int], where: str) -> Int64Array:
    """Raises: InputError if a number is beyond 64 bits, and thus not a row of any matrix"""
    try:
        return np.array(ids, np.int64)
    except OverflowError:
        raise InputError(f"{where}: {max(ids, key=abs)} is too large for the row of a matrix; correct it") from None


def open_any(path: str, folder: Path) -> StoredSequences:
    """The ids of a file of any layout that encode writes, or of a pipe (- is standard input): .npy, or lines of text.

    folder  holds a nameless copy of what comes from a pipe, and the ids of text
    Raises: InputError, OutputError
    """
    if is_stream(path):
        return _of_pipe(path, folder)
    if is_binary(path):
        return open_sequences(path)
    with readable(path), open(path, "rb") as raw:
        return _of_text(path, raw, folder, said_of(path))


def _of_pipe(path: str, folder: Path) -> StoredSequences:
    name = "standard input" if path == STANDARD_STREAM else path
    said: Said = (None, None, unrecorded(name))
    with readable(name), _stream(path) as stream, spool_stream(stream, folder) as copy:
        start = copy.read(safetensors.LENGTH.size + 1)
        copy.seek(0)
        if start.startswith(npy.MAGIC):
            return StoredSequences(name, npy.map_open(name, copy, check_ids), None, *said)
        if safetensors.looks_like(start):
            raise InputError(f"{name}: safetensors cannot be read from a pipe; name the file, or encode with --to npy")
        return _of_text(name, copy, folder, said)


def _stream(path: str) -> BinaryIO:
    return standard_input() if path == STANDARD_STREAM else open(path, "rb")


def _of_text(path: str, raw: BinaryIO, folder: Path, said: Said) -> StoredSequences:
    """Rows of one length are a rectangle, as those of an array are. Raises: InputError"""
    ids, offsets = _parsed(path, raw, folder)
    n_lines = len(offsets) - 1
    if not n_lines:
        raise InputError(f"{path}: holds no lines; write the numbers of a line on each, such as 2 5 1")
    lengths = np.diff(offsets)
    if (lengths == lengths[0]).all():
        return StoredSequences(path, ids.reshape(n_lines, lengths[0]), None, *said)
    return StoredSequences(path, ids, offsets, *said)


def _lines(path: str, raw: BinaryIO) -> Iterator[bytes]:
    with readable(path):
        for lines in lines_of_open(decompressed(raw), path):
            yield from lines


def _parsed(path: str, raw: BinaryIO, folder: Path) -> tuple[Int64Array, Int64Array]:
    """All ids of lines of text, mapped, and where each line starts."""
    ends = [0]
    all_ids = Spool(folder, np.int64)
    for number, line in enumerate(_lines(path, raw), 1):
        where = f"{path}: line {number}"
        all_ids.append(_as_array(ids_of(line, where), where))
        ends.append(len(all_ids))
    return all_ids.whole(), np.array(ends)

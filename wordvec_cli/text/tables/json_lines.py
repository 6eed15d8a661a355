"""Columns of JSON lines: an object on each line, by Python's json module."""

import json
import math
from collections.abc import Iterator
from typing import Any, BinaryIO

from wordvec_cli.errors import InputError
from wordvec_cli.storage.files import shown_size
from wordvec_cli.text.decoding import as_text, bytes_of_json
from wordvec_cli.text.lines import BYTE_ORDER_MARK
from wordvec_cli.text.tables.columns import Columns, TableRows

READ_BYTES = 1 << 20
MOST_ROW_BYTES = 1 << 26
ROWS_LOOKED_AT = 1000  # for the names of columns
_ABSENT = object()


class NotReadableError(ValueError):
    """A row that gives no line, and why."""


def columns_of(stream: BinaryIO, name: str) -> tuple[str, ...]:
    """The keys of the first objects, as dotted paths. Raises: InputError if there is no object among them"""
    keys: dict[str, None] = {}
    reasons = []
    for number, line in zip(range(ROWS_LOOKED_AT), _rows(stream, name), strict=False):
        try:
            keys |= dict.fromkeys(_paths(_parsed(line)))
        except NotReadableError as error:
            reasons.append(f"row {number + 1} {error}")
    if not keys:
        raise InputError(f"{name}: holds no JSON objects, one a line{': ' + reasons[0] if reasons else ''}")
    return tuple(keys)


def lines_of(stream: BinaryIO, columns: Columns, rows: TableRows) -> Iterator[bytes]:
    """The lines of all rows, many at a time. Raises: InputError"""
    paths = [(name, name.split(".")) for name in columns.names]
    lines: list[bytes] = []
    size = 0
    for row in _rows(stream, columns.table):
        rows.add(1)
        try:
            cells = _parsed(row)
            line = columns.line([_text(_cell(cells, name, path), name) for name, path in paths])
        except NotReadableError as error:
            rows.add_unreadable(1, rows.n, str(error))
            line = columns.unreadable
        lines.append(line)
        size += len(line)
        if size > READ_BYTES:
            yield b"\n".join((*lines, b""))
            lines, size = [], 0
    yield b"\n".join((*lines, b""))


def _rows(stream: BinaryIO, name: str) -> Iterator[bytes]:
    """The lines that are not blank. Raises: InputError for one without end"""
    rest = b""
    is_first = True
    while piece := stream.read(READ_BYTES):
        if is_first:
            piece, is_first = piece.removeprefix(BYTE_ORDER_MARK), False
        *lines, rest = (rest + piece).split(b"\n")
        yield from (line for line in lines if not line.isspace() and line)
        if len(rest) > MOST_ROW_BYTES:
            raise InputError(
                f"{name}: a line is longer than {shown_size(MOST_ROW_BYTES)}; write one object a line, not an array "
                "(jq -c '.[]' FILE)"
            )
    if rest.strip():
        yield rest


def _parsed(line: bytes) -> dict[str, Any]:
    """Raises: NotReadableError"""
    try:
        cells = json.loads(as_text(line))
    except (ValueError, RecursionError) as error:
        raise NotReadableError(f"is not JSON ({getattr(error, 'msg', error)})") from None
    if not isinstance(cells, dict):
        raise NotReadableError("is not a JSON object")
    return cells


def _paths(cells: dict[str, Any], before: str = "") -> Iterator[str]:
    for key, value in cells.items():
        if isinstance(value, dict) and value:
            yield from _paths(value, f"{before}{key}.")
        else:
            yield f"{before}{key}"


def _cell(cells: dict[str, Any], name: str, path: list[str]) -> Any:
    """What stands under a key, or under the keys of a dotted path; None: nothing does."""
    value: Any = cells.get(name, _ABSENT)
    if value is not _ABSENT or len(path) == 1:
        return None if value is _ABSENT else value
    value = cells
    for key in path:
        if _is_missing(value):
            return None
        if not isinstance(value, dict):
            raise NotReadableError(f"has no object in which {key!r} of {name!r} could be")
        value = value.get(key)
    return value


def _is_missing(value: Any) -> bool:
    """Whether it is null, or NaN, which Python's json writes for what a frame of pandas does not have."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def _text(value: Any, name: str) -> bytes:
    """Of a text, a number, or a list of them: blanks between its parts. Raises: NotReadableError"""
    if isinstance(value, str):
        return bytes_of_json(value)
    if _is_missing(value):
        return b""
    if isinstance(value, list):
        return b" ".join(_text(part, name) for part in value)
    if isinstance(value, dict):
        raise NotReadableError(f"has an object at {name!r}, not a text")
    return json.dumps(value).encode()

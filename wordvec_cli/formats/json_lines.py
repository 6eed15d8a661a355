"""JSON, an object a line with a word, its vector and maybe a count: {"word": "king", "vector": [0.25, -1]}."""

import binascii
import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

from wordvec_cli.errors import InputError
from wordvec_cli.formats.columns import COUNT_NAMES, VECTOR_NAMES, WORD_NAMES
from wordvec_cli.formats.reading import Oddities, ReadOptions
from wordvec_cli.formats.rows import Rows
from wordvec_cli.formats.split_lines import PLACEHOLDER, SplitLines, rows_of_lines, whole_number
from wordvec_cli.formats.tables import write_jsonl
from wordvec_cli.storage.files import readable
from wordvec_cli.text.decoding import bytes_of_json, shown
from wordvec_cli.text.lines import BYTE_ORDER_MARK

__all__ = ["looks_like", "rows", "write_jsonl"]

BLOCK_BYTES = 1 << 22
MOST_LINE_BYTES = 1 << 28
NO_VECTOR = "lines without a word and its vector, left out"
LATE_COUNT = "lines with a count, where the first has none, so that no counts are kept"
COMMAS_TO_BLANKS = bytes.maketrans(b",", b" ")
_NULL = b"null"
_COUNTS = frozenset(COUNT_NAMES)
_WORD = re.compile(rb'"(%b)"\s*:\s*"' % "|".join(WORD_NAMES).encode(), re.IGNORECASE)
_VECTOR = re.compile(rb'"(%b)"\s*:\s*\[' % "|".join(VECTOR_NAMES).encode(), re.IGNORECASE)


class _Line(NamedTuple):
    """frequency  its count; None: there is none, or it is not a whole number"""

    word: bytes
    numbers: bytes
    has_count: bool = False
    frequency: int | None = None


def looks_like(start: bytes) -> bool:
    """Whether the first line is an object with a word and a list."""
    first = start.removeprefix(BYTE_ORDER_MARK).lstrip().partition(b"\n")[0]
    return first.startswith(b"{") and bool(_WORD.search(first) and _VECTOR.search(first))


def rows(path: str, source: BinaryIO, options: ReadOptions, oddities: Oddities) -> Iterator[Rows]:
    """All rows, as wide as the first. Raises: InputError if no line is a word and its vector"""
    parts = _parts(path, source, oddities)
    first = next(parts, None)
    if first is None:
        raise InputError(f'{path}: has no line as {{"word": "king", "vector": [0.25, -1]}}; name another file')
    dim = len(first.text.partition(b"\n")[0].split()) - 1
    yield from rows_of_lines(_with(first, parts), max(dim, 1), options, oddities)


def _with(first: SplitLines, others: Iterator[SplitLines]) -> Iterator[SplitLines]:
    yield first
    yield from others


def _parts(path: str, source: BinaryIO, oddities: Oddities) -> Iterator[SplitLines]:
    """Those lines that have a word and a vector, some megabytes at a time."""
    place, rest, more = 0, b"", b"\n"
    is_counted = None  # as the first line is
    while more:
        with readable(path):
            more = source.read(BLOCK_BYTES)
        block = (rest if place else rest.removeprefix(BYTE_ORDER_MARK)) + more
        end = block.rfind(b"\n") + 1 if more else len(block)
        if end == 0 and len(block) > MOST_LINE_BYTES:
            raise InputError(f"{path}:{place + 1}: a line of {len(block)} bytes does not end; the file is damaged")
        lines, rest = block[:end].split(b"\n"), block[end:]
        found = _found(lines if lines[-1] else lines[:-1], place, oddities)
        place += block.count(b"\n", 0, end)
        if found:
            is_counted = next(iter(found.values())).has_count if is_counted is None else is_counted
            yield _split(found, is_counted, oddities)


def _found(lines: list[bytes], n_before: int, oddities: Oddities) -> dict[int, _Line]:
    """What the lines that have a word and a vector hold, by their numbers in the file."""
    found = {place: _of(line) for place, line in enumerate(lines, n_before + 1)}
    oddities.add(NO_VECTOR, [place for place, each in found.items() if each is None and lines[place - n_before - 1]])
    return {place: each for place, each in found.items() if each is not None}


def _split(found: dict[int, _Line], is_counted: bool, oddities: Oddities) -> SplitLines:
    if not is_counted:
        oddities.add(LATE_COUNT, [place for place, each in found.items() if each.has_count])
    text = b"".join([PLACEHOLDER + b" " + each.numbers + b"\n" for each in found.values()])
    counts = [each.frequency for each in found.values()] if is_counted else None
    return SplitLines([each.word for each in found.values()], [*found], text.translate(COMMAS_TO_BLANKS), counts)


def _of(line: bytes) -> _Line | None:
    """The word and the numbers of a line; None if it has none. The numbers are not looked at here."""
    first, last = line.rfind(b"["), line.rfind(b"]")
    if 0 <= first < last:  # the only list, as a rule: to read an object without its numbers is much faster
        fields = _object(line[:first] + _NULL + line[last + 1 :])
        name = fields and _named(fields, VECTOR_NAMES)
        if name and fields and fields[name] is None:
            return _line(fields, line[first + 1 : last])
    fields = _object(line)
    name = fields and _named(fields, VECTOR_NAMES)
    if not fields or not name or not isinstance(fields[name], list):
        return None
    return _line(fields, json.dumps(fields[name])[1:-1].encode())


def _object(text: bytes) -> dict[str, Any] | None:
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) else None


def _named(fields: dict[str, Any], names: tuple[str, ...]) -> str | None:
    return next((name for name in names if name in fields), None)


def _line(fields: dict[str, Any], numbers: bytes) -> _Line | None:
    name = _named(fields, WORD_NAMES)
    word = _exact(fields[name], fields.get("bytes")) if name else None
    if word is None:
        return None
    if _COUNTS.isdisjoint(fields):
        return _Line(word, numbers)
    return _Line(word, numbers, True, _whole(fields[_named(fields, COUNT_NAMES) or ""]))


def _exact(word: object, exact: object) -> bytes | None:
    """A word; the exact bytes of one that is not valid UTF-8 stand beside it as we write it. None: it is none"""
    if not isinstance(word, str):
        return None
    if not isinstance(exact, str) or "\ufffd" not in word:  # what another program calls so is no word
        return bytes_of_json(word)
    try:
        exact_word = binascii.a2b_base64(exact, strict_mode=True)
    except ValueError:
        return None
    return exact_word if shown(exact_word) == word else None


def _whole(value: object) -> int | None:
    return whole_number(str(value).encode()) if isinstance(value, int | float) and not isinstance(value, bool) else None

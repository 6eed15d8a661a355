"""Escapes for characters that could steer a terminal, fake a line or reverse the reading order."""

import re
from collections.abc import Iterable, Iterator

from wordvec_cli.text.decoding import as_text

_NAMES = {"\n": r"\n", "\t": r"\t", "\r": r"\r"}
# C0, DEL and C1; separators of lines and paragraphs; marks that reverse the order of reading; bytes that are not valid
# UTF-8 (lone surrogates), of which a terminal may take 80 to 9F for C1.
_CONTROL = "[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
_CONTROL_IN_LINES = _CONTROL.replace("\0-\x1f", "\0-\x08\x0b-\x1f")
# Neither a byte of those nor one of a character that is not ASCII.
_HARMLESS = rb"[\t\n -~]*"


def visible(text: str) -> str:
    """A text on one line, with its control characters as escapes such as `\\x1b`."""
    return text if text.isascii() and text.isprintable() else re.sub(_CONTROL, _escape, text)


def visible_lines(parts: Iterable[bytes | memoryview]) -> Iterator[bytes]:
    """Lines for a screen, unchanged but for escapes: tabs and line ends are the only control characters left."""
    for part in map(bytes, parts):
        if re.fullmatch(_HARMLESS, part):
            yield part
        else:
            yield re.sub(_CONTROL_IN_LINES, _escape, as_text(part)).encode()


def visible_cell(cell: bytes) -> bytes:
    """A cell of a table on a screen."""
    return visible(as_text(cell)).encode()


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    return _NAMES.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")
